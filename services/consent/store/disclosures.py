"""The public list of what is collected."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from chassis.database import Connection


class Collecting(NamedTuple):
    """A source: `mode` open or strict, the `purpose` all of it needs, if any, and those of single places."""

    source: str
    version: int
    name: str
    mode: str
    purpose: str | None
    declared: Mapping[str, str]


async def put_sources(db: Connection, sources: Sequence[Collecting]) -> None:
    """As they are now; an older version changes nothing."""
    await db.executemany(
        """
        INSERT INTO collecting_source AS c (source, version, name, mode, purpose, declared) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (source) DO UPDATE SET version = excluded.version, name = excluded.name, mode = excluded.mode, purpose = excluded.purpose,
            declared = excluded.declared
        WHERE c.version < excluded.version
        """,
        [(*one[:5], json.dumps(dict(one.declared))) for one in sources],
    )


async def put_field(db: Connection, *, source: str, place: str, at: datetime) -> None:
    """Collected since then; told again it changes nothing."""
    await db.execute(
        "INSERT INTO disclosed_field (source, place, first_seen) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", source, place, at
    )


async def all_sources(db: Connection) -> list[Collecting]:
    rows = await db.fetch("SELECT source, version, name, mode, purpose, declared FROM collecting_source ORDER BY name, source")
    return [
        Collecting(row["source"], row["version"], row["name"], row["mode"], row["purpose"], json.loads(row["declared"])) for row in rows
    ]


async def all_fields(db: Connection) -> list[tuple[str, str, datetime]]:
    """(source, place, first seen), in order."""
    return [tuple(row) for row in await db.fetch("SELECT source, place, first_seen FROM disclosed_field ORDER BY source, place")]
