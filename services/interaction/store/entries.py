"""Cases and orders as entries of a timeline: one for each, at the time when it was opened or placed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from chassis.database import Connection

Cursor = tuple[datetime, UUID]


async def list_cases(
    db: Connection, *, identities: Sequence[bytes], customers: Sequence[UUID], channel: str | None, purpose: str | None, since: datetime | None,
    until: datetime | None, before: Cursor | None, limit: int,
) -> list[asyncpg.Record]:
    """Cases of a person, the newest first; a case that an identity names belongs to whoever has that identity now."""
    before_at, before_id = before or (None, None)
    arguments: tuple[Any, ...] = (identities, customers, channel, purpose, since, until, before_at, before_id, limit)
    return await db.fetch(
        """
        WITH own AS MATERIALIZED (
            SELECT id FROM support_case WHERE identity = ANY($1::bytea[])
            UNION SELECT id FROM support_case WHERE customer_id = ANY($2::uuid[]) AND identity IS NULL)
        SELECT c.id, c.number, c.subject, c.status, c.kind, c.priority, c.channel, c.employee_id, c.opened_at, c.resolved_at, c.outcome
        FROM own JOIN support_case c USING (id)
        WHERE ($3::text IS NULL OR c.channel = $3) AND ($4::text IS NULL OR c.kind = $4)
          AND ($5::timestamptz IS NULL OR c.opened_at >= $5) AND ($6::timestamptz IS NULL OR c.opened_at < $6)
          AND ($7::timestamptz IS NULL OR (c.opened_at, c.id) < ($7, $8::uuid))
        ORDER BY c.opened_at DESC, c.id DESC LIMIT $9
        """,
        *arguments,
    )


async def list_orders(
    db: Connection, *, identities: Sequence[bytes], since: datetime | None, until: datetime | None, before: Cursor | None, limit: int
) -> list[asyncpg.Record]:
    """Placed orders of several identities, newest first; each identity is read along its own index. `id` is made of the order's id."""
    before_at, before_id = before or (None, None)
    return await db.fetch(
        """
        SELECT found.* FROM unnest($1::bytea[]) AS wanted (identity) CROSS JOIN LATERAL (
            SELECT md5(o.order_id)::uuid AS id, o.order_id, o.source, o.status, o.currency, o.ordered_at, o.updated_at, o.state FROM orders o
            WHERE o.identity = wanted.identity AND o.placed AND ($2::timestamptz IS NULL OR o.ordered_at >= $2)
              AND ($3::timestamptz IS NULL OR o.ordered_at < $3)
              AND ($4::timestamptz IS NULL OR o.ordered_at < $4 OR o.ordered_at = $4 AND md5(o.order_id)::uuid < $5::uuid)
            ORDER BY o.ordered_at DESC, md5(o.order_id)::uuid DESC LIMIT $6) AS found
        ORDER BY found.ordered_at DESC, found.id DESC LIMIT $6
        """,
        identities, since, until, before_at, before_id, limit,
    )
