"""Employees: who they are, what they can do, when they are there, and what becomes of their work when they are not."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec

from chassis import ids
from chassis.errors import Conflict, Invalid
from chassis.unit_of_work import Transaction
from contracts.interaction import EmployeeChanged, EmployeePersonal
from services.interaction import errors
from services.interaction.commands import cases
from services.interaction.settings import InteractionService
from services.interaction.store import cases as case_rows
from services.interaction.store import people

#: As many passes of routing follow at once when somebody's work is given to others; the rest comes with the next seconds.
PASSES: Final = 5

_json = msgspec.json.Encoder().encode
_object = msgspec.json.Decoder().decode


class HandedOver(NamedTuple):
    """How many open cases went to the person named, and how many back to the queues."""

    handed_over: int
    queued: int


class Imported(NamedTuple):
    created: int
    changed: int
    unchanged: int
    refused: list[tuple[int, str]]


async def put_employee(
    service: InteractionService, *, employee_id: UUID | None, given: Mapping[str, Any], actor: str, versions: Collection[int] | None = None
) -> UUID:
    """A new employee, or fields of one. Who is set inactive or away gives back what they had. Raises Unknown, Outdated, Conflict, Invalid."""
    moved = False
    async with service.transaction() as tx:
        await case_rows.lock_routing(tx.db)
        before = None
        if employee_id is not None:
            before = await people.find_employee(tx.db, employee_id)
            if before is None:
                raise errors.unknown_employee()
            if versions is not None and before["version"] not in versions:
                raise errors.changed_meanwhile("employee", before["version"])
        leaving = before is not None and before["active"] and (given.get("active") is False or _is_away(service, given))
        if leaving and not given.get("keep_cases") and before is not None:
            reason = "left" if given.get("active") is False else "away"
            await cases.give_back(service, tx, employee_id=before["id"], to=None, reason=reason, actor=actor)
            moved = True
        new_id, changed = await _put(service, tx, before, given)
        if changed and before is not None:
            await case_rows.wake(tx.db, teams=await people.list_teams_of(tx.db, new_id), now=service.clock.now())
            moved = True
    if moved:
        await _route(service)
    return new_id


async def hand_over(
    service: InteractionService, *, employee_id: UUID, to: UUID | None, deactivate: bool, actor: str
) -> HandedOver:
    """Open cases go to `to` as far as there is room, the rest back to their queues. Notes stay where they are. Raises Unknown, Invalid."""
    async with service.transaction() as tx:
        await case_rows.lock_routing(tx.db)
        before = await people.find_employee(tx.db, employee_id)
        if before is None:
            raise errors.unknown_employee()
        if to is not None:
            successor = await people.find_employee(tx.db, to)
            if successor is None or to == employee_id:
                raise errors.not_there("/to")
            if not successor["active"] or _is_away(service, dict(successor)):
                raise errors.no_room()
        handed, queued = await cases.give_back(service, tx, employee_id=employee_id, to=to, reason="handed_over", actor=actor)
        if deactivate:
            await _put(service, tx, await people.find_employee(tx.db, employee_id), {"active": False})
    await _route(service)
    return HandedOver(handed, queued)


async def import_employees(service: InteractionService, *, rows: Sequence[tuple[int, Any]], check: Callable[[Any], Mapping[str, Any]]) -> Imported:
    """Create or change employees by e-mail address; a row that cannot be used is refused with its number and reason, the others are taken.

    `rows`: (line, fields); `check` makes them fields of an employee and raises ValueError with the reason. Importing again changes nothing.
    """
    created = changed = unchanged = 0
    refused: list[tuple[int, str]] = []
    for line, fields in rows:
        try:
            given = check(fields)
        except ValueError as error:
            refused.append((line, str(error)))
            continue
        try:
            async with service.transaction() as tx:
                before = await people.find_employee_by_email(tx.db, given["email"])
                _, altered = await _put(service, tx, before, given)
        except (Conflict, Invalid) as refusal:
            refused.append((line, refusal.message))
            continue
        created += before is None
        changed += before is not None and altered
        unchanged += before is not None and not altered
    return Imported(created, changed, unchanged, refused)


def read_csv(text: str) -> list[tuple[int, dict[str, Any]]]:
    """(line, fields) of a CSV file with a header; lists are separated by `;`, skills are written `billing:3;returns`. Raises Invalid."""
    try:
        reader = csv.DictReader(io.StringIO(text), strict=True)
        rows = list(reader)
    except csv.Error:
        raise errors.bad_import("This is no CSV file: check the quotes.") from None
    if not reader.fieldnames or "email" not in reader.fieldnames or "name" not in reader.fieldnames:
        raise errors.bad_import("The first line names the columns, `name` and `email` among them.")
    return [(line, _fields(row)) for line, row in enumerate(rows, 2)]


def _fields(row: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in row.items():
        if not isinstance(name, str) or not isinstance(value, str) or not value.strip():
            continue
        parts = [part.strip() for part in value.split(";") if part.strip()]
        if name == "skills":
            found[name] = {skill: int(level) if level.isdecimal() else 1 for skill, _, level in (part.partition(":") for part in parts)}
        else:
            found[name] = parts if name in {"languages", "team_ids"} else value.strip()
    return found


async def _put(service: InteractionService, tx: Transaction, before: Any, given: Mapping[str, Any]) -> tuple[UUID, bool]:
    """(employee, whether anything changed)."""
    now = service.clock.now()
    was: dict[str, Any] = dict(before) if before is not None else {
        "id": ids.new_id(), "skills": "{}", "languages": [], "capacity": 20, "calendar_id": None, "time_zone": None, "active": True,
        "away_until": None, "version": 0, "created_at": now, "teams": [],
    }
    row = {**was, **{name: given[name] for name in given if name in people.EMPLOYEE}}
    if "skills" in given:
        row["skills"] = _json(dict(sorted(given["skills"].items()))).decode()
    teams = sorted(set(given.get("team_ids", was["teams"])))
    fields = [name for name in people.EMPLOYEE if name not in {"version", "changed_at", "created_at"}]
    if before is not None and teams == sorted(was["teams"]) and all(row[name] == was[name] for name in fields):
        return row["id"], False
    row |= {"version": was["version"] + 1, "changed_at": now}
    try:
        await people.put_employee(tx.db, [row[name] for name in people.EMPLOYEE])
        await people.set_teams(tx.db, employee_id=row["id"], teams=teams)
    except people.Taken:
        raise errors.name_taken("employee") from None
    except people.Unreferenced as missing:
        raise errors.not_there("/team_ids" if "team" in missing.what else "/calendar_id") from None
    tx.tell(EmployeeChanged(
        employee_id=str(row["id"]), version=row["version"], active=row["active"], away_until=row["away_until"], teams=[str(each) for each in teams],
        changed_at=now, personal=EmployeePersonal(name=row["name"], email=row["email"]),
    ))
    return row["id"], True


def _is_away(service: InteractionService, given: Mapping[str, Any]) -> bool:
    until = given.get("away_until")
    return until is not None and until > service.clock.now()


async def _route(service: InteractionService) -> None:
    for _ in range(PASSES):
        if not await cases.assign_waiting(service):
            break
