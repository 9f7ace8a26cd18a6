"""All SQL of the gateway."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from chassis.database import Connection
from contracts.gateway import SourceSettings
from gateway.domain.keys import Key, Source
from gateway.domain.operations import Operation

_settings = msgspec.json.Decoder(SourceSettings).decode


async def insert_key(db: Connection, key: Key) -> bool:
    """False when this very key exists already."""
    made = await db.fetchval(
        """
        INSERT INTO access_key (
            id, key_hash, kind, name, scopes, source_id, created_at, created_by, expires_at, revoked_at, requests_per_day, events_per_day)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (key_hash) DO NOTHING RETURNING id
        """,
        *key[:10], key.requests_per_day, key.events_per_day,
    )
    return made is not None


async def find_key(db: Connection, key_id: str, *, lock: bool = False) -> Key | None:
    row = await db.fetchrow("SELECT * FROM access_key WHERE id = $1 FOR UPDATE" if lock else "SELECT * FROM access_key WHERE id = $1", key_id)
    return _key(row) if row else None


async def find_key_by_hash(db: Connection, key_hash: str) -> Key | None:
    row = await db.fetchrow("SELECT * FROM access_key WHERE key_hash = $1", key_hash)
    return _key(row) if row else None


async def list_keys(db: Connection, *, after: tuple[datetime, str] | None, limit: int) -> list[Key]:
    """Oldest first."""
    at, key_id = after or (None, None)
    rows = await db.fetch(
        """
        SELECT * FROM access_key WHERE $1::timestamptz IS NULL OR (created_at, id) > ($1, $2::text)
        ORDER BY created_at, id LIMIT $3
        """,
        at, key_id, limit,
    )
    return [_key(row) for row in rows]


async def keys_of(db: Connection, source_id: UUID) -> list[Key]:
    rows = await db.fetch("SELECT * FROM access_key WHERE source_id = $1 ORDER BY created_at, id", source_id)
    return [_key(row) for row in rows]


async def revoke_key(db: Connection, key_id: str, *, at: datetime) -> None:
    await db.execute("UPDATE access_key SET revoked_at = coalesce(revoked_at, $2) WHERE id = $1", key_id, at)


async def expire_key(db: Connection, key_id: str, *, at: datetime) -> None:
    await db.execute("UPDATE access_key SET expires_at = $2 WHERE id = $1", key_id, at)


async def change_key(db: Connection, key: Key) -> None:
    await db.execute(
        "UPDATE access_key SET name = $2, requests_per_day = $3, events_per_day = $4 WHERE id = $1", key.id, key.name, key.requests_per_day, key.events_per_day
    )


async def note_use(db: Connection, key_ids: Sequence[str], at: Sequence[datetime]) -> None:
    await db.execute(
        "UPDATE access_key k SET last_used_at = greatest(k.last_used_at, u.at) FROM unnest($1::text[], $2::timestamptz[]) AS u (id, at) WHERE k.id = u.id",
        key_ids, at,
    )


async def insert_source(db: Connection, source: Source) -> None:
    await db.execute(
        "INSERT INTO source (id, name, settings, created_at, changed_at) VALUES ($1, $2, $3, $4, $5)",
        source.id, source.settings.name, _encoded(source.settings), source.created_at, source.changed_at,
    )


async def update_source(db: Connection, source: Source) -> None:
    await db.execute(
        "UPDATE source SET name = $2, settings = $3, changed_at = $4 WHERE id = $1",
        source.id, source.settings.name, _encoded(source.settings), source.changed_at,
    )


async def find_source(db: Connection, source_id: UUID, *, lock: bool = False) -> Source | None:
    row = await db.fetchrow("SELECT * FROM source WHERE id = $1 FOR UPDATE" if lock else "SELECT * FROM source WHERE id = $1", source_id)
    return _source(row) if row else None


async def list_sources(db: Connection, *, after: UUID | None, limit: int) -> list[Source]:
    """Oldest first."""
    rows = await db.fetch("SELECT * FROM source WHERE $1::uuid IS NULL OR id > $1 ORDER BY id LIMIT $2", after, limit)
    return [_source(row) for row in rows]


async def keys_of_sources(db: Connection, sources: Sequence[UUID]) -> list[Key]:
    rows = await db.fetch("SELECT * FROM access_key WHERE source_id = ANY($1::uuid[]) ORDER BY created_at, id", sources)
    return [_key(row) for row in rows]


async def insert_operation(db: Connection, operation: Operation) -> None:
    await db.execute(
        "INSERT INTO operation (id, service, asked, resource, asked_by, request_id, asked_at) VALUES ($1, $2, $3, $4, $5, $6, $7)", *operation
    )


async def find_operation(db: Connection, operation_id: UUID) -> Operation | None:
    row = await db.fetchrow("SELECT * FROM operation WHERE id = $1", operation_id)
    return Operation(**row) if row else None


async def list_operations(db: Connection, *, asked_by: str | None, before: UUID | None, limit: int) -> list[Operation]:
    """The newest first; `asked_by` None: everybody's."""
    rows = await db.fetch(
        "SELECT * FROM operation WHERE ($1::text IS NULL OR asked_by = $1) AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3",
        asked_by, before, limit,
    )
    return [Operation(**row) for row in rows]


async def delete_operations(db: Connection, before: datetime) -> None:
    await db.execute("DELETE FROM operation WHERE asked_at < $1", before)


def _encoded(settings: SourceSettings) -> str:
    return msgspec.json.encode(settings).decode()


def _key(row: Any) -> Key:
    return Key(
        row["id"], row["key_hash"], row["kind"], row["name"], list(row["scopes"]), row["source_id"], row["created_at"], row["created_by"],
        row["expires_at"], row["revoked_at"], row["last_used_at"], row["requests_per_day"], row["events_per_day"],
    )


def _source(row: Any) -> Source:
    return Source(row["id"], _settings(row["settings"]), row["created_at"], row["changed_at"])
