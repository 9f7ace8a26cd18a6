"""Service levels watched by the clock: warnings and breaches, each raised once, however often the clock is asked."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from chassis import telemetry
from services.interaction.commands.cases import living
from services.interaction.commands.cases.living import Assignment
from services.interaction.domain.cases import levels, model
from services.interaction.settings import InteractionService
from services.interaction.store import case_settings
from services.interaction.store import cases as store

BATCH: Final = 100
ACTOR: Final = "service_level"

ALARMS: Final = telemetry.counter("ecrm_case_alarms_total", "Warnings and breaches of service levels", ("target", "level"))


async def watch_service_levels(service: InteractionService) -> bool:
    """Raise what is due; a breach makes the case more urgent and sends it where the policy says. Returns whether there may be more."""
    now = service.clock.now()
    async with service.transaction() as tx:
        await store.lock_routing(tx.db)
        alarming = await store.list_alarming(tx.db, now=now, limit=BATCH)
        if not alarming:
            return False
        clocks = await living.clocks(tx.db)
        given: list[Assignment] = []
        for before in alarming:
            policy, calendar = clocks.of(before)
            if policy is None:
                await store.put_case(tx.db, replace(before, alarm_at=None))
                continue
            found = levels.alarms(before, policy, calendar, now)
            new = await case_settings.raise_alarms(tx.db, [(before.id, each.target, each.level, each.due_at, now) for each in found])
            raised = [each for each in found if (before.id, each.target, each.level) in new]
            after = replace(before, alarm_at=levels.next_alarm(before, policy, calendar, now))
            breached = any(each.level == "breach" for each in raised)
            if breached:
                after = replace(after, priority=model.raised(before.priority))
                if policy.escalate_to is not None and policy.escalate_to != before.team_id:
                    after = replace(after, team_id=policy.escalate_to, employee_id=None, route_at=now)
            about = {"alarms": [{"target": each.target, "level": each.level, "due_at": each.due_at.isoformat()} for each in raised]}
            after = await living.put(
                service, tx, before, after, actor=ACTOR, action="breach" if breached else "warning", about=about if raised else None
            )
            if after.team_id != before.team_id:
                given.append(Assignment(after, "escalated", {"policy": policy.name, **about}))
            for each in raised:
                ALARMS.labels(each.target, each.level).inc()
        await living.note_assignments(tx, given, actor=ACTOR, at=now)
    return len(alarming) == BATCH
