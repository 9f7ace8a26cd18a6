"""Channels: where each reaches a person, and how a person's place there is called."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from services.campaign.domain.entities import Recipient
from services.campaign.domain.ledger import address_key, mail_address

EMAIL: Final = "email"
#: Handed to an HTTP provider.
PROVIDED: Final = ("sms", "push", "webhook")
#: Handed to employees as tasks.
BY_HAND: Final = ("phone", "post")
#: Kept here until the person comes by.
ON_SITE: Final = ("in_app", "on_site")
CHANNELS: Final = (EMAIL, *PROVIDED, *BY_HAND, *ON_SITE)

_PHONE: Final = re.compile(r"\+[1-9][0-9]{6,14}")
_LONGEST_PLACE: Final = 1_000


class Place(NamedTuple):
    """Where a message goes: `address` as the channel takes it, `key` the same for everybody who shares it."""

    address: str
    key: str


def place_of(recipient: Recipient, channel: str) -> tuple[Place | None, str | None]:
    """The recipient's place on a channel; without one the reason: no_address or address_invalid."""
    if channel == EMAIL:
        address = mail_address(recipient.email) if recipient.email else None
        if address is None or recipient.email is None:
            return None, "address_invalid" if recipient.email else "no_address"
        return Place(address, address_key(recipient.email)), None
    if channel in ("sms", "phone"):
        phone = recipient.phone or ""
        if not _PHONE.fullmatch(phone):
            return None, "address_invalid" if phone else "no_address"
        return Place(phone, f"phone:{phone}"), None
    if channel == "push":
        token = recipient.traits.get("push_token")
        if not isinstance(token, str) or not 0 < len(token) <= _LONGEST_PLACE:
            return None, "no_address"
        return Place(token, f"push:{token}"), None
    if channel == "post":
        postal = postal_address(recipient.traits)
        return (Place(postal, f"post:{postal.casefold()}"), None) if postal else (None, "no_address")
    return Place(str(recipient.customer_id), f"customer:{recipient.customer_id}"), None


def postal_address(traits: Mapping[str, Any]) -> str | None:
    """`postal_address` as it is, or street, postal code, city and country; None when there is no street or no city."""
    whole = traits.get("postal_address")
    if isinstance(whole, str) and whole.strip():
        return whole.strip()[:_LONGEST_PLACE]
    parts = [traits.get(name) for name in ("street", "postal_code", "city", "country")]
    texts = [part.strip() if isinstance(part, str) else "" for part in parts]
    return ", ".join(text for text in texts if text)[:_LONGEST_PLACE] if texts[0] and texts[2] else None
