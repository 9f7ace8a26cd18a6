"""What a template may speak of: plain values of one recipient and one campaign."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def template_data(
    *, customer_id: str, name: str | None, email: str | None, language: str | None, traits: Mapping[str, Any], campaign_id: str,
    campaign_name: str, locale: str, unsubscribe_url: str, preferences_url: str, data: Mapping[str, Any] | None = None,
    feeds: Mapping[str, Any] | None = None, postal_address: str = "",
) -> dict[str, Any]:
    """The variables of a template. Traits stand directly under `customer` (`customer.city`) and under `customer.traits`; `data`: the message's own."""
    customer = {**traits, "id": customer_id, "name": name, "email": email, "language": language, "traits": dict(traits)}
    return {
        "customer": {key: value for key, value in customer.items() if value is not None},
        "campaign": {"id": campaign_id, "name": campaign_name},
        "data": dict(data or {}),
        "feeds": dict(feeds or {}),
        "postal_address": postal_address,
        "locale": "fa" if locale.startswith("fa") else "en",
        "unsubscribe_url": unsubscribe_url,
        "preferences_url": preferences_url,
    }


#: Names that a template may begin with; everything else is empty.
ROOTS = ("customer", "campaign", "data", "feeds", "locale", "unsubscribe_url", "preferences_url", "postal_address")


def lacks(name: str, values: Mapping[str, Any]) -> bool:
    """Whether a variable (`customer.town`) is empty with these values."""
    found: Any = values
    for part in name.split("."):
        if not isinstance(found, Mapping) or part not in found:
            return True
        found = found[part]
    return found is None or found == ""
