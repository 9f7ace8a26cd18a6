"""SQL on scans for duplicates and the pairs they found."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from chassis.database import Connection


class Scan(NamedTuple):
    """A scan as stored."""

    id: UUID
    state: str
    created_at: datetime
    created_by: str
    started_at: datetime | None
    finished_at: datetime | None
    attempts: int
    progress: float
    profiles: int
    compared: int
    pairs: int
    likely: int
    error: str | None


class Pair(NamedTuple):
    """A pair as listed: the customers who answer now, beside those that were compared."""

    low_id: UUID
    high_id: UUID
    low_root: UUID
    high_root: UUID
    score: float
    household: float
    reasons: str
    group_id: UUID | None
    state: str
    found_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    decision_reason: str | None
    merge_id: UUID | None


_SCAN = ", ".join(Scan._fields)
_SCANS = f"SELECT {_SCAN} FROM duplicate_scan"  # noqa: S608 - constant columns
_LIST = """
SELECT p.low_id, p.high_id, one.root_id AS low_root, two.root_id AS high_root, p.score, p.household, p.reasons, p.group_id, p.state, p.found_at,
    p.decided_at, p.decided_by, p.decision_reason, p.merge_id
FROM duplicate_pair p JOIN customer one ON one.id = p.low_id JOIN customer two ON two.id = p.high_id
"""


async def insert_scan(db: Connection, *, scan_id: UUID, at: datetime, by: str) -> bool:
    """False when another one waits or runs."""
    status: str = await db.execute(
        "INSERT INTO duplicate_scan (id, state, created_at, created_by) VALUES ($1, 'queued', $2, $3) ON CONFLICT DO NOTHING", scan_id, at, by
    )
    return status.endswith(" 1")


async def find_scan(db: Connection, *, scan_id: UUID) -> Scan | None:
    row = await db.fetchrow(_SCANS + " WHERE id = $1", scan_id)
    return Scan(*row) if row else None


async def open_scan(db: Connection) -> Scan | None:
    """The one that waits or runs."""
    row = await db.fetchrow(_SCANS + " WHERE state IN ('queued', 'running')")
    return Scan(*row) if row else None


async def page_scans(db: Connection, *, before: UUID | None, limit: int) -> list[Scan]:
    """The newest first."""
    return [Scan(*row) for row in await db.fetch(_SCANS + " WHERE $1::uuid IS NULL OR id < $1 ORDER BY id DESC LIMIT $2", before, limit)]


async def begin_scan(db: Connection, *, scan_id: UUID, at: datetime) -> None:
    await db.execute(
        "UPDATE duplicate_scan SET state = 'running', started_at = $2, attempts = attempts + 1, progress = 0 WHERE id = $1", scan_id, at
    )


async def note_progress(db: Connection, *, scan_id: UUID, progress: float) -> None:
    await db.execute("UPDATE duplicate_scan SET progress = $2 WHERE id = $1", scan_id, progress)


async def settle_scan(
    db: Connection, *, scan_id: UUID, state: str, at: datetime, profiles: int = 0, compared: int = 0, pairs: int = 0, likely: int = 0,
    error: str | None = None,
) -> None:
    await db.execute(
        """
        UPDATE duplicate_scan SET state = $2, finished_at = $3, progress = CASE WHEN $2 = 'done' THEN 1 ELSE progress END,
            profiles = $4, compared = $5, pairs = $6, likely = $7, error = $8 WHERE id = $1
        """,
        scan_id, state, at, profiles, compared, pairs, likely, error,
    )


async def documents(db: Connection) -> AsyncIterator[tuple[UUID, str, str]]:
    """(root, type of the customer, traits) of all customers, those of one family after each other; inside a transaction."""
    rows = db.cursor(
        """
        SELECT c.root_id, r.type, c.traits FROM customer c JOIN customer r ON r.id = c.root_id
        WHERE c.traits <> '{}'::jsonb ORDER BY c.root_id, c.id
        """,
        prefetch=2000,
    )
    async for row in rows:
        yield row[0], row[1], row[2]


async def stage(db: Connection) -> None:
    """Where what a scan found waits until all of it is there."""
    await db.execute(
        """
        CREATE TEMPORARY TABLE found_pair (low_id uuid, high_id uuid, score real, household real, reasons text, group_id uuid) ON COMMIT DROP
        """
    )


async def add_staged(db: Connection, *, rows: Iterable[tuple[Any, ...]]) -> None:
    """(low, high, score, household, reasons as JSON, group)"""
    await db.copy_records_to_table("found_pair", records=rows, columns=("low_id", "high_id", "score", "household", "reasons", "group_id"))


async def take_staged(db: Connection, *, scan_id: UUID, at: datetime) -> None:
    """What was found counts: open pairs that were not found again are gone, decisions stay, and who is kept apart is not asked about."""
    await db.execute(
        """
        INSERT INTO duplicate_pair AS p (low_id, high_id, score, household, reasons, group_id, state, scan_id, found_at)
        SELECT low_id, high_id, score, household, reasons::jsonb, group_id, 'open', $1, $2 FROM found_pair f
        WHERE NOT EXISTS (SELECT FROM kept_apart k WHERE k.low_id = f.low_id AND k.high_id = f.high_id)
        ON CONFLICT (low_id, high_id) DO UPDATE SET score = excluded.score, household = excluded.household, reasons = excluded.reasons,
            group_id = excluded.group_id, scan_id = excluded.scan_id,
            state = CASE WHEN p.state = 'merged' THEN 'open' ELSE p.state END
        """,
        scan_id, at,
    )
    await db.execute("DELETE FROM duplicate_pair WHERE state = 'open' AND scan_id <> $1", scan_id)


async def list_pairs(
    db: Connection, *, state: str, least: float, customer: UUID | None, after: tuple[float, UUID, UUID] | None, limit: int
) -> list[Pair]:
    """Pairs in a state, the likeliest first; two who became one customer meanwhile are no question any more."""
    score, low, high = after or (None, None, None)
    rows = await db.fetch(
        _LIST + """
        WHERE p.state = $1 AND p.score >= $2::real AND (p.state <> 'open' OR one.root_id <> two.root_id)
          AND ($3::uuid IS NULL OR one.root_id = $3 OR two.root_id = $3 OR p.low_id = $3 OR p.high_id = $3)
          AND ($4::real IS NULL OR p.score < $4 OR (p.score = $4 AND (p.low_id, p.high_id) > ($5::uuid, $6::uuid)))
        ORDER BY p.score DESC, p.low_id, p.high_id LIMIT $7
        """,
        state, least, customer, score, low, high, limit,
    )
    return [Pair(*row) for row in rows]


async def find_pair(db: Connection, *, low: UUID, high: UUID) -> Pair | None:
    """One pair, locked."""
    row = await db.fetchrow(_LIST + " WHERE p.low_id = $1 AND p.high_id = $2 FOR UPDATE OF p", low, high)
    return Pair(*row) if row else None


async def decide(
    db: Connection, *, low: UUID, high: UUID, state: str, at: datetime, by: str, reason: str, merge_id: UUID | None
) -> None:
    await db.execute(
        """
        UPDATE duplicate_pair SET state = $3, decided_at = $4, decided_by = $5, decision_reason = $6, merge_id = $7
        WHERE low_id = $1 AND high_id = $2
        """,
        low, high, state, at, by, reason, merge_id,
    )


async def ask_again(db: Connection, *, merge_id: UUID) -> None:
    """The merge that a decision brought was taken back: the pair is a question again."""
    await db.execute(
        """
        UPDATE duplicate_pair SET state = 'open', decided_at = NULL, decided_by = NULL, decision_reason = NULL, merge_id = NULL WHERE merge_id = $1
        """,
        merge_id,
    )
