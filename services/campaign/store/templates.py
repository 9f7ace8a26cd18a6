"""Templates and their versions."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from chassis.database import Connection
from services.campaign.domain.compiling import Compiled
from services.campaign.domain.entities import Template


async def insert(db: Connection, *, template_id: UUID, name: str, at: datetime) -> None:
    await db.execute(
        "INSERT INTO template (id, name, version, created_at, updated_at) VALUES ($1, $2, 0, $3, $3)", template_id, name, at
    )


async def lock_version(db: Connection, template_id: UUID) -> int | None:
    """The newest version number, its row locked; None when there is no such template."""
    found: int | None = await db.fetchval("SELECT version FROM template WHERE id = $1 FOR UPDATE", template_id)
    return found


async def insert_version(
    db: Connection, *, template_id: UUID, version: int, name: str, fallback: Sequence[str], locales: Mapping[str, Any],
    compiled: Mapping[str, Compiled], form: str, blocks: Sequence[str], at: datetime,
) -> None:
    """Add a version and make it the newest."""
    await db.execute(
        """
        INSERT INTO template_version (template_id, version, fallback, locales, compiled, created_at, form, blocks)
        VALUES ($1, $2, $3, $4::jsonb, $5::jsonb, $6, $7, $8)
        """,
        template_id, version, list(fallback), msgspec.json.encode(locales).decode(), msgspec.json.encode(compiled).decode(), at, form,
        list(blocks),
    )
    await db.execute("UPDATE template SET version = $2, name = $3, updated_at = $4 WHERE id = $1", template_id, version, name, at)


async def find(db: Connection, template_id: UUID, version: int | None = None) -> Template | None:
    """One version, the newest without `version`."""
    row = await db.fetchrow(
        """
        SELECT t.id, t.name, v.version, v.fallback, v.locales, v.compiled, v.form, t.created_at, v.created_at AS updated_at
        FROM template t JOIN template_version v ON v.template_id = t.id AND v.version = coalesce($2, t.version) WHERE t.id = $1
        """,
        template_id, version,
    )
    return None if row is None else _template(row)


async def find_versions(db: Connection, wanted: Collection[tuple[UUID, int]]) -> dict[tuple[UUID, int], Template]:
    """Those of the versions there are."""
    rows = await db.fetch(
        """
        SELECT t.id, t.name, v.version, v.fallback, v.locales, v.compiled, v.form, t.created_at, v.created_at AS updated_at
        FROM unnest($1::uuid[], $2::int[]) AS wanted (template_id, version) JOIN template_version v USING (template_id, version)
        JOIN template t ON t.id = v.template_id
        """,
        [template_id for template_id, _ in wanted], [version for _, version in wanted],
    )
    return {(row["id"], row["version"]): _template(row) for row in rows}


async def page(db: Connection, *, after: UUID | None, limit: int) -> list[Template]:
    """Newest first, below the id `after`."""
    rows = await db.fetch(
        """
        SELECT t.id, t.name, v.version, v.fallback, v.locales, v.compiled, v.form, t.created_at, v.created_at AS updated_at
        FROM template t JOIN template_version v ON v.template_id = t.id AND v.version = t.version
        WHERE $1::uuid IS NULL OR t.id < $1 ORDER BY t.id DESC LIMIT $2
        """,
        after, limit,
    )
    return [_template(row) for row in rows]


async def using_block(db: Connection, name: str) -> list[Template]:
    """Templates whose newest version holds a block."""
    rows = await db.fetch(
        """
        SELECT t.id, t.name, v.version, v.fallback, v.locales, v.compiled, v.form, t.created_at, v.created_at AS updated_at
        FROM template t JOIN template_version v ON v.template_id = t.id AND v.version = t.version WHERE $1 = ANY(v.blocks) ORDER BY t.id
        """,
        name,
    )
    return [_template(row) for row in rows]


def _template(row: Any) -> Template:
    return Template(
        id=row["id"], name=row["name"], version=row["version"], fallback=list(row["fallback"]),
        locales=msgspec.json.decode(row["locales"]), compiled=msgspec.json.decode(row["compiled"], type=dict[str, Compiled]),
        created_at=row["created_at"], updated_at=row["updated_at"], form=row["form"],
    )
