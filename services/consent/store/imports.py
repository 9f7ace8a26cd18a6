"""Old consents from files: the files, their progress, what rows were refused, what rows were taken before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from chassis.database import Connection
from chassis.tabular import RowError


class Import(NamedTuple):
    """A file and how far it is."""

    id: UUID
    name: str
    format: str
    layout: dict[str, Any]
    dry_run: bool
    state: str
    actor: str
    created_at: datetime
    finished_at: datetime | None
    rows: int | None
    done: int
    recorded: int
    unchanged: int
    refused: int
    error: str | None


_COLUMNS = ", ".join(Import._fields)
_FIND = f"SELECT {_COLUMNS} FROM consent_import WHERE id = $1"  # noqa: S608 - constant
_LIST = f"SELECT {_COLUMNS} FROM consent_import WHERE $1::uuid IS NULL OR id < $1 ORDER BY id DESC LIMIT $2"  # noqa: S608 - constant
_WAITING = f"SELECT {_COLUMNS} FROM consent_import WHERE state = 'waiting' ORDER BY created_at LIMIT 1"  # noqa: S608


async def insert(db: Connection, made: Import, *, content: bytes) -> None:
    await db.execute(
        """
        INSERT INTO consent_import (id, name, format, layout, dry_run, state, actor, created_at, content)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """,
        made.id, made.name, made.format, msgspec.json.encode(made.layout).decode(), made.dry_run, made.state, made.actor, made.created_at, content,
    )


async def find(db: Connection, import_id: UUID) -> Import | None:
    row = await db.fetchrow(_FIND, import_id)
    return _import(row) if row else None


async def page(db: Connection, *, before: UUID | None, limit: int) -> list[Import]:
    """Newest first."""
    return [_import(row) for row in await db.fetch(_LIST, before, limit)]


async def oldest_waiting(db: Connection) -> Import | None:
    """The oldest one that is not done."""
    row = await db.fetchrow(_WAITING)
    return _import(row) if row else None


async def content(db: Connection, import_id: UUID) -> bytes:
    return bytes(await db.fetchval("SELECT content FROM consent_import WHERE id = $1", import_id) or b"")


async def advance(db: Connection, import_id: UUID, *, done: int, recorded: int, unchanged: int, refused: int) -> None:
    await db.execute(
        """
        UPDATE consent_import SET done = $2, recorded = recorded + $3, unchanged = unchanged + $4, refused = refused + $5 WHERE id = $1
        """,
        import_id, done, recorded, unchanged, refused,
    )


async def finish(db: Connection, import_id: UUID, *, state: str, at: datetime, error: str | None = None) -> None:
    """The file itself is dropped: it holds addresses."""
    await db.execute(
        "UPDATE consent_import SET state = $2, finished_at = $3, error = $4, rows = done, content = NULL WHERE id = $1", import_id, state, at, error
    )


async def note_errors(db: Connection, import_id: UUID, errors: Sequence[RowError]) -> None:
    await db.executemany(
        "INSERT INTO consent_import_error (import_id, line, code, reason) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        [(import_id, *error) for error in errors],
    )


async def errors(db: Connection, import_id: UUID, *, after: int, limit: int) -> list[RowError]:
    rows = await db.fetch(
        "SELECT line, code, reason FROM consent_import_error WHERE import_id = $1 AND line > $2 ORDER BY line LIMIT $3", import_id, after, limit
    )
    return [RowError(*row) for row in rows]


async def known(db: Connection, digests: Sequence[bytes]) -> set[bytes]:
    """Rows that were taken before."""
    return {bytes(row["digest"]) for row in await db.fetch("SELECT digest FROM imported WHERE digest = ANY($1::bytea[])", digests)}


async def remember(db: Connection, taken: Mapping[bytes, UUID]) -> None:
    await db.executemany("INSERT INTO imported (digest, entry_id) VALUES ($1, $2)", list(taken.items()))


def _import(row: Any) -> Import:
    found = Import(*row)
    return found._replace(layout=msgspec.json.decode(row["layout"]))
