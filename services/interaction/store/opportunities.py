"""SQL of pipelines, opportunities, quotes and the forecast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import asyncpg

from chassis.database import Connection
from services.interaction.store import rows

COLUMNS: Final = (
    "id", "customer_id", "lead_id", "pipeline", "stage", "title", "value_minor", "currency", "probability", "own_probability", "category",
    "own_category", "expected_close", "products", "employee_id", "team_id", "state", "reason", "closed_at", "stage_since", "stage_due",
    "created_at", "updated_at", "version",
)
CHANGED: Final = (
    "stage", "title", "value_minor", "currency", "probability", "own_probability", "category", "own_category", "expected_close", "products",
    "employee_id", "team_id", "state", "reason", "closed_at", "stage_since", "stage_due", "late_told_at", "updated_at",
)
_INSERT: Final = rows.insert("opportunity", COLUMNS)
_UPDATE: Final = rows.update("opportunity", CHANGED)
_SHOWN: Final = """
    SELECT o.*, s.id AS next_step_id, s.due_at AS next_step_at, p.next_step_required FROM opportunity o JOIN pipeline p ON p.id = o.pipeline
    LEFT JOIN LATERAL (
        SELECT id, due_at FROM task t WHERE t.opportunity_id = o.id AND t.state = 'open' ORDER BY due_at NULLS LAST, id LIMIT 1) s ON true
"""
QUOTE_COLUMNS: Final = (
    "id", "opportunity_id", "number", "value_minor", "currency", "products", "valid_until", "state", "follow_up_id", "sent_at",
)
_INSERT_QUOTE: Final = rows.insert("quote", QUOTE_COLUMNS, "ON CONFLICT (opportunity_id, number) DO NOTHING RETURNING id")


async def find_pipeline(db: Connection, name: str, *, share: bool = False) -> asyncpg.Record | None:
    """`share`: its stages stay as they are until the end of the transaction."""
    return await db.fetchrow("SELECT * FROM pipeline WHERE id = $1 FOR SHARE" if share else "SELECT * FROM pipeline WHERE id = $1", name)


async def list_pipelines(db: Connection) -> list[asyncpg.Record]:
    return await db.fetch("SELECT * FROM pipeline ORDER BY id")


async def put_pipeline(db: Connection, *, name: str, title: str, stages: str, next_step_required: bool, now: datetime) -> None:
    await db.execute(
        """
        INSERT INTO pipeline (id, name, stages, next_step_required, version, updated_at) VALUES ($1, $2, $3, $4, 1, $5)
        ON CONFLICT (id) DO UPDATE SET name = excluded.name, stages = excluded.stages, next_step_required = excluded.next_step_required,
            version = pipeline.version + 1, updated_at = excluded.updated_at
        """,
        name, title, stages, next_step_required, now,
    )


async def list_used_stages(db: Connection, pipeline: str) -> list[str]:
    """Stages in which a deal is."""
    return [row["stage"] for row in await db.fetch("SELECT DISTINCT stage FROM opportunity WHERE pipeline = $1", pipeline)]


async def follow_stage(db: Connection, *, pipeline: str, stage: str, probability: int, category: str, days: int | None) -> None:
    """What a stage says now counts for the deals in it that say nothing themselves."""
    await db.execute(
        """
        UPDATE opportunity SET probability = CASE WHEN own_probability THEN probability ELSE $3 END,
            category = CASE WHEN own_category THEN category ELSE $4 END, stage_due = stage_since + make_interval(days => $5::int)
        WHERE pipeline = $1 AND stage = $2 AND state = 'open'
        """,
        pipeline, stage, probability, category, days,
    )


async def insert_opportunity(db: Connection, row: Mapping[str, Any]) -> None:
    await db.execute(_INSERT, *(row.get(name) for name in COLUMNS))


async def find_opportunity(db: Connection, opportunity_id: UUID, *, lock: bool = False) -> asyncpg.Record | None:
    """With its next step."""
    if lock:
        await db.execute("SELECT FROM opportunity WHERE id = $1 FOR UPDATE", opportunity_id)
    return await db.fetchrow(_SHOWN + " WHERE o.id = $1", opportunity_id)


async def update_opportunity(db: Connection, row: Mapping[str, Any]) -> None:
    await db.execute(_UPDATE, row["id"], *(row[name] for name in CHANGED))


async def enter_stage(db: Connection, *, opportunity_id: UUID, stage: str, at: datetime, moved_by: str) -> None:
    """The stay before ends, the next begins."""
    await db.execute("UPDATE opportunity_stage SET left_at = $2 WHERE opportunity_id = $1 AND left_at IS NULL", opportunity_id, at)
    await db.execute(
        """
        INSERT INTO opportunity_stage (opportunity_id, number, stage, entered_at, moved_by)
        SELECT $1, coalesce(max(number), 0) + 1, $2, $3, $4 FROM opportunity_stage WHERE opportunity_id = $1
        """,
        opportunity_id, stage, at, moved_by,
    )


async def list_stays(db: Connection, opportunity_id: UUID) -> list[asyncpg.Record]:
    return await db.fetch("SELECT * FROM opportunity_stage WHERE opportunity_id = $1 ORDER BY number", opportunity_id)


async def cancel_steps(db: Connection, *, opportunity_id: UUID, now: datetime) -> None:
    """A closed deal has nothing to do any more."""
    await db.execute(
        "UPDATE task SET state = 'cancelled', updated_at = $2, version = version + 1 WHERE opportunity_id = $1 AND state = 'open'", opportunity_id, now
    )


async def list_opportunities(
    db: Connection, *, customers: Sequence[UUID] | None, pipeline: str | None, stage: str | None, state: str | None, employee_id: UUID | None,
    team_id: UUID | None, stalled: bool, now: datetime, before: tuple[datetime, UUID] | None, limit: int,
) -> list[asyncpg.Record]:
    """Newest first; `stalled`: open ones that are too long in their stage or have no next step."""
    before_at, before_id = before or (None, None)
    return await db.fetch(
        _SHOWN + """
        WHERE ($1::uuid[] IS NULL OR o.customer_id = ANY($1)) AND ($2::text IS NULL OR o.pipeline = $2) AND ($3::text IS NULL OR o.stage = $3)
          AND ($4::text IS NULL OR o.state = $4) AND ($5::uuid IS NULL OR o.employee_id = $5) AND ($6::uuid IS NULL OR o.team_id = $6)
          AND (NOT $7 OR (o.state = 'open' AND (o.stage_due < $8 OR (p.next_step_required AND s.id IS NULL))))
          AND ($9::timestamptz IS NULL OR (o.created_at, o.id) < ($9, $10::uuid))
        ORDER BY o.created_at DESC, o.id DESC LIMIT $11
        """,
        customers, pipeline, stage, state, employee_id, team_id, stalled, now, before_at, before_id, limit,
    )


async def take_stalled(db: Connection, *, now: datetime, limit: int) -> list[asyncpg.Record]:
    """Mark open deals that stalled and nobody was told of, and return them with the reason: `late` or `idle`."""
    late = await db.fetch(
        """
        WITH found AS (
            SELECT id FROM opportunity WHERE state = 'open' AND stage_due <= $1 AND late_told_at IS NULL
            ORDER BY stage_due LIMIT $2 FOR UPDATE SKIP LOCKED)
        UPDATE opportunity o SET late_told_at = $1 FROM found WHERE o.id = found.id RETURNING o.*, 'late' AS why
        """,
        now, limit,
    )
    idle = await db.fetch(
        """
        WITH found AS (
            SELECT o.id FROM opportunity o JOIN pipeline p ON p.id = o.pipeline AND p.next_step_required
            WHERE o.state = 'open' AND o.idle_told_at IS NULL
              AND NOT EXISTS (SELECT FROM task t WHERE t.opportunity_id = o.id AND t.state = 'open')
            ORDER BY o.id LIMIT $2 FOR UPDATE OF o SKIP LOCKED)
        UPDATE opportunity o SET idle_told_at = $1 FROM found WHERE o.id = found.id RETURNING o.*, 'idle' AS why
        """,
        now, limit,
    )
    await db.execute(
        """
        UPDATE opportunity o SET idle_told_at = NULL WHERE state = 'open' AND idle_told_at IS NOT NULL
          AND EXISTS (SELECT FROM task t WHERE t.opportunity_id = o.id AND t.state = 'open')
        """
    )
    return [*late, *idle]


async def forecast(
    db: Connection, *, pipeline: str | None, employee_id: UUID | None, team_id: UUID | None, since: date, until: date
) -> list[asyncpg.Record]:
    """(month, currency, state, category, count, value, hundredths): open deals by the month they are expected in, won ones by that of the win."""
    return await db.fetch(
        """
        SELECT date_trunc('month', day)::date AS month, currency, state, category, count(*)::int AS count, sum(value_minor)::bigint AS value,
            sum(value_minor::numeric * probability) AS hundredths
        FROM (
            SELECT currency, state, category, value_minor, probability,
                CASE WHEN state = 'won' THEN (closed_at AT TIME ZONE 'UTC')::date ELSE expected_close END AS day
            FROM opportunity WHERE state IN ('open', 'won') AND ($1::text IS NULL OR pipeline = $1)
              AND ($2::uuid IS NULL OR employee_id = $2) AND ($3::uuid IS NULL OR team_id = $3)) AS deal
        WHERE day >= $4 AND day < $5 GROUP BY 1, 2, 3, 4
        """,
        pipeline, employee_id, team_id, since, until,
    )


async def insert_quote(db: Connection, row: Mapping[str, Any]) -> bool:
    """Whether its number is new for the deal."""
    return await db.fetchval(_INSERT_QUOTE, *(row.get(name) for name in QUOTE_COLUMNS)) is not None


async def list_quotes(db: Connection, opportunity_id: UUID) -> list[asyncpg.Record]:
    return await db.fetch("SELECT * FROM quote WHERE opportunity_id = $1 ORDER BY sent_at, id", opportunity_id)


async def answer_quote(db: Connection, *, opportunity_id: UUID, quote_id: UUID, state: str, now: datetime) -> asyncpg.Record | None:
    """Set the answer of a quote that has none, and cancel its follow-up; None when there is no such quote."""
    row = await db.fetchrow("SELECT * FROM quote WHERE id = $1 AND opportunity_id = $2 FOR UPDATE", quote_id, opportunity_id)
    if row is not None and row["state"] == "sent":
        await db.execute("UPDATE quote SET state = $2, answered_at = $3 WHERE id = $1", quote_id, state, now)
        await db.execute(
            "UPDATE task SET state = 'cancelled', updated_at = $2, version = version + 1 WHERE id = $1 AND state = 'open'", row["follow_up_id"], now
        )
    return row
