"""Backtests and what they found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from chassis.database import Connection

_encode = msgspec.json.Encoder().encode


class Found(NamedTuple):
    """A message that somebody would have got, or not."""

    number: int
    customer_id: UUID
    at: datetime
    step: str
    channel: str
    outcome: str
    reason: str | None
    detail: Mapping[str, Any]


async def insert(db: Connection, *, backtest_id: UUID, journey_id: UUID, definition: Mapping[str, Any], since: datetime, until: datetime) -> None:
    await db.execute(
        "INSERT INTO journey_backtest (id, journey_id, definition, since, until, status, created_at) VALUES ($1, $2, $3::jsonb, $4, $5, 'waiting', now())",
        backtest_id, journey_id, _encode(definition).decode(), since, until,
    )


async def claim(db: Connection, *, lease: timedelta) -> dict[str, Any] | None:
    """One that waits, or that somebody left behind; it is run again from its beginning."""
    row = await db.fetchrow(
        """
        UPDATE journey_backtest SET status = 'running', lease_until = now() + $1::interval
        WHERE id = (SELECT id FROM journey_backtest WHERE status = 'waiting' OR (status = 'running' AND lease_until <= now())
            ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
        RETURNING *
        """,
        lease,
    )
    return None if row is None else _row(row)


async def keep_claim(db: Connection, backtest_id: UUID, *, lease: timedelta) -> None:
    await db.execute("UPDATE journey_backtest SET lease_until = now() + $2::interval WHERE id = $1", backtest_id, lease)


async def finish(db: Connection, backtest_id: UUID, *, found: Sequence[Found], result: Mapping[str, Any] | None, reason: str | None) -> None:
    """`reason`: why it failed."""
    await db.execute("DELETE FROM journey_backtest_message WHERE backtest_id = $1", backtest_id)
    await db.execute(
        """
        INSERT INTO journey_backtest_message SELECT $1, number, customer_id, at, step, channel, outcome, reason, detail::jsonb
        FROM unnest($2::int[], $3::uuid[], $4::timestamptz[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[])
            AS given (number, customer_id, at, step, channel, outcome, reason, detail)
        """,
        backtest_id, [one.number for one in found], [one.customer_id for one in found], [one.at for one in found], [one.step for one in found],
        [one.channel for one in found], [one.outcome for one in found], [one.reason for one in found], [_encode(one.detail).decode() for one in found],
    )
    await db.execute(
        "UPDATE journey_backtest SET status = $2, reason = $3, result = $4::jsonb, finished_at = now(), lease_until = NULL WHERE id = $1",
        backtest_id, "failed" if reason else "done", reason, _encode(result).decode() if result is not None else None,
    )


async def find(db: Connection, journey_id: UUID, backtest_id: UUID) -> dict[str, Any] | None:
    row = await db.fetchrow("SELECT * FROM journey_backtest WHERE journey_id = $1 AND id = $2", journey_id, backtest_id)
    return None if row is None else _row(row)


async def page(db: Connection, journey_id: UUID, *, after: UUID | None, limit: int) -> list[dict[str, Any]]:
    rows = await db.fetch(
        "SELECT * FROM journey_backtest WHERE journey_id = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3", journey_id, after, limit
    )
    return [_row(row) for row in rows]


async def messages(
    db: Connection, backtest_id: UUID, *, outcome: str | None, customer_id: UUID | None, after: int, limit: int
) -> list[dict[str, Any]]:
    rows = await db.fetch(
        """
        SELECT number, customer_id, at, step, channel, outcome, reason, detail FROM journey_backtest_message
        WHERE backtest_id = $1 AND number > $2 AND ($3::text IS NULL OR outcome = $3) AND ($4::uuid IS NULL OR customer_id = $4)
        ORDER BY number LIMIT $5
        """,
        backtest_id, after, outcome, customer_id, limit,
    )
    return [{**dict(row), "detail": msgspec.json.decode(row["detail"])} for row in rows]


def _row(row: Any) -> dict[str, Any]:
    values = dict(row)
    values["definition"] = msgspec.json.decode(values["definition"])
    values["result"] = msgspec.json.decode(values["result"]) if values["result"] else None
    return values
