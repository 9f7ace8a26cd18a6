"""Keeping visits: new events at their end, late ones by reading the visit anew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from chassis.database import Connection
from chassis.eventlog import Stored
from chassis.unit_of_work import Transaction
from services.interaction.domain import visits
from services.interaction.domain.visits import Click, Told, Visit
from services.interaction.store import sessions
from services.interaction.store import visits as store

_told = msgspec.json.Decoder(Told).decode
_encode = msgspec.json.Encoder().encode


async def note_visits(tx: Transaction, *, records: list[Stored]) -> None:
    """Take stored events into the visits of their identities.

    What comes behind all that is known of an identity lengthens its last visit or begins one. Anything else (late, at the same time, or told
    twice) makes the visits around it be folded anew from the stored events, so that every order of arrival gives the same visits.
    """
    clicks: dict[bytes, list[Click]] = {}
    for record in records:
        told = _told(record.value or b"")
        click = visits.read_click(told)
        if click is not None:
            clicks.setdefault(bytes.fromhex(told.identity), []).append(click)
    if not clicks:
        return
    spans = {identity: (min(c.at for c in each), max(c.at for c in each)) for identity, each in clicks.items()}
    near: dict[bytes, list[Visit]] = {}
    for row in await store.list_near(tx.db, [(identity, *spans[identity]) for identity in sorted(spans)]):
        near.setdefault(row["identity"], []).append(store.visit_of(row))
    done: dict[bytes, list[Visit]] = {}
    late: dict[bytes, tuple[Any, Any]] = {}
    for identity, each in clicks.items():
        known = near.get(identity, [])
        first = spans[identity][0]
        if not known or (len(known) == 1 and first > known[0].ended_at):
            done[identity] = visits.fold(each, known[0] if known else None)
        else:
            late[identity] = (min(first, known[0].started_at), max(spans[identity][1], *(visit.ended_at for visit in known)))
    if late:
        await store.delete(tx.db, [(identity, visit.started_at) for identity in sorted(late) for visit in near[identity]])
        done |= await _folded_anew(tx.db, late)
    await store.put(tx.db, [_row(identity, visit) for identity, found in done.items() for visit in found])
    await sessions.mark(
        tx.db, {identity: min([spans[identity][0], *(visit.started_at for visit in near.get(identity, ()))]) for identity in sorted(clicks)}
    )


async def _folded_anew(db: Connection, spans: Mapping[bytes, tuple[Any, Any]]) -> dict[bytes, list[Visit]]:
    found: dict[bytes, list[Click]] = {}
    for row in await store.list_clicks(db, [(identity, *spans[identity]) for identity in sorted(spans)]):
        click = visits.read_click(_told(row["record"]))
        if click is not None:
            found.setdefault(row["identity"], []).append(click)
    return {identity: visits.fold(each) for identity, each in found.items()}


def _row(identity: bytes, visit: Visit) -> tuple[Any, ...]:
    campaign = _encode(dict(sorted(visit.campaign.items()))).decode() if visit.campaign else None
    return (
        identity, visit.started_at, visit.ended_at, visit.source, visit.channel, visit.events, visit.pages, visit.entry, visit.exit, visit.referrer,
        campaign, visit.reach, visit.seen,
    )
