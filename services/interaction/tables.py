"""Rows of this service, as the migrations make them."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, TIMESTAMP
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

TIME = TIMESTAMP(timezone=True)
TEXTS = ARRAY(Text)


class InteractionTable(SQLModel, registry=registry()):
    """The metadata of this service alone."""


class InteractionRow(InteractionTable, table=True):
    """An event as it was stored; `record` is the published JSON, byte for byte; the columns beside it are what events are found by."""

    __tablename__ = "interaction"
    __table_args__ = (
        Index("interaction_timeline", "identity", text("occurred_at DESC"), text("id DESC")),
        Index("interaction_collected", "collected_partition", "collected_offset", postgresql_using="brin"),
    )

    id: UUID = Field(primary_key=True)
    identity: bytes
    kind: str = Field(sa_type=Text)
    channel: str = Field(sa_type=Text)
    initiator: str = Field(sa_type=Text)
    purpose: str | None = Field(default=None, sa_type=Text)
    occurred_at: datetime = Field(sa_type=TIME)
    collected_partition: int
    collected_offset: int = Field(sa_type=BigInteger)
    record: str = Field(sa_type=Text)


class SeenRow(InteractionTable, table=True):
    """Which (source, id) came already, and what it said; six weekly generations, each with the id as its key."""

    __tablename__ = "seen"

    id: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    slot: int = Field(sa_column=Column(SmallInteger, primary_key=True, autoincrement=False))
    digest: bytes


#: The generations; rows are written through `seen`, and a whole one is emptied at a time.
GENERATIONS = [
    Table(
        f"seen_{slot}", InteractionTable.metadata,
        Column("slot", SmallInteger, nullable=False), Column("id", LargeBinary, nullable=False), Column("digest", LargeBinary, nullable=False),
        PrimaryKeyConstraint("id"),
    )
    for slot in range(6)
]


class SeenGenerationRow(InteractionTable, table=True):
    """Which week a generation holds."""

    __tablename__ = "seen_generation"

    slot: int = Field(sa_column=Column(SmallInteger, primary_key=True, autoincrement=False))
    week: int


class PublishedRow(InteractionTable, table=True):
    """Up to which collected offset of a partition everything stored was published: the publisher's only state."""

    __tablename__ = "published"

    partition: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    position: int = Field(sa_type=BigInteger)
    at: datetime = Field(sa_type=TIME, sa_column_kwargs={"server_default": text("now()")})


class IntakeRow(InteractionTable, table=True):
    """What became of the accepted events of a source received in a minute, and the XOR of their receipts."""

    __tablename__ = "intake"

    minute: datetime = Field(sa_column=Column(TIME, primary_key=True))
    source: str = Field(sa_column=Column(Text, primary_key=True))
    stored: int
    duplicate: int
    conflict: int
    dropped: int
    refused: int
    xor_high: int = Field(sa_type=BigInteger)
    xor_low: int = Field(sa_type=BigInteger)


class QuarantineRow(InteractionTable, table=True):
    """A payload that was refused, with its reason; `stamp` is set where the collector had accepted it."""

    __tablename__ = "quarantine"
    __table_args__ = (
        UniqueConstraint("collected_partition", "collected_offset"),
        Index("quarantine_listed", "state", "id"),
        Index("quarantine_received", "received_at"),
    )

    id: UUID = Field(primary_key=True)
    source: str = Field(sa_type=Text)
    code: str = Field(sa_type=Text)
    detail: str = Field(sa_type=Text)
    message_id: str | None = Field(default=None, sa_type=Text)
    payload: bytes
    stamp: bytes | None = None
    digest: str = Field(sa_type=Text)
    size: int
    received_at: datetime = Field(sa_type=TIME)
    state: str = Field(default="open", sa_type=Text, sa_column_kwargs={"server_default": text("'open'")})
    closed_at: datetime | None = Field(default=None, sa_type=TIME)
    collected_partition: int
    collected_offset: int = Field(sa_type=BigInteger)


class OrderRow(InteractionTable, table=True):
    """An order; everything shown is computed from `state`, the other columns are for finding it."""

    __tablename__ = "orders"
    __table_args__ = (
        Index("orders_identity", "identity", text("ordered_at DESC")),
        Index("orders_ordered", text("ordered_at DESC"), text("order_id DESC")),
    )

    order_id: str = Field(sa_column=Column(Text, primary_key=True))
    identity: bytes
    source: str = Field(sa_type=Text)
    status: str = Field(sa_type=Text)
    placed: bool
    currency: str = Field(sa_type=Text)
    ordered_at: datetime | None = Field(default=None, sa_type=TIME)
    paid_minor: int = Field(sa_type=BigInteger)
    net_minor: int = Field(sa_type=BigInteger)
    refunded_minor: int = Field(sa_type=BigInteger)
    version: int
    updated_at: datetime = Field(sa_type=TIME)
    state: str = Field(sa_type=Text)


class OrderLineRow(InteractionTable, table=True):
    """One position of an order as it stands."""

    __tablename__ = "order_line"

    order_id: str = Field(sa_column=Column(Text, primary_key=True))
    position: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    product_id: str = Field(sa_type=Text)
    quantity: float
    price_minor: int = Field(sa_type=BigInteger)
    discount_minor: int = Field(sa_type=BigInteger)
    amount_minor: int = Field(sa_type=BigInteger)


class OrderVersionRow(InteractionTable, table=True):
    """An order as it stood after a change that was visible."""

    __tablename__ = "order_version"

    order_id: str = Field(sa_column=Column(Text, primary_key=True))
    version: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    kind: str = Field(sa_type=Text)
    source: str = Field(sa_type=Text)
    message_id: str = Field(sa_type=Text)
    occurred_at: datetime = Field(sa_type=TIME)
    recorded_at: datetime = Field(sa_type=TIME)
    content: str = Field(sa_type=Text)


class RefundRow(InteractionTable, table=True):
    """A refund as booked."""

    __tablename__ = "refund"

    order_id: str = Field(sa_column=Column(Text, primary_key=True))
    refund_id: str = Field(sa_column=Column(Text, primary_key=True))
    amount_minor: int = Field(sa_type=BigInteger)
    refunded_at: datetime = Field(sa_type=TIME)
    notes: list[str] = Field(sa_type=TEXTS)


class CreditNoteRow(InteractionTable, table=True):
    """A refund that names no order."""

    __tablename__ = "credit_note"
    __table_args__ = (Index("credit_note_identity", "identity"),)

    credit_id: str = Field(sa_column=Column(Text, primary_key=True))
    identity: bytes
    source: str = Field(sa_type=Text)
    currency: str = Field(sa_type=Text)
    amount_minor: int = Field(sa_type=BigInteger)
    noted_at: datetime = Field(sa_type=TIME)


class ProductRow(InteractionTable, table=True):
    """A product as the newest event that named it told."""

    __tablename__ = "product"

    product_id: str = Field(sa_column=Column(Text, primary_key=True))
    name: str | None = Field(default=None, sa_type=Text)
    category: str | None = Field(default=None, sa_type=Text)
    brand: str | None = Field(default=None, sa_type=Text)
    variant: str | None = Field(default=None, sa_type=Text)
    url: str | None = Field(default=None, sa_type=Text)
    image_url: str | None = Field(default=None, sa_type=Text)
    told_at: datetime = Field(sa_type=TIME)


class IdentityMapRow(InteractionTable, table=True):
    """Whose an identity is now (replica)."""

    __tablename__ = "identity_map"
    __table_args__ = (Index("identity_map_customer", "customer_id"),)

    identity: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    kind: str = Field(sa_type=Text)
    customer_id: UUID


class MergedCustomerRow(InteractionTable, table=True):
    """A customer that was merged away, and into whom: one edge of a forest (replica)."""

    __tablename__ = "merged_customer"
    __table_args__ = (Index("merged_customer_into", "into_id"), Index("merged_customer_merge", "merge_id"))

    merged_id: UUID = Field(primary_key=True)
    into_id: UUID
    merge_id: str = Field(sa_type=Text)


class ConsentStateRow(InteractionTable, table=True):
    """Purposes a customer granted or withdrew on some channel (replica)."""

    __tablename__ = "consent_state"

    customer_id: UUID = Field(primary_key=True)
    granted: list[str] = Field(sa_type=TEXTS)
    withdrawn: list[str] = Field(sa_type=TEXTS)


class ConsentSignalRow(InteractionTable, table=True):
    """A signal of refusal is told once a day for each identity."""

    __tablename__ = "consent_signal"

    identity: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    signal: str = Field(sa_column=Column(Text, primary_key=True))
    day: date = Field(primary_key=True)


class CampaignSeenRow(InteractionTable, table=True):
    """Name and purpose of a campaign, for the timeline (replica)."""

    __tablename__ = "campaign_seen"

    campaign_id: str = Field(sa_column=Column(Text, primary_key=True))
    name: str = Field(sa_type=Text)
    purpose: str = Field(sa_type=Text)


class MessageEntryRow(InteractionTable, table=True):
    """What became of a message to a customer, for the timeline."""

    __tablename__ = "message_entry"
    __table_args__ = (Index("message_entry_timeline", "customer_id", text("occurred_at DESC"), text("id DESC")),)

    id: UUID = Field(primary_key=True)
    customer_id: UUID
    message_id: str = Field(sa_type=Text)
    campaign_id: str = Field(sa_type=Text)
    channel: str = Field(sa_type=Text)
    action: str = Field(sa_type=Text)
    occurred_at: datetime = Field(sa_type=TIME)
    content: str = Field(sa_type=Text)
