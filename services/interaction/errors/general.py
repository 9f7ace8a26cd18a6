"""Refusals that fit more than one subject."""

from __future__ import annotations

from chassis.errors import Invalid, Outdated


def wrong(code: str, pointer: str, message: str) -> Invalid:
    """A field that is well-formed but cannot be; the pointer names it."""
    return Invalid(code, message, errors=[{"pointer": pointer, "detail": message}])


def changed_meanwhile(what: str, version: int) -> Outdated:
    return Outdated(
        f"{what}.changed_meanwhile", "Somebody changed this since you read it: read it again, then send your change with the new ETag.",
        version=version,
    )


def card_number(pointer: str) -> Invalid:
    """Never with the number itself."""
    return Invalid(
        "request.card_number", "This holds the number of a payment card, and nothing of it was kept: send the token of your payment provider instead.",
        errors=[{"pointer": pointer or "/", "detail": "a payment card number"}],
    )


def not_there(pointer: str) -> Invalid:
    return Invalid("request.unknown_reference", "What this field names does not exist: create it first.", pointer=pointer)


def bad_period() -> Invalid:
    return Invalid("figures.bad_period", "`since` lies before `until`, and no more than 1000 days apart.", pointer="/query/since")
