"""Visits of identities, and the figures about them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg
import msgspec

from chassis.database import Connection
from services.interaction.domain.visits import CHANNELS, GAP, KINDS, Visit


def visit_of(row: Any) -> Visit:
    """A visit as it is kept."""
    return Visit(
        row["started_at"], row["ended_at"], row["source"], row["channel"], row["events"], row["pages"], row["entry"], row["exit"], row["referrer"],
        msgspec.json.decode(row["campaign"]) if row["campaign"] else None, list(row["reach"]), row["seen"],
    )


async def list_near(db: Connection, spans: Sequence[tuple[bytes, datetime, datetime]]) -> list[asyncpg.Record]:
    """Visits of (identity, from, to) that touch the span or lie no more than 30 minutes from it, oldest first."""
    return await db.fetch(
        """
        SELECT found.* FROM unnest($1::bytea[], $2::timestamptz[], $3::timestamptz[]) AS wanted (identity, since, until)
        CROSS JOIN LATERAL (
            SELECT * FROM visit v WHERE v.identity = wanted.identity AND v.started_at <= wanted.until + $4 AND v.ended_at >= wanted.since - $4
            ORDER BY v.started_at) AS found
        """,
        *([span[column] for span in spans] for column in range(3)), GAP,
    )


async def list_clicks(db: Connection, spans: Sequence[tuple[bytes, datetime, datetime]]) -> list[asyncpg.Record]:
    """(identity, record) of the stored events of (identity, from, to) that make visits."""
    return await db.fetch(
        """
        SELECT found.* FROM unnest($1::bytea[], $2::timestamptz[], $3::timestamptz[]) AS wanted (identity, since, until)
        CROSS JOIN LATERAL (
            SELECT i.identity, i.record FROM interaction i
            WHERE i.identity = wanted.identity AND i.occurred_at >= wanted.since AND i.occurred_at <= wanted.until
              AND i.kind = ANY($4::text[]) AND i.channel = ANY($5::text[])) AS found
        """,
        *([span[column] for span in spans] for column in range(3)), list(KINDS), list(CHANNELS),
    )


async def delete(db: Connection, visits: Sequence[tuple[bytes, datetime]]) -> None:
    """(identity, started_at)."""
    await db.executemany("DELETE FROM visit WHERE identity = $1 AND started_at = $2", visits)


async def put(db: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """(identity, started_at, ended_at, source, channel, events, pages, entry, exit, referrer, campaign, reach, seen)."""
    await db.executemany(
        """
        INSERT INTO visit (identity, started_at, ended_at, source, channel, events, pages, entry, exit, referrer, campaign, reach, seen)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        ON CONFLICT (identity, started_at) DO UPDATE
        SET ended_at = excluded.ended_at, events = excluded.events, pages = excluded.pages, entry = excluded.entry, exit = excluded.exit,
            referrer = excluded.referrer, campaign = excluded.campaign, reach = excluded.reach, seen = excluded.seen
        """,
        sorted(rows, key=lambda row: (row[0], row[1])),
    )


async def list_of(db: Connection, identities: Sequence[bytes], *, before: datetime | None, limit: int) -> list[asyncpg.Record]:
    """Visits of several identities, newest first."""
    return await db.fetch(
        """
        SELECT found.* FROM unnest($1::bytea[]) AS wanted (identity) CROSS JOIN LATERAL (
            SELECT * FROM visit v WHERE v.identity = wanted.identity AND ($2::timestamptz IS NULL OR v.started_at < $2)
            ORDER BY v.started_at DESC LIMIT $3) AS found
        ORDER BY found.started_at DESC LIMIT $3
        """,
        identities, before, limit,
    )


async def find_first_click(db: Connection, identities: Sequence[bytes]) -> datetime | None:
    """When an event of these identities that makes a visit happened first, also one that no visit knows yet."""
    found: datetime | None = await db.fetchval(
        """
        SELECT min(found.occurred_at) FROM unnest($1::bytea[]) AS wanted (identity) CROSS JOIN LATERAL (
            SELECT i.occurred_at FROM interaction i
            WHERE i.identity = wanted.identity AND i.kind = ANY($2::text[]) AND i.channel = ANY($3::text[])
            ORDER BY i.occurred_at LIMIT 1) AS found
        """,
        identities, list(KINDS), list(CHANNELS),
    )
    return found


async def count_orders(db: Connection, identities: Sequence[bytes]) -> int:
    """Orders these identities placed and did not cancel."""
    found: int = await db.fetchval(
        "SELECT count(*) FROM orders WHERE identity = ANY($1::bytea[]) AND placed AND status <> 'cancelled'", identities
    )
    return found
