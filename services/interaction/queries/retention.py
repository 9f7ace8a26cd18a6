"""How long events are kept."""

from __future__ import annotations

from typing import Any

from services.interaction.domain import retention
from services.interaction.domain.retention import OTHERS, Rule
from services.interaction.settings import InteractionService
from services.interaction.store import retention as store


async def list_rules(service: InteractionService) -> list[dict[str, Any]]:
    """All rules, in the order of their kinds."""
    async with service.read() as db:
        return [dict(row) for row in await store.list_rules(db)]


async def count_expired(service: InteractionService) -> list[dict[str, Any]]:
    """What the next sweep would delete, by rule; nothing is changed."""
    now = service.clock.now()
    found = []
    async with service.read() as db:
        rules = [Rule(row["kind"], row["days"]) for row in await store.list_rules(db)]
        own = [rule.kind for rule in rules if rule.kind != OTHERS]
        for rule in rules:
            until = retention.before(rule, now)
            count = 0 if until is None else await store.count_expired(db, kind=rule.kind, others=own, before=until)
            found.append({"kind": rule.kind, "received_before": until, "events": count})
    return found
