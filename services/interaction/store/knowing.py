"""What people know about customers, and what routing needs to know of a profile."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from chassis.database import Connection


async def insert_note(
    db: Connection, *, note_id: UUID, customer_id: UUID, kind: str, content: str, author: str, employee_id: UUID | None, at: datetime
) -> None:
    await db.execute(
        """
        INSERT INTO customer_note (id, customer_id, kind, content, author, employee_id, written_at, changed_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
        """,
        note_id, customer_id, kind, content, author, employee_id, at,
    )


async def find_note(db: Connection, note_id: UUID) -> asyncpg.Record | None:
    return await db.fetchrow("SELECT * FROM customer_note WHERE id = $1", note_id)


async def change_note(db: Connection, *, note_id: UUID, content: str, kind: str, retired_at: datetime | None, at: datetime) -> None:
    await db.execute(
        "UPDATE customer_note SET content = $2, kind = $3, retired_at = $4, changed_at = $5 WHERE id = $1", note_id, content, kind, retired_at, at
    )


async def list_notes(
    db: Connection, *, customers: Sequence[UUID], kind: str | None, retired: bool, after: UUID | None, limit: int
) -> list[asyncpg.Record]:
    """Notes on customers in the order they were written, with whether their author still works here."""
    return await db.fetch(
        """
        SELECT n.*, e.active AS author_active FROM customer_note n LEFT JOIN employee e ON e.id = n.employee_id
        WHERE n.customer_id = ANY($1::uuid[]) AND ($2::text IS NULL OR n.kind = $2) AND ($3 OR n.retired_at IS NULL)
          AND ($4::uuid IS NULL OR n.id > $4) ORDER BY n.id LIMIT $5
        """,
        customers, kind, retired, after, limit,
    )


async def put_seen(
    db: Connection, rows: Sequence[tuple[UUID, str | None, str | None, str | None]], *, gone: Sequence[UUID] = ()
) -> None:
    """Set (customer, language, tier, owner); each customer once."""
    if gone:
        await db.execute("DELETE FROM customer_seen WHERE customer_id = ANY($1::uuid[])", gone)
    if rows:
        await db.execute(
            """
            INSERT INTO customer_seen (customer_id, language, tier, owner)
            SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) ORDER BY 1
            ON CONFLICT (customer_id) DO UPDATE SET language = excluded.language, tier = excluded.tier, owner = excluded.owner
            """,
            *(list(column) for column in zip(*rows, strict=True)),
        )


async def list_seen(db: Connection, identities: Sequence[bytes]) -> dict[bytes, asyncpg.Record]:
    """Identity -> (customer_id, language, tier) of those whose customer is known."""
    rows = await db.fetch(
        """
        SELECT i.identity, i.customer_id, s.language, s.tier FROM unnest($1::bytea[]) AS wanted (identity)
        JOIN identity_map i ON i.identity = wanted.identity LEFT JOIN customer_seen s ON s.customer_id = i.customer_id
        """,
        identities,
    )
    return {row["identity"]: row for row in rows}


async def find_seen(db: Connection, customer_id: UUID) -> asyncpg.Record | None:
    return await db.fetchrow("SELECT * FROM customer_seen WHERE customer_id = $1", customer_id)


async def list_customers_of(db: Connection, identities: Sequence[bytes]) -> dict[bytes, UUID]:
    """Identity -> customer."""
    rows = await db.fetch("SELECT identity, customer_id FROM identity_map WHERE identity = ANY($1::bytea[])", identities)
    return {row["identity"]: row["customer_id"] for row in rows}
