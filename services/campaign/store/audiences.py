"""Lists of customers, candidates of a campaign that is being planned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.database import Connection


async def insert_list(db: Connection, *, list_id: UUID, name: str, created_by: str, at: datetime) -> None:
    await db.execute("INSERT INTO audience_list (id, name, created_by, created_at) VALUES ($1, $2, $3, $4)", list_id, name, created_by, at)


async def find_list(db: Connection, list_id: UUID) -> dict[str, Any] | None:
    row = await db.fetchrow(
        "SELECT l.*, (SELECT count(*) FROM audience_list_member m WHERE m.list_id = l.id) AS members FROM audience_list l WHERE l.id = $1",
        list_id,
    )
    return None if row is None else dict(row)


async def page_lists(db: Connection, *, after: UUID | None, limit: int) -> list[dict[str, Any]]:
    """Newest first, below the id `after`."""
    rows = await db.fetch(
        """
        SELECT l.*, (SELECT count(*) FROM audience_list_member m WHERE m.list_id = l.id) AS members FROM audience_list l
        WHERE $1::uuid IS NULL OR l.id < $1 ORDER BY l.id DESC LIMIT $2
        """,
        after, limit,
    )
    return [dict(row) for row in rows]


async def delete_list(db: Connection, list_id: UUID) -> bool:
    """Whether it was there."""
    done: str = await db.execute("DELETE FROM audience_list WHERE id = $1", list_id)
    return done.endswith(" 1")


async def add_members(db: Connection, list_id: UUID, customer_ids: Sequence[UUID]) -> None:
    await db.execute(
        "INSERT INTO audience_list_member (list_id, customer_id) SELECT $1, unnest($2::uuid[]) ON CONFLICT DO NOTHING", list_id, list(customer_ids)
    )


async def remove_members(db: Connection, list_id: UUID, customer_ids: Sequence[UUID]) -> None:
    await db.execute("DELETE FROM audience_list_member WHERE list_id = $1 AND customer_id = ANY($2::uuid[])", list_id, list(customer_ids))


async def page_members(db: Connection, list_id: UUID, *, after: UUID | None, limit: int) -> list[UUID]:
    rows = await db.fetch(
        """
        SELECT customer_id FROM audience_list_member WHERE list_id = $1 AND ($2::uuid IS NULL OR customer_id > $2)
        ORDER BY customer_id LIMIT $3
        """,
        list_id, after, limit,
    )
    return [row["customer_id"] for row in rows]


async def collect(db: Connection, campaign_id: UUID, *, values: Mapping[UUID, int | None], excluded: bool) -> None:
    """Put people among the candidates; an excluded one stays excluded whatever source names it again."""
    await db.execute(
        """
        INSERT INTO campaign_candidate (campaign_id, customer_id, excluded, value)
        SELECT $1, customer_id, $4, value FROM unnest($2::uuid[], $3::bigint[]) AS given (customer_id, value)
        ON CONFLICT (campaign_id, customer_id) DO UPDATE SET excluded = true WHERE excluded.excluded
        """,
        campaign_id, list(values), list(values.values()), excluded,
    )


async def take_candidates(db: Connection, campaign_id: UUID, *, limit: int) -> dict[UUID, int | None]:
    """The next in order, taken out of the candidates."""
    rows = await db.fetch(
        """
        WITH first AS (
            SELECT customer_id FROM campaign_candidate WHERE campaign_id = $1 AND NOT excluded
            ORDER BY value DESC NULLS LAST, customer_id LIMIT $2)
        DELETE FROM campaign_candidate c USING first WHERE c.campaign_id = $1 AND c.customer_id = first.customer_id
        RETURNING c.customer_id, c.value
        """,
        campaign_id, limit,
    )
    return {row["customer_id"]: row["value"] for row in rows}


async def count_valued(db: Connection, campaign_id: UUID) -> tuple[int, int]:
    """How many candidates there are, and of how many of them the value is known."""
    row = await db.fetchrow(
        "SELECT count(*) AS n, count(value) AS valued FROM campaign_candidate WHERE campaign_id = $1 AND NOT excluded", campaign_id
    )
    assert row is not None
    return row["n"], row["valued"]


async def drop_candidates(db: Connection, campaign_id: UUID) -> None:
    await db.execute("DELETE FROM campaign_candidate WHERE campaign_id = $1", campaign_id)


async def delete_person(db: Connection, customer_ids: Sequence[UUID]) -> dict[str, int]:
    """For an erasure: lists and candidates forget them; returns rows by table."""
    counts = {}
    for table, statement in (
        ("audience_list_member", "DELETE FROM audience_list_member WHERE customer_id = ANY($1::uuid[])"),
        ("campaign_candidate", "DELETE FROM campaign_candidate WHERE customer_id = ANY($1::uuid[])"),
    ):
        counts[table] = int((await db.execute(statement, list(customer_ids))).rpartition(" ")[2])
    return counts
