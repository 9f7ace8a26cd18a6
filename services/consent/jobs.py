"""What the consent service does by the clock."""

from __future__ import annotations

from chassis.scheduling import Job
from services.consent import commands
from services.consent.settings import ConsentService


async def expire_permits(service: ConsentService) -> None:
    """Close what senders that died left open."""
    await commands.expire_permits(service)


async def seal(service: ConsentService) -> bool:
    """Chain what came into the ledger; sign a root when it is time."""
    more = await commands.seal(service)
    if not more:
        await commands.sign_root(service)
    return more


async def expire_consents(service: ConsentService) -> bool:
    """Write down which grants have ended, and which were never confirmed."""
    unconfirmed = await commands.end_unconfirmed(service)
    return await commands.expire_consents(service) or unconfirmed


async def follow_keys(service: ConsentService) -> None:
    """Sign with the newest key, whoever rotated to it."""
    await commands.follow_keys(service)


async def run_imports(service: ConsentService) -> bool:
    """Read files of old consents."""
    return await commands.run_imports(service)


async def watch_privacy(service: ConsentService) -> None:
    """Whether privacy requests are answered in time."""
    await commands.watch_privacy(service)


async def make_copies(service: ConsentService) -> bool:
    """Answer requests for a copy, one after the other."""
    return await commands.make_copies(service)


async def drop_copies(service: ConsentService) -> None:
    """Delete archives that are no longer offered."""
    await commands.drop_copies(service)


async def run_retention(service: ConsentService) -> bool:
    """Carry out runs of the rules of retention that somebody asked for."""
    return await commands.run_retention(service)


async def ask_daily_run(service: ConsentService) -> None:
    """Each day the rules of retention are acted on."""
    await commands.ask_daily_run(service)


async def begin_erasures(service: ConsentService) -> None:
    """Begin erasures that other controllers asked for and did not cancel."""
    await commands.begin_erasures(service)


async def send_confirm_mails(service: ConsentService) -> bool:
    """Send the links of grants that wait for their confirmation."""
    return await commands.send_confirm_mails(service)


async def forget_confirm_mails(service: ConsentService) -> None:
    """Drop what was sent long ago."""
    await commands.forget_confirm_mails(service)


JOBS = (
    Job("send_confirm_mails", every=0.5, run=send_confirm_mails),
    Job("forget_confirm_mails", every=3600, run=forget_confirm_mails),
    Job("expire_permits", every=2, run=expire_permits),
    Job("seal", every=1, run=seal),
    Job("expire_consents", every=20, run=expire_consents),
    Job("imports", every=0.5, run=run_imports),
    Job("watch_privacy", every=60, run=watch_privacy),
    Job("make_copies", every=1, run=make_copies),
    Job("drop_copies", every=600, run=drop_copies),
    Job("run_retention", every=1, run=run_retention),
    Job("ask_daily_run", every=600, run=ask_daily_run),
    Job("begin_erasures", every=5, run=begin_erasures),
    Job("follow_keys", every=10, run=follow_keys, exclusive=False, everywhere=True),
)
