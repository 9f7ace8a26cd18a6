"""Door 3, time."""

from __future__ import annotations

from typing import Final

from chassis.scheduling import Job
from services.customer import commands
from services.customer.settings import CustomerService


async def forget_unused_words(service: CustomerService) -> None:
    await commands.forget_unused_words(service)


JOBS: Final = (Job("forget_unused_words", every=3600, run=forget_unused_words),)
