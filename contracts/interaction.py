"""What the interaction service tells: what happened between a customer and the company."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec

from contracts.erasure import ErasureAcknowledged as Acknowledgement
from contracts.fact import Fact, Moment, Personal


class InteractionPersonal(Personal, frozen=True, kw_only=True):
    """The content of an interaction, as sent, and the identity keys in it (primary first)."""

    keys: list[str]
    properties: msgspec.Raw
    traits: msgspec.Raw
    context: msgspec.Raw


class InteractionRecorded(Fact, frozen=True, kw_only=True):
    """An event was stored; told exactly once per stored event, in the order of the collected log.

    `kind` is identify, track, page, screen, group, alias, a touch point's kind (call, email, …) or `event` (any other CloudEvent); `name` is the
    event's name. `identity` and `links` are keyed hashes (hex) of `personal.keys`; the event belongs to `identity`, the others only link.
    `authority`: `server` or `browser`, what kind of source told it. Its id is unique within `source`.
    """

    id: str
    source: str
    authority: str
    kind: str
    name: str
    channel: str
    initiator: str
    identity: str
    links: list[str] = []
    occurred_at: Moment
    received_at: Moment
    notes: list[str] = []
    gpc: bool = False
    sensitive: bool = False
    personal: InteractionPersonal


class OrderLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One position of an order; amounts in minor units of the order's currency."""

    product_id: str
    name: str | None = None
    category: str | None = None
    brand: str | None = None
    quantity: float = 1
    price_minor: int = 0
    discount_minor: int = 0
    amount_minor: int = 0
    promised_on: date | None = None
    shipped_at: Moment | None = None
    delivered_at: Moment | None = None


class OrderFields(Fact, frozen=True, kw_only=True):
    """An order as it stands after the change. `net_minor` is without tax and shipping, before refunds.

    `partner_id`: the intermediary it came through; `employee_id`: the salesperson.
    """

    order_id: str
    identity: str
    source: str
    status: str
    currency: str
    ordered_at: Moment
    paid_minor: int
    net_minor: int
    shipping_minor: int = 0
    tax_minor: int = 0
    discount_minor: int = 0
    refunded_minor: int = 0
    coupon: str | None = None
    affiliation: str | None = None
    shipped_at: Moment | None = None
    promised_on: date | None = None
    delivered_at: Moment | None = None
    version: int = 1
    lines: list[OrderLine] = []
    partner_id: str | None = None
    employee_id: str | None = None


class OrderPlaced(OrderFields, frozen=True, kw_only=True):
    """An order was completed for the first time."""


class OrderUpdated(OrderFields, frozen=True, kw_only=True):
    """An order's fields, lines, delivery or status changed (also: cancelled): their names are `changed`.

    `promised_before` is the delivery date that was promised until now, if that changed.
    """

    changed: list[str] = []
    promised_before: date | None = None


class OrderRefunded(OrderFields, frozen=True, kw_only=True):
    """A refund was booked; `refund_minor` is this one, `refunded_minor` all of them."""

    refund_id: str
    refund_minor: int
    refunded_at: Moment


class CreditNoted(Fact, frozen=True, kw_only=True):
    """A refund that names no order is subtracted from the customer's totals."""

    credit_id: str
    identity: str
    source: str
    currency: str
    amount_minor: int
    noted_at: Moment


class ConsentSignalSeen(Fact, frozen=True, kw_only=True):
    """An event carried a refusal: Global Privacy Control, an unsubscribe, a complaint, what a consent banner refused. It can only narrow
    what the ledger allows. `category`: refused is `purpose`; `consent_mode:` and a type: what the platform's table says that type speaks of.

    `granted`: somebody ticked a permission in a form; only then `wording` (version of the text) and `language` are set. Nobody has shown
    that the address is theirs, so it lifts no refusal.
    """

    identity: str
    signal: str
    channel: str | None = None
    seen_at: Moment
    source: str
    evidence: dict[str, Any] = {}
    purpose: str | None = None
    wording: int | None = None
    language: str | None = None


class FieldCollected(Fact, frozen=True, kw_only=True):
    """A source's event had a field that none before it had; told once. `place`: `traits.email`, `properties.price`, `context.page` …"""

    source: str
    place: str
    first_seen_at: Moment


class BounceReceived(Fact, frozen=True, kw_only=True):
    """A server told that a message came back. `address` is the keyed hash (hex) of the address as an identity; `hard`: it will never arrive.

    `status`: RFC 3463. `message_id`: the message of ours that came back, if that is known; `address` is empty where only that is certain.
    """

    identity: str
    address: str
    channel: str
    hard: bool
    bounced_at: Moment
    source: str
    reason: str | None = None
    status: str | None = None
    message_id: str | None = None


class ComplaintReceived(Fact, frozen=True, kw_only=True):
    """A mailbox provider told that a person complained of a message (RFC 5965). `feedback`: abuse, opt-out, …; `address` as with bounces."""

    identity: str
    address: str
    channel: str
    feedback: str
    complained_at: Moment
    source: str
    message_id: str | None = None


class ReplyReceived(Fact, frozen=True, kw_only=True):
    """Somebody answered a message of ours; a machine's answer (out of office, a confirmation of receipt) is none. `message_id`: the message."""

    identity: str
    message_id: str
    channel: str
    replied_at: Moment
    source: str


class TaskDue(Fact, frozen=True, kw_only=True):
    """A reminder of work to do: told once for each, `minutes_before` it is due; to the employee, or to the team where nobody has it."""

    task_id: str
    kind: str
    due_at: Moment
    minutes_before: int
    employee_id: str | None = None
    team_id: str | None = None
    customer_id: str | None = None
    case_id: str | None = None
    opportunity_id: str | None = None


class LeadOpened(Fact, frozen=True, kw_only=True):
    """Somebody may buy. `identity`: the keyed hash (hex) of the address or number that the lead gave; the owner is who the rules chose."""

    lead_id: str
    source: str
    campaign: str | None = None
    score: int = 0
    identity: str | None = None
    customer_id: str | None = None
    employee_id: str | None = None
    team_id: str | None = None
    opened_at: Moment


class OpportunityMoved(Fact, frozen=True, kw_only=True):
    """A deal entered a stage, its first one too; `state`: open, won or lost. `probability` in per cent."""

    opportunity_id: str
    customer_id: str
    pipeline: str
    stage: str
    state: str
    previous_stage: str | None = None
    value_minor: int
    currency: str
    probability: int
    employee_id: str | None = None
    moved_at: Moment


class OpportunityStalled(Fact, frozen=True, kw_only=True):
    """A deal needs attention: `late` (too long in its stage, told once for each stay) or `idle` (no next step, told once until it has one)."""

    opportunity_id: str
    why: str
    pipeline: str
    stage: str
    stage_since: Moment
    employee_id: str | None = None
    team_id: str | None = None


class ErasureAcknowledged(Acknowledgement, frozen=True, kw_only=True):
    """Events are gone, orders are nobody's."""


class CaseOpened(Fact, frozen=True, kw_only=True):
    """A matter waits for an answer. `identity` (keyed hash, hex) and `customer_id` say whose, as far as known; `team_id` is its queue."""

    case_id: str
    number: int
    kind: str
    priority: str
    channel: str
    language: str | None = None
    identity: str | None = None
    customer_id: str | None = None
    team_id: str
    opened_at: Moment


class CaseAssigned(Fact, frozen=True, kw_only=True):
    """Somebody is responsible from now on; without `employee_id` it went back to the queue of `team_id`. `waited_s`: since it was opened."""

    case_id: str
    team_id: str
    employee_id: str | None = None
    reason: str
    channel: str
    assigned_at: Moment
    waited_s: float


class CaseResolved(Fact, frozen=True, kw_only=True):
    """A case was resolved, `resolution` counts how often. `survey` is the token of the page `/s/{survey}` that asks how satisfied the customer is."""

    case_id: str
    resolution: int
    kind: str
    channel: str
    language: str | None = None
    identity: str | None = None
    customer_id: str | None = None
    team_id: str
    employee_id: str | None = None
    outcome: str | None = None
    opened_at: Moment
    answered_at: Moment | None = None
    resolved_at: Moment
    survey: str


class SurveyAnswered(Fact, frozen=True, kw_only=True):
    """A customer said how satisfied they are with how their case was handled: 1 (not at all) to 5."""

    case_id: str
    resolution: int
    score: int
    scale: str = "csat"
    identity: str | None = None
    customer_id: str | None = None
    team_id: str
    employee_id: str | None = None
    channel: str
    answered_at: Moment


class EmployeePersonal(Personal, frozen=True, kw_only=True):
    """Who it is."""

    name: str
    email: str


class EmployeeChanged(Fact, frozen=True, kw_only=True):
    """An employee came, changed, went away or left."""

    employee_id: str
    version: int
    active: bool
    away_until: Moment | None = None
    teams: list[str] = []
    changed_at: Moment
    personal: EmployeePersonal


class AuctionClosed(Fact, frozen=True, kw_only=True):
    """An auction's time is over: sold to the highest bid if that reached the reserve. Amounts in minor units."""

    auction_id: str
    sold: bool
    winner_id: str | None = None
    price_minor: int | None = None
    currency: str
    product_id: str | None = None
    closed_at: Moment
