"""Roles of people: which doors they open, and which fields stay hidden behind them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from chassis.field_rights import CARDS, CONTACT, SENSITIVE

NAME: Final = re.compile(r"[a-z][a-z0-9_]{1,39}")


class Role(NamedTuple):
    """`hides` as in chassis/field_rights.py; `own`: made by this deployment, else one of the six that are always there."""

    name: str
    description: str
    scopes: frozenset[str]
    hides: frozenset[str] = frozenset()
    own: bool = False


def _role(name: str, description: str, scopes: str, *hides: str) -> Role:
    return Role(name, description, frozenset(scopes.split()), frozenset(hides))


BUILT_IN: Final = {
    role.name: role
    for role in (
        _role(
            "viewer", "Looks at customers, history and figures, without contact data.",
            "customers:read interactions:read analytics:read campaigns:read consent:read", CONTACT, CARDS, SENSITIVE,
        ),
        _role(
            "agent", "Works with customers: cases, tasks, leads, notes.",
            "customers:read customers:write interactions:read interactions:write analytics:read campaigns:read consent:read consent:write", CARDS, SENSITIVE,
        ),
        _role(
            "marketer", "Segments, campaigns and journeys; addresses people without seeing how.",
            "customers:read interactions:read analytics:read analytics:write campaigns:read campaigns:write campaigns:send consent:read", CONTACT, CARDS, SENSITIVE,
        ),
        _role(
            "analyst", "Metrics, models and exports of figures.",
            "customers:read interactions:read analytics:read analytics:write campaigns:read", CONTACT, CARDS, SENSITIVE,
        ),
        _role(
            "privacy_officer", "Requests of people about their data, consents, and who has read what.",
            "customers:read customers:sensitive interactions:read consent:read consent:write privacy:manage audit:read",
        ),
        _role("administrator", "Everything.", "admin"),
    )
}


def together(names: Iterable[str], known: Mapping[str, Role]) -> tuple[frozenset[str], frozenset[str]]:
    """Scopes and hidden fields of somebody with all these roles: what one of them shows is seen. Unknown roles give nothing."""
    roles = [known[name] for name in names if name in known]
    if not roles:
        return frozenset(), frozenset()
    return frozenset().union(*(role.scopes for role in roles)), frozenset.intersection(*(role.hides for role in roles))
