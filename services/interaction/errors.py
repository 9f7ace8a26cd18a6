"""What this service refuses."""

from __future__ import annotations

from chassis.errors import Conflict, Invalid, Unavailable, Unknown


def unknown_interaction() -> Unknown:
    return Unknown("interaction.unknown", "There is no such interaction.")


def unknown_order() -> Unknown:
    return Unknown("order.unknown", "There is no such order.")


def unknown_customer() -> Unknown:
    return Unknown("customer.unknown", "There is no such customer.")


def unknown_quarantine() -> Unknown:
    return Unknown("quarantine.unknown", "There is no such payload in quarantine.")


def closed_quarantine(state: str) -> Conflict:
    return Conflict("quarantine.closed", f"This payload was {state} already.", state=state)


def incomplete_payload() -> Conflict:
    return Conflict("quarantine.incomplete", "Only a part of this payload was kept: send a corrected one with the release.")


def refused(code: str, detail: str) -> Invalid:
    """An event that does not pass the checks of collection; for data that breaks its schema the detail is a JSON pointer."""
    if code == "invalid_data":
        return Invalid(f"interaction.{code}", "The data does not match its schema.", errors=[{"pointer": detail, "detail": "missing or wrong"}])
    return Invalid(f"interaction.{code}", detail)


def not_an_object() -> Invalid:
    return Invalid("interaction.not_an_object", "The body must be one JSON object.")


def not_confirmed() -> Unavailable:
    return Unavailable("interaction.not_confirmed", "The event log did not confirm in time: send the same again.", retry_after=2)


def wrong(code: str, pointer: str, message: str) -> Invalid:
    """A field that is well-formed but cannot be; the pointer names it."""
    return Invalid(code, message, errors=[{"pointer": pointer, "detail": message}])


def unknown_task() -> Unknown:
    return Unknown("task.unknown", "There is no such task.")


def closed_task(state: str) -> Conflict:
    return Conflict("task.closed", f"This task is {state} already: plan a new one.", state=state)


def task_without_time() -> Conflict:
    return Conflict("task.no_due_time", "A calendar needs a time: say when the task is due, then ask again.")
