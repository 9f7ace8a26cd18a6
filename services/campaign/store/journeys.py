"""Journeys, their versions, and what they listen to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from chassis.database import Connection
from services.campaign.domain.journeys.entities import Journey

_encode = msgspec.json.Encoder().encode


class Listener(NamedTuple):
    """A version that listens to something."""

    journey_id: UUID
    version: int
    kind: str
    name: str
    entry: bool


async def insert(db: Connection, *, journey_id: UUID, name: str, draft: Mapping[str, Any]) -> None:
    await db.execute(
        "INSERT INTO journey (id, name, status, version, draft, draft_number, created_at, updated_at) VALUES ($1, $2, 'draft', 0, $3::jsonb, 1, now(), now())",
        journey_id, name, _encode(draft).decode(),
    )


async def find(db: Connection, journey_id: UUID, *, lock: bool = False) -> Journey | None:
    row = await db.fetchrow(
        "SELECT * FROM journey WHERE id = $1 FOR UPDATE" if lock else "SELECT * FROM journey WHERE id = $1", journey_id
    )
    return None if row is None else _journey(row)


async def page(db: Connection, *, after: UUID | None, limit: int) -> list[Journey]:
    """Newest first, below the id `after`."""
    rows = await db.fetch("SELECT * FROM journey WHERE $1::uuid IS NULL OR id < $1 ORDER BY id DESC LIMIT $2", after, limit)
    return [_journey(row) for row in rows]


async def set_draft(db: Connection, journey_id: UUID, *, name: str, draft: Mapping[str, Any]) -> None:
    await db.execute(
        "UPDATE journey SET name = $2, draft = $3::jsonb, draft_number = draft_number + 1, updated_at = now() WHERE id = $1",
        journey_id, name, _encode(draft).decode(),
    )


async def set_status(db: Connection, journey_id: UUID, status: str) -> None:
    await db.execute("UPDATE journey SET status = $2, updated_at = now() WHERE id = $1", journey_id, status)
    await _note_change(db, journey_id)


async def _note_change(db: Connection, journey_id: UUID) -> None:
    """From now on it has this status and version."""
    await db.execute(
        """
        INSERT INTO journey_change (journey_id, at, status, version) SELECT id, clock_timestamp(), status, version FROM journey WHERE id = $1
        ON CONFLICT (journey_id, at) DO UPDATE SET status = EXCLUDED.status, version = EXCLUDED.version
        """,
        journey_id,
    )


async def stood(db: Connection, journey_id: UUID, *, at: datetime) -> tuple[str, int]:
    """The status a journey had then, and the version that took people in; before anything of it was published: a draft of version 0."""
    row = await db.fetchrow("SELECT status, version FROM journey_change WHERE journey_id = $1 AND at <= $2 ORDER BY at DESC LIMIT 1", journey_id, at)
    return (row["status"], row["version"]) if row is not None else ("draft", 0)


async def publish(db: Connection, journey_id: UUID, *, version: int, definition: Mapping[str, Any], published_by: str) -> None:
    """From now on this version takes people in."""
    await db.execute(
        "INSERT INTO journey_version VALUES ($1, $2, $3::jsonb, now(), $4)", journey_id, version, _encode(definition).decode(), published_by
    )
    await db.execute(
        "UPDATE journey SET version = $2, status = 'active', published_at = now(), updated_at = now() WHERE id = $1", journey_id, version
    )
    await _note_change(db, journey_id)


async def definitions(db: Connection, versions: Sequence[tuple[UUID, int]]) -> dict[tuple[UUID, int], dict[str, Any]]:
    rows = await db.fetch(
        """
        SELECT v.journey_id, v.version, v.definition FROM unnest($1::uuid[], $2::int[]) AS given (journey_id, version)
        JOIN journey_version v USING (journey_id, version)
        """,
        [one for one, _ in versions], [version for _, version in versions],
    )
    return {(row["journey_id"], row["version"]): msgspec.json.decode(row["definition"]) for row in rows}


async def versions(db: Connection, journey_id: UUID) -> list[dict[str, Any]]:
    """All published versions with how many are inside each, the newest first."""
    rows = await db.fetch(
        """
        SELECT v.version, v.definition, v.published_at, v.published_by,
            (SELECT count(*) FROM journey_person p WHERE p.journey_id = v.journey_id AND p.version = v.version AND p.left_at IS NULL) AS inside
        FROM journey_version v WHERE v.journey_id = $1 ORDER BY v.version DESC
        """,
        journey_id,
    )
    return [{**dict(row), "definition": msgspec.json.decode(row["definition"])} for row in rows]


async def active(db: Connection) -> list[tuple[UUID, int]]:
    """(journey, version that takes people in) of all that run."""
    rows = await db.fetch("SELECT id, version FROM journey WHERE status = 'active' ORDER BY id")
    return [(row["id"], row["version"]) for row in rows]


async def listen(db: Connection, journey_id: UUID, version: int, listeners: Sequence[tuple[str, str, bool]]) -> None:
    """Only the newest version lets people in; earlier ones listen on for those who are inside."""
    await db.execute("DELETE FROM journey_listener WHERE journey_id = $1 AND entry", journey_id)
    await db.execute(
        """
        INSERT INTO journey_listener SELECT $1, $2, kind, name, entry FROM unnest($3::text[], $4::text[], $5::bool[]) AS given (kind, name, entry)
        ON CONFLICT DO NOTHING
        """,
        journey_id, version, [one[0] for one in listeners], [one[1] for one in listeners], [one[2] for one in listeners],
    )


async def listening_names(db: Connection, kind: str) -> frozenset[str]:
    """Names that any journey listens to that is not closed; paused ones too, so that nothing of a pause is lost."""
    rows = await db.fetch(
        "SELECT DISTINCT l.name FROM journey_listener l JOIN journey j ON j.id = l.journey_id WHERE l.kind = $1 AND j.status IN ('active', 'paused')",
        kind,
    )
    return frozenset(row["name"] for row in rows)


async def listeners(db: Connection, kind: str, names: Sequence[str]) -> list[Listener]:
    """Who listens to these names."""
    rows = await db.fetch(
        """
        SELECT l.journey_id, l.version, l.kind, l.name, l.entry FROM journey_listener l JOIN journey j ON j.id = l.journey_id
        WHERE l.kind = $1 AND l.name = ANY($2::text[]) AND j.status IN ('active', 'paused')
        """,
        kind, list(names),
    )
    return [Listener(**dict(row)) for row in rows]


async def begin_days(db: Connection, journey_id: UUID, *, days: Sequence[date]) -> None:
    """These days are to be looked through, unless they were."""
    await db.execute("INSERT INTO journey_day (journey_id, day) SELECT $1, unnest($2::date[]) ON CONFLICT DO NOTHING", journey_id, list(days))


async def open_day(db: Connection, journey_id: UUID) -> tuple[date, UUID | None] | None:
    """A day that is not looked through to its end, and the last person seen; locked."""
    row = await db.fetchrow(
        "SELECT day, after FROM journey_day WHERE journey_id = $1 AND NOT done ORDER BY day LIMIT 1 FOR UPDATE SKIP LOCKED", journey_id
    )
    return None if row is None else (row["day"], row["after"])


async def advance_day(db: Connection, journey_id: UUID, day: date, *, after: UUID | None, done: bool) -> None:
    await db.execute("UPDATE journey_day SET after = $3, done = $4 WHERE journey_id = $1 AND day = $2", journey_id, day, after, done)
    await db.execute("DELETE FROM journey_day WHERE journey_id = $1 AND done AND day < $2::date - 40", journey_id, day)


async def people_with_trait(db: Connection, trait: str, *, after: UUID | None, limit: int) -> list[tuple[UUID, Any, str | None]]:
    """(customer, value of the trait, time zone), by customer id; merged ones left out."""
    rows = await db.fetch(
        """
        SELECT customer_id, traits -> $1 AS value, time_zone FROM recipient
        WHERE ($2::uuid IS NULL OR customer_id > $2) AND merged_into IS NULL AND traits ? $1 ORDER BY customer_id LIMIT $3
        """,
        trait, after, limit,
    )
    return [(row["customer_id"], msgspec.json.decode(row["value"]), row["time_zone"]) for row in rows]


def _journey(row: Any) -> Journey:
    values = {name: row[name] for name in Journey._fields}
    values["draft"] = msgspec.json.decode(row["draft"])
    return Journey(**values)
