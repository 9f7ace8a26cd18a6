"""Batches of permits: one row each, with all members and one signature."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from chassis.database import Connection

_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(list[bytes]).decode


class Batch(NamedTuple):
    """A batch as it was granted."""

    id: UUID
    kid: str
    size: int
    root: bytes
    signature: bytes
    leaves: list[bytes]
    granted_at: datetime
    closed_at: datetime | None
    outcomes: Any
    tick: int
    life_ms: int


async def insert_batch(
    db: Connection, *, batch_id: UUID, kid: str, root: bytes, signature: bytes, leaves: list[bytes], people: Sequence[UUID],
    purposes: Sequence[str], granted_at: datetime, tick: int, life_ms: int,
) -> None:
    """`people` are customers asked about and their roots; `purposes` are `purpose/channel`."""
    await db.execute(
        """
        INSERT INTO permit_batch (id, kid, size, root, signature, leaves, people, purposes, granted_at, tick, life_ms)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        """,
        batch_id, kid, len(leaves), root, signature, _pack(leaves), people, purposes, granted_at, tick, life_ms,
    )


async def open_for(db: Connection, *, people: Sequence[UUID], purposes: Sequence[str]) -> set[UUID]:
    """Batches under which a message to one of these people may still start."""
    rows = await db.fetch(
        "SELECT id FROM permit_batch WHERE closed_at IS NULL AND people && $1::uuid[] AND purposes && $2::text[]", people, purposes
    )
    return {row["id"] for row in rows}


async def open_of(db: Connection, batches: Sequence[UUID]) -> set[UUID]:
    """Those of these batches that are open."""
    rows = await db.fetch("SELECT id FROM permit_batch WHERE id = ANY($1::uuid[]) AND closed_at IS NULL", batches)
    return {row["id"] for row in rows}


async def all_open(db: Connection) -> set[UUID]:
    return {row["id"] for row in await db.fetch("SELECT id FROM permit_batch WHERE closed_at IS NULL LIMIT 10000")}


async def close(db: Connection, batch_id: UUID, *, outcomes: Any, at: datetime) -> bool:
    """Close a batch, or add the outcomes of one that had expired; closing again changes nothing. False when there is none."""
    found = await db.fetchval(
        "UPDATE permit_batch SET closed_at = coalesce(closed_at, $2), outcomes = coalesce(outcomes, $3) WHERE id = $1 RETURNING true",
        batch_id, at, msgspec.json.encode(outcomes).decode(),
    )
    return bool(found)


async def expire(db: Connection, batches: Sequence[UUID], *, at: datetime) -> int:
    """Close batches nobody closed."""
    rows = await db.fetch("UPDATE permit_batch SET closed_at = $2 WHERE id = ANY($1::uuid[]) AND closed_at IS NULL RETURNING id", batches, at)
    return len(rows)


async def draw_tick(db: Connection) -> int:
    """This transaction's place among all entries and batches; drawn while the people's rows are held."""
    return int(await db.fetchval("SELECT nextval('ledger_tick')"))


async def find(db: Connection, batch_id: UUID) -> Batch | None:
    row = await db.fetchrow("SELECT * FROM permit_batch WHERE id = $1", batch_id)
    return _batch(row) if row else None


async def page(db: Connection, *, after: int, limit: int) -> list[Batch]:
    """Batches in the order of their ticks."""
    rows = await db.fetch("SELECT * FROM permit_batch WHERE tick > $1 ORDER BY tick LIMIT $2", after, limit)
    return [_batch(row) for row in rows]


def _batch(row: Any) -> Batch:
    return Batch(
        row["id"], row["kid"], row["size"], bytes(row["root"]), bytes(row["signature"]), _unpack(row["leaves"]), row["granted_at"],
        row["closed_at"], msgspec.json.decode(row["outcomes"]) if row["outcomes"] else None, row["tick"], row["life_ms"],
    )
