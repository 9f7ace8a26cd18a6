"""Errands of journeys, and events on their way to people."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from chassis.database import Connection
from services.campaign.domain.journeys.moving import Happened

_encode = msgspec.json.Encoder().encode


class Errand(NamedTuple):
    """Work outside. `number`: the move of the person's history that asked for it."""

    id: UUID
    journey_id: UUID
    person_id: UUID
    customer_id: UUID
    step: str
    kind: str
    attempts: int
    number: int
    body: Mapping[str, Any]


class Arrived(NamedTuple):
    """An event on its way to whoever it belongs to."""

    id: bytes
    identity: bytes | None
    event: Happened


async def put(db: Connection, errands: Sequence[Errand]) -> None:
    await db.execute(
        """
        INSERT INTO journey_errand (id, journey_id, person_id, customer_id, step, kind, body, state, due_at)
        SELECT id, journey_id, person_id, customer_id, step, kind, body::jsonb, 'waiting', now()
        FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[])
            AS given (id, journey_id, person_id, customer_id, step, kind, body)
        """,
        [one.id for one in errands], [one.journey_id for one in errands], [one.person_id for one in errands],
        [one.customer_id for one in errands], [one.step for one in errands], [one.kind for one in errands],
        [_encode({**one.body, "number": one.number}).decode() for one in errands],
    )


async def claim(db: Connection, *, limit: int, lease: timedelta) -> list[Errand]:
    """Errands that are due, of journeys that run; tried again when the lease is over, unless they are finished before."""
    rows = await db.fetch(
        """
        UPDATE journey_errand e SET attempts = attempts + 1, due_at = now() + $2::interval
        WHERE id IN (SELECT e.id FROM journey_errand e JOIN journey j ON j.id = e.journey_id
            WHERE e.due_at <= now() AND j.status = 'active' ORDER BY e.due_at LIMIT $1 FOR UPDATE OF e SKIP LOCKED)
        RETURNING id, journey_id, person_id, customer_id, step, kind, attempts, body
        """,
        limit, lease,
    )
    found = []
    for row in rows:
        values = dict(row)
        body = msgspec.json.decode(values.pop("body"))
        found.append(Errand(**values, number=body.pop("number"), body=body))
    return found


async def finish(db: Connection, errand_id: UUID, *, state: str, reason: str | None, again: timedelta | None) -> None:
    """`again`: not done yet, tried after that; else it is done or failed for good."""
    await db.execute(
        """
        UPDATE journey_errand SET state = $2, reason = $3, due_at = now() + $4::interval,
            done_at = CASE WHEN $4::interval IS NULL THEN now() END WHERE id = $1
        """,
        errand_id, state, reason, again,
    )


async def of_person(db: Connection, person_id: UUID) -> list[dict[str, Any]]:
    rows = await db.fetch("SELECT id, step, kind, state, reason, attempts, done_at FROM journey_errand WHERE person_id = $1 ORDER BY id", person_id)
    return [dict(row) for row in rows]


async def keep(db: Connection, events: Sequence[tuple[str, bytes | None, UUID | None, Happened]]) -> None:
    """Events (source, identity, customer where no identity says it, event) that somebody listens to; the same one twice is kept once."""
    await db.execute(
        """
        INSERT INTO journey_event (id, event_id, name, identity, customer_id, occurred_at, received_at, properties, look_at)
        SELECT id, event_id, name, identity, customer_id, occurred_at, received_at, properties::jsonb, now()
        FROM unnest($1::bytea[], $2::text[], $3::text[], $4::bytea[], $5::uuid[], $6::timestamptz[], $7::timestamptz[], $8::text[])
            AS given (id, event_id, name, identity, customer_id, occurred_at, received_at, properties)
        ON CONFLICT DO NOTHING
        """,
        [hashlib.blake2b(f"{source}\n{event.event_id}".encode(), digest_size=16).digest() for source, _, _, event in events],
        [event.event_id for *_, event in events], [event.name for *_, event in events],
        [identity for _, identity, _, _ in events], [customer_id for _, _, customer_id, _ in events],
        [event.occurred_at for *_, event in events], [event.received_at for *_, event in events],
        [_encode(event.properties).decode() for *_, event in events],
    )


async def arrived(db: Connection, *, limit: int) -> list[tuple[Arrived, UUID | None]]:
    """Events to be brought to people, with whose they are as far as known; locked, in the order they were received."""
    rows = await db.fetch(
        """
        SELECT e.*, coalesce((SELECT i.customer_id FROM identity_map i WHERE i.identity = e.identity), e.customer_id) AS whose
        FROM journey_event e WHERE look_at <= now() ORDER BY look_at, received_at LIMIT $1 FOR UPDATE SKIP LOCKED
        """,
        limit,
    )
    found = [
        (Arrived(row["id"], row["identity"], Happened(
            row["event_id"], row["name"], msgspec.json.decode(row["properties"]), row["occurred_at"], row["received_at"],
        )), row["whose"])
        for row in rows
    ]
    return sorted(found, key=lambda each: each[0].event.received_at)


async def forget(db: Connection, ids: Sequence[bytes]) -> None:
    """Brought to their people."""
    await db.execute("DELETE FROM journey_event WHERE id = ANY($1::bytea[])", list(ids))


async def look_later(db: Connection, ids: Sequence[bytes], *, most: int) -> None:
    """Nobody is known under their identities (yet): 1, 2, 4 … seconds later, at most an hour, at most so often."""
    await db.execute("DELETE FROM journey_event WHERE id = ANY($1::bytea[]) AND looks >= $2", list(ids), most)
    await db.execute(
        """
        UPDATE journey_event SET looks = looks + 1, look_at = now() + least(interval '1 hour', interval '1 second' * pow(2, looks))
        WHERE id = ANY($1::bytea[])
        """,
        list(ids),
    )


async def any_arrived(db: Connection) -> bool:
    return bool(await db.fetchval("SELECT EXISTS (SELECT FROM journey_event WHERE look_at <= now())"))


async def erase_events(db: Connection, identities: Sequence[bytes], customer_ids: Sequence[UUID]) -> int:
    status = await db.execute(
        "DELETE FROM journey_event WHERE identity = ANY($1::bytea[]) OR customer_id = ANY($2::uuid[])", list(identities), list(customer_ids)
    )
    return int(status.rpartition(" ")[2])


async def wake(db: Connection, identities: Sequence[bytes]) -> None:
    """It is known now whose these identities are."""
    await db.execute("UPDATE journey_event SET look_at = now() WHERE look_at > now() AND identity = ANY($1::bytea[])", list(identities))
