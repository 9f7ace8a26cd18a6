"""Rules as they were stored or sent -> rules ready to be asked; what cannot be used is refused with its place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from services.analytics import errors
from services.analytics.domain import parsing, rules
from services.analytics.domain.rules import Node, RuleError


def read_rule(rule: Any) -> Node:
    """Raises Invalid with the pointer to the fault."""
    try:
        return parsing.parse_rule(rule)
    except RuleError as error:
        raise errors.bad_rule(error.pointer, error.message) from None


def expand_rule(node: Node, known: Sequence[dict[str, Any]], *, own: UUID | None = None) -> Node:
    """The rule with those of the segments it asks for in their place; `known` are the active segments. Raises Invalid."""
    others = {str(segment["segment_id"]): parsing.parse_rule(segment["rule"]) for segment in known}
    if own is not None:
        others[str(own)] = node
    try:
        return rules.expand(node, others, own=str(own) if own else None)
    except RuleError as error:
        raise errors.bad_rule(error.pointer, error.message) from None


def check_dependents(segment_id: UUID, node: Node, known: Sequence[dict[str, Any]]) -> None:
    """A change must not make the rules of those that ask for this segment circular or too costly. Raises Invalid."""
    others = {str(segment["segment_id"]): parsing.parse_rule(segment["rule"]) for segment in known}
    others[str(segment_id)] = node
    for segment in known:
        if segment["segment_id"] != segment_id:
            own = str(segment["segment_id"])
            try:
                rules.expand(others[own], others, own=own)
            except RuleError as error:
                raise errors.bad_rule("", f"the segment {segment['name']} asks for this one: {error.message}") from None


def asking(segment_id: UUID, known: Sequence[dict[str, Any]]) -> list[UUID]:
    """The segments whose rules ask for this one, directly or not."""
    found = {str(segment_id)}
    references = {str(segment["segment_id"]): rules.referenced(parsing.parse_rule(segment["rule"])) for segment in known}
    while more := {one for one, wanted in references.items() if wanted & found} - found:
        found |= more
    return [UUID(one) for one in found - {str(segment_id)}]
