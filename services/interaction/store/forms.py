"""SQL of forms."""

from __future__ import annotations

from datetime import datetime

import asyncpg

from chassis.database import Connection


async def add_version(db: Connection, *, slug: str, definition: str, now: datetime) -> int:
    """A new version, not yet published; its number."""
    version: int = await db.fetchval(
        """
        INSERT INTO form (slug, newest, updated_at) VALUES ($1, 1, $2)
        ON CONFLICT (slug) DO UPDATE SET newest = form.newest + 1, updated_at = excluded.updated_at RETURNING newest
        """,
        slug, now,
    )
    await db.execute("INSERT INTO form_version (slug, version, definition, created_at) VALUES ($1, $2, $3, $4)", slug, version, definition, now)
    return version


async def publish(db: Connection, *, slug: str, version: int | None, now: datetime) -> bool:
    """Show a version to visitors, or none; whether there is such a form and version."""
    done: str = await db.execute(
        """
        UPDATE form SET published = $2, updated_at = $3 WHERE slug = $1
          AND ($2::int IS NULL OR EXISTS (SELECT FROM form_version v WHERE v.slug = $1 AND v.version = $2))
        """,
        slug, version, now,
    )
    return done == "UPDATE 1"


_SHOWN = "SELECT f.*, v.version, v.definition, v.created_at FROM form f JOIN form_version v USING (slug)"


async def find_form(db: Connection, slug: str, *, version: int | None) -> asyncpg.Record | None:
    """One version, the newest for None."""
    return await db.fetchrow(_SHOWN + " WHERE f.slug = $1 AND v.version = coalesce($2::int, f.newest)", slug, version)


async def find_published(db: Connection, slug: str) -> asyncpg.Record | None:
    """What visitors see."""
    return await db.fetchrow(_SHOWN + " WHERE f.slug = $1 AND v.version = f.published", slug)


async def list_forms(db: Connection) -> list[asyncpg.Record]:
    """The newest version of each."""
    return await db.fetch(_SHOWN + " WHERE v.version = f.newest ORDER BY f.slug")
