"""Rules of retention: set, counted over all services in a dry run, then acted on each day by the services that own the rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

import msgspec

from chassis import telemetry
from chassis.errors import Unavailable
from chassis.ids import new_id
from services.consent import errors
from services.consent.domain import privacy
from services.consent.domain.retaining import Rule, Run
from services.consent.outbound import holdings
from services.consent.settings import ConsentService
from services.consent.store import retention as store

EACH: Final = timedelta(days=1)
AGAIN_AFTER: Final = timedelta(seconds=30)
WAITING: Final = "waiting"
DONE: Final = "done"

_log = telemetry.logger(__name__)


async def put_rules(service: ConsentService, *, rules: Sequence[tuple[str, int, str]], actor: str) -> list[Rule]:
    """All rules from now on: (category, days, reason); what has none is kept. Raises UnknownCategory, DoubleRule, Unavailable."""
    known = {category for name in privacy.SERVICES for category, _ in await holdings.kept(service, name=name)}
    named = [category for category, _, _ in rules]
    if unknown := sorted(set(named) - known):
        raise errors.UnknownCategory(unknown, sorted(known))
    if len(set(named)) < len(named):
        raise errors.DoubleRule
    now = service.clock.now()
    async with service.transaction() as tx:
        before = {rule.category: rule for rule in await store.rules(tx.db)}
        made = [
            kept if (kept := before.get(category)) is not None and (kept.days, kept.reason) == (days, reason) else Rule(category, days, reason, now, actor)
            for category, days, reason in sorted(rules)
        ]
        await store.put_rules(tx.db, made)
    return made


async def ask_run(service: ConsentService, *, dry_run: bool, actor: str) -> Run:
    """Apply the rules over all services. Raises DryRunFirst when rules were changed and nobody has counted since what they would end."""
    async with service.transaction() as tx:
        days = {rule.category: rule.days for rule in await store.rules(tx.db)}
        if not dry_run and not await store.counted_since(tx.db, _json(days)):
            raise errors.DryRunFirst
        run = Run(new_id(), dry_run, WAITING, service.clock.now(), actor, None, None, days, {})
        await store.insert_run(tx.db, run)
    return run


async def ask_daily_run(service: ConsentService) -> None:
    """Once a day, what the rules say is done; rules that nobody has tried in a dry run wait."""
    async with service.read() as db:
        last = await store.last_asked(db)
        rules = await store.rules(db)
    if not rules or (last is not None and last > service.clock.now() - EACH):
        return
    try:
        await ask_run(service, dry_run=False, actor="platform")
    except errors.DryRunFirst:
        _log.warning("retention_rules_not_tried", count=len(rules))


async def run_retention(service: ConsentService) -> bool:
    """Carry out the oldest run that waits; True when there was one. A service that is away is asked again later, nothing is counted twice."""
    async with service.read() as db:
        run = await store.waiting_run(db, before=service.clock.now() - AGAIN_AFTER)
    if run is None:
        return False
    counts: dict[str, Any] = {name: dict(found) for name, found in run.counts.items()}
    try:
        for name in privacy.SERVICES:
            await _sweep(service, run, name, counts)
        changed = run._replace(state=DONE, finished_at=service.clock.now(), waits_for=None, counts=counts)
    except Unavailable as away:
        changed = run._replace(waits_for=away.message[:200], counts=counts)
    async with service.transaction() as tx:
        await store.put_run(tx.db, changed, tried_at=service.clock.now())
    _log.info("retention_run", state=changed.state, dry_run=run.dry_run, count=total(counts))
    return True


async def _sweep(service: ConsentService, run: Run, name: str, counts: dict[str, Any]) -> None:
    categories = {category for category, _ in await holdings.kept(service, name=name)}
    for category, days in run.rules.items():
        if category not in categories:
            continue
        before = run.asked_at - timedelta(days=days)
        found: dict[str, int] = {} if run.dry_run else dict(counts.get(name, {}).get(category, {}))
        more = True
        while more:
            ended, more = await holdings.sweep(service, name=name, category=category, before=before, dry_run=run.dry_run)
            for table, number in ended.items():
                found[table] = found.get(table, 0) + number
            counts.setdefault(name, {})[category] = found


def total(counts: Mapping[str, Any]) -> int:
    """Rows in all."""
    return sum(number for categories in counts.values() for tables in categories.values() for number in tables.values())


def _json(value: Any) -> str:
    return msgspec.json.encode(value, order="sorted").decode()
