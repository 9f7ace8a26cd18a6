"""Every fact and state: wire name, class, owner, topic, key, personal or not."""

from __future__ import annotations

from typing import Final, NamedTuple

from contracts import analytics, campaign, collected, consent, customer, gateway, interaction
from contracts.fact import Fact


class Entry(NamedTuple):
    """One kind of record on the log. `key` names the field whose value is the record's key."""

    wire: str
    fact: type[Fact]
    owner: str
    topic: str
    key: str
    personal: bool = False


class TopicEntry(NamedTuple):
    """One topic; `compacted` topics keep the last record of each key; in `packed` ones a record of the log may carry many."""

    name: str
    owner: str
    compacted: bool = False
    personal: bool = False
    packed: bool = False


TOPICS: Final = (
    TopicEntry(collected.TOPIC, "interaction", personal=True, packed=True),
    TopicEntry("ecrm.interaction", "interaction", personal=True, packed=True),
    TopicEntry("ecrm.interaction.facts", "interaction", personal=True),
    TopicEntry("ecrm.customer", "customer", personal=True),
    TopicEntry("ecrm.consent", "consent"),
    TopicEntry("ecrm.campaign", "campaign"),
    TopicEntry("ecrm.analytics", "analytics"),
    TopicEntry("ecrm.gateway", "gateway"),
    TopicEntry("ecrm.state.identity", "customer", compacted=True),
    TopicEntry("ecrm.state.profile", "customer", compacted=True, personal=True),
    TopicEntry("ecrm.state.consent", "consent", compacted=True),
    TopicEntry("ecrm.state.erasure", "customer", compacted=True),
    TopicEntry("ecrm.state.keys", "gateway", compacted=True),
)

ENTRIES: Final = (
    Entry("ecrm.customer.registered.v1", customer.CustomerRegistered, "customer", "ecrm.customer", "customer_id"),
    Entry("ecrm.customer.updated.v1", customer.CustomerUpdated, "customer", "ecrm.customer", "customer_id", personal=True),
    Entry("ecrm.customer.identity_linked.v1", customer.IdentityLinked, "customer", "ecrm.customer", "customer_id"),
    Entry("ecrm.customer.merged.v1", customer.CustomersMerged, "customer", "ecrm.customer", "survivor_id"),
    Entry("ecrm.customer.unmerged.v1", customer.CustomersUnmerged, "customer", "ecrm.customer", "survivor_id"),
    Entry("ecrm.customer.erased.v1", customer.CustomerErased, "customer", "ecrm.customer", "customer_id"),
    Entry("ecrm.customer.erasure_acknowledged.v1", customer.ErasureAcknowledged, "customer", "ecrm.customer", "customer_id"),
    Entry("ecrm.state.erasure.v1", customer.ErasureState, "customer", "ecrm.state.erasure", "request_id"),
    Entry("ecrm.interaction.erasure_acknowledged.v1", interaction.ErasureAcknowledged, "interaction", "ecrm.interaction.facts", "customer_id"),
    Entry("ecrm.analytics.erasure_acknowledged.v1", analytics.ErasureAcknowledged, "analytics", "ecrm.analytics", "customer_id"),
    Entry("ecrm.campaign.erasure_acknowledged.v1", campaign.ErasureAcknowledged, "campaign", "ecrm.campaign", "customer_id"),
    Entry("ecrm.consent.erasure_requested.v1", consent.ErasureRequested, "consent", "ecrm.consent", "customer_id"),
    Entry("ecrm.consent.erasure_completed.v1", consent.ErasureCompleted, "consent", "ecrm.consent", "customer_id"),
    Entry("ecrm.customer.identity_split.v1", customer.IdentitySplit, "customer", "ecrm.customer", "from_id"),
    Entry("ecrm.state.identity.v1", customer.IdentityState, "customer", "ecrm.state.identity", "identity"),
    Entry("ecrm.state.profile.v1", customer.ProfileState, "customer", "ecrm.state.profile", "customer_id", personal=True),
    Entry("ecrm.interaction.recorded.v1", interaction.InteractionRecorded, "interaction", "ecrm.interaction", "identity", personal=True),
    Entry("ecrm.interaction.order_placed.v1", interaction.OrderPlaced, "interaction", "ecrm.interaction.facts", "order_id"),
    Entry("ecrm.interaction.order_updated.v1", interaction.OrderUpdated, "interaction", "ecrm.interaction.facts", "order_id"),
    Entry("ecrm.interaction.order_refunded.v1", interaction.OrderRefunded, "interaction", "ecrm.interaction.facts", "order_id"),
    Entry("ecrm.interaction.credit_noted.v1", interaction.CreditNoted, "interaction", "ecrm.interaction.facts", "identity"),
    Entry("ecrm.interaction.consent_signal_seen.v1", interaction.ConsentSignalSeen, "interaction", "ecrm.interaction.facts", "identity"),
    Entry("ecrm.interaction.field_collected.v1", interaction.FieldCollected, "interaction", "ecrm.interaction.facts", "source"),
    Entry("ecrm.interaction.bounce_received.v1", interaction.BounceReceived, "interaction", "ecrm.interaction.facts", "identity"),
    Entry("ecrm.interaction.complaint_received.v1", interaction.ComplaintReceived, "interaction", "ecrm.interaction.facts", "identity"),
    Entry("ecrm.interaction.reply_received.v1", interaction.ReplyReceived, "interaction", "ecrm.interaction.facts", "identity"),
    Entry("ecrm.interaction.task_due.v1", interaction.TaskDue, "interaction", "ecrm.interaction.facts", "task_id"),
    Entry("ecrm.interaction.auction_closed.v1", interaction.AuctionClosed, "interaction", "ecrm.interaction.facts", "auction_id"),
    Entry("ecrm.interaction.lead_opened.v1", interaction.LeadOpened, "interaction", "ecrm.interaction.facts", "lead_id"),
    Entry("ecrm.interaction.opportunity_moved.v1", interaction.OpportunityMoved, "interaction", "ecrm.interaction.facts", "opportunity_id"),
    Entry("ecrm.interaction.opportunity_stalled.v1", interaction.OpportunityStalled, "interaction", "ecrm.interaction.facts", "opportunity_id"),
    Entry("ecrm.interaction.case_opened.v1", interaction.CaseOpened, "interaction", "ecrm.interaction.facts", "case_id"),
    Entry("ecrm.interaction.case_assigned.v1", interaction.CaseAssigned, "interaction", "ecrm.interaction.facts", "case_id"),
    Entry("ecrm.interaction.case_resolved.v1", interaction.CaseResolved, "interaction", "ecrm.interaction.facts", "case_id"),
    Entry("ecrm.interaction.survey_answered.v1", interaction.SurveyAnswered, "interaction", "ecrm.interaction.facts", "case_id"),
    Entry("ecrm.interaction.employee_changed.v1", interaction.EmployeeChanged, "interaction", "ecrm.interaction.facts", "employee_id", personal=True),
    Entry("ecrm.consent.purpose_defined.v1", consent.PurposeDefined, "consent", "ecrm.consent", "purpose"),
    Entry("ecrm.consent.granted.v1", consent.ConsentGranted, "consent", "ecrm.consent", "customer_id"),
    Entry("ecrm.consent.withdrawn.v1", consent.ConsentWithdrawn, "consent", "ecrm.consent", "customer_id"),
    Entry("ecrm.consent.ledger_root_signed.v1", consent.LedgerRootSigned, "consent", "ecrm.consent", "number"),
    Entry("ecrm.state.consent.v1", consent.ConsentState, "consent", "ecrm.state.consent", "customer_id"),
    Entry("ecrm.campaign.launched.v1", campaign.CampaignLaunched, "campaign", "ecrm.campaign", "campaign_id"),
    Entry("ecrm.campaign.message_planned.v1", campaign.MessagePlanned, "campaign", "ecrm.campaign", "customer_id"),
    Entry("ecrm.campaign.message_accepted.v1", campaign.MessageAccepted, "campaign", "ecrm.campaign", "customer_id"),
    Entry("ecrm.campaign.message_failed.v1", campaign.MessageFailed, "campaign", "ecrm.campaign", "customer_id"),
    Entry("ecrm.campaign.message_bounced.v1", campaign.MessageBounced, "campaign", "ecrm.campaign", "customer_id"),
    Entry("ecrm.campaign.message_suppressed.v1", campaign.MessageSuppressed, "campaign", "ecrm.campaign", "customer_id"),
    Entry("ecrm.campaign.message_unknown.v1", campaign.MessageUnknown, "campaign", "ecrm.campaign", "customer_id"),
    Entry("ecrm.campaign.message_opened.v1", campaign.MessageOpened, "campaign", "ecrm.campaign", "customer_id"),
    Entry("ecrm.campaign.message_clicked.v1", campaign.MessageClicked, "campaign", "ecrm.campaign", "customer_id"),
    Entry("ecrm.campaign.reward_earned.v1", campaign.RewardEarned, "campaign", "ecrm.campaign", "customer_id"),
    Entry("ecrm.campaign.reward_redeemed.v1", campaign.RewardRedeemed, "campaign", "ecrm.campaign", "customer_id"),
    Entry("ecrm.analytics.segment_entered.v1", analytics.SegmentEntered, "analytics", "ecrm.analytics", "customer_id"),
    Entry("ecrm.analytics.segment_left.v1", analytics.SegmentLeft, "analytics", "ecrm.analytics", "customer_id"),
    Entry("ecrm.analytics.score_changed.v1", analytics.ScoreChanged, "analytics", "ecrm.analytics", "customer_id"),
    Entry("ecrm.analytics.spend_stated.v1", analytics.SpendStated, "analytics", "ecrm.analytics", "customer_id"),
    Entry("ecrm.analytics.report_made.v1", analytics.ReportMade, "analytics", "ecrm.analytics", "report_id"),
    Entry("ecrm.analytics.knowledge_aged.v1", analytics.KnowledgeAged, "analytics", "ecrm.analytics", "subject"),
    Entry("ecrm.analytics.cost_booked.v1", analytics.CostBooked, "analytics", "ecrm.analytics", "cost_id"),
    Entry("ecrm.gateway.source_changed.v1", gateway.SourceChanged, "gateway", "ecrm.gateway", "source_id"),
    Entry("ecrm.gateway.key_revoked.v1", gateway.KeyRevoked, "gateway", "ecrm.gateway", "key_id"),
    Entry("ecrm.gateway.audit_anchored.v1", gateway.AuditAnchored, "gateway", "ecrm.gateway", "chain"),
    Entry("ecrm.state.keys.v1", gateway.KeyState, "gateway", "ecrm.state.keys", "key_hash"),
)

BY_WIRE: Final = {entry.wire: entry for entry in ENTRIES}
BY_FACT: Final = {entry.fact: entry for entry in ENTRIES}


def entry_of(fact: type[Fact]) -> Entry:
    """The catalogue line of a fact. Raises KeyError for a class that is not in it."""
    return BY_FACT[fact]
