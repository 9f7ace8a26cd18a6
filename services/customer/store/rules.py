"""SQL on identity rules: every version of the document."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, NamedTuple

from chassis.database import Connection


class Row(NamedTuple):
    """A version of the rules."""

    version: int
    document: dict[str, Any]
    reason: str
    changed_at: datetime
    changed_by: str


async def newest_version(db: Connection) -> int:
    """0 while nobody changed the rules."""
    found: int | None = await db.fetchval("SELECT max(version) FROM identity_rules")
    return found or 0


async def page(db: Connection, *, before: int | None, limit: int) -> list[Row]:
    """Versions, the newest first."""
    rows = await db.fetch(
        """
        SELECT version, document, reason, changed_at, changed_by FROM identity_rules
        WHERE $1::int IS NULL OR version < $1 ORDER BY version DESC LIMIT $2
        """,
        before, limit,
    )
    return [Row(version, json.loads(document), *rest) for version, document, *rest in rows]


async def insert(db: Connection, *, row: Row) -> bool:
    """False when somebody else wrote this version meanwhile."""
    made = await db.fetchval(
        """
        INSERT INTO identity_rules (version, document, reason, changed_at, changed_by) VALUES ($1, $2::jsonb, $3, $4, $5)
        ON CONFLICT DO NOTHING RETURNING version
        """,
        row.version, json.dumps(row.document), row.reason, row.changed_at, row.changed_by,
    )
    return made is not None
