"""SQL on the past: every value that a document took over, and who was one person at a time."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from chassis.database import Connection
from services.customer.domain.traits import Told, Trait, Traits
from services.customer.store import customers, identities


class Row(NamedTuple):
    """A value taken over under a customer."""

    id: int
    home_id: UUID
    name: str
    trait: Trait
    recorded_at: datetime


_COLUMNS = (
    "home_id", "name", "value", "rank", "at", "position_offset", "position_partition", "event_id", "source", "recorded_at", "identity", "aside",
)
_SELECTED = "home_id, name, value, rank, at, position_offset, position_partition, event_id, source, recorded_at"
_PAGE = f"""
SELECT id, {_SELECTED} FROM trait_value
WHERE home_id = ANY($1::uuid[]) AND NOT aside AND ($2::text IS NULL OR name = $2) AND ($3::bigint IS NULL OR id < $3) ORDER BY id DESC LIMIT $4
"""  # noqa: S608 - constant columns
_AT = f"""
SELECT DISTINCT ON (home_id, name) id, {_SELECTED} FROM trait_value
WHERE home_id = ANY($1::uuid[]) AND NOT aside AND recorded_at <= $2 ORDER BY home_id, name, id DESC
"""  # noqa: S608 - constant columns
_OF_HOME = f"""
SELECT id, {_SELECTED}, identity, aside FROM trait_value WHERE home_id = $1 AND NOT EXISTS (
    SELECT FROM import_job j WHERE j.state = 'undone' AND starts_with(event_id, 'import:' || j.id || ':')) ORDER BY id
"""  # noqa: S608 - constant columns
_IDENTITIES_AT = f"""
SELECT {identities.COLUMNS} FROM identity
WHERE customer_id = ANY($1::uuid[]) AND home_id = ANY($2::uuid[]) AND recorded_at <= $3 ORDER BY identity LIMIT $4
"""  # noqa: S608 - constant columns
# The edges of that time, first up to the customer that answered, then down to everybody merged into it.
_FAMILY_AT = f"""
WITH RECURSIVE edge AS NOT MATERIALIZED (
    SELECT merged_id, survivor_id FROM merge WHERE merged_at <= $2 AND (undone_at IS NULL OR undone_at > $2)
), up (id) AS (
    SELECT $1::uuid UNION SELECT edge.survivor_id FROM edge JOIN up ON edge.merged_id = up.id
), down (id) AS (
    SELECT up.id FROM up WHERE NOT EXISTS (SELECT FROM edge WHERE edge.merged_id = up.id)
    UNION SELECT edge.merged_id FROM edge JOIN down ON edge.survivor_id = down.id
)
SELECT (EXISTS (SELECT FROM edge WHERE edge.merged_id = customer.id)) AS merged, {customers.COLUMNS} FROM customer JOIN down USING (id)
"""  # noqa: S608 - constant columns


async def add(db: Connection, *, rows: Sequence[tuple[UUID, Told]], recorded_at: datetime) -> None:
    """Keep what was told under customers, in this order."""
    await db.copy_records_to_table(
        "trait_value", columns=_COLUMNS,
        records=[
            (
                home, told.name, None if told.trait.value is None else msgspec.json.encode(told.trait.value).decode(), told.trait.rank,
                told.trait.at, *told.trait.position, told.trait.event_id, told.trait.source, recorded_at, told.identity, told.aside,
            )
            for home, told in rows
        ],
    )


async def of_home(db: Connection, *, home: UUID) -> list[Told]:
    """Everything that was told under a customer in the order of recording, without the rows of imports that were taken back."""
    rows = await db.fetch(_OF_HOME, home)
    return [Told(row["name"], _row(tuple(row)[:11]).trait, row["identity"], row["aside"]) for row in rows]


async def rehome(db: Connection, *, home: UUID, to: UUID, identity: bytes, kind: str, value: str) -> None:
    """What was told under an identity lies under another customer from now on, and what was stated of it as an address."""
    await db.execute("UPDATE trait_value SET home_id = $2 WHERE home_id = $1 AND identity = $3", home, to, identity)
    await db.execute("UPDATE contact_point SET home_id = $2 WHERE home_id = $1 AND kind = $3 AND lower(value) = lower($4)", home, to, kind, value)
    await db.execute("UPDATE identity SET home_id = $2, customer_id = $2 WHERE identity = $1", identity, to)


async def page(db: Connection, *, homes: Collection[UUID], name: str | None, before: int | None, limit: int) -> list[Row]:
    """What was taken over under these customers, newest first."""
    return [_row(tuple(row)) for row in await db.fetch(_PAGE, list(homes), name, before, limit)]


async def documents(
    db: Connection, *, homes: Collection[UUID], parts: Mapping[UUID, UUID], at: datetime
) -> tuple[dict[UUID, Traits], datetime | None]:
    """The documents of these customers as they were at a time, and when one of them changed last; `parts` were part of another one then."""
    found: dict[UUID, Traits] = {home: {} for home in homes if home not in parts}
    last = None
    for row in sorted((_row(tuple(each)) for each in await db.fetch(_AT, list(homes), at)), key=lambda row: row.id):
        home = row.home_id
        while home in parts:
            home = parts[home]
        found[home][row.name] = row.trait
        last = row.recorded_at if last is None else max(last, row.recorded_at)
    return found, last


async def family(db: Connection, *, customer: UUID, at: datetime) -> tuple[customers.Row | None, list[customers.Row]]:
    """Who answered for a customer at a time, and everybody merged into it then; their documents are those of today."""
    rows = await db.fetch(_FAMILY_AT, customer, at)
    head = next((customers.Row(*row) for merged, *row in rows if not merged), None)
    return head, [customers.Row(*row) for merged, *row in rows if merged]


async def split_since(db: Connection, *, customers: Collection[UUID], at: datetime) -> dict[UUID, UUID]:
    """Those of the customers that were split off after a time, and whose identities they were part of then."""
    rows = await db.fetch(
        "SELECT merged_id, survivor_id FROM merge WHERE merged_id = ANY($1::uuid[]) AND split AND merged_at <= $2 AND undone_at > $2",
        list(customers), at,
    )
    return {row["merged_id"]: row["survivor_id"] for row in rows}


async def identities_at(
    db: Connection, *, owners: Collection[UUID], homes: Collection[UUID], at: datetime, limit: int
) -> list[identities.Row]:
    """By what the customers were recognised at a time, in the order of the hashes. `owners` answer for them today."""
    return [identities.Row(*row) for row in await db.fetch(_IDENTITIES_AT, list(owners), list(homes), at, limit)]


async def known_at(db: Connection, *, owners: Collection[UUID], homes: Collection[UUID], at: datetime) -> bool:
    """Whether somebody was known at a time by more than a visitor's number."""
    found: bool = await db.fetchval(
        """
        SELECT EXISTS (
            SELECT FROM identity WHERE customer_id = ANY($1::uuid[]) AND home_id = ANY($2::uuid[]) AND recorded_at <= $3 AND kind <> 'anon')
        """,
        list(owners), list(homes), at,
    )
    return found


def _row(row: tuple[Any, ...]) -> Row:
    number, home, name, value, rank, at, offset, partition, event_id, source, recorded_at = row
    trait = Trait(None if value is None else msgspec.json.decode(value), rank, at, (offset, partition), event_id, source)
    return Row(number, home, name, trait, recorded_at)
