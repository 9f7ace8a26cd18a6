"""Tidying the ledger: what a dead sender left behind, what was cancelled or withdrawn, what is done."""

from __future__ import annotations

from uuid import UUID

from chassis import telemetry
from chassis.unit_of_work import Transaction
from services.campaign.commands.facts import tell_changes
from services.campaign.commands.pressure import note_unsubscribe
from services.campaign.domain.ledger import KEY_WINDOW, MOST_ATTEMPTS
from services.campaign.settings import CampaignService
from services.campaign.store import campaigns, ledger, recipients, requests

AT_MOST = 2_000
#: For how long an Idempotency-Key is known.
KEYS_DAYS = 30

_log = telemetry.logger(__name__)


async def sweep(service: CampaignService) -> bool:
    """Resolve expired leases and cancelled messages, finish campaigns whose ledger is closed. True: there may be more."""
    async with service.transaction() as tx:
        unknown = await ledger.expire(tx.db, limit=AT_MOST, most_attempts=MOST_ATTEMPTS, key_window=KEY_WINDOW)
        cancelled = await ledger.suppress_cancelled(tx.db, limit=AT_MOST)
        tell_changes(tx, [*unknown, *cancelled], at=service.clock.now())
        finished = await campaigns.finish_done(tx.db)
        await requests.forget_old(tx.db, days=KEYS_DAYS)
    if unknown:
        _log.warning("hand_offs_unknown", count=len(unknown))
    for campaign_id in finished:
        _log.info("campaign_finished", campaign_id=str(campaign_id))
    return len(cancelled) == AT_MOST or len(unknown) == AT_MOST


async def suppress_withdrawn(service: CampaignService, tx: Transaction, *, customer_id: str, purpose: str, channel: str) -> None:
    """A person withdrew: nothing planned for them under this purpose and channel goes out."""
    person = await recipients.same_person(tx.db, UUID(customer_id))
    await note_unsubscribe(tx, customer_id=UUID(customer_id), channel=channel, at=service.clock.now())
    changed = await ledger.suppress_withdrawn(tx.db, customer_ids=person, purpose=purpose, channel=channel)
    tell_changes(tx, changed, at=service.clock.now())
