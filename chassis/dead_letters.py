"""Records that could not be applied, and the later ones of the same key that wait for them."""

from __future__ import annotations

import traceback
from datetime import datetime
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

import msgspec

from chassis.database import Connection
from chassis.errors import Unknown
from chassis.eventlog import Stored
from chassis.ids import new_id

PARKED_A_KEY: Final = 10_000

_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(list[tuple[str, bytes]]).decode


async def add(db: Connection, reader: str, record: Stored, error: Exception, *, park_key: bool) -> None:
    """Set a record aside in the transaction that advances the position."""
    await db.execute(
        """
        INSERT INTO dead_letter (id, reader, topic, partition, record_offset, key, value, headers, appended_at, cause, place, parks)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, to_timestamp($9), $10, $11, $12)
        ON CONFLICT (reader, topic, partition, record_offset) DO NOTHING
        """,
        new_id(), reader, record.topic, record.partition, record.offset, record.key, record.value, _pack(list(record.headers)),
        record.appended_at, _cause(error), _place(error), park_key,
    )


async def park_known(db: Connection, reader: str, records: list[Stored]) -> tuple[list[Stored], bool]:
    """Put records of keys that already wait behind a dead letter into the queue of that key; the others go on. True: nobody waits."""
    rows = await db.fetch("SELECT DISTINCT topic, key FROM dead_letter WHERE reader = $1 AND parks AND state = 'open'", reader)
    if not rows:
        return records, True
    waiting = {(row["topic"], bytes(row["key"])) for row in rows}
    parked = [record for record in records if (record.topic, record.key) in waiting]
    if parked:
        await park(db, reader, parked)
    return [record for record in records if (record.topic, record.key) not in waiting], False


async def park(db: Connection, reader: str, records: list[Stored]) -> None:
    """Let records wait behind the dead letter of their key."""
    await db.executemany(
        """
        INSERT INTO parked (reader, topic, key, partition, record_offset, value, headers, appended_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, to_timestamp($8)) ON CONFLICT DO NOTHING
        """,
        [
            (reader, record.topic, record.key, record.partition, record.offset, record.value, _pack(list(record.headers)), record.appended_at)
            for record in records
        ],
    )


async def listed(db: Connection, *, state: str = "open", reader: str | None = None, after: UUID | None = None, limit: int = 100) -> list[dict[str, Any]]:
    """Dead letters, oldest first, without their content."""
    rows = await db.fetch(
        """
        SELECT id, reader, topic, partition, record_offset, cause, place, state, created_at, appended_at,
               (SELECT count(*) FROM parked p WHERE p.reader = d.reader AND p.topic = d.topic AND p.key = d.key) AS parked
        FROM dead_letter d
        WHERE state = $1 AND ($2::text IS NULL OR reader = $2) AND ($3::uuid IS NULL OR id > $3) ORDER BY id LIMIT $4
        """,
        state, reader, after, limit,
    )
    return [_shown(row) for row in rows]


async def shown(db: Connection, letter_id: UUID, *, content: bool = False) -> dict[str, Any]:
    """One dead letter with its headers, size and everything that was done with it; `content` adds what is in it, as text. Raises Unknown."""
    row = await db.fetchrow("SELECT *, 0 AS parked FROM dead_letter WHERE id = $1", letter_id)
    if row is None:
        raise Unknown("dead_letter.unknown", "There is no such dead letter.")
    headers = {name: value.decode("utf-8", "replace") for name, value in _unpack(row["headers"]) if name.startswith("ce_")}
    acts = await db.fetch("SELECT at, act, actor, before, after, cause FROM dead_letter_act WHERE letter_id = $1 ORDER BY at", letter_id)
    told = {
        **_shown(row), "headers": headers, "bytes": len(row["value"] or b""), "corrected": row["corrected"] is not None,
        "acts": [{**dict(act), "at": act["at"].isoformat()} for act in acts],
    }
    if content:
        told["payload"] = _text(row["value"])
        told["correction"] = _text(row["corrected"])
    return told


async def correct(db: Connection, letter_id: UUID, value: bytes) -> tuple[str, str]:
    """What is applied in place of what came; what came stays. Returns the digests before and after. Raises Unknown."""
    row = await db.fetchrow("SELECT value, corrected FROM dead_letter WHERE id = $1 AND state = 'open' FOR UPDATE", letter_id)
    if row is None:
        raise Unknown("dead_letter.unknown", "There is no such open dead letter.")
    await db.execute("UPDATE dead_letter SET corrected = $2 WHERE id = $1", letter_id, value)
    return digest(row["value"] if row["corrected"] is None else row["corrected"]), digest(value)


async def note(
    db: Connection, letter_id: UUID, *, act: str, actor: str, at: datetime, before: str | None = None, after: str | None = None, cause: str | None = None
) -> None:
    """Who did what with a dead letter, and when; `before` and `after` are digests of its content."""
    await db.execute(
        "INSERT INTO dead_letter_act (letter_id, at, act, actor, before, after, cause) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        letter_id, at, act, actor, before, after, cause,
    )


def digest(value: bytes | None) -> str:
    """SHA-256, hex."""
    return sha256(value or b"").hexdigest()


async def taken(db: Connection, letter_id: UUID) -> tuple[str, list[Stored]]:
    """The reader and records of an open dead letter with its parked followers, in order, locked; they are removed from the queue."""
    row = await db.fetchrow("SELECT * FROM dead_letter WHERE id = $1 AND state = 'open' FOR UPDATE", letter_id)
    if row is None:
        raise Unknown("dead_letter.unknown", "There is no such open dead letter.")
    followers = await db.fetch(
        "DELETE FROM parked WHERE reader = $1 AND topic = $2 AND key = $3 RETURNING *", row["reader"], row["topic"], row["key"]
    )
    records = [_record(row), *sorted((_record(follower) for follower in followers), key=lambda record: record.offset)]
    return row["reader"], records if row["parks"] else records[:1]


async def close(db: Connection, letter_id: UUID, state: str) -> None:
    """`state`: replayed or discarded."""
    await db.execute("UPDATE dead_letter SET state = $2, closed_at = now() WHERE id = $1", letter_id, state)


async def count_open(db: Connection) -> int:
    return int(await db.fetchval("SELECT count(*) FROM dead_letter WHERE state = 'open'"))


def _record(row: Any) -> Stored:
    value = row["value"] if row.get("corrected") is None else row["corrected"]
    return Stored(
        row["topic"], row["partition"], row["record_offset"], bytes(row["key"]), value,
        tuple(_unpack(row["headers"])), row["appended_at"].timestamp(),
    )


def _shown(row: Any) -> dict[str, Any]:
    return {
        "id": str(row["id"]), "reader": row["reader"], "topic": row["topic"], "partition": row["partition"],
        "offset": row["record_offset"], "cause": row["cause"], "place": row["place"], "state": row["state"],
        "created_at": row["created_at"].isoformat(), "appended_at": row["appended_at"].isoformat(), "parked": row["parked"],
    }


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("utf-8", "replace").replace("\x00", "\ufffd")


def cause_of(error: Exception) -> str:
    """What went wrong, without the data that messages quote."""
    return _cause(error)


def _cause(error: Exception) -> str:
    """The type only: messages quote data."""
    code = getattr(error, "code", "") or getattr(error, "sqlstate", "")
    return f"{type(error).__name__} {code}".strip()


def _place(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].name}:{frames[-1].lineno}" if frames else ""


