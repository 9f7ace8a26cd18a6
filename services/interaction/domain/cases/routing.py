"""Who gets a case: everybody is considered, what speaks against each is kept, the team's way decides between the rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec

from services.interaction.domain.working_hours import Calendar

#: As many names stand beside each reason in an explanation; the count is always whole.
NAMED: Final = 20
_LONG_AGO: Final = datetime(1, 1, 1, tzinfo=UTC)


class Candidate(msgspec.Struct):
    """An employee as routing sees one; `open_cases` and `last_assigned_at` move on while cases are given out."""

    id: UUID
    name: str
    email: str
    skills: dict[str, int]
    languages: frozenset[str]
    capacity: int
    open_cases: int
    active: bool
    away_until: datetime | None
    calendar: Calendar | None
    last_assigned_at: datetime | None
    teams: frozenset[UUID]


class Wanted(NamedTuple):
    """What a case needs. `near`: who had to do with it or with the customer, by id, e-mail or name, the nearest first."""

    team_id: UUID
    skills: Sequence[str]
    language: str | None
    near: Sequence[tuple[str, str]]


class Choice(NamedTuple):
    """`hopeless`: nobody in the team could take it at any time."""

    candidate: Candidate | None
    reason: str
    explained: dict[str, Any]
    hopeless: bool


def choose(
    wanted: Wanted, candidates: Sequence[Candidate], *, routing: str, now: datetime, works: Callable[[Calendar | None], bool]
) -> Choice:
    """The candidate who gets the case, or why nobody does. `works`: whether a calendar's people work at the moment."""
    team = [each for each in candidates if wanted.team_id in each.teams]
    language = wanted.language if any(wanted.language in each.languages for each in team if each.active) else None
    waived = wanted.language is not None and language is None
    left_out: dict[str, list[str]] = {}
    fit: list[Candidate] = []
    ever = False
    for each in team:
        never = _never(each, wanted.skills, language)
        against = never or _not_now(each, now, works)
        ever = ever or not never
        if against:
            left_out.setdefault(against, []).append(str(each.id))
        else:
            fit.append(each)
    explained: dict[str, Any] = {
        "routing": routing, "considered": len(team), "fit": len(fit),
        "left_out": {reason: {"count": len(ids), "employees": ids[:NAMED]} for reason, ids in left_out.items()},
    }
    if waived:
        explained["waived"] = f"language:{wanted.language}"
    for word, who in wanted.near:
        near = next((each for each in candidates if _is(each, who)), None)
        if near is None or (word == "before" and wanted.team_id not in near.teams):  # the case went on to another team
            continue
        against = _never(near, wanted.skills, language) or _not_now(near, now, works)
        if not against:
            return Choice(near, word, {**explained, "chosen_as": word}, False)
        explained.setdefault("near", []).append({"as": word, "employee": str(near.id), "against": against})
    if not fit:
        return Choice(None, "queued", explained, not ever)
    order = _ORDERS[routing]
    chosen = min(fit, key=order)
    explained["next_best"] = [str(each.id) for each in sorted(fit, key=order)[1:4]]
    explained["load"] = chosen.open_cases
    return Choice(chosen, routing, explained, False)


def _never(each: Candidate, skills: Sequence[str], language: str | None) -> str:
    if not each.active:
        return "inactive"
    for skill in skills:
        name, _, level = skill.partition(":")
        if each.skills.get(name, 0) < int(level or 1):
            return f"skill:{skill}"
    if language is not None and language not in each.languages:
        return f"language:{language}"
    return "" if each.capacity else "no_capacity"


def _not_now(each: Candidate, now: datetime, works: Callable[[Calendar | None], bool]) -> str:
    if each.away_until is not None and each.away_until > now:
        return "away"
    if not works(each.calendar):
        return "outside_working_hours"
    return "" if each.open_cases < each.capacity else "full"


def _is(each: Candidate, who: str) -> bool:
    return who.casefold() in {str(each.id), each.email, each.name.casefold()}


def _turn(each: Candidate) -> tuple[Any, ...]:
    return (each.last_assigned_at or _LONG_AGO, each.id)


_ORDERS: Final[dict[str, Callable[[Candidate], tuple[Any, ...]]]] = {
    "round_robin": _turn,
    "least_busy": lambda each: (each.open_cases, *_turn(each)),
    "capacity": lambda each: (each.open_cases / each.capacity, *_turn(each)),
}
