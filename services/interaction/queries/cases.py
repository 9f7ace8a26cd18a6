"""Cases as people see them, and how they went."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from chassis.database import Connection
from contracts import links
from contracts.interaction import InteractionRecorded
from services.interaction import errors
from services.interaction.domain.cases.model import Case, read_uuid
from services.interaction.domain.cases.rules import CaseRules
from services.interaction.settings import InteractionService
from services.interaction.store import case_figures, case_parts, case_settings, knowing, notices, people, replicas
from services.interaction.store import cases as store

#: Below it an average would speak of single customers.
FEWEST: Final = 5
LONGEST: Final = timedelta(days=1000)

_record = msgspec.json.Decoder(InteractionRecorded).decode
_decode = msgspec.json.Decoder().decode

Cursor = tuple[datetime, UUID]


async def list_cases(
    service: InteractionService, *, customer_id: UUID | None = None, before: Cursor | None = None, limit: int = 50, overdue: bool = False,
    text: str | None = None, statuses: Sequence[str] | None = None, team_id: UUID | None = None, employee_id: UUID | None = None,
    unassigned: bool = False, kind: str | None = None, priority: str | None = None, channel: str | None = None, tag: str | None = None,
    since: datetime | None = None, until: datetime | None = None,
) -> tuple[list[dict[str, Any]], Cursor | None]:
    """A page of cases, the newest first, and where the next begins. `text`: a part of the subject, or a number."""
    async with service.read() as db:
        identities = customers = None
        if customer_id is not None:
            customers = await replicas.list_family(db, await replicas.find_survivor(db, customer_id))
            identities = [row["identity"] for row in await replicas.list_identities(db, customers)]
        wanted = (text or "").strip().lstrip("#")
        found = await store.list_cases(
            db, statuses=statuses, team_id=team_id, employee_id=employee_id, unassigned=unassigned, kind=kind, priority=priority, channel=channel,
            tag=tag, text=f"%{wanted.replace('%', '')}%" if wanted else None, number=int(wanted) if wanted.isdecimal() and len(wanted) < 16 else None,
            overdue=service.clock.now() if overdue else None, since=since, until=until, identities=identities, customers=customers,
            before=before, limit=limit + 1,
        )
        views = await _views(db, found[:limit])
    last = found[limit - 1] if len(found) > limit else None
    return views, (last.opened_at, last.id) if last else None


async def get_case(service: InteractionService, *, case_id: UUID) -> dict[str, Any]:
    """One case with its relations, alarms and answers of the customer. Raises Unknown."""
    async with service.read() as db:
        case = await store.find_case(db, case_id)
        if case is None:
            raise errors.unknown_case()
        view = (await _views(db, [case]))[0]
        view["relations"] = [
            {"case_id": row["other_id"], "kind": row["kind"], "backwards": row["backwards"]} for row in await case_parts.list_relations(db, case_id)
        ]
        view["alarms"] = [dict(row) for row in await case_settings.list_alarms(db, case_id)]
        view["surveys"] = [dict(row) for row in await case_parts.list_surveys(db, case_id)]
    return view


async def list_contacts(service: InteractionService, *, case_id: UUID) -> list[dict[str, Any]]:
    """What was said in a case on all channels, the oldest first. Raises Unknown."""
    async with service.read() as db:
        await _known(db, case_id)
        rows = await case_parts.list_contacts(db, case_id)
        sent = await notices.find_deliveries(db, [row["interaction_id"] for row in rows])
    return [
        {**dict(zip(("delivery", "delivery_reason"), sent.get(row["interaction_id"], (None, None)), strict=True)),
         **{name: row[name] for name in row.keys() if name not in {"record", "case_id"}},  # noqa: SIM118 - a record is no mapping
         "data": _decode(_record(row["record"]).personal.properties) if row["record"] else {}}
        for row in rows
    ]


async def list_notes(service: InteractionService, *, case_id: UUID) -> list[dict[str, Any]]:
    async with service.read() as db:
        await _known(db, case_id)
        return [dict(row) for row in await case_parts.list_notes(db, case_id)]


async def list_history(service: InteractionService, *, case_id: UUID) -> list[dict[str, Any]]:
    """Every change, the oldest first. Raises Unknown."""
    async with service.read() as db:
        await _known(db, case_id)
        return [{**dict(row), "content": _decode(row["content"])} for row in await case_parts.list_changes(db, case_id)]


async def list_assignments(service: InteractionService, *, case_id: UUID) -> list[dict[str, Any]]:
    """Who had it since when, and why. Raises Unknown."""
    async with service.read() as db:
        await _known(db, case_id)
        return [{**dict(row), "explained": _decode(row["explained"])} for row in await case_parts.list_assignments(db, case_id)]


async def get_survey_link(service: InteractionService, *, case_id: UUID) -> dict[str, Any]:
    """The link of the question after the last resolution. Raises Unknown, Conflict."""
    async with service.read() as db:
        case = await store.find_case(db, case_id)
    if case is None:
        raise errors.unknown_case()
    if not case.resolutions:
        raise errors.not_resolved()
    token = links.seal(service.link_secret, links.SURVEY, [str(case_id), str(case.resolutions)])
    return {"url": f"{service.platform.public_url.rstrip('/')}/s/{token}", "token": token, "resolution": case.resolutions}


async def get_survey(service: InteractionService, *, token: str) -> dict[str, Any]:
    """What a link asks about. Raises Unknown."""
    try:
        given, resolution = links.open_link(service.link_secret, links.SURVEY, token)
        case_id, number = read_uuid(given), int(resolution)
    except ValueError:
        raise errors.unknown_link() from None
    async with service.read() as db:
        case = await store.find_case(db, case_id) if case_id else None
        asked = await case_parts.find_survey(db, case_id=case_id, resolution=number) if case_id else None
    if case is None or asked is None:
        raise errors.unknown_link()
    return {"number": case.number, "subject": case.subject, "score": asked["score"], "language": case.language}


async def get_figures(service: InteractionService, *, since: datetime, until: datetime) -> dict[str, Any]:
    """Counts, waiting times and satisfaction of the cases opened in a time; averages of fewer than five answers are not shown."""
    _check(since, until)
    async with service.read() as db:
        channels = [dict(row) for row in await case_figures.by_channel(db, since=since, until=until)]
        teams = [dict(row) for row in await case_figures.by_team(db, since=since, until=until)]
        employees = [dict(row) for row in await case_figures.by_employee(db, since=since, until=until)]
    for row in employees:
        if row["answers"] < FEWEST:
            row["satisfaction"] = None
    total = channels[0] if channels and channels[0]["channel"] is None else None
    return {
        "since": since, "until": until, "total": total, "channels": [row for row in channels if row["channel"] is not None], "teams": teams,
        "employees": employees,
    }


async def get_touchpoints(service: InteractionService, *, since: datetime, until: datetime) -> dict[str, Any]:
    """For each channel and kind of contact: in, out, customers; and the channel's waiting time and outcomes."""
    _check(since, until)
    async with service.read() as db:
        contacts = [dict(row) for row in await case_figures.touchpoints(db, since=since, until=until)]
        outcomes = await case_figures.touchpoint_outcomes(db, since=since, until=until)
        waits = {row["channel"]: row for row in await case_figures.by_channel(db, since=since, until=until)}
    channels: dict[str, dict[str, Any]] = {}
    for row in contacts:
        found = channels.setdefault(row["channel"], {"channel": row["channel"], "contacts_in": 0, "contacts_out": 0, "kinds": [], "outcomes": {}})
        found["contacts_in"] += row["contacts_in"]
        found["contacts_out"] += row["contacts_out"]
        found["kinds"].append({name: value for name, value in row.items() if name != "channel"})
    for channel, outcome, count in outcomes:
        if channel in channels:
            channels[channel]["outcomes"][outcome] = count
    for channel, found in channels.items():
        wait = waits.get(channel)
        for name in ("responsible_p50_s", "responsible_p95_s", "answer_p50_s", "answer_p95_s"):
            found[name] = wait[name] if wait is not None else None
    return {"since": since, "until": until, "channels": list(channels.values())}


async def list_touchpoint_customers(
    service: InteractionService, *, channel: str, since: datetime, until: datetime, after: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """Which customers use a channel."""
    _check(since, until)
    async with service.read() as db:
        rows = await case_figures.touchpoint_customers(db, channel=channel, since=since, until=until, after=after, limit=limit + 1)
    views = [{**dict(row), "identity": None if row["customer_id"] else row["who"]} for row in rows[:limit]]
    return views, rows[limit - 1]["who"] if len(rows) > limit else None


async def get_rules(service: InteractionService) -> tuple[CaseRules, int]:
    """Which contacts open cases, and the version."""
    async with service.read() as db:
        row = await case_settings.find_rules(db)
    return (CaseRules(), 0) if row is None else (CaseRules.model_validate_json(row["content"]), row["version"])


async def _known(db: Connection, case_id: UUID) -> None:
    if await store.find_case(db, case_id) is None:
        raise errors.unknown_case()


async def _views(db: Connection, found: Sequence[Case]) -> list[dict[str, Any]]:
    """Cases with the names of who is responsible, and whose they are now."""
    owners = await knowing.list_customers_of(db, sorted({case.identity for case in found if case.identity}))
    teams = {row["id"]: row["name"] for row in await people.list_queues(db)}
    names = await people.list_names(db, sorted({case.employee_id for case in found if case.employee_id}))
    return [
        {
            **{name: getattr(case, name) for name in Case.__struct_fields__ if name not in {"identity", "alarm_at", "route_at", "resolve_left"}},
            "identity": case.identity.hex() if case.identity else None,
            "customer_id": (owners.get(case.identity) if case.identity else None) or case.customer_id,
            "team": teams[case.team_id], "employee": names.get(case.employee_id) if case.employee_id else None,
            "waited_s": (case.responsible_at - case.opened_at).total_seconds() if case.responsible_at else None,
        }
        for case in found
    ]


def _check(since: datetime, until: datetime) -> None:
    if not since < until <= since + LONGEST:
        raise errors.bad_period()
