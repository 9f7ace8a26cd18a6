"""Fits of models, their artefacts and rules, in PostgreSQL."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from chassis.database import Connection

_COLUMNS: Final = (
    "fit_id, kind, name, version, state, options, progress, attempts, asked_by, asked_at, started_at, ended_at, error, method, source, data, quality, "
    "explanation, comparison, scored, in_use"
)
_JSON: Final = ("options", "data", "quality", "explanation", "comparison")


_OPEN: Final = f"SELECT {_COLUMNS} FROM model_fit WHERE state IN ('waiting', 'running') ORDER BY state, asked_at LIMIT 1"  # noqa: S608 - own names
_FIT: Final = f"SELECT {_COLUMNS} FROM model_fit WHERE fit_id = $1"  # noqa: S608 - own names
_VERSIONS: Final = (
    f"SELECT {_COLUMNS} FROM model_fit WHERE kind = $1 AND name = $2 AND version IS NOT NULL ORDER BY version DESC LIMIT $3"  # noqa: S608 - own names
)
_USED: Final = f"SELECT {_COLUMNS} FROM model_fit WHERE in_use ORDER BY kind, name"  # noqa: S608 - own names
_RANKED: Final = """
WITH own AS (SELECT customer_id, value, parts, changed_at, (parts->>'number')::double precision AS number FROM score WHERE score = $1),
whole AS (SELECT sum(greatest(number, 0)) AS total FROM own)
SELECT customer_id, value, number, parts, changed_at, greatest(number, 0) / nullif(w.total, 0) AS share FROM own, whole w
WHERE $2::text IS NULL OR value = $2 ORDER BY CASE WHEN $5::boolean THEN number ELSE -number END NULLS LAST, customer_id LIMIT $3 OFFSET $4
"""


def _read(row: Any) -> dict[str, Any]:
    return dict(row) | {name: json.loads(row[name]) for name in _JSON}


async def insert_fit(db: Connection, *, fit_id: UUID, kind: str, name: str, options: dict[str, Any], by: str, at: datetime) -> bool:
    """False while another fit of this model waits or runs."""
    done = await db.execute(
        """
        INSERT INTO model_fit (fit_id, kind, name, state, options, asked_by, asked_at) VALUES ($1, $2, $3, 'waiting', $4, $5, $6)
        ON CONFLICT DO NOTHING
        """,
        fit_id, kind, name, json.dumps(options), by, at,
    )
    return done == "INSERT 0 1"


async def open_fit(db: Connection) -> dict[str, Any] | None:
    """The one to work on: cut off first, then the one that waits longest."""
    row = await db.fetchrow(_OPEN)
    return None if row is None else _read(row)


async def begin_fit(db: Connection, *, fit_id: UUID, at: datetime) -> None:
    await db.execute("UPDATE model_fit SET state = 'running', attempts = attempts + 1, started_at = $2, progress = 0 WHERE fit_id = $1", fit_id, at)


async def note_progress(db: Connection, *, fit_id: UUID, progress: float) -> None:
    await db.execute("UPDATE model_fit SET progress = $2 WHERE fit_id = $1", fit_id, progress)


async def fail_fit(db: Connection, *, fit_id: UUID, error: str, at: datetime) -> None:
    await db.execute("UPDATE model_fit SET state = 'failed', error = $2, ended_at = $3 WHERE fit_id = $1", fit_id, error, at)


async def settle_fit(
    db: Connection, *, fit_id: UUID, kind: str, name: str, result: dict[str, Any], artefact: bytes, use: bool, at: datetime
) -> int:
    """Keep what came out and give it the next version of its model; returns that. With `use` it takes the place of the one in use."""
    if use:
        await db.execute("UPDATE model_fit SET in_use = false WHERE kind = $1 AND name = $2 AND in_use", kind, name)
    version = await db.fetchval(
        """
        UPDATE model_fit SET state = 'done', progress = 1, ended_at = $4, artefact = $5, in_use = $6, method = $7, source = $8, data = $9, quality = $10,
          explanation = $11, comparison = $12, scored = $13,
          version = (SELECT coalesce(max(version), 0) + 1 FROM model_fit WHERE kind = $2 AND name = $3)
        WHERE fit_id = $1 RETURNING version
        """,
        fit_id, kind, name, at, artefact, use, result["method"], result["source"], json.dumps(result["data"]), json.dumps(result["quality"]),
        json.dumps(result["explanation"]), json.dumps(result["comparison"]), result["scored"] if use else 0,
    )
    return int(version)


async def find_fit(db: Connection, fit_id: UUID) -> dict[str, Any] | None:
    row = await db.fetchrow(_FIT, fit_id)
    return None if row is None else _read(row)


async def versions(db: Connection, *, kind: str, name: str, limit: int = 200) -> list[dict[str, Any]]:
    """The newest first."""
    rows = await db.fetch(_VERSIONS, kind, name, limit)
    return [_read(row) for row in rows]


async def models_in_use(db: Connection) -> list[dict[str, Any]]:
    rows = await db.fetch(_USED)
    return [_read(row) for row in rows]


async def artefact_in_use(db: Connection, *, kind: str, name: str) -> bytes | None:
    found: bytes | None = await db.fetchval("SELECT artefact FROM model_fit WHERE kind = $1 AND name = $2 AND in_use", kind, name)
    return found


async def rules(db: Connection, kind: str) -> dict[str, Any] | None:
    """The newest rules somebody set, or None."""
    row = await db.fetchrow("SELECT version, rules, set_at, set_by FROM model_rules WHERE kind = $1 ORDER BY version DESC LIMIT 1", kind)
    return None if row is None else dict(row) | {"rules": json.loads(row["rules"])}


async def put_rules(db: Connection, *, kind: str, given: dict[str, Any], at: datetime, by: str) -> int:
    """Add a version; returns its number."""
    version = await db.fetchval(
        """
        INSERT INTO model_rules (kind, version, rules, set_at, set_by)
        SELECT $1, coalesce(max(version), 0) + 1, $2, $3, $4 FROM model_rules WHERE kind = $1 RETURNING version
        """,
        kind, json.dumps(given), at, by,
    )
    return int(version)


async def ranked(db: Connection, *, score: str, value: str | None, start: int, limit: int, ascending: bool) -> list[dict[str, Any]]:
    """Customers by a score's number, with rank and share of the total of what is above nothing."""
    rows = await db.fetch(_RANKED, score, value, limit, start, ascending)
    return [
        dict(row) | {"parts": json.loads(row["parts"]), "rank": start + place} for place, row in enumerate(rows, 1)
    ]


async def counted(db: Connection, *, score: str, since: datetime) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """(customers and sum of the numbers by value, transitions since a moment by from and to)."""
    groups = await db.fetch(
        """
        SELECT value, count(*) AS customers, sum((parts->>'number')::double precision) AS total FROM score WHERE score = $1 GROUP BY value
        ORDER BY count(*) DESC, value LIMIT 100
        """,
        score,
    )
    moves = await db.fetch(
        """
        SELECT previous, value, count(*) AS customers FROM score_change WHERE score = $1 AND changed_at >= $2 GROUP BY previous, value
        ORDER BY count(*) DESC, previous, value LIMIT 100
        """,
        score, since,
    )
    return [dict(row) for row in groups], [dict(row) for row in moves]


async def history(db: Connection, customer_id: UUID, *, score: str | None, limit: int) -> list[dict[str, Any]]:
    """Dated transitions of a customer, the newest first."""
    rows = await db.fetch(
        """
        SELECT score, value, previous, parts, changed_at FROM score_change WHERE customer_id = $1 AND ($2::text IS NULL OR score = $2)
        ORDER BY changed_at DESC, score LIMIT $3
        """,
        customer_id, score, limit,
    )
    return [dict(row) | {"parts": json.loads(row["parts"])} for row in rows]
