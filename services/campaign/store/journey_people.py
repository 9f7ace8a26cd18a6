"""People inside journeys: coming in, moving, leaving, their history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from chassis.database import Connection
from services.campaign.domain.journeys.moving import Move, Person

_encode = msgspec.json.Encoder().encode


class Entering(NamedTuple):
    """Somebody who is to come in. `key`: what makes this entry one of a kind; `pause`: not again before so long after the last entry."""

    id: UUID
    journey_id: UUID
    version: int
    customer_id: UUID
    key: str
    step: str
    data: Mapping[str, Any]
    due_at: datetime
    pause: timedelta


async def enter(db: Connection, entering: Sequence[Entering]) -> dict[UUID, UUID]:
    """Let people in, once for each key, one at a time, not before the pause is over.

    They are inside from when it happened: what they did since counts, also before we came to it. Returns position -> customer of those who came in.
    """
    rows = await db.fetch(
        """
        INSERT INTO journey_person (id, journey_id, version, customer_id, entry_key, step, since, due_at, data, entered_at)
        SELECT id, journey_id, version, customer_id, key, step, now(), due_at, data::jsonb, least(now(), due_at)
        FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::timestamptz[], $9::interval[])
            AS given (id, journey_id, version, customer_id, key, step, data, due_at, pause)
        WHERE NOT EXISTS (SELECT FROM journey_person p WHERE p.journey_id = given.journey_id AND p.customer_id = given.customer_id
            AND (p.left_at IS NULL OR p.entered_at > now() - given.pause))
        ORDER BY journey_id, customer_id, key
        ON CONFLICT DO NOTHING
        RETURNING id, customer_id
        """,
        [one.id for one in entering], [one.journey_id for one in entering], [one.version for one in entering],
        [one.customer_id for one in entering], [one.key for one in entering], [one.step for one in entering],
        [_encode(one.data).decode() for one in entering], [one.due_at for one in entering], [one.pause for one in entering],
    )
    return {row["id"]: row["customer_id"] for row in rows}


async def any_due(db: Connection) -> bool:
    return bool(await db.fetchval(
        """
        SELECT EXISTS (SELECT FROM journey j WHERE j.status = 'active' AND EXISTS (
            SELECT FROM journey_person p WHERE p.journey_id = j.id AND p.left_at IS NULL AND p.due_at <= now()))
        """
    ))


async def claim_due(db: Connection, *, limit: int) -> list[Person]:
    """People whose time has come, in journeys that run; locked until the end of the transaction."""
    rows = await db.fetch(
        """
        SELECT p.id, p.journey_id, p.version, p.customer_id, p.step, p.since, p.due_at, p.waiting, p.waits_for, p.data,
            p.moves, p.entered_at, p.left_at, p.outcome FROM journey j CROSS JOIN LATERAL (
            SELECT * FROM journey_person p WHERE p.journey_id = j.id AND p.left_at IS NULL AND p.due_at <= now()
            ORDER BY p.due_at LIMIT $1 FOR UPDATE SKIP LOCKED) p
        WHERE j.status = 'active' LIMIT $1
        """,
        limit,
    )
    return [person_of(row) for row in rows]


async def claim(db: Connection, ids: Sequence[UUID]) -> list[Person]:
    """These people, as far as nobody else moves them and their journeys run; locked."""
    rows = await db.fetch(
        """
        SELECT p.id, p.journey_id, p.version, p.customer_id, p.step, p.since, p.due_at, p.waiting, p.waits_for, p.data,
            p.moves, p.entered_at, p.left_at, p.outcome FROM journey_person p JOIN journey j ON j.id = p.journey_id
        WHERE p.id = ANY($1::uuid[]) AND p.left_at IS NULL AND j.status = 'active' ORDER BY p.id FOR UPDATE OF p SKIP LOCKED
        """,
        list(ids),
    )
    return [person_of(row) for row in rows]


async def inside(db: Connection, *, journey_ids: Sequence[UUID], customer_ids: Sequence[UUID]) -> list[Person]:
    """People inside these journeys; locked."""
    rows = await db.fetch(
        """
        SELECT p.id, p.journey_id, p.version, p.customer_id, p.step, p.since, p.due_at, p.waiting, p.waits_for, p.data,
            p.moves, p.entered_at, p.left_at, p.outcome FROM journey_person p
        WHERE p.customer_id = ANY($2::uuid[]) AND p.journey_id = ANY($1::uuid[]) AND p.left_at IS NULL ORDER BY p.id FOR UPDATE
        """,
        list(journey_ids), list(customer_ids),
    )
    return [person_of(row) for row in rows]


async def write(db: Connection, people: Sequence[Person], moves: Sequence[tuple[Person, Move]]) -> None:
    """Where people stand now, and how they got there."""
    await db.execute(
        """
        UPDATE journey_person p SET step = given.step, since = given.since, due_at = given.due_at, waiting = given.waiting,
            waits_for = CASE WHEN given.waits_for = '' THEN '{}'::text[] ELSE ARRAY[given.waits_for] END, data = given.data::jsonb,
            moves = given.moves, left_at = given.left_at, outcome = given.outcome
        FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::bool[], $6::text[], $7::text[], $8::int[],
            $9::timestamptz[], $10::text[]) AS given (id, step, since, due_at, waiting, waits_for, data, moves, left_at, outcome)
        WHERE p.id = given.id
        """,
        [one.id for one in people], [one.step for one in people], [one.since for one in people], [one.due_at for one in people],
        [one.waiting for one in people], ["".join(one.waits_for[:1]) for one in people], [_encode(one.data).decode() for one in people],
        [one.moves for one in people], [one.left_at for one in people], [one.outcome for one in people],
    )
    await note(db, moves)


async def note(db: Connection, moves: Sequence[tuple[Person, Move]]) -> None:
    """Lines of history."""
    if not moves:
        return
    await db.execute(
        """
        INSERT INTO journey_move (person_id, number, journey_id, step, did, detail, at)
        SELECT id, number, journey_id, step, did, detail::jsonb, at
        FROM unnest($1::uuid[], $2::int[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::timestamptz[])
            AS given (id, number, journey_id, step, did, detail, at)
        ON CONFLICT DO NOTHING
        """,
        [person.id for person, _ in moves], [move.number for _, move in moves], [person.journey_id for person, _ in moves],
        [move.step for _, move in moves], [move.did for _, move in moves], [_encode(move.detail).decode() for _, move in moves],
        [move.at for _, move in moves],
    )


async def add_detail(db: Connection, details: Sequence[tuple[UUID, int, Mapping[str, Any]]]) -> None:
    """What came of a move: (position, number of the move, detail)."""
    await db.execute(
        """
        UPDATE journey_move m SET detail = m.detail || given.detail::jsonb
        FROM unnest($1::uuid[], $2::int[], $3::text[]) AS given (id, number, detail) WHERE m.person_id = given.id AND m.number = given.number
        """,
        [one[0] for one in details], [one[1] for one in details], [_encode(one[2]).decode() for one in details],
    )


async def put_off(db: Connection, ids: Sequence[UUID], *, pause: timedelta) -> None:
    """Not now, but soon."""
    await db.execute("UPDATE journey_person SET due_at = now() + $2::interval WHERE id = ANY($1::uuid[]) AND left_at IS NULL", list(ids), pause)


async def change_version(db: Connection, journey_id: UUID, *, version: int, steps: Mapping[str, str]) -> int:
    """Those inside go on in another version, at the step that stands for theirs, which their history says; who is elsewhere stays. Returns how many."""
    moved: int = await db.fetchval(
        """
        WITH inside AS (
            SELECT p.id, p.version, p.step, p.moves, given.target FROM journey_person p
            JOIN unnest($3::text[], $4::text[]) AS given (source, target) ON given.source = p.step
            WHERE p.journey_id = $1 AND p.left_at IS NULL AND p.version <> $2 FOR UPDATE OF p),
        moved AS (
            UPDATE journey_person p SET version = $2, step = i.target, waiting = p.waiting AND p.step = i.target, moves = p.moves + 1,
                due_at = CASE WHEN p.step = i.target THEN p.due_at ELSE now() END
            FROM inside i WHERE p.id = i.id),
        noted AS (
            INSERT INTO journey_move (person_id, number, journey_id, step, did, detail, at)
            SELECT id, moves, $1, step, 'version', jsonb_build_object('before', version, 'version', $2::int, 'step', target), clock_timestamp() FROM inside
            ON CONFLICT DO NOTHING)
        SELECT count(*) FROM inside
        """,
        journey_id, version, list(steps), list(steps.values()),
    )
    return moved


async def close(db: Connection, journey_id: UUID) -> None:
    """Everybody leaves."""
    await db.execute(
        """
        UPDATE journey_person SET left_at = now(), outcome = 'closed', due_at = NULL, waiting = false, waits_for = '{}'
        WHERE journey_id = $1 AND left_at IS NULL
        """,
        journey_id,
    )


async def merge(db: Connection, *, merged: UUID, survivor: UUID) -> int:
    """Who was merged away goes on as the survivor; where the survivor is or was inside under the same rule, leaves. Returns who left."""
    await db.execute(
        """
        UPDATE journey_person p SET customer_id = $2 WHERE p.customer_id = $1 AND NOT EXISTS (
            SELECT FROM journey_person o WHERE o.journey_id = p.journey_id AND o.customer_id = $2
                AND (o.entry_key = p.entry_key OR (o.left_at IS NULL AND p.left_at IS NULL)))
        """,
        merged, survivor,
    )
    status = await db.execute(
        """
        UPDATE journey_person SET left_at = now(), outcome = 'merged', due_at = NULL, waiting = false, waits_for = '{}'
        WHERE customer_id = $1 AND left_at IS NULL
        """,
        merged,
    )
    return int(status.rpartition(" ")[2])


async def erase(db: Connection, customer_ids: Sequence[UUID]) -> dict[str, int]:
    """All that is known of their journeys, with history, errands and backtests."""
    people = await db.execute("DELETE FROM journey_person WHERE customer_id = ANY($1::uuid[])", list(customer_ids))
    tests = await db.execute("DELETE FROM journey_backtest_message WHERE customer_id = ANY($1::uuid[])", list(customer_ids))
    named = await db.execute("DELETE FROM journey_backtest_person WHERE customer_id = ANY($1::uuid[])", list(customer_ids))
    moves = await db.execute("DELETE FROM segment_move WHERE customer_id = ANY($1::uuid[])", list(customer_ids))
    gone = {"journey_person": people, "journey_backtest_message": tests, "journey_backtest_person": named, "segment_move": moves}
    return {table: int(status.rpartition(" ")[2]) for table, status in gone.items()}


def person_of(row: Any) -> Person:
    values = {name: row[name] for name in Person._fields}
    values["data"] = msgspec.json.decode(row["data"])
    values["waits_for"] = tuple(row["waits_for"])
    return Person(**values)
