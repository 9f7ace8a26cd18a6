"""Refusals about sources, plans, what is set aside and replays."""

from __future__ import annotations

from chassis.errors import Conflict, Invalid, Outdated, Unavailable, Unknown


def unknown_source() -> Unknown:
    return Unknown("sources.unknown", "There is no such source.")


def unknown_plan() -> Unknown:
    return Unknown("plan.unknown", "This source has no tracking plan, or not this version: put one first.")


def bad_plan(pointer: str, reason: str) -> Invalid:
    return Invalid("plan.invalid", "The plan cannot be used; `errors` names the place.", errors=[{"pointer": pointer, "detail": reason}])


def plan_changed_meanwhile(version: int) -> Outdated:
    return Outdated(
        "plan.changed_meanwhile", "Somebody changed this plan since you read it: read it again, then send your change with the new ETag.",
        version=version,
    )


def not_as_planned(errors: list[dict[str, str]]) -> Invalid:
    return Invalid("quarantine.not_as_planned", "The event is still not as the tracking plan of its source wants it; it stays open.", errors=errors)


def too_many_listeners() -> Unavailable:
    return Unavailable("live.full", "Too many are watching at the moment: try again.", retry_after=10)


def unknown_replay() -> Unknown:
    return Unknown("replay.unknown", "There is no such replay.")


def bad_identity(reason: str) -> Invalid:
    return Invalid("interaction.bad_identity", reason)


def unknown_quarantine() -> Unknown:
    return Unknown("quarantine.unknown", "There is no such payload in quarantine.")


def closed_quarantine(state: str) -> Conflict:
    return Conflict("quarantine.closed", f"This payload was {state} already.", state=state)


def incomplete_payload() -> Conflict:
    return Conflict("quarantine.incomplete", "Only a part of this payload was kept: send a corrected one with the release.")


def rules_incomplete() -> Invalid:
    return Invalid("retention.rules_incomplete", "Name each kind once, and give a rule for the kind * (all others).")
