"""SQL on merges, and on who is kept apart."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from chassis.database import Connection


class Row(NamedTuple):
    """A merge as stored."""

    id: UUID
    survivor_id: UUID
    merged_id: UUID
    reason: str
    automatic: bool
    event_id: str
    identities: list[bytes]
    merged_at: datetime
    undone_at: datetime | None = None
    undone_reason: str | None = None
    meanwhile: str | None = None
    split: bool = False


COLUMNS = "id, survivor_id, merged_id, reason, automatic, event_id, identities, merged_at, undone_at, undone_reason, meanwhile, split"

_FIND = f"SELECT {COLUMNS} FROM merge WHERE id = $1"  # noqa: S608 - constant columns
_OF_CUSTOMERS = f"""
SELECT {COLUMNS} FROM merge
WHERE (survivor_id = ANY($1::uuid[]) OR merged_id = ANY($1)) AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3
"""  # noqa: S608 - constant columns
_SPLITS = f"SELECT {COLUMNS} FROM merge WHERE merged_id = $1 AND split ORDER BY id"  # noqa: S608 - constant columns
_PAGE = f"SELECT {COLUMNS} FROM merge WHERE $1::uuid IS NULL OR id > $1 ORDER BY id LIMIT $2"  # noqa: S608 - constant columns


async def insert(db: Connection, *, rows: Sequence[Row]) -> None:
    """Add merges; their ids are fresh."""
    await db.copy_records_to_table("merge", records=[tuple(row) for row in rows], columns=COLUMNS.split(", "))


async def splits_of(db: Connection, *, customer: UUID) -> list[Row]:
    """The splits that made this very customer."""
    return [Row(*row) for row in await db.fetch(_SPLITS, customer)]


async def find(db: Connection, *, merge_id: UUID) -> Row | None:
    row = await db.fetchrow(_FIND, merge_id)
    return None if row is None else Row(*row)


async def of_customers(db: Connection, *, customers: Collection[UUID], after: UUID | None, limit: int) -> list[Row]:
    """Merges in which one of the customers has part, oldest first."""
    rows = await db.fetch(_OF_CUSTOMERS, list(customers), after, limit)
    return [Row(*row) for row in rows]


async def page(db: Connection, *, after: UUID | None, limit: int) -> list[Row]:
    """All merges, oldest first."""
    rows = await db.fetch(_PAGE, after, limit)
    return [Row(*row) for row in rows]


async def close(db: Connection, *, merge_id: UUID, at: datetime, reason: str, meanwhile: str) -> None:
    """Mark a merge as undone; `meanwhile` (JSON) says what came in between."""
    await db.execute(
        "UPDATE merge SET undone_at = $2, undone_reason = $3, meanwhile = $4::jsonb WHERE id = $1", merge_id, at, reason, meanwhile
    )


class Counts(NamedTuple):
    """What came under some customers since a time."""

    identities: int
    traits: int
    merges: int


async def since(db: Connection, *, root: UUID, homes: Collection[UUID], at: datetime) -> Counts:
    """Identities first seen, values told and customers merged under these very customers, for whom `root` answers, since a time."""
    row = await db.fetchrow(
        """
        SELECT (SELECT count(*) FROM identity WHERE customer_id = $3 AND home_id = ANY($1::uuid[]) AND recorded_at > $2),
               (SELECT count(*) FROM trait_value WHERE home_id = ANY($1) AND NOT aside AND recorded_at > $2),
               (SELECT count(*) FROM merge WHERE merged_id = ANY($1) AND merged_at > $2 AND undone_at IS NULL)
        """,
        list(homes), at, root,
    )
    assert row is not None
    return Counts(*row)


async def separated(db: Connection, *, roots: Collection[UUID]) -> frozenset[frozenset[UUID]]:
    """Pairs among the roots that a person has taken apart, or looked at and kept apart."""
    rows = await db.fetch(
        """
        SELECT kept.root_id AS kept, gone.root_id AS gone
        FROM (
            SELECT survivor_id AS one, merged_id AS two FROM merge WHERE undone_at IS NOT NULL
            UNION ALL SELECT low_id, high_id FROM kept_apart) pair
        JOIN customer kept ON kept.id = one JOIN customer gone ON gone.id = two
        WHERE kept.root_id = ANY($1::uuid[]) AND gone.root_id = ANY($1) AND kept.root_id <> gone.root_id
        """,
        list(roots),
    )
    return frozenset(frozenset((row["kept"], row["gone"])) for row in rows)
