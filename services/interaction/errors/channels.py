"""Refusals of the smaller channels."""

from __future__ import annotations

from datetime import datetime

from chassis.errors import Conflict, Forbidden, Invalid, Unknown


def unknown_room() -> Unknown:
    return Unknown("room.unknown", "There is no such room or board.")


def unknown_post() -> Unknown:
    return Unknown("post.unknown", "There is no such post in this room.")


def closed_room() -> Conflict:
    return Conflict("room.closed", "Nobody posts here any more: open it again first.")


def other_kind_of_room() -> Conflict:
    return Conflict("room.other_kind", "There is a room or board of this name, of the other kind: choose another name.")


def unknown_auction() -> Unknown:
    return Unknown("auction.unknown", "There is no such auction.")


def auction_not_open(opens_at: datetime, closes_at: datetime) -> Conflict:
    return Conflict(
        "auction.not_open", "Bids count from the opening to the close of the auction.", opens_at=opens_at.isoformat(), closes_at=closes_at.isoformat()
    )


def own_auction() -> Conflict:
    return Conflict("auction.own", "Who sells does not bid.")


def own_bid() -> Conflict:
    return Conflict("auction.own_bid", "The highest bid is this customer's already: wait until somebody bids more.")


def bid_too_low(least: int) -> Conflict:
    return Conflict("auction.bid_too_low", "The bid is too low: bid at least `least_minor`.", least_minor=least)


def unknown_deputy() -> Unknown:
    return Unknown("deputy.unknown", "There is no such shopping agent.")


def bad_deputy_key() -> Forbidden:
    return Forbidden("deputy.bad_key", "This key opens nothing: it is wrong, revoked, or its time is over.")


def deputy_may_not(action: str) -> Forbidden:
    return Forbidden("deputy.not_allowed", f"This agent may not {action}.")


def deputy_other_currency(currency: str) -> Forbidden:
    return Forbidden("deputy.other_currency", f"This agent's budget is in {currency}.", currency=currency)


def deputy_budget(left: int) -> Forbidden:
    return Forbidden("deputy.over_budget", "This is more than what is left of the agent's budget.", left_minor=left)


def unknown_inbox() -> Unknown:
    return Unknown("inbox.unknown", "There is nothing at this address.")


def bad_signature() -> Forbidden:
    return Forbidden("inbox.bad_signature", "The signature does not match: check the secret on both sides.")


def unreadable_delivery() -> Invalid:
    return Invalid("inbox.unreadable", "The delivery is signed, but it is not what this provider sends.")
