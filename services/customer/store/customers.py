"""SQL on customers: their documents, versions and search text."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from chassis.database import Connection


class Row(NamedTuple):
    """A customer as stored; `traits` is the JSON document told under this very customer, `extended` whether memberships, contact points,
    choices or needs hang on it. `owner`, the employee responsible, counts for roots only.
    """

    id: UUID
    root_id: UUID
    merged_into: UUID | None
    registered_at: datetime
    updated_at: datetime
    source: str
    version: int
    has_user: bool
    known: bool
    traits: str
    search: str | None
    type: str
    recorded_at: datetime
    extended: bool = False
    owner: str | None = None


COLUMNS = "id, root_id, merged_into, registered_at, updated_at, source, version, has_user, known, traits, search, type, recorded_at, extended, owner"

_FAMILIES = f"""
SELECT {COLUMNS} FROM unnest($1::uuid[]) AS wanted (key)
CROSS JOIN LATERAL (SELECT {COLUMNS} FROM customer c WHERE c.root_id = wanted.key OFFSET 0) AS found
"""  # noqa: S608 - constant columns
# One index probe for each, as with identities.
_FIND = f"""
SELECT {COLUMNS} FROM unnest($1::uuid[]) AS wanted (key)
CROSS JOIN LATERAL (SELECT {COLUMNS} FROM customer c WHERE c.id = wanted.key LIMIT 1) AS found
"""  # noqa: S608 - constant columns


async def lock(db: Connection, *, ids: Collection[UUID]) -> None:
    """Row locks in the order of ids, so that two transactions never wait for each other."""
    await db.execute("SELECT FROM customer WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE", list(ids))


async def families(db: Connection, *, roots: Collection[UUID]) -> list[Row]:
    """The customers of the roots: themselves and all merged into them."""
    rows = await db.fetch(_FAMILIES, list(set(roots)))
    return [Row(*row) for row in rows]


async def find(db: Connection, *, ids: Collection[UUID]) -> list[Row]:
    """The very customers with these ids."""
    rows = await db.fetch(_FIND, list(set(ids)))
    return [Row(*row) for row in rows]


async def insert(db: Connection, *, rows: Sequence[Row]) -> None:
    """Add customers; their ids are fresh."""
    await db.copy_records_to_table("customer", records=[tuple(row) for row in rows], columns=COLUMNS.split(", "))


async def update(db: Connection, *, rows: Sequence[Row]) -> None:
    """Write back what may change. The rows are locked by the caller, by way of their roots."""
    await db.execute(
        """
        UPDATE customer AS c SET
            root_id = n.root_id, merged_into = n.merged_into, updated_at = n.updated_at, version = n.version, has_user = n.has_user,
            known = n.known, traits = n.traits::jsonb, search = n.search, type = n.type,
            extended = n.extended, owner = n.owner
        FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::timestamptz[], $5::bigint[], $6::boolean[], $7::boolean[], $8::text[], $9::text[],
                    $10::text[], $11::boolean[], $12::text[])
            AS n (id, root_id, merged_into, updated_at, version, has_user, known, traits, search, type, extended, owner)
        WHERE c.id = n.id
        """,
        *zip(*(
            (row.id, row.root_id, row.merged_into, row.updated_at, row.version, row.has_user, row.known, row.traits, row.search,
             row.type, row.extended, row.owner)
            for row in rows
        ), strict=True),
    )


#: By who is responsible, accounts, people: each finds its way through its own index.
_PAGE_OWNED = """
SELECT id FROM customer WHERE owner = $1 AND ($2::text[] IS NULL OR type = ANY($2)) AND ($3::uuid IS NULL OR id > $3) ORDER BY id LIMIT $4
"""
_PAGE_ACCOUNTS = """
SELECT id FROM customer WHERE type <> 'person' AND type = ANY($1::text[]) AND merged_into IS NULL AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3
"""
_PAGE_TYPES = """
SELECT id FROM customer WHERE type = ANY($1::text[]) AND merged_into IS NULL AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3
"""


async def page_of(db: Connection, *, types: Sequence[str] | None, owner: str | None, after: UUID | None, limit: int) -> list[UUID]:
    """Ids of the customers of some types, or whom an employee is responsible for, in the order of registration."""
    if owner is not None:
        rows = await db.fetch(_PAGE_OWNED, owner, None if types is None else list(types), after, limit)
    else:
        statement = _PAGE_TYPES if types is None or "person" in types else _PAGE_ACCOUNTS
        rows = await db.fetch(statement, list(types or ("person", "organisation", "household")), after, limit)
    return [row["id"] for row in rows]


async def page(db: Connection, *, after: UUID | None, limit: int) -> list[UUID]:
    """Ids of customers in the order of registration."""
    rows = await db.fetch(
        "SELECT id FROM customer WHERE merged_into IS NULL AND ($1::uuid IS NULL OR id > $1) ORDER BY id LIMIT $2", after, limit
    )
    return [row["id"] for row in rows]


async def search(db: Connection, *, pattern: str, more: Sequence[str], after: UUID | None, limit: int) -> list[UUID]:
    """Ids of customers whose folded text matches the LIKE pattern (by index) and all of `more`, in the order of registration."""
    rows = await db.fetch(
        """
        SELECT id FROM customer
        WHERE search LIKE $1 AND search LIKE ALL($2::text[]) AND ($3::uuid IS NULL OR id > $3)
        ORDER BY id LIMIT $4
        """,
        pattern, list(more), after, limit,
    )
    return [row["id"] for row in rows]


async def large_families(db: Connection, *, limit: int, shown: int) -> tuple[int, list[tuple[UUID, int]]]:
    """How many customers consist of more than `limit` that were merged, and the largest of them."""
    rows = await db.fetch(
        """
        SELECT root_id, count(*) AS members, count(*) OVER () AS families FROM customer
        GROUP BY root_id HAVING count(*) > $1 ORDER BY 2 DESC, 1 LIMIT $2
        """,
        limit, shown,
    )
    return rows[0]["families"] if rows else 0, [(row["root_id"], row["members"]) for row in rows]
