"""SQL on what traits may be. A process keeps the definitions in memory and looks for newer ones at most once a second."""

from __future__ import annotations

import time
from collections.abc import Collection
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec

from chassis.database import Connection
from services.customer.domain.definitions import Definition, Definitions
from services.customer.settings import KnownDefinitions

CHANGE_LOCK: Final = 7_306_002
#: Seconds for which a process may work by what it knows.
FRESH: Final = 1.0

_COLUMNS = "name, schema, title, description, classification, sources, purpose, version, changed_at, changed_by"
_ALL = f"SELECT {_COLUMNS} FROM trait_definition ORDER BY name"  # noqa: S608 - constant columns
_PUT = f"""
INSERT INTO trait_definition ({_COLUMNS}) VALUES ($1, $2::text::jsonb, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (name) DO UPDATE SET
    schema = excluded.schema, title = excluded.title, description = excluded.description, classification = excluded.classification,
    sources = excluded.sources, purpose = excluded.purpose, version = excluded.version, changed_at = excluded.changed_at,
    changed_by = excluded.changed_by
"""  # noqa: S608 - constant columns


class Sweep(NamedTuple):
    """A change that customers still have to be looked through for, and how far that went."""

    id: int
    name: str
    swept_to: UUID | None


class Usage(NamedTuple):
    """How many of the customers looked at have which trait. `factor` is how many customers stand behind one that was looked at."""

    counts: dict[str, int]
    looked_at: int
    factor: float


async def current(db: Connection, known: KnownDefinitions, *, at_once: bool = False) -> Definitions:
    """The definitions, not older than a second; `at_once`: as this transaction sees them."""
    held = known.held
    if held is not None and not at_once and time.monotonic() - known.checked < FRESH:
        return held
    number = await db.fetchval("SELECT coalesce(max(id), 0) FROM trait_definition_change")
    if held is None or number != held.number:
        held = known.held = Definitions(await every(db), number=number, before=held)
    known.checked = time.monotonic()
    return held


async def every(db: Connection) -> list[Definition]:
    """All definitions, by name."""
    return [_definition(tuple(row)) for row in await db.fetch(_ALL)]


async def hold_still(db: Connection) -> None:
    """Until the end of the transaction no other one changes definitions: the numbers of changes are seen in their order."""
    await db.execute("SELECT pg_advisory_xact_lock($1)", CHANGE_LOCK)


async def last_version(db: Connection, *, name: str) -> int:
    """The newest version a trait's definition ever had; 0 before the first."""
    found: int = await db.fetchval("SELECT coalesce(max(version), 0) FROM trait_definition_change WHERE name = $1", name)
    return found


async def put(db: Connection, *, definition: Definition, sweep: bool) -> None:
    """Define a trait, and note the change."""
    one = definition
    await db.execute(
        _PUT, one.name, msgspec.json.encode(one.schema).decode(), one.title, one.description, one.classification, list(one.sources), one.purpose,
        one.version, one.changed_at, one.changed_by,
    )
    await _note(db, definition=one, document=msgspec.json.encode(one).decode(), sweep=sweep)


async def take_away(db: Connection, *, definition: Definition, sweep: bool) -> None:
    """The trait is free again. `definition` names the version, the time and who did it."""
    await db.execute("DELETE FROM trait_definition WHERE name = $1", definition.name)
    await _note(db, definition=definition, document=None, sweep=sweep)


async def _note(db: Connection, *, definition: Definition, document: str | None, sweep: bool) -> None:
    await db.execute(
        """
        INSERT INTO trait_definition_change (name, version, document, changed_at, changed_by, swept)
        VALUES ($1, $2, $3::text::jsonb, $4, $5, $6)
        """,
        definition.name, definition.version, document, definition.changed_at, definition.changed_by, not sweep,
    )


async def sources_at(db: Connection, *, names: Collection[str], at: datetime) -> dict[str, list[str]]:
    """Which sources had the last word on the traits at a time."""
    rows = await db.fetch(
        """
        SELECT DISTINCT ON (name) name, document -> 'sources' AS sources FROM trait_definition_change
        WHERE name = ANY($1::text[]) AND changed_at <= $2 ORDER BY name, id DESC
        """,
        list(names), at,
    )
    return {row["name"]: msgspec.json.decode(row["sources"]) for row in rows if row["sources"]}


async def unswept(db: Connection, *, before: datetime) -> Sweep | None:
    """The oldest change from before a time that customers still have to be looked through for."""
    row = await db.fetchrow(
        "SELECT id, name, swept_to FROM trait_definition_change WHERE NOT swept AND changed_at < $1 ORDER BY id LIMIT 1", before
    )
    return None if row is None else Sweep(*row)


async def unswept_names(db: Connection) -> set[str]:
    return {row["name"] for row in await db.fetch("SELECT DISTINCT name FROM trait_definition_change WHERE NOT swept")}


async def swept(db: Connection, *, change: int, to: UUID | None) -> None:
    """Go on after `to` next time; None: done."""
    await db.execute("UPDATE trait_definition_change SET swept_to = coalesce($2, swept_to), swept = $2 IS NULL WHERE id = $1", change, to)


async def holding(db: Connection, *, name: str, after: UUID | None, limit: int) -> list[tuple[UUID, UUID]]:
    """Customers (and who answers for them) whose document has the trait, in the order of ids."""
    rows = await db.fetch(
        "SELECT id, root_id FROM customer WHERE ($2::uuid IS NULL OR id > $2) AND traits ? $1 ORDER BY id LIMIT $3", name, after, limit
    )
    return [(row["id"], row["root_id"]) for row in rows]


async def usage(db: Connection, *, looked_at: int) -> Usage:
    """How many customers have which trait, from at most about `looked_at` of them."""
    percent = await _percent(db, looked_at)
    rows = await db.fetch(
        """
        WITH looked AS MATERIALIZED (SELECT traits FROM customer TABLESAMPLE SYSTEM ($1) LIMIT $2)
        SELECT key, count(*) AS customers, (SELECT count(*) FROM looked) AS looked_at
        FROM looked, jsonb_each(traits) WHERE value -> 0 <> 'null'::jsonb GROUP BY key
        """,
        percent, 2 * looked_at,
    )
    return Usage({row["key"]: row["customers"] for row in rows}, rows[0]["looked_at"] if rows else 0, 100 / percent)


async def sample(db: Connection, *, name: str, looked_at: int) -> tuple[list[Any], float]:
    """Values of a trait in at most about `looked_at` customers, and how many customers stand behind one that was looked at."""
    percent = await _percent(db, looked_at)
    rows = await db.fetch(
        """
        WITH looked AS MATERIALIZED (SELECT traits FROM customer TABLESAMPLE SYSTEM ($1) LIMIT $2)
        SELECT traits -> $3 -> 0 AS value FROM looked WHERE traits ? $3 AND traits -> $3 -> 0 <> 'null'::jsonb
        """,
        percent, 2 * looked_at, name,
    )
    return [msgspec.json.decode(row["value"]) for row in rows], 100 / percent


async def _percent(db: Connection, looked_at: int) -> float:
    """Which part of the table has about that many rows; up to that many, all of it is read."""
    few = await db.fetchval("SELECT count(*) FROM (SELECT FROM customer LIMIT $1) AS first_ones", looked_at + 1)
    if few <= looked_at:
        return 100.0
    rows = await db.fetchval("SELECT greatest(reltuples, $1)::float8 FROM pg_class WHERE oid = 'customer'::regclass", looked_at)
    return float(max(0.001, min(100.0, 100.0 * looked_at / rows)))


def _definition(row: tuple[Any, ...]) -> Definition:
    name, schema, title, description, classification, sources, purpose, version, changed_at, changed_by = row
    return Definition(
        name=name, schema=msgspec.json.decode(schema), title=title, description=description, classification=classification,
        sources=tuple(sources), purpose=purpose, version=version, changed_at=changed_at, changed_by=changed_by,
    )
