"""Keeping events by month: parts are made before they are needed, and what has been kept long enough goes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from services.interaction import errors
from services.interaction.domain import retention
from services.interaction.domain.retention import OTHERS, Rule
from services.interaction.settings import InteractionService
from services.interaction.store import retention as store

_AT_ONCE: Final = 5000


async def make_months(service: InteractionService) -> None:
    """Make the parts of this month and the next three; what the default part holds of them moves."""
    for first in retention.months_ahead(service.clock.now().date()):
        async with service.transaction() as tx:
            await store.make_month(tx.db, first)


async def put_rules(service: InteractionService, *, rules: Sequence[tuple[str, int | None, str]]) -> None:
    """All rules from now on. Raises Invalid when there is none for the other kinds, or two for one."""
    kinds = [kind for kind, _, _ in rules]
    if OTHERS not in kinds or len(set(kinds)) < len(kinds):
        raise errors.rules_incomplete()
    async with service.transaction() as tx:
        await store.put_rules(tx.db, rules, at=service.clock.now())


async def sweep_expired(service: InteractionService) -> bool:
    """Drop months that nobody keeps, and delete a stretch of what expired in the others. Returns whether there is more."""
    now = service.clock.now()
    async with service.transaction() as tx:
        rules = [Rule(row["kind"], row["days"], row["swept_until"]) for row in await store.list_rules(tx.db)]
        for name in retention.droppable(await store.list_months(tx.db), rules, now):
            await store.drop_month(tx.db, name)
    own = [rule.kind for rule in rules if rule.kind != OTHERS]
    for rule in rules:
        until = retention.before(rule, now)
        if until is None or (rule.swept_until is not None and rule.swept_until >= until):
            continue
        async with service.transaction() as tx:
            deleted = await store.delete_expired(
                tx.db, kind=rule.kind, others=own, since=retention.since(rule, until), before=until, limit=_AT_ONCE
            )
            if deleted < _AT_ONCE:
                await store.note_swept(tx.db, rule.kind, until)
        if deleted >= _AT_ONCE:
            return True
    return False
