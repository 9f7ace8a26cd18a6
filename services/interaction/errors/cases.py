"""Refusals about cases and those who work on them."""

from __future__ import annotations

from chassis.errors import Conflict, Invalid, Unknown


def unknown_case() -> Unknown:
    return Unknown("case.unknown", "There is no such case.")


def unknown_employee() -> Unknown:
    return Unknown("employee.unknown", "There is no such employee.")


def unknown_team() -> Unknown:
    return Unknown("team.unknown", "There is no such team.")


def unknown_calendar() -> Unknown:
    return Unknown("calendar.unknown", "There is no such calendar.")


def unknown_policy() -> Unknown:
    return Unknown("service_policy.unknown", "There is no such service policy.")


def unknown_note() -> Unknown:
    return Unknown("note.unknown", "There is no such note.")


def name_taken(what: str) -> Conflict:
    return Conflict(f"{what}.taken", "Another one has this name or e-mail address already: choose another, or change that one.")


def bad_move(status: str, wanted: str) -> Conflict:
    return Conflict("case.bad_move", f"A case that is {status} cannot become {wanted}.", state=status)


def merged_case(into: str) -> Conflict:
    return Conflict("case.merged", "This case was merged into another one: work on that.", merged_into=into)


def no_room() -> Conflict:
    return Conflict("case.no_room", "This employee is not active, away, or has as many open cases as fit: choose somebody else, or a team.")


def bad_merge() -> Invalid:
    return Invalid("case.bad_merge", "A case cannot be merged into itself or into a part of itself.", pointer="/into")


def no_reply_to() -> Conflict:
    return Conflict("case.no_address", "Nothing says where the answer goes: send `kind` and the `fields` that kind of contact needs.")


def not_resolved() -> Conflict:
    return Conflict("case.not_resolved", "The question is asked when a case is resolved: there is no link before.")


def unknown_link() -> Unknown:
    return Unknown("link.unknown", "This link is not valid.")


def fallback_circle() -> Invalid:
    return Invalid("team.fallback_circle", "A team cannot fall back on itself, directly or through others.", pointer="/fallback_id")


def bad_import(detail: str) -> Invalid:
    return Invalid("employee.bad_import", detail)


def never_open() -> Invalid:
    return Invalid("calendar.never_open", "With these holidays nobody ever works: leave some working hours.", pointer="/holidays")
