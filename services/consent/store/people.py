"""One row per person: what was said under this id, what counts for everybody merged into it, and its version.

The row of a root (a person not merged away) is the lock of the whole family: writers take it FOR UPDATE, permits FOR SHARE.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from chassis.database import Connection
from services.consent.domain.statements import Merge, Statements, lapses_at

_decode = msgspec.json.Decoder(Statements).decode
_encode = msgspec.json.Encoder().encode


class Person(NamedTuple):
    """A row. `effective` and `version` count in roots only."""

    customer_id: UUID
    root_id: UUID
    said: Statements
    effective: Statements
    version: int


class Held(NamedTuple):
    """What counts for a person, and under which root."""

    root_id: UUID
    effective: Statements
    version: int


async def ensure(db: Connection, ids: Iterable[UUID]) -> None:
    """Make the rows that are missing, in the order of their ids."""
    await db.execute(
        "INSERT INTO person (customer_id, root_id) SELECT id, id FROM unnest($1::uuid[]) AS id ORDER BY id ON CONFLICT DO NOTHING",
        sorted(set(ids)),
    )


async def lock(db: Connection, ids: Iterable[UUID]) -> dict[UUID, Person]:
    """Make what is missing, then lock these people and their roots; returns all of them by id."""
    wanted = sorted(set(ids))
    await ensure(db, wanted)
    found: dict[UUID, Person] = {}
    while wanted:
        rows = await db.fetch("SELECT * FROM person WHERE customer_id = ANY($1::uuid[]) ORDER BY customer_id FOR UPDATE", wanted)
        found |= {row["customer_id"]: _person(row) for row in rows}
        wanted = sorted({person.root_id for person in found.values()} - set(found))
    return found


async def share(db: Connection, ids: Sequence[UUID]) -> dict[UUID, Held]:
    """Hold these people's roots against writers until the transaction ends; what counts for each, by asked id.

    People nobody ever spoke for have no row and are left out.
    """
    rows = await db.fetch(
        "SELECT customer_id, root_id, effective, version FROM person WHERE customer_id = ANY($1::uuid[]) ORDER BY customer_id FOR SHARE", ids
    )
    found = {row["customer_id"]: Held(row["root_id"], _decode(row["effective"]), int(row["version"])) for row in rows}
    above = sorted({held.root_id for held in found.values()} - set(found))
    roots = {**found, **(await share(db, above) if above else {})}
    return {asked: roots[held.root_id] for asked, held in found.items()}


async def family(db: Connection, root: UUID) -> tuple[dict[str, Statements], list[Merge]]:
    """What everybody under a root said, and the merges among them."""
    rows = await db.fetch("SELECT customer_id, said FROM person WHERE root_id = $1 OR customer_id = $1", root)
    said = {str(row["customer_id"]): _decode(row["said"]) for row in rows}
    edges = await db.fetch(
        "SELECT merged_id, into_id, merged_at FROM merge WHERE merged_id IN (SELECT customer_id FROM person WHERE root_id = $1 AND customer_id <> $1)",
        root,
    )
    return said, [Merge(str(edge["merged_id"]), str(edge["into_id"]), edge["merged_at"]) for edge in edges]


async def save(db: Connection, people: Iterable[Person]) -> None:
    """Write back locked rows."""
    await db.executemany(
        "UPDATE person SET root_id = $2, said = $3, effective = $4, version = $5, lapses_at = $6 WHERE customer_id = $1",
        [
            (
                person.customer_id, person.root_id, _encode(person.said).decode(), _encode(person.effective).decode(), person.version,
                lapses_at(person.said),
            )
            for person in people
        ],
    )


async def insert_merge(db: Connection, *, merged: UUID, into: UUID, at: datetime) -> bool:
    """False when the merge is known."""
    made = await db.fetchval(
        "INSERT INTO merge (merged_id, into_id, merged_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING merged_id", merged, into, at
    )
    return made is not None


async def delete_merge(db: Connection, *, merged: UUID) -> datetime | None:
    """Since when the customer was merged; None when there is no such merge."""
    since: datetime | None = await db.fetchval("DELETE FROM merge WHERE merged_id = $1 RETURNING merged_at", merged)
    return since


async def last_merges(db: Connection, roots: Sequence[UUID]) -> dict[UUID, datetime]:
    """When somebody was merged into the family of a root last; roots without merges are left out."""
    rows = await db.fetch(
        "SELECT p.root_id, max(m.merged_at) AS at FROM person p JOIN merge m ON m.merged_id = p.customer_id "
        "WHERE p.root_id = ANY($1::uuid[]) AND p.customer_id <> p.root_id GROUP BY 1",
        roots,
    )
    return {row["root_id"]: row["at"] for row in rows}


async def part_family(db: Connection, *, restored: UUID) -> None:
    """A customer and everybody merged into it have that customer as their root from now on."""
    await db.execute(
        """
        WITH RECURSIVE below (id) AS (SELECT $1::uuid UNION SELECT m.merged_id FROM merge m JOIN below ON m.into_id = below.id)
        UPDATE person SET root_id = $1 WHERE customer_id IN (SELECT id FROM below)
        """,
        restored,
    )


async def move_family(db: Connection, *, old_root: UUID, new_root: UUID) -> list[UUID]:
    """Everybody under the old root is under the new one from now on; returns them."""
    rows = await db.fetch("UPDATE person SET root_id = $2 WHERE root_id = $1 RETURNING customer_id", old_root, new_root)
    return [row["customer_id"] for row in rows]


async def with_merged(db: Connection, roots: Sequence[UUID]) -> set[UUID]:
    """Those roots that somebody was merged into."""
    rows = await db.fetch("SELECT DISTINCT root_id FROM person WHERE root_id = ANY($1::uuid[]) AND root_id <> customer_id", roots)
    return {row["root_id"] for row in rows}


async def members(db: Connection, customer_id: UUID) -> tuple[UUID, list[UUID]]:
    """The root of a customer and everybody in its family, itself included, known or not."""
    root = await db.fetchval("SELECT root_id FROM person WHERE customer_id = $1", customer_id) or customer_id
    rows = await db.fetch("SELECT customer_id FROM person WHERE root_id = $1 AND customer_id <> $1", root)
    return root, [root, *(row["customer_id"] for row in rows)]


async def lapsing(db: Connection, *, until: datetime, limit: int) -> list[UUID]:
    """People with a grant that has ended by then."""
    rows = await db.fetch("SELECT customer_id FROM person WHERE lapses_at <= $1 ORDER BY lapses_at LIMIT $2", until, limit)
    return [row["customer_id"] for row in rows]


async def find(db: Connection, customer_id: UUID) -> Person | None:
    row = await db.fetchrow("SELECT * FROM person WHERE customer_id = $1", customer_id)
    return _person(row) if row else None


def _person(row: Any) -> Person:
    return Person(row["customer_id"], row["root_id"], _decode(row["said"]), _decode(row["effective"]), int(row["version"]))


async def effective_of(db: Connection, ids: Sequence[UUID]) -> dict[UUID, Statements]:
    """What counts for each of them, whoever they were merged into; those nobody ever spoke for are left out."""
    rows = await db.fetch(
        """
        SELECT p.customer_id, r.effective FROM person p JOIN person r ON r.customer_id = p.root_id WHERE p.customer_id = ANY($1::uuid[])
        """,
        list(ids),
    )
    return {row["customer_id"]: _decode(row["effective"]) for row in rows}
