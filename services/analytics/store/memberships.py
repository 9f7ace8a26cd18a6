"""Members, the next moments to look at them, the evaluator's position and frozen audiences, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from chassis.database import Connection


class Position(NamedTuple):
    """Up to which commit of which warehouse file touched customers were evaluated."""

    birth: UUID
    seq: int


async def read_position(db: Connection) -> Position | None:
    row = await db.fetchrow("SELECT birth, seq FROM evaluation WHERE id = 1")
    return None if row is None else Position(row["birth"], row["seq"])


async def write_position(db: Connection, position: Position, *, at: datetime) -> None:
    await db.execute(
        """
        INSERT INTO evaluation (id, birth, seq, evaluated_at) VALUES (1, $1, $2, $3)
        ON CONFLICT (id) DO UPDATE SET birth = excluded.birth, seq = excluded.seq, evaluated_at = excluded.evaluated_at
        """,
        position.birth, position.seq, at,
    )


async def enter(db: Connection, *, segment_id: UUID, customers: Sequence[UUID], version: int, at: datetime) -> list[UUID]:
    """Make them members; returns those who were none before."""
    rows = await db.fetch(
        """
        INSERT INTO membership (segment_id, customer_id, version, entered_at)
        SELECT $1, unnest($2::uuid[]), $3, $4 ON CONFLICT DO NOTHING RETURNING customer_id
        """,
        segment_id, customers, version, at,
    )
    return [row["customer_id"] for row in rows]


async def leave(db: Connection, *, segment_id: UUID, customers: Sequence[UUID]) -> list[UUID]:
    """End their membership; returns those who were members."""
    rows = await db.fetch(
        "DELETE FROM membership WHERE segment_id = $1 AND customer_id = ANY($2::uuid[]) RETURNING customer_id", segment_id, customers
    )
    return [row["customer_id"] for row in rows]


async def note_list(db: Connection, *, segment_id: UUID, customers: Sequence[UUID], listed: bool, at: datetime) -> None:
    """They came on a list or were taken off it."""
    await db.execute(
        """
        INSERT INTO list_change (customer_id, segment_id, at, listed) SELECT unnest($2::uuid[]), $1, $4, $3
        ON CONFLICT (customer_id, segment_id, at) DO UPDATE SET listed = EXCLUDED.listed
        """,
        segment_id, customers, listed, at,
    )


async def listed_then(db: Connection, *, customers: Sequence[UUID], at: datetime) -> set[UUID]:
    """The lists that any of these was on."""
    rows = await db.fetch(
        """
        SELECT DISTINCT segment_id FROM (
            SELECT DISTINCT ON (customer_id, segment_id) segment_id, listed FROM list_change WHERE customer_id = ANY($1::uuid[]) AND at <= $2
            ORDER BY customer_id, segment_id, at DESC) last
        WHERE listed
        """,
        customers, at,
    )
    return {row["segment_id"] for row in rows}


async def members_of(db: Connection, segment_id: UUID) -> set[UUID]:
    """All members now."""
    rows = await db.fetch("SELECT customer_id FROM membership WHERE segment_id = $1", segment_id)
    return {row["customer_id"] for row in rows}


async def some_members(db: Connection, segment_id: UUID, *, limit: int) -> list[UUID]:
    rows = await db.fetch("SELECT customer_id FROM membership WHERE segment_id = $1 LIMIT $2", segment_id, limit)
    return [row["customer_id"] for row in rows]


async def page_members(db: Connection, segment_id: UUID, *, after: UUID | None, limit: int) -> list[tuple[UUID, datetime]]:
    """Members by id with the time they entered."""
    rows = await db.fetch(
        """
        SELECT customer_id, entered_at FROM membership WHERE segment_id = $1 AND ($2::uuid IS NULL OR customer_id > $2)
        ORDER BY customer_id LIMIT $3
        """,
        segment_id, after, limit,
    )
    return [(row["customer_id"], row["entered_at"]) for row in rows]


async def segments_of(db: Connection, customer_id: UUID) -> list[tuple[UUID, str, datetime]]:
    """The segments a customer is in: id, name, since."""
    rows = await db.fetch(
        """
        SELECT s.segment_id, s.name, m.entered_at FROM membership m JOIN segment s USING (segment_id)
        WHERE m.customer_id = $1 AND s.state = 'active' ORDER BY s.name
        """,
        customer_id,
    )
    return [(row["segment_id"], row["name"], row["entered_at"]) for row in rows]


async def due_customers(db: Connection, *, now: datetime, limit: int) -> list[UUID]:
    """Whose time window has ended."""
    rows = await db.fetch("SELECT DISTINCT customer_id FROM (SELECT customer_id FROM next_check WHERE due_at <= $1 LIMIT $2) d", now, limit)
    return [row["customer_id"] for row in rows]


async def replace_checks(
    db: Connection, *, segment_id: UUID, customers: Sequence[UUID] | None, checks: Iterable[tuple[UUID, datetime]]
) -> None:
    """Set the next moments of these customers (None: of everybody) in a segment."""
    if customers is None:
        await db.execute("DELETE FROM next_check WHERE segment_id = $1", segment_id)
    else:
        await db.execute("DELETE FROM next_check WHERE segment_id = $1 AND customer_id = ANY($2::uuid[])", segment_id, customers)
    listed = list(checks)
    if listed:
        await db.execute(
            """
            INSERT INTO next_check (segment_id, customer_id, due_at) SELECT $1, * FROM unnest($2::uuid[], $3::timestamptz[])
            ON CONFLICT (segment_id, customer_id) DO UPDATE SET due_at = excluded.due_at
            """,
            segment_id, [customer for customer, _ in listed], [at for _, at in listed],
        )


async def forget_checks(db: Connection, *, customers: Sequence[UUID], segments: Sequence[UUID]) -> None:
    """Drop the moments of these customers in segments other than those listed: they are archived or fully evaluated soon."""
    await db.execute(
        "DELETE FROM next_check WHERE customer_id = ANY($1::uuid[]) AND segment_id <> ALL($2::uuid[])", customers, segments
    )


async def insert_snapshot(
    db: Connection, *, snapshot_id: UUID, segment_id: UUID, version: int, customers: Sequence[UUID], taken_at: datetime, expires_at: datetime
) -> None:
    """Freeze an audience, in this order."""
    await db.execute(
        "INSERT INTO snapshot (snapshot_id, segment_id, version, members, taken_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)",
        snapshot_id, segment_id, version, len(customers), taken_at, expires_at,
    )
    await db.copy_records_to_table(
        "snapshot_member", columns=("snapshot_id", "position", "customer_id"),
        records=((snapshot_id, position, customer) for position, customer in enumerate(customers)),
    )


class Snapshot(NamedTuple):
    snapshot_id: UUID
    segment_id: UUID
    version: int
    members: int
    taken_at: datetime
    expires_at: datetime


async def find_snapshot(db: Connection, snapshot_id: UUID, *, now: datetime) -> Snapshot | None:
    row = await db.fetchrow(
        "SELECT snapshot_id, segment_id, version, members, taken_at, expires_at FROM snapshot WHERE snapshot_id = $1 AND expires_at > $2",
        snapshot_id, now,
    )
    return None if row is None else Snapshot(*row)


async def page_snapshot(db: Connection, snapshot_id: UUID, *, start: int, limit: int) -> list[UUID]:
    rows = await db.fetch(
        "SELECT customer_id FROM snapshot_member WHERE snapshot_id = $1 AND position >= $2 ORDER BY position LIMIT $3", snapshot_id, start, limit
    )
    return [row["customer_id"] for row in rows]


async def drop_expired_snapshots(db: Connection, *, now: datetime) -> int:
    """Returns how many audiences were dropped."""
    rows = await db.fetch("DELETE FROM snapshot WHERE expires_at <= $1 RETURNING snapshot_id", now)
    gone = [row["snapshot_id"] for row in rows]
    if gone:
        await db.execute("DELETE FROM snapshot_member WHERE snapshot_id = ANY($1::uuid[])", gone)
    return len(gone)


async def erase(db: Connection, customers: Sequence[UUID]) -> dict[str, int]:
    """Nobody of these was ever looked at; table -> rows. Frozen audiences keep their size and lose the person."""
    gone = {}
    for table, statement in _ERASE.items():
        gone[table] = int((await db.execute(statement, customers)).rpartition(" ")[2])
    return gone


_ERASE: Final = {
    "membership": "DELETE FROM membership WHERE customer_id = ANY($1::uuid[])",
    "list_change": "DELETE FROM list_change WHERE customer_id = ANY($1::uuid[])",
    "next_check": "DELETE FROM next_check WHERE customer_id = ANY($1::uuid[])",
    "snapshot_member": "DELETE FROM snapshot_member WHERE customer_id = ANY($1::uuid[])",
    "score_change": "DELETE FROM score_change WHERE customer_id = ANY($1::uuid[])",
    "selection_member": "DELETE FROM selection_member WHERE customer_id = ANY($1::uuid[])",
    "score": "DELETE FROM score WHERE customer_id = ANY($1::uuid[])",
    "cost": "UPDATE cost SET customer_id = NULL WHERE customer_id = ANY($1::uuid[])",
    "spending": "DELETE FROM spending WHERE customer_id = ANY($1::uuid[])",
    "report_recipient": "DELETE FROM report_recipient WHERE customer_id = ANY($1::uuid[])",
    "report_delivery": "DELETE FROM report_delivery WHERE customer_id = ANY($1::uuid[])",
    # What questions in SQL answered may name anybody; the numbers of reports stay.
    "report_run": "UPDATE report_run SET answers = NULL WHERE answers IS NOT NULL AND cardinality($1::uuid[]) > 0",
}
#: Tables that are searched for a person.
ERASED: Final = frozenset(_ERASE) - {"report_run"}
