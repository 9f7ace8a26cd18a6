"""What the use cases of cases share: rules, clocks, writing a case with its history, telling."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from msgspec.structs import replace

from chassis import ids
from chassis.database import Connection
from chassis.unit_of_work import Transaction
from contracts import links
from contracts.interaction import CaseAssigned, CaseOpened, CaseResolved
from services.interaction import errors
from services.interaction.domain.cases import levels, model
from services.interaction.domain.cases.levels import Policy
from services.interaction.domain.cases.model import Case
from services.interaction.domain.cases.rules import CaseRules
from services.interaction.domain.working_hours import ALWAYS, Calendar
from services.interaction.settings import InteractionService
from services.interaction.store import case_parts, case_settings, knowing, people
from services.interaction.store import cases as store

_json = msgspec.json.Encoder().encode
_object = msgspec.json.Decoder().decode


class Assignment(NamedTuple):
    """Who has a case from now on, and why."""

    case: Case
    reason: str
    explained: Mapping[str, Any]


class Clocks:
    """Policies and calendars, read once for a transaction."""

    def __init__(self, policies: Sequence[Policy], calendars: Mapping[UUID, Calendar], of_teams: Mapping[UUID, UUID | None]) -> None:
        self.policies = policies
        self._calendars = calendars
        self._of_teams = of_teams

    def calendar(self, case: Case, policy: Policy | None) -> Calendar:
        """The policy's calendar, else that of the team, else every hour counts."""
        found = (policy.calendar_id if policy else None) or self._of_teams.get(case.team_id)
        return self._calendars.get(found, ALWAYS) if found else ALWAYS

    def of(self, case: Case) -> tuple[Policy | None, Calendar]:
        """The policy the case has, and its calendar."""
        policy = next((each for each in self.policies if each.id == case.policy_id), None)
        return policy, self.calendar(case, policy)

    def start(self, case: Case, now: datetime) -> Case:
        """The case with the policy that fits it now."""
        policy = levels.match(self.policies, case)
        return levels.start(case, policy, self.calendar(case, policy), now)


async def clocks(db: Connection) -> Clocks:
    rows = await people.list_calendars(db)
    return Clocks(
        await case_settings.list_policies(db), {row["id"]: read_calendar(row) for row in rows},
        {row["id"]: row["calendar_id"] for row in await people.list_queues(db)},
    )


async def rules(db: Connection) -> CaseRules:
    """Which contacts open cases, now."""
    row = await case_settings.find_rules(db)
    return CaseRules() if row is None else CaseRules.model_validate_json(row["content"])


def read_calendar(row: Any, time_zone: str | None = None) -> Calendar:
    """A calendar as stored, in its own time zone or in somebody's."""
    return Calendar(time_zone=time_zone or row["time_zone"], hours=_object(row["hours"]), holidays=_object(row["holidays"]))


async def locked(db: Connection, case_id: UUID, versions: Collection[int] | None = None) -> Case:
    """A case to be changed. Raises Unknown, Outdated, and Conflict for one that was merged."""
    case = await store.find_case(db, case_id, lock=True)
    if case is None:
        raise errors.unknown_case()
    if versions is not None and case.version not in versions:
        raise errors.changed_meanwhile("case", case.version)
    if case.status == "merged":
        raise errors.merged_case(str(case.merged_into))
    return case


async def put(
    service: InteractionService, tx: Transaction, before: Case, after: Case, *, actor: str, action: str, about: Mapping[str, Any] | None = None
) -> Case:
    """Write what changed, with its history; a case that is resolved by it asks the customer and is told. Raises NoRoom."""
    now = service.clock.now()
    changed = model.changes(before, after)
    if not changed and not about:
        if after != before:
            await store.put_case(tx.db, after)
        return after
    after = replace(after, changed_at=now, version=before.version + 1)
    if after.route_at is not None and after.route_at != before.route_at:
        after = replace(after, route_at=now)
    await store.put_case(tx.db, after)
    await case_parts.insert_changes(tx.db, [change(after.id, now, actor, action, {**(about or {}), **({"changed": changed} if changed else {})})])
    if after.status == "resolved" and before.status != "resolved":
        await _resolved(service, tx, after, now)
    if before.employee_id is not None and before.status in model.LIVING and (after.status not in model.LIVING or after.employee_id is None):
        await store.wake(tx.db, teams=await people.list_teams_of(tx.db, before.employee_id), now=now)
    return after


def change(case_id: UUID, at: datetime, actor: str, action: str, content: Mapping[str, Any]) -> tuple[UUID, datetime, str, str, str]:
    """A row of the history."""
    return case_id, at, actor, action, _json(content).decode()


async def note_assignments(tx: Transaction, given: Sequence[Assignment], *, actor: str, at: datetime) -> None:
    """Keep why, and tell who has it now."""
    await case_parts.insert_assignments(
        tx.db,
        [
            (ids.new_id(), each.case.id, at, actor, each.case.team_id, each.case.employee_id, each.reason, _json(each.explained).decode())
            for each in given
        ],
    )
    for case, reason, _ in given:
        if reason == "queued":
            continue
        tx.tell(CaseAssigned(
            case_id=str(case.id), team_id=str(case.team_id), employee_id=_text(case.employee_id), reason=reason, channel=case.channel,
            assigned_at=at, waited_s=max(0.0, (at - case.opened_at).total_seconds()),
        ))


def tell_opened(tx: Transaction, case: Case, customer_id: UUID | None) -> None:
    tx.tell(CaseOpened(
        case_id=str(case.id), number=case.number, kind=case.kind, priority=case.priority, channel=case.channel, language=case.language,
        identity=case.identity.hex() if case.identity else None, customer_id=_text(customer_id), team_id=str(case.team_id),
        opened_at=case.opened_at,
    ))


def survey_token(service: InteractionService, case: Case, resolution: int) -> str:
    """What the link of the question ends in."""
    return links.seal(service.link_secret, links.SURVEY, [str(case.id), str(resolution)])


async def customer_of(db: Connection, case: Case) -> UUID | None:
    """Whose case it is, as far as known."""
    if case.identity:
        return (await knowing.list_customers_of(db, [case.identity])).get(case.identity) or case.customer_id
    return case.customer_id


async def _resolved(service: InteractionService, tx: Transaction, case: Case, now: datetime) -> None:
    await case_parts.insert_survey(tx.db, case_id=case.id, resolution=case.resolutions, employee_id=case.employee_id, at=now)
    tx.tell(CaseResolved(
        case_id=str(case.id), resolution=case.resolutions, kind=case.kind, channel=case.channel, language=case.language,
        identity=case.identity.hex() if case.identity else None, customer_id=_text(await customer_of(tx.db, case)),
        team_id=str(case.team_id), employee_id=_text(case.employee_id), outcome=case.outcome, opened_at=case.opened_at,
        answered_at=case.answered_at, resolved_at=now, survey=survey_token(service, case, case.resolutions),
    ))


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)
