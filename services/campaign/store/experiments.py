"""Tests of campaigns' arms."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from chassis.database import Connection

_encode = msgspec.json.Encoder().encode


class Experiment(NamedTuple):
    """`arms`: name, weight, template_id, template_version; the first is the control. `seen`: smallest p-values by pair."""

    id: UUID
    name: str
    campaign_id: UUID
    metric: str
    arms: list[dict[str, Any]]
    test_percent: float
    alpha: float
    smallest_effect: float
    automatic: bool
    decide_hours: float
    status: str
    decide_by: datetime | None
    seen: dict[str, float]
    winner: str | None
    significant: bool | None
    decided_at: datetime | None
    created_at: datetime


async def insert(db: Connection, one: Experiment) -> bool:
    """False when the campaign has a test already."""
    written = await db.fetchval(
        """
        INSERT INTO experiment (id, name, campaign_id, metric, arms, test_percent, alpha, smallest_effect, automatic, decide_hours, status, seen, created_at)
        VALUES ($1, $2, $3, $4, $5::jsonb, $6, $7, $8, $9, $10, $11, '{}', $12) ON CONFLICT (campaign_id) DO NOTHING RETURNING true
        """,
        one.id, one.name, one.campaign_id, one.metric, _encode(one.arms).decode(), one.test_percent, one.alpha, one.smallest_effect, one.automatic,
        one.decide_hours, one.status, one.created_at,
    )
    return bool(written)


async def find(db: Connection, experiment_id: UUID, *, lock: bool = False) -> Experiment | None:
    row = await db.fetchrow(
        "SELECT * FROM experiment WHERE id = $1 FOR UPDATE" if lock else "SELECT * FROM experiment WHERE id = $1", experiment_id
    )
    return None if row is None else _experiment(row)


async def of_campaign(db: Connection, campaign_id: UUID) -> Experiment | None:
    row = await db.fetchrow("SELECT * FROM experiment WHERE campaign_id = $1", campaign_id)
    return None if row is None else _experiment(row)


async def page(db: Connection, *, after: UUID | None, limit: int) -> list[Experiment]:
    rows = await db.fetch("SELECT * FROM experiment WHERE $1::uuid IS NULL OR id < $1 ORDER BY id DESC LIMIT $2", after, limit)
    return [_experiment(row) for row in rows]


async def running(db: Connection) -> list[Experiment]:
    rows = await db.fetch("SELECT * FROM experiment WHERE status = 'running' AND decide_by IS NOT NULL ORDER BY id")
    return [_experiment(row) for row in rows]


async def begin(db: Connection, experiment_id: UUID, *, decide_by: datetime) -> datetime:
    """When it is decided at the latest: counted from its first message."""
    found: datetime = await db.fetchval(
        "UPDATE experiment SET decide_by = coalesce(decide_by, $2) WHERE id = $1 RETURNING decide_by", experiment_id, decide_by
    )
    return found


async def keep_look(db: Connection, experiment_id: UUID, *, seen: Mapping[str, float]) -> None:
    await db.execute("UPDATE experiment SET seen = $2::jsonb WHERE id = $1", experiment_id, _encode(dict(seen)).decode())


async def decide(db: Connection, experiment_id: UUID, *, winner: str, significant: bool, at: datetime) -> None:
    await db.execute(
        "UPDATE experiment SET status = 'decided', winner = $2, significant = $3, decided_at = $4 WHERE id = $1", experiment_id, winner, significant, at
    )


async def give_rest(db: Connection, *, campaign_id: UUID, template_id: UUID, template_version: int) -> int:
    """Those who waited for the decision get the winner, at once; returns how many."""
    status = await db.execute(
        """
        UPDATE message SET template_id = $2, template_version = $3, retry_at = NULL
        WHERE origin_id = $1 AND arm = 'rest' AND state = 'planned' AND attempts = 0
        """,
        campaign_id, template_id, template_version,
    )
    return int(status.rpartition(" ")[2])


def _experiment(row: Any) -> Experiment:
    values = {name: row[name] for name in Experiment._fields}
    values["arms"], values["seen"] = msgspec.json.decode(row["arms"]), msgspec.json.decode(row["seen"])
    return Experiment(**values)
