"""SQL on identities: whose they are."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from chassis.database import Connection
from services.customer.domain import traits

#: Undoing a merge moves identities between customers that both stay; resolving holds this lock shared meanwhile.
UNMERGE_LOCK = 7_306_001


class Row(NamedTuple):
    """An identity as stored."""

    identity: bytes
    kind: str
    key: str
    customer_id: UUID
    home_id: UUID
    linked_at: datetime
    source: str
    recorded_at: datetime


COLUMNS = "identity, kind, key, customer_id, home_id, linked_at, source, recorded_at"

# One index probe for each, whatever the planner knew of the table when it was first asked: `= ANY(...)` reads a young table from end to end.
_FIND = f"""
SELECT {COLUMNS} FROM unnest($1::bytea[]) AS wanted (hash)
CROSS JOIN LATERAL (SELECT {COLUMNS} FROM identity i WHERE i.identity = wanted.hash LIMIT 1) AS found
"""  # noqa: S608 - constant columns
_OF_CUSTOMER = f"""
SELECT {COLUMNS} FROM identity WHERE customer_id = $1 AND ($2::bytea IS NULL OR identity > $2) ORDER BY identity LIMIT $3
"""  # noqa: S608 - constant columns
_OF_CUSTOMERS = f"SELECT {COLUMNS} FROM identity WHERE customer_id = ANY($1::uuid[]) OR home_id = ANY($1::uuid[])"  # noqa: S608 - constant columns
_INSERT = f"""
INSERT INTO identity ({COLUMNS})
SELECT * FROM unnest($1::bytea[], $2::text[], $3::text[], $4::uuid[], $5::uuid[], $6::timestamptz[], $7::text[], $8::timestamptz[])
ON CONFLICT DO NOTHING
"""  # noqa: S608 - constant columns
_MOVE = f"""
UPDATE identity SET customer_id = taker FROM unnest($1::uuid[], $2::uuid[]) AS moving (giver, taker)
WHERE customer_id = giver RETURNING giver, {COLUMNS}
"""  # noqa: S608 - constant columns
_GIVE_BACK = f"UPDATE identity SET customer_id = $2 WHERE customer_id = $1 AND home_id = ANY($3::uuid[]) RETURNING {COLUMNS}"  # noqa: S608 - constant columns


async def hold_still(db: Connection, *, alone: bool = False) -> None:
    """Until the end of the transaction no merge is undone (`alone`: and nothing is resolved)."""
    if alone:
        await db.execute("SELECT pg_advisory_xact_lock($1)", UNMERGE_LOCK)
    else:
        await db.execute("SELECT pg_advisory_xact_lock_shared($1)", UNMERGE_LOCK)


async def find(db: Connection, *, identities: Collection[bytes]) -> list[Row]:
    """Those of the identities that are known."""
    rows = await db.fetch(_FIND, list(set(identities)))
    return [Row(*row) for row in rows]


async def of_customer(db: Connection, *, customer: UUID, after: bytes | None, limit: int) -> list[Row]:
    """Identities that a customer answers for, in the order of their hashes."""
    rows = await db.fetch(_OF_CUSTOMER, customer, after, limit)
    return [Row(*row) for row in rows]


async def of_customers(db: Connection, *, customers: Collection[UUID]) -> list[Row]:
    """Identities that customers answer for, or that were first seen under them."""
    return [Row(*row) for row in await db.fetch(_OF_CUSTOMERS, list(customers))]


async def implied_at(db: Connection, *, home: UUID) -> list[traits.Told]:
    """The traits that follow from the addresses and numbers first seen under a customer."""
    rows = await db.fetch("SELECT identity, kind, key, source FROM identity WHERE home_id = $1 AND kind IN ('email', 'phone')", home)
    return [traits.Told(row["kind"], traits.implied(row["key"].partition(":")[2], source=row["source"]), row["identity"]) for row in rows]


async def kinds(db: Connection, *, customer: UUID) -> set[str]:
    """The kinds of identities that a customer has."""
    rows = await db.fetch("SELECT DISTINCT kind FROM identity WHERE customer_id = $1", customer)
    return {row["kind"] for row in rows}


async def count_kinds(db: Connection, *, customers: Collection[UUID]) -> list[tuple[UUID, str, int]]:
    """How many identities of each kind customers answer for."""
    rows = await db.fetch(
        "SELECT customer_id, kind, count(*) AS count FROM identity WHERE customer_id = ANY($1::uuid[]) GROUP BY 1, 2", list(customers)
    )
    return [(row["customer_id"], row["kind"], row["count"]) for row in rows]


async def all_of(db: Connection, *, limit: int) -> AsyncIterator[tuple[str, str, UUID]]:
    """Kind, key and customer of all identities, a slice at a time; inside a transaction."""
    async for row in db.cursor("SELECT kind, key, customer_id FROM identity LIMIT $1", limit, prefetch=2000):
        yield row["kind"], row["key"], row["customer_id"]


async def exceeding(db: Connection, *, kind: str, limit: int, shown: int) -> tuple[int, list[tuple[UUID, int]]]:
    """How many customers have more identities of a kind than `limit`, and those with the most."""
    rows = await db.fetch(
        """
        SELECT customer_id, count(*) AS count, count(*) OVER () AS customers FROM identity WHERE kind = $1
        GROUP BY customer_id HAVING count(*) > $2 ORDER BY 2 DESC, 1 LIMIT $3
        """,
        kind, limit, shown,
    )
    return rows[0]["customers"] if rows else 0, [(row["customer_id"], row["count"]) for row in rows]


async def insert(db: Connection, *, rows: Sequence[Row]) -> int:
    """Add identities; returns how many were new. Fewer than given: another transaction was faster."""
    ordered = sorted(rows)  # one order for all, so that two transactions never wait for each other
    columns = list(zip(*ordered, strict=True))
    status: str = await db.execute(_INSERT, *columns)
    return int(status.rpartition(" ")[2])


async def move(db: Connection, *, to: Mapping[UUID, UUID]) -> list[tuple[UUID, Row]]:
    """Give all identities of customers to others (from -> to); returns whose they were, and the rows as they are now."""
    rows = await db.fetch(_MOVE, list(to.keys()), list(to.values()))
    return [(giver, Row(*row)) for giver, *row in rows]


async def give_back(db: Connection, *, customer: UUID, to: UUID, homes: Collection[UUID]) -> list[Row]:
    """Give those of a customer's identities that are at home in `homes` to another; returns the rows as they are now."""
    rows = await db.fetch(_GIVE_BACK, customer, to, list(homes))
    return [Row(*row) for row in rows]
