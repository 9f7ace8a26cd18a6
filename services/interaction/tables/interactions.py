"""Events as they were stored, and how they came in."""

from __future__ import annotations

from datetime import datetime
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
    text,
)
from sqlmodel import Field

from services.interaction.tables.metadata import TIME, InteractionTable


class InteractionRow(InteractionTable, table=True):
    """An event as it was stored; `record` is the published JSON, byte for byte; the columns beside it are what events are found by.

    A part for each month of `received_at`, and one for what belongs to none of them.
    """

    __tablename__ = "interaction"
    __table_args__ = (
        Index(
            "interaction_timeline", "identity", text("occurred_at DESC"), text("id DESC"),
            postgresql_include=["received_at", "kind", "channel", "initiator", "purpose"],
        ),
        Index("interaction_collected", "collected_partition", "collected_offset", "received_at", postgresql_using="brin"),
        {"postgresql_partition_by": "RANGE (received_at)"},
    )

    id: UUID = Field(primary_key=True)
    received_at: datetime = Field(sa_column=Column(TIME, primary_key=True))
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
    violated: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    erased: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})


class IntakeToldRow(InteractionTable, table=True):
    """What a collector process says it accepted of a source within a minute."""

    __tablename__ = "intake_told"

    minute: datetime = Field(sa_column=Column(TIME, primary_key=True))
    source: str = Field(sa_column=Column(Text, primary_key=True))
    collector: str = Field(sa_column=Column(Text, primary_key=True))
    accepted: int
    xor_high: int = Field(sa_type=BigInteger)
    xor_low: int = Field(sa_type=BigInteger)
