"""Visits of a customer, figures about all, and whether somebody is here for the first time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from chassis.database import Connection
from contracts import identity as identities
from services.interaction import errors
from services.interaction.domain import visits
from services.interaction.domain.visits import STEPS, Click, Told, Visit
from services.interaction.settings import InteractionService
from services.interaction.store import replicas, sessions
from services.interaction.store import visits as store

FIRST_TIME: Final = "first_time"
RETURNING: Final = "returning"
CUSTOMER: Final = "customer"
#: Visits of single identities that are read for one page of visits of a person.
_READ: Final = 2000

_told = msgspec.json.Decoder(Told).decode


async def list_sessions(
    service: InteractionService, *, customer_id: UUID, before: datetime | None = None, limit: int = 50
) -> tuple[list[dict[str, Any]], datetime | None]:
    """A customer's visits over all identities, newest first, and where the next page begins."""
    async with service.read() as db:
        family = await replicas.list_family(db, await replicas.find_survivor(db, customer_id))
        known = [row["identity"] for row in await replicas.list_identities(db, family)]
        found = await _sessions(db, known, before=before, wanted=limit + 1)
    page = [_shown(visit) for visit in found[:limit]]
    return page, found[limit - 1].started_at if len(found) > limit else None


async def get_figures(service: InteractionService, *, since: datetime, until: datetime, source: str | None = None) -> dict[str, Any]:
    """Figures of the visits that began from `since` to before `until`; identities of one customer are one visitor."""
    async with service.read() as db, db.transaction(isolation="repeatable_read", readonly=True):
        row, tops = await sessions.find_figures(db, since=since, until=until, source=source)
    count = row["visits"]
    top: dict[str, list[dict[str, Any]]] = {what: [] for what in ("entry", "exit", "referrer", "campaign")}
    for what, name, number in tops:
        top[what].append({"name": msgspec.json.decode(name) if what == "campaign" else name, "visits": number})
    reached = [count, *(row[f"reached_{place}"] for place in range(1, len(STEPS) + 1))]
    return {
        "since": since, "until": until, "visits": count, "visitors": row["visitors"],
        "first_visits": row["first_visits"], "returning_visits": count - row["first_visits"],
        "first_visitors": row["first_visits"], "bounces": row["bounces"], "bounce_rate": _share(row["bounces"], count),
        "pages_per_visit": _share(row["pages"], count), "events_per_visit": _share(row["events"], count),
        "seconds_per_visit": _share(row["microseconds"] / 1_000_000, count),
        "steps": [
            {
                "step": step, "visits": reached[place], "share": _share(reached[place], count), "dropped": reached[place - 1] - reached[place],
                "happened": row[f"seen_{place}"],
            }
            for place, step in enumerate(STEPS, 1)
        ],
        "entries": top["entry"], "exits": top["exit"], "referrers": top["referrer"], "campaigns": top["campaign"],
    }


async def get_visitor(service: InteractionService, *, identity: str) -> dict[str, Any]:
    """Whether the person behind an identity is here for the first time, returning, or a customer with orders. Raises Invalid.

    A visit that still goes on (its last event is no more than 30 minutes old) is the present one and does not make anybody return.
    """
    try:
        hashed = service.hash_identity(str(identities.parse_identity(identity)))
    except identities.BadIdentity as bad:
        raise errors.bad_identity(str(bad)) from None
    now = service.clock.now()
    async with service.read() as db:
        owner = await replicas.find_owner(db, hashed)
        known = [hashed]
        if owner is not None:
            owner = await replicas.find_survivor(db, owner)
            family = await replicas.list_family(db, owner)
            known = sorted({hashed, *(row["identity"] for row in await replicas.list_identities(db, family))})
        first = await store.find_first_click(db, known)
        found = await _sessions(db, known, before=None, wanted=_READ)
        orders = await store.count_orders(db, known)
    present = found[0] if found and now - found[0].ended_at <= visits.GAP else None
    earlier = [visit for visit in found if visit is not present]
    if not found and first is not None and now - first > visits.GAP:  # stored, and not yet worked off
        status = RETURNING
    else:
        status = RETURNING if earlier else FIRST_TIME
    return {
        "status": CUSTOMER if orders else status, "first_time": status == FIRST_TIME and not orders, "customer_id": owner, "orders": orders,
        "visits": len(found), "present": _shown(present) if present is not None else None,
        "first_seen": min((moment for moment in (first, found[-1].started_at if found else None) if moment is not None), default=None),
        "last_seen": found[0].ended_at if found else first,
    }


async def _sessions(db: Connection, known: list[bytes], *, before: datetime | None, wanted: int) -> list[Visit]:
    """Visits of one person, newest first: those of several identities that touch are folded together from their events."""
    rows = await store.list_of(db, known, before=before, limit=min(_READ, wanted * 3 + 20))
    groups: dict[int, list[bytes]] = {}
    singles = [store.visit_of(row) for row in rows]
    owners = {id(visit): row["identity"] for visit, row in zip(singles, rows, strict=True)}
    found: list[Visit] = []
    for island in visits.islands(singles):
        if len(island) == 1:
            found.append(island[0])
            continue
        groups[len(found)] = sorted({owners[id(visit)] for visit in island})
        found.append(_joined(island))
    for place, members in groups.items():
        span = found[place]
        clicks: list[Click] = []
        for row in await store.list_clicks(db, [(member, span.started_at, span.ended_at) for member in members]):
            click = visits.read_click(_told(row["record"]))
            if click is not None:
                clicks.append(click)
        folded = visits.fold(clicks)
        if len(folded) == 1:  # else some of its events are kept no longer
            found[place] = folded[0]
    found.reverse()
    return found[:wanted]


def _joined(island: list[Visit]) -> Visit:
    """Visits that touch as one, as well as it can be told without their events."""
    whole = Visit(island[0].started_at, max(visit.ended_at for visit in island), island[0].source, island[0].channel, reach=island[0].reach)
    last = max(island, key=lambda visit: visit.ended_at)
    whole.events, whole.pages = sum(visit.events for visit in island), sum(visit.pages for visit in island)
    whole.entry = next((visit.entry for visit in island if visit.entry is not None), None)
    whole.exit = last.exit if last.exit is not None else whole.entry
    whole.referrer = next((visit.referrer for visit in island if visit.referrer is not None), None)
    whole.campaign = next((visit.campaign for visit in island if visit.campaign is not None), None)
    for visit in island[1:]:
        whole.reach = [visit.reach[done] for done in whole.reach]
    for visit in island:
        whole.seen |= visit.seen
    return whole


def _shown(visit: Visit) -> dict[str, Any]:
    return {
        "started_at": visit.started_at, "ended_at": visit.ended_at, "seconds": (visit.ended_at - visit.started_at) / timedelta(seconds=1),
        "source": visit.source, "channel": visit.channel, "events": visit.events, "pages": visit.pages, "entry": visit.entry, "exit": visit.exit,
        "referrer": visit.referrer, "campaign": visit.campaign, "reached": STEPS[visit.reach[0] - 1] if visit.reach[0] else None,
        "steps": [step for place, step in enumerate(STEPS) if visit.seen >> place & 1],
    }


def _share(part: float, whole: int) -> float:
    return round(part / whole, 6) if whole else 0.0
