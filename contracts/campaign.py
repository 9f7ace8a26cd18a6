"""What the campaign service tells: what was sent, to whom, with which outcome."""

from __future__ import annotations

from contracts.erasure import ErasureAcknowledged as Acknowledgement
from contracts.fact import Fact, Moment


class CampaignLaunched(Fact, frozen=True, kw_only=True):
    """The audience of a campaign is frozen and sending begins."""

    campaign_id: str
    name: str
    channel: str
    purpose: str
    segment_id: str
    planned: int
    launched_at: Moment


class MessageFact(Fact, frozen=True, kw_only=True):
    """What all facts about one message carry. `campaign_id`: the id of its origin: a campaign's, a journey's, a programme's, or its own request's."""

    message_id: str
    campaign_id: str
    customer_id: str
    channel: str
    at: Moment
    origin: str = "campaign"
    step: str = ""
    arm: str | None = None


class MessagePlanned(MessageFact, frozen=True, kw_only=True):
    """A message is in the send ledger."""


class MessageAccepted(MessageFact, frozen=True, kw_only=True):
    """The mail server or provider took it over, under the named permit."""

    permit_id: str
    consent_version: int
    stage: str = "retain"


class MessageFailed(MessageFact, frozen=True, kw_only=True):
    """It was refused for good. `address`: the keyed hash (hex) of the address it was meant for, as an identity."""

    reason: str
    address: str | None = None


class MessageBounced(MessageFact, frozen=True, kw_only=True):
    """It was taken over and came back later. `address`: the keyed hash (hex) of the address it went to; `hard`: it will never arrive there."""

    hard: bool
    status: str
    address: str | None = None


class MessageSuppressed(MessageFact, frozen=True, kw_only=True):
    """It was not handed over, and why (no consent, no address, withdrawn, …)."""

    reason: str


class MessageUnknown(MessageFact, frozen=True, kw_only=True):
    """The hand-off may or may not have happened; it is never repeated silently."""

    reason: str


class MessageOpened(MessageFact, frozen=True, kw_only=True):
    """The open picture was fetched; `automated` marks scanners and prefetching proxies."""

    automated: bool = False


class MessageClicked(MessageFact, frozen=True, kw_only=True):
    """A link was followed."""

    url: str
    automated: bool = False


class RewardEarned(Fact, frozen=True, kw_only=True):
    """Points came in. `cause`: earn (by an order), welcome, adjust, referral; `balance`: what can be spent after it."""

    transaction_id: str
    programme_id: str
    customer_id: str
    points: int
    cause: str
    balance: int
    order_id: str | None = None
    earned_at: Moment


class RewardRedeemed(Fact, frozen=True, kw_only=True):
    """A reward was taken; `cancelled`: it was given back. `cost_minor`: what it costs the company, in minor units."""

    redemption_id: str
    reward_id: str
    programme_id: str
    customer_id: str
    points: int
    cost_minor: int
    currency: str
    cancelled: bool = False
    redeemed_at: Moment


class ErasureAcknowledged(Acknowledgement, frozen=True, kw_only=True):
    """Messages keep what reports count, no person and no address."""
