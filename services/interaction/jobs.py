"""Door 3, time."""

from __future__ import annotations

from typing import Final

from chassis.scheduling import Job
from services.interaction import commands
from services.interaction.settings import InteractionService


async def publish_leftovers(service: InteractionService) -> bool:
    return await commands.publish_leftovers(service)


async def balance_intake(service: InteractionService) -> None:
    await commands.balance_intake(service)


async def forget_quarantine(service: InteractionService) -> bool:
    return await commands.forget_quarantine(service)


async def tell_due_tasks(service: InteractionService) -> bool:
    return await commands.tasks.tell_due_tasks(service)


async def tell_stalled(service: InteractionService) -> bool:
    return await commands.opportunities.tell_stalled(service)


async def hand_over_left(service: InteractionService) -> None:
    await commands.leads.hand_over_left(service)


async def assign_cases(service: InteractionService) -> bool:
    return await commands.cases.assign_waiting(service)


async def watch_service_levels(service: InteractionService) -> bool:
    return await commands.cases.watch_service_levels(service)


async def close_settled_cases(service: InteractionService) -> bool:
    return await commands.cases.close_settled(service)


async def make_months(service: InteractionService) -> None:
    await commands.retention.make_months(service)


async def sweep_expired(service: InteractionService) -> bool:
    return await commands.retention.sweep_expired(service)


async def forget_files(service: InteractionService) -> bool:
    return await commands.forget_files(service)


async def forget_mail_counts(service: InteractionService) -> None:
    await commands.forget_counts(service)


async def join_visits(service: InteractionService) -> bool:
    return await commands.sessions.join_visits(service)


async def work_off_replays(service: InteractionService) -> bool:
    return await commands.replays.work_off(service)


async def close_auctions(service: InteractionService) -> bool:
    return await commands.auctions.close_auctions(service)


async def hand_over_notices(service: InteractionService) -> bool:
    return await commands.notices.hand_over(service)


JOBS: Final = (
    Job("hand_over_notices", every=1, run=hand_over_notices),
    Job("join_visits", every=0.5, run=join_visits),
    Job("work_off_replays", every=2, run=work_off_replays),
    Job("publish_leftovers", every=2, run=publish_leftovers),
    Job("balance_intake", every=60, run=balance_intake),
    Job("forget_quarantine", every=3600, run=forget_quarantine),
    Job("make_months", every=21_600, run=make_months),
    Job("sweep_expired", every=3600, run=sweep_expired),
    Job("forget_files", every=3600, run=forget_files),
    Job("forget_mail_counts", every=3600, run=forget_mail_counts),
    Job("tell_due_tasks", every=1, run=tell_due_tasks),
    Job("close_auctions", every=1, run=close_auctions),
    Job("tell_stalled", every=30, run=tell_stalled),
    Job("hand_over_left", every=15, run=hand_over_left),
    # One look at an index; whoever finds something waits for the lock of those who give out cases.
    Job("assign_cases", every=0.5, run=assign_cases, exclusive=False),
    Job("watch_service_levels", every=5, run=watch_service_levels),
    Job("close_settled_cases", every=300, run=close_settled_cases),
)
