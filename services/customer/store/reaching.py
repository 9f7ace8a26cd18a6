"""SQL on addresses and their states, chosen channels, and needs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from chassis.database import Connection
from services.customer.domain.reaching import Choice, Mark

MARK_COLUMNS = "home_id, kind, value, state, state_at, reason, source, preferred_at"
CHOICE_COLUMNS = "home_id, purpose, channel, at, source"
NEED_COLUMNS = "id, home_id, text, told_at, source, met_at, met_by"

_MARKS = f"SELECT {MARK_COLUMNS} FROM contact_point WHERE home_id = ANY($1::uuid[])"  # noqa: S608 - constant columns
_CHOICES = f"SELECT {CHOICE_COLUMNS} FROM channel_preference WHERE home_id = ANY($1::uuid[])"  # noqa: S608 - constant columns
_PUT_MARK = f"""
INSERT INTO contact_point ({MARK_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (home_id, kind, value) DO UPDATE SET
    state = excluded.state, state_at = excluded.state_at, reason = excluded.reason, source = excluded.source,
    preferred_at = excluded.preferred_at
"""  # noqa: S608 - constant columns
_PUT_CHOICE = f"""
INSERT INTO channel_preference ({CHOICE_COLUMNS}) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (home_id, purpose) DO UPDATE SET channel = excluded.channel, at = excluded.at, source = excluded.source
"""  # noqa: S608 - constant columns
_NEEDS = f"""
SELECT {NEED_COLUMNS} FROM need WHERE home_id = ANY($1::uuid[]) AND (NOT $2 OR met_at IS NULL) AND ($3::uuid IS NULL OR id > $3) ORDER BY id LIMIT $4
"""  # noqa: S608 - constant columns
_FIND_NEED = f"SELECT {NEED_COLUMNS} FROM need WHERE id = $1 FOR UPDATE"  # noqa: S608 - constant columns


class Need(NamedTuple):
    """Something a customer told to need; `home_id` is whom it was told of."""

    id: UUID
    home_id: UUID
    text: str
    told_at: datetime
    source: str
    met_at: datetime | None = None
    met_by: str | None = None


class Address(NamedTuple):
    """An e-mail address or telephone number by which somebody is recognised."""

    identity: bytes
    customer_id: UUID
    home_id: UUID
    kind: str
    value: str
    linked_at: datetime
    source: str


async def addresses(db: Connection, *, roots: Collection[UUID]) -> list[Address]:
    """The addresses and numbers among the identities of customers that answer."""
    rows = await db.fetch(
        """
        SELECT identity, customer_id, home_id, kind, substr(key, length(kind) + 2), linked_at, source FROM identity
        WHERE customer_id = ANY($1::uuid[]) AND kind IN ('email', 'phone')
        """,
        list(roots),
    )
    return [Address(*row) for row in rows]


async def marks(db: Connection, *, homes: Collection[UUID]) -> list[Mark]:
    """What was stated of addresses under these very customers."""
    return [Mark(*row) for row in await db.fetch(_MARKS, list(homes))]


async def put_marks(db: Connection, *, rows: Sequence[Mark]) -> None:
    """Write statements on addresses."""
    await db.executemany(_PUT_MARK, [tuple(row) for row in sorted(rows, key=lambda row: (row.home_id, row.kind, row.value))])


async def choices(db: Connection, *, homes: Collection[UUID]) -> list[Choice]:
    """What was chosen under these very customers, also what was taken back."""
    return [Choice(*row) for row in await db.fetch(_CHOICES, list(homes))]


async def put_choices(db: Connection, *, rows: Sequence[Choice]) -> None:
    """Write choices of channels."""
    await db.executemany(_PUT_CHOICE, [tuple(row) for row in sorted(rows, key=lambda row: (row.home_id, row.purpose))])


async def needs(db: Connection, *, homes: Collection[UUID], unmet: bool, after: UUID | None, limit: int) -> list[Need]:
    """Needs that hang on these very customers, oldest first; `unmet`: only the open ones."""
    return [Need(*row) for row in await db.fetch(_NEEDS, list(homes), unmet, after, limit)]


async def find_need(db: Connection, *, need_id: UUID) -> Need | None:
    """One need, locked."""
    row = await db.fetchrow(_FIND_NEED, need_id)
    return None if row is None else Need(*row)


async def insert_need(db: Connection, *, need: Need) -> None:
    """Add a need."""
    await db.copy_records_to_table("need", records=[tuple(need)], columns=NEED_COLUMNS.split(", "))


async def meet_need(db: Connection, *, need_id: UUID, at: datetime, by: str) -> None:
    """The need is met."""
    await db.execute("UPDATE need SET met_at = $2, met_by = $3 WHERE id = $1", need_id, at, by)
