"""Door 3, time."""

from __future__ import annotations

from typing import Final

from chassis.scheduling import Job
from services.customer import commands
from services.customer.settings import CustomerService


async def forget_unused_words(service: CustomerService) -> None:
    await commands.forget_unused_words(service)


async def follow_identity_rules(service: CustomerService) -> None:
    await commands.follow_identity_rules(service)


async def forget_old_sightings(service: CustomerService) -> bool:
    return await commands.forget_old_sightings(service)


async def sweep_definitions(service: CustomerService) -> bool:
    return await commands.sweep_definitions(service)


async def trim_refusals(service: CustomerService) -> None:
    await commands.trim_refusals(service)


async def tell_members(service: CustomerService) -> bool:
    return await commands.tell_members(service)


async def work_on_imports(service: CustomerService) -> bool:
    return await commands.work_on_imports(service)


async def work_on_exports(service: CustomerService) -> bool:
    return await commands.work_on_exports(service)


async def work_on_scans(service: CustomerService) -> bool:
    return await commands.work_on_scans(service)


async def follow_undone_imports(service: CustomerService) -> None:
    await commands.follow_undone_imports(service)


async def forget_exports(service: CustomerService) -> None:
    await commands.forget_exports(service)


JOBS: Final = (
    Job("work_on_imports", every=0.5, run=work_on_imports),
    Job("work_on_scans", every=1, run=work_on_scans),
    Job("work_on_exports", every=0.5, run=work_on_exports),
    Job("follow_undone_imports", every=1, run=follow_undone_imports, exclusive=False, everywhere=True),
    Job("forget_exports", every=3600, run=forget_exports),
    Job("sweep_definitions", every=1, run=sweep_definitions),
    Job("trim_refusals", every=300, run=trim_refusals),
    Job("follow_identity_rules", every=0.5, run=follow_identity_rules, exclusive=False, everywhere=True),
    Job("forget_old_sightings", every=3600, run=forget_old_sightings),
    Job("forget_unused_words", every=3600, run=forget_unused_words),
    Job("tell_members", every=0.5, run=tell_members),
)
