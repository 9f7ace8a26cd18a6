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


async def insert(
    db: Connection, *, backtest_id: UUID, journey_id: UUID, definition: Mapping[str, Any], since: datetime, until: datetime,
    costs: Mapping[str, Any] | None, people: Sequence[tuple[UUID, datetime]],
) -> None:
    await db.execute(
        """
        INSERT INTO journey_backtest (id, journey_id, definition, since, until, costs, status, created_at)
        VALUES ($1, $2, $3::jsonb, $4, $5, $6::jsonb, 'waiting', now())
        """,
        backtest_id, journey_id, _encode(definition).decode(), since, until, _encode(costs).decode() if costs is not None else None,
    )
    await db.execute(
        "INSERT INTO journey_backtest_person SELECT $1, * FROM unnest($2::uuid[], $3::timestamptz[]) ON CONFLICT DO NOTHING",
        backtest_id, [one for one, _ in people], [at for _, at in people],
    )


async def named(db: Connection, backtest_id: UUID) -> list[tuple[UUID, datetime]]:
    """Whom somebody would have let in by the API, and when."""
    rows = await db.fetch("SELECT customer_id, at FROM journey_backtest_person WHERE backtest_id = $1 ORDER BY at, customer_id", backtest_id)
    return [(row["customer_id"], row["at"]) for row in rows]


async def let_in(db: Connection, journey_id: UUID, *, since: datetime, until: datetime) -> list[tuple[UUID, datetime, dict[str, Any]]]:
    """Who really came into a journey between two times, and with what."""
    rows = await db.fetch(
        "SELECT customer_id, entered_at, data FROM journey_person WHERE journey_id = $1 AND entered_at >= $2 AND entered_at < $3 ORDER BY entered_at, id",
        journey_id, since, until,
    )
    return [(row["customer_id"], row["entered_at"], msgspec.json.decode(row["data"])) for row in rows]


async def note_segment_move(db: Connection, *, segment_id: str, customer_id: UUID, entered: bool, at: datetime) -> None:
    """Somebody entered or left a segment; told twice it is there once."""
    await db.execute("INSERT INTO segment_move VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING", segment_id, customer_id, at, entered)


async def segment_moves(db: Connection, segment_id: str, *, entered: bool, since: datetime, until: datetime) -> list[tuple[UUID, datetime]]:
    rows = await db.fetch(
        "SELECT customer_id, at FROM segment_move WHERE segment_id = $1 AND entered = $2 AND at >= $3 AND at < $4 ORDER BY at, customer_id",
        segment_id, entered, since, until,
    )
    return [(row["customer_id"], row["at"]) for row in rows]


async def segment_known_since(db: Connection, segment_id: str) -> datetime | None:
    """The first time anybody is known to have entered or left; None: nothing is recorded of this segment."""
    found: datetime | None = await db.fetchval("SELECT min(at) FROM segment_move WHERE segment_id = $1", segment_id)
    return found


async def last_segment_move(db: Connection, segment_id: str, *, customer_ids: Sequence[UUID], until: datetime) -> tuple[bool, datetime] | None:
    """(entered, when): the last recorded move of a person before a time; None: there is none."""
    row = await db.fetchrow(
        """
        SELECT entered, at FROM segment_move WHERE segment_id = $1 AND customer_id = ANY($2::uuid[]) AND at <= $3 ORDER BY at DESC, entered DESC LIMIT 1
        """,
        segment_id, list(customer_ids), until,
    )
    return None if row is None else (row["entered"], row["at"])


async def forget_segment_moves(db: Connection, *, before: datetime) -> None:
    await db.execute("DELETE FROM segment_move WHERE at < $1", before)


async def booked_costs(db: Connection) -> list[dict[str, Any]]:
    """What campaigns were booked to cost by channel and currency, with the messages they handed off there: what a message costs."""
    rows = await db.fetch(
        """
        WITH booked AS (SELECT campaign_id, channel, currency, sum(amount_minor)::bigint AS amount FROM campaign_cost GROUP BY 1, 2, 3),
        sent AS (
            SELECT m.origin_id::text AS campaign_id, m.channel, count(*) AS messages FROM message m
            WHERE m.origin_id::text IN (SELECT campaign_id FROM booked) AND m.state IN ('accepted', 'unknown') GROUP BY 1, 2)
        SELECT b.channel, b.currency, sum(b.amount)::bigint AS amount_minor, sum(s.messages)::bigint AS messages
        FROM booked b JOIN sent s USING (campaign_id, channel) GROUP BY 1, 2 ORDER BY 1, 4 DESC, 2
        """
    )
    return [dict(row) for row in rows]


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
    for name in ("result", "costs"):
        values[name] = msgspec.json.decode(values[name]) if values[name] else None
    return values
