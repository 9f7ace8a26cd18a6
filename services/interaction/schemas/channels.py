"""The smaller channels: rooms and boards, composed orders, auctions, shopping agents, contacts between customers, inboxes of other providers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from services.interaction.schemas.given import Currency, Given, Line, Minor, Slug

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=5000, pattern=r"^[^\x00]*$")]
Identity = Annotated[str, StringConstraints(pattern=r"^(user|anon|email|phone):.+|^ext:[^:]+:.+", max_length=600)]


class OpenRoom(Given):
    kind: Literal["room", "board"]
    title: Line


class RoomView(BaseModel):
    slug: str
    kind: str
    title: str
    closed: bool
    created_at: datetime


class Post(Given):
    """A post of a customer; `in_reply_to` an earlier one, whose thread it joins."""

    customer_id: UUID
    text: Words
    in_reply_to: UUID | None = None


class PostView(BaseModel):
    """A post; the text of a hidden one is not shown."""

    id: UUID
    room: str
    thread: UUID
    in_reply_to: UUID | None
    customer_id: UUID
    text: str
    hidden: bool
    posted_at: datetime


class ComposeLine(Given):
    """What and how many; the price is the catalogue's, never the caller's."""

    product_id: Line
    quantity: int = Field(1, ge=1, le=1_000_000)


class Compose(Given):
    lines: list[ComposeLine] = Field(min_length=1, max_length=200)
    currency: Currency
    price_list: Line = "standard"
    order_id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")] | None = None


class ComposeFor(Compose):
    customer_id: UUID
    place: bool = Field(True, description="false: only the price.")


class ComposedLine(BaseModel):
    product_id: str
    name: str | None
    quantity: int
    price_minor: int
    amount_minor: int


class Composed(BaseModel):
    """The order with its prices; `event_id` when it was placed."""

    order_id: str
    currency: str
    total_minor: int
    lines: list[ComposedLine]
    event_id: str | None


class OpenAuction(Given):
    title: Line
    product_id: Line | None = None
    currency: Currency
    start_minor: Minor = 0
    increment_minor: int = Field(1, ge=1, le=10**12)
    reserve_minor: Minor = 0
    opens_at: AwareDatetime | None = None
    closes_at: AwareDatetime
    seller_id: UUID | None = None


class Bid(Given):
    customer_id: UUID
    amount_minor: Minor


class BidView(BaseModel):
    number: int
    customer_id: UUID
    deputy_id: UUID | None
    amount_minor: int
    bid_at: datetime


class AuctionView(BaseModel):
    """`state`: open, sold or unsold; `least_minor`: what the next bid must reach."""

    id: UUID
    title: str
    product_id: str | None
    currency: str
    start_minor: int
    increment_minor: int
    opens_at: datetime
    closes_at: datetime
    seller_id: UUID | None
    state: str
    winner_id: UUID | None
    price_minor: int | None
    least_minor: int
    bids: list[BidView]


class AppointDeputy(Given):
    """A shopping agent of a customer: what it may do, up to how much, until when."""

    customer_id: UUID
    name: Line
    actions: list[Literal["order", "bid"]] = Field(min_length=1)
    currency: Currency
    budget_minor: Minor
    expires_at: AwareDatetime


class DeputyView(BaseModel):
    id: UUID
    customer_id: UUID
    name: str
    actions: list[str]
    currency: str
    budget_minor: int
    spent_minor: int
    expires_at: datetime
    revoked_at: datetime | None


class AppointedView(DeputyView):
    """The key is shown once."""

    key: str


class DeputyBid(Given):
    auction_id: UUID
    amount_minor: Minor


class Exchange(Given):
    """One customer asks, answers or recommends something to another; it stands on the timeline of both."""

    kind: Literal["question", "answer", "recommendation"]
    author: Identity
    recipient: Identity
    text: Words
    product_id: Line | None = None
    in_reply_to: Line | None = None
    id: Line | None = None


class ExchangeView(BaseModel):
    exchange: str
    author_interaction_id: UUID
    recipient_interaction_id: UUID


class PutInbox(Given):
    """Where a provider sends what customers write; `secret` is the provider's signing secret and is never shown."""

    provider: Literal["webchat", "whatsapp", "sms", "social"]
    secret: Annotated[str, StringConstraints(min_length=8, max_length=300)]
    verify_token: Annotated[str, StringConstraints(max_length=200)] | None = None
    active: bool = True


class InboxView(BaseModel):
    name: Slug
    provider: str
    active: bool
    url: str
    updated_at: datetime
