"""A rule asked for a purpose: everybody who does not allow it is left out, whatever else the rule says."""

from __future__ import annotations

from typing import NamedTuple

from services.analytics.domain import rules
from services.analytics.domain.rules import Node


class Bound(NamedTuple):
    """A purpose as it is defined: with `needs_grant` nobody is read who has not allowed it, without, who has refused it."""

    purpose: str
    channel: str | None
    needs_grant: bool


def bound(rule: Node, purpose: Bound | None) -> Node:
    """The rule and the permission."""
    return rule if purpose is None else rules.All((rule, permission(purpose)))


def permission(purpose: Bound) -> Node:
    """Whether a customer allows the purpose."""
    if purpose.needs_grant:
        return rules.Consent(purpose.purpose, purpose.channel, "granted")
    return rules.Not(rules.Consent(purpose.purpose, purpose.channel, "withdrawn"))
