"""Door 2: facts of others."""

from __future__ import annotations

from uuid import UUID

from chassis.eventlog import Stored
from chassis.unit_of_work import Transaction
from contracts import decoding
from contracts.analytics import CostBooked, ScoreChanged, SegmentEntered, SegmentLeft, SpendStated
from contracts.consent import ConsentState, ConsentWithdrawn
from contracts.customer import ErasureState, IdentityState, ProfileState
from contracts.envelope import Envelope
from contracts.fact import Fact
from contracts.interaction import (
    BounceReceived,
    CaseResolved,
    ComplaintReceived,
    OrderFields,
    ReplyReceived,
    SurveyAnswered,
)
from services.campaign import commands
from services.campaign.settings import CampaignService


async def on_profiles(service: CampaignService, tx: Transaction, records: list[Stored]) -> None:
    """The newest state of each customer in the batch; a tombstone removes the customer."""
    newest: dict[str, ProfileState | None] = {}
    for record in records:
        newest[record.key.decode()] = None if record.value is None else decoding.decode(ProfileState, record.value)
    await commands.replicate_profiles(service, tx, profiles=newest)


async def on_erasures(service: CampaignService, tx: Transaction, records: list[Stored]) -> None:
    """The ledger of erasures."""
    states = [decoding.decode(ErasureState, record.value) for record in records if record.value is not None]
    await commands.erase_people(service, tx, states=states)


async def on_consent_withdrawn(service: CampaignService, tx: Transaction, fact: ConsentWithdrawn, _envelope: Envelope) -> None:
    """What is planned for this person ends at once; what is being handed off is stopped by its permit."""
    await commands.suppress_withdrawn(service, tx, customer_id=fact.customer_id, purpose=fact.purpose, channel=fact.channel)


async def on_bounce_received(service: CampaignService, tx: Transaction, fact: BounceReceived, _envelope: Envelope) -> None:
    await commands.note_bounce(
        tx, address=bytes.fromhex(fact.address), hard=fact.hard, status=fact.status, message_id=fact.message_id, at=fact.bounced_at
    )


async def on_complaint_received(service: CampaignService, tx: Transaction, fact: ComplaintReceived, _envelope: Envelope) -> None:
    await commands.note_complaint(tx, address=bytes.fromhex(fact.address), message_id=fact.message_id, at=fact.complained_at)


async def on_identities(_service: CampaignService, tx: Transaction, records: list[Stored]) -> None:
    """Whose identities are now; of several records of one identity the last counts."""
    last = {bytes.fromhex(record.key.decode()): record.value for record in records}
    states = {identity: None if value is None else decoding.decode(IdentityState, value) for identity, value in last.items()}
    await commands.replicate_identities(tx, states=states)


async def on_order(_service: CampaignService, tx: Transaction, fact: OrderFields, _envelope: Envelope) -> None:
    """An order was placed, changed or refunded."""
    await commands.note_order(tx, order=fact)


async def on_score_changed(service: CampaignService, tx: Transaction, fact: ScoreChanged, _envelope: Envelope) -> None:
    """A score changed: whoever fits into a programme by it joins at once."""
    if await commands.note_score(tx, customer_id=UUID(fact.customer_id), score=fact.score, value=fact.value, at=fact.changed_at):
        await commands.take_in_customer(tx, customer_id=UUID(fact.customer_id), at=service.clock.now())


async def on_case_resolved(_service: CampaignService, tx: Transaction, fact: CaseResolved, _envelope: Envelope) -> None:
    await commands.ask_after_case(
        tx, customer_id=fact.customer_id, identity=fact.identity, case_id=fact.case_id, resolution=fact.resolution, at=fact.resolved_at
    )


async def on_survey_answered(_service: CampaignService, tx: Transaction, fact: SurveyAnswered, _envelope: Envelope) -> None:
    await commands.note_survey(
        tx, customer_id=fact.customer_id, identity=fact.identity, case_id=fact.case_id, resolution=fact.resolution, score=fact.score, at=fact.answered_at
    )


async def on_cost_booked(_service: CampaignService, tx: Transaction, fact: CostBooked, _envelope: Envelope) -> None:
    if fact.campaign_id is not None:
        await commands.note_cost(
            tx, cost_id=fact.cost_id, campaign_id=fact.campaign_id, channel=fact.channel, amount_minor=fact.amount_minor, currency=fact.currency
        )


async def on_spend_stated(_service: CampaignService, tx: Transaction, fact: SpendStated, _envelope: Envelope) -> None:
    await commands.note_spending(tx, stated=fact)


async def on_reply_received(_service: CampaignService, tx: Transaction, fact: ReplyReceived, _envelope: Envelope) -> None:
    await commands.note_reply(tx, message_id=fact.message_id, at=fact.replied_at)


async def on_said_consent(_service: CampaignService, tx: Transaction, records: list[Stored]) -> None:
    """What people said about purposes; of several records of one person the last counts."""
    last = {UUID(record.key.decode()): record.value for record in records}
    said = {customer_id: None if value is None else decoding.decode(ConsentState, value).purposes for customer_id, value in last.items()}
    await commands.replicate_said(tx, said=said)


async def wants_events(_service: CampaignService, tx: Transaction) -> bool:
    """Whether any journey listens to events at all."""
    return await commands.listens_to_events(tx)


async def wants_facts(_service: CampaignService, tx: Transaction) -> bool:
    """Whether any journey listens to facts of orders, cases, selling and replies."""
    return await commands.listens_to_facts(tx)


async def on_heard(service: CampaignService, tx: Transaction, fact: Fact, envelope: Envelope) -> None:
    """A fact that journeys may begin with."""
    await commands.note_fact(tx, fact, fact_id=envelope.id, told_at=envelope.time or service.clock.now())


async def on_events(_service: CampaignService, tx: Transaction, records: list[Stored]) -> None:
    """What somebody did, as far as a journey listens to it."""
    await commands.note_events(tx, records)


async def on_segment_entered(service: CampaignService, tx: Transaction, fact: SegmentEntered, _envelope: Envelope) -> None:
    await commands.note_membership(
        service, tx, segment_id=fact.segment_id, customer_id=UUID(fact.customer_id), on="entered", at=fact.entered_at
    )


async def on_segment_left(service: CampaignService, tx: Transaction, fact: SegmentLeft, _envelope: Envelope) -> None:
    await commands.note_membership(service, tx, segment_id=fact.segment_id, customer_id=UUID(fact.customer_id), on="left", at=fact.left_at)
