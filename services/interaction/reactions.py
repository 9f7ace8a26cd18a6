"""Door 2, facts: what was collected, and what others know that the timeline needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from chassis.eventlog import Stored
from chassis.reacting import FactHandler
from chassis.unit_of_work import Transaction
from contracts import campaign, customer, decoding
from contracts.envelope import Envelope
from contracts.fact import Fact
from services.interaction import commands
from services.interaction.settings import InteractionService


async def on_collected(service: InteractionService, tx: Transaction, records: list[Stored]) -> None:
    await commands.record_events(service, tx, records)


async def after_collected(service: InteractionService, records: list[Stored]) -> None:
    await commands.hand_over(service, records)


async def on_interactions(service: InteractionService, tx: Transaction, records: list[Stored]) -> None:
    await commands.visits.note_visits(tx, records=records)


async def on_identity_states(service: InteractionService, tx: Transaction, records: list[Stored]) -> None:
    await commands.replicate_identities(tx, records=records)


async def on_consent_states(service: InteractionService, tx: Transaction, records: list[Stored]) -> None:
    await commands.replicate_consent(tx, records=records)


async def on_profile_states(service: InteractionService, tx: Transaction, records: list[Stored]) -> None:
    await commands.replicate_profiles(tx, records=records)


async def on_erasures(service: InteractionService, tx: Transaction, records: list[Stored]) -> None:
    """The ledger of erasures."""
    states = [decoding.decode(customer.ErasureState, record.value) for record in records if record.value is not None]
    await commands.erase_people(service, tx, states=states)


async def on_customers_merged(
    service: InteractionService, tx: Transaction, merged: customer.CustomersMerged, envelope: Envelope
) -> None:
    await commands.note_merge(tx, merged=merged)


async def on_customers_unmerged(
    service: InteractionService, tx: Transaction, unmerged: customer.CustomersUnmerged, envelope: Envelope
) -> None:
    await commands.note_unmerge(tx, unmerged=unmerged)


async def on_campaign_launched(
    service: InteractionService, tx: Transaction, launched: campaign.CampaignLaunched, envelope: Envelope
) -> None:
    await commands.note_campaign(tx, launched=launched)


def _on_message(action: str) -> FactHandler:
    async def on_message(service: InteractionService, tx: Transaction, message: campaign.MessageFact, envelope: Envelope) -> None:
        if action != "suppressed":
            await commands.note_message(tx, action=action, message=message)
        await commands.notices.note_outcome(service, tx, action=action, message=message)

    return on_message


CUSTOMER_FACTS: Final[Mapping[type[Fact], FactHandler]] = {
    customer.CustomersMerged: on_customers_merged,
    customer.CustomersUnmerged: on_customers_unmerged,
}

#: Messages that were only planned or suppressed never reached anybody: they are no contact; of those asked for here it is noted.
CAMPAIGN_FACTS: Final[Mapping[type[Fact], FactHandler]] = {
    campaign.CampaignLaunched: on_campaign_launched,
    campaign.MessageAccepted: _on_message("accepted"),
    campaign.MessageFailed: _on_message("failed"),
    campaign.MessageSuppressed: _on_message("suppressed"),
    campaign.MessageUnknown: _on_message("unknown"),
    campaign.MessageBounced: _on_message("bounced"),
    campaign.MessageOpened: _on_message("opened"),
    campaign.MessageClicked: _on_message("clicked"),
}
