"""Content blocks and product feeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from chassis.database import Connection

_encode = msgspec.json.Encoder().encode


async def all_sources(db: Connection) -> dict[str, dict[str, str]]:
    """Name -> locale -> source."""
    rows = await db.fetch("SELECT name, locales FROM content_block")
    return {row["name"]: msgspec.json.decode(row["locales"]) for row in rows}


async def put(db: Connection, *, name: str, locales: Mapping[str, str], by: str, at: datetime) -> int:
    """Write a block; returns its version."""
    version: int = await db.fetchval(
        """
        INSERT INTO content_block AS b (name, version, locales, updated_by, updated_at) VALUES ($1, 1, $2::jsonb, $3, $4)
        ON CONFLICT (name) DO UPDATE SET version = b.version + 1, locales = excluded.locales, updated_by = excluded.updated_by,
            updated_at = excluded.updated_at
        RETURNING version
        """,
        name, _encode(dict(locales)).decode(), by, at,
    )
    return version


async def find(db: Connection, name: str) -> dict[str, Any] | None:
    row = await db.fetchrow("SELECT * FROM content_block WHERE name = $1", name)
    return None if row is None else {**dict(row), "locales": msgspec.json.decode(row["locales"])}


async def list_all(db: Connection, *, after: str | None, limit: int) -> list[dict[str, Any]]:
    rows = await db.fetch("SELECT * FROM content_block WHERE $1::text IS NULL OR name > $1 ORDER BY name LIMIT $2", after, limit)
    return [{**dict(row), "locales": msgspec.json.decode(row["locales"])} for row in rows]


async def put_feed(
    db: Connection, *, name: str, url: str | None, refresh_seconds: int, items: Sequence[Mapping[str, Any]] | None, at: datetime
) -> None:
    """Write a feed; without items it keeps those it has."""
    await db.execute(
        """
        INSERT INTO product_feed AS f (name, url, refresh_seconds, items, updated_at) VALUES ($1, $2, $3, coalesce($4::jsonb, '[]'), $5)
        ON CONFLICT (name) DO UPDATE SET url = excluded.url, refresh_seconds = excluded.refresh_seconds,
            items = coalesce($4::jsonb, f.items), updated_at = excluded.updated_at, tried_at = NULL, problem = NULL
        """,
        name, url, refresh_seconds, _encode(list(items)).decode() if items is not None else None, at,
    )


async def find_feed(db: Connection, name: str) -> dict[str, Any] | None:
    row = await db.fetchrow("SELECT * FROM product_feed WHERE name = $1", name)
    return None if row is None else _feed(row)


async def feed_items(db: Connection, names: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    rows = await db.fetch("SELECT name, items FROM product_feed WHERE name = ANY($1::text[])", list(names))
    return {row["name"]: msgspec.json.decode(row["items"]) for row in rows}


async def due_feeds(db: Connection) -> list[dict[str, Any]]:
    """Feeds that are to be fetched now."""
    rows = await db.fetch(
        """
        SELECT * FROM product_feed WHERE url IS NOT NULL
            AND (tried_at IS NULL OR tried_at <= now() - make_interval(secs => refresh_seconds)) ORDER BY name LIMIT 20
        """
    )
    return [_feed(row) for row in rows]


async def note_fetch(db: Connection, *, name: str, items: Sequence[Mapping[str, Any]] | None, problem: str | None) -> None:
    """What came of fetching: new items, or why there are none; then the old ones stay."""
    await db.execute(
        """
        UPDATE product_feed SET tried_at = now(), problem = $3, items = coalesce($2::jsonb, items),
            fetched_at = CASE WHEN $2 IS NULL THEN fetched_at ELSE now() END
        WHERE name = $1
        """,
        name, _encode(list(items)).decode() if items is not None else None, problem,
    )


def _feed(row: Any) -> dict[str, Any]:
    return {**dict(row), "items": msgspec.json.decode(row["items"])}
