"""Small replicas of what others know: whose an identity is, who was merged, who granted what, what campaigns are called."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from chassis.database import Connection


async def put_identities(db: Connection, rows: Sequence[tuple[bytes, str, UUID]], *, gone: Sequence[bytes] = ()) -> None:
    """Set (identity, kind, customer); each identity once."""
    if gone:
        await db.execute("DELETE FROM identity_map WHERE identity = ANY($1::bytea[])", gone)
    if rows:
        await db.execute(
            """
            INSERT INTO identity_map (identity, kind, customer_id)
            SELECT * FROM unnest($1::bytea[], $2::text[], $3::uuid[]) ORDER BY 1
            ON CONFLICT (identity) DO UPDATE SET kind = excluded.kind, customer_id = excluded.customer_id
            WHERE identity_map.customer_id <> excluded.customer_id
            """,
            [row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows],
        )


async def put_merge(db: Connection, *, merged_id: UUID, survivor_id: UUID, merge_id: str) -> None:
    """`merged_id` is part of `survivor_id` from now on."""
    await db.execute(
        """
        INSERT INTO merged_customer (merged_id, into_id, merge_id) VALUES ($1, $2, $3)
        ON CONFLICT (merged_id) DO UPDATE SET into_id = excluded.into_id, merge_id = excluded.merge_id
        """,
        merged_id, survivor_id, merge_id,
    )


async def delete_merge(db: Connection, *, merge_id: str) -> None:
    """A merge was undone; a later one of the same customer stays."""
    await db.execute("DELETE FROM merged_customer WHERE merge_id = $1", merge_id)


async def find_owner(db: Connection, identity: bytes) -> UUID | None:
    """Whose an identity is."""
    found: UUID | None = await db.fetchval("SELECT customer_id FROM identity_map WHERE identity = $1", identity)
    return found


async def find_survivor(db: Connection, customer_id: UUID) -> UUID:
    """Who answers for a customer: itself, unless it was merged away."""
    found: UUID | None = await db.fetchval(
        """
        WITH RECURSIVE up (id, depth) AS (
            SELECT into_id, 1 FROM merged_customer WHERE merged_id = $1
            UNION SELECT m.into_id, up.depth + 1 FROM merged_customer m JOIN up ON m.merged_id = up.id WHERE up.depth < 1000)
        SELECT id FROM up ORDER BY depth DESC LIMIT 1
        """,
        customer_id,
    )
    return customer_id if found is None else found


async def list_family(db: Connection, customer_id: UUID) -> list[UUID]:
    """The customer and everybody merged into it."""
    rows = await db.fetch(
        """
        WITH RECURSIVE family (id) AS (
            SELECT $1::uuid UNION SELECT m.merged_id FROM merged_customer m JOIN family ON m.into_id = family.id)
        SELECT id FROM family
        """,
        customer_id,
    )
    return [row[0] for row in rows]


async def list_identities(db: Connection, customers: Sequence[UUID]) -> list[asyncpg.Record]:
    """(identity, kind) of customers."""
    return await db.fetch("SELECT identity, kind FROM identity_map WHERE customer_id = ANY($1::uuid[]) ORDER BY identity", customers)


async def put_consent(db: Connection, rows: Sequence[tuple[UUID, list[str], list[str]]], *, gone: Sequence[UUID] = ()) -> None:
    """Set (customer, purposes granted on some channel, purposes withdrawn on some channel)."""
    if gone:
        await db.execute("DELETE FROM consent_state WHERE customer_id = ANY($1::uuid[])", gone)
    await db.executemany(
        """
        INSERT INTO consent_state (customer_id, granted, withdrawn) VALUES ($1, $2, $3)
        ON CONFLICT (customer_id) DO UPDATE SET granted = excluded.granted, withdrawn = excluded.withdrawn
        """,
        rows,
    )


async def list_granting(db: Connection, identities: Sequence[bytes]) -> dict[bytes, frozenset[str]]:
    """Identity -> purposes its customer granted; of several customers merged into one a withdrawal beats a grant."""
    rows = await db.fetch(
        """
        WITH RECURSIVE owner AS (
            SELECT found.* FROM unnest($1::bytea[]) AS wanted (identity)
            CROSS JOIN LATERAL (SELECT identity, customer_id FROM identity_map i WHERE i.identity = wanted.identity LIMIT 1) AS found),
        family (identity, id) AS (
            SELECT identity, customer_id FROM owner
            UNION SELECT f.identity, m.merged_id FROM merged_customer m JOIN family f ON m.into_id = f.id)
        SELECT f.identity, c.granted, c.withdrawn FROM family f JOIN consent_state c ON c.customer_id = f.id
        """,
        identities,
    )
    granted: dict[bytes, set[str]] = {}
    withdrawn: dict[bytes, set[str]] = {}
    for row in rows:
        granted.setdefault(row["identity"], set()).update(row["granted"])
        withdrawn.setdefault(row["identity"], set()).update(row["withdrawn"])
    return {identity: frozenset(purposes - withdrawn[identity]) for identity, purposes in granted.items()}


async def put_signals(db: Connection, signals: Sequence[tuple[bytes, str, date]]) -> set[tuple[bytes, str, date]]:
    """Remember (identity, signal, day); returns those that were new."""
    rows = await db.fetch(
        """
        INSERT INTO consent_signal (identity, signal, day)
        SELECT DISTINCT * FROM unnest($1::bytea[], $2::text[], $3::date[]) ORDER BY 1, 2, 3 ON CONFLICT DO NOTHING RETURNING *
        """,
        [row[0] for row in signals], [row[1] for row in signals], [row[2] for row in signals],
    )
    return {(row["identity"], row["signal"], row["day"]) for row in rows}


async def put_campaign(db: Connection, *, campaign_id: str, name: str, purpose: str) -> None:
    """What a campaign is called."""
    await db.execute(
        """
        INSERT INTO campaign_seen (campaign_id, name, purpose) VALUES ($1, $2, $3)
        ON CONFLICT (campaign_id) DO UPDATE SET name = excluded.name, purpose = excluded.purpose
        """,
        campaign_id, name, purpose,
    )


async def insert_message_entry(
    db: Connection, *, entry_id: UUID, customer_id: UUID, message_id: str, campaign_id: str, channel: str, action: str,
    occurred_at: datetime, content: str,
) -> None:
    """What became of a message, for the timeline."""
    await db.execute(
        "INSERT INTO message_entry (id, customer_id, message_id, campaign_id, channel, action, occurred_at, content) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
        entry_id, customer_id, message_id, campaign_id, channel, action, occurred_at, content,
    )


async def list_message_entries(
    db: Connection, *, customers: Sequence[UUID], channel: str | None, purpose: str | None, since: datetime | None, until: datetime | None,
    before: tuple[datetime, UUID] | None, limit: int,
) -> list[asyncpg.Record]:
    """Entries of customers, newest first, with the campaign's name."""
    before_at, before_id = before or (None, None)
    arguments: tuple[Any, ...] = (customers, channel, purpose, since, until, before_at, before_id, limit)
    return await db.fetch(
        """
        SELECT e.*, c.name AS campaign_name, c.purpose FROM unnest($1::uuid[]) AS wanted (customer_id) CROSS JOIN LATERAL (
            SELECT * FROM message_entry m WHERE m.customer_id = wanted.customer_id
              AND ($2::text IS NULL OR m.channel = $2)
              AND ($4::timestamptz IS NULL OR m.occurred_at >= $4) AND ($5::timestamptz IS NULL OR m.occurred_at < $5)
              AND ($6::timestamptz IS NULL OR (m.occurred_at, m.id) < ($6, $7::uuid))
            ORDER BY m.occurred_at DESC, m.id DESC LIMIT $8) AS e
        LEFT JOIN campaign_seen c ON c.campaign_id = e.campaign_id
        WHERE $3::text IS NULL OR c.purpose = $3
        ORDER BY e.occurred_at DESC, e.id DESC LIMIT $8
        """,
        *arguments,
    )
