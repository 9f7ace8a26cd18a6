"""What the consent service does by the clock."""

from __future__ import annotations

from chassis.scheduling import Job
from services.consent import commands
from services.consent.settings import ConsentService


async def expire_permits(service: ConsentService) -> None:
    """Close what senders that died left open."""
    await commands.expire_permits(service)


JOBS = (Job("expire_permits", every=2, run=expire_permits),)
