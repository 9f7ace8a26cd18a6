"""Cases: rows, finding them, and what waits to be routed or looked at."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg

from chassis.database import Connection
from services.interaction.domain.cases.model import Case

COLUMNS: Final = tuple(name for name in Case.__struct_fields__ if name != "number")
_FIELDS: Final = ", ".join(f"c.{name}" for name in Case.__struct_fields__)
_SELECT: Final = f"SELECT {_FIELDS} FROM support_case c "  # noqa: S608 - constant columns
#: Near: whom the contact named, who had the case before, the owner of the customer.
_WAITING: Final = f"""
SELECT {_FIELDS},
    (SELECT k.employee_id::text FROM case_contact k WHERE k.case_id = c.id AND k.employee_id IS NOT NULL
     ORDER BY k.occurred_at DESC LIMIT 1) AS named,
    (SELECT a.employee_id::text FROM case_assignment a WHERE a.case_id = c.id AND a.employee_id IS NOT NULL ORDER BY a.at DESC LIMIT 1) AS before,
    (SELECT s.owner FROM customer_seen s WHERE s.customer_id = coalesce(
        (SELECT i.customer_id FROM identity_map i WHERE i.identity = c.identity), c.customer_id)) AS owner
FROM support_case c WHERE c.employee_id IS NULL AND c.status = 'open' AND (c.id = $3 OR $3::uuid IS NULL AND c.route_at <= $1)
ORDER BY array_position(ARRAY['urgent', 'high', 'normal', 'low'], c.priority), c.opened_at LIMIT $2 FOR UPDATE OF c SKIP LOCKED
"""  # noqa: S608 - constant columns
_INSERT: Final = (
    f"INSERT INTO support_case ({', '.join(COLUMNS)}) VALUES ({', '.join(f'${n}' for n in range(1, len(COLUMNS) + 1))}) RETURNING id, number"  # noqa: S608 - constant columns
)
_UPDATE: Final = (
    f"UPDATE support_case SET {', '.join(f'{name} = ${n}' for n, name in enumerate(COLUMNS, 1) if name != 'id')} WHERE id = $1"  # noqa: S608 - constant columns
)
#: Only one process gives out cases at a time; it takes milliseconds.
_ROUTING: Final = "SELECT pg_advisory_xact_lock(7305, 7305102)"


class NoRoom(Exception):
    """The employee is not active or has as many open cases as fit."""


def case_of(row: asyncpg.Record) -> Case:
    return Case(**{name: row[name] for name in Case.__struct_fields__})


async def lock_routing(db: Connection) -> None:
    """Whoever gives out cases waits here, until the end of the transaction."""
    await db.execute(_ROUTING)


async def insert_cases(db: Connection, cases: Sequence[Case]) -> dict[UUID, int]:
    """New cases; returns the number of each."""
    rows = await db.fetchmany(_INSERT, [_values(each) for each in cases])
    return {row["id"]: row["number"] for row in rows}


async def put_case(db: Connection, case: Case) -> None:
    """Write a case that was read under a lock. Raises NoRoom, and then nothing was written."""
    try:
        async with db.transaction():
            await db.execute(_UPDATE, *_values(case))
    except asyncpg.CheckViolationError as error:
        if error.constraint_name == "employee_has_room":
            raise NoRoom from None
        raise


async def put_cases(db: Connection, cases: Sequence[Case]) -> None:
    """Write cases that were read under a lock, all or nothing."""
    await db.executemany(_UPDATE, [_values(case) for case in cases])


async def find_case(db: Connection, case_id: UUID, *, lock: bool = False) -> Case | None:
    row = await db.fetchrow(_SELECT + "WHERE c.id = $1" + (" FOR UPDATE" if lock else ""), case_id)
    return case_of(row) if row is not None else None


async def find_cases(db: Connection, ids: Sequence[UUID], *, lock: bool = False) -> list[Case]:
    """Cases by id, locked in the order of their ids."""
    rows = await db.fetch(_SELECT + "WHERE c.id = ANY($1::uuid[]) ORDER BY c.id" + (" FOR UPDATE" if lock else ""), ids)
    return [case_of(row) for row in rows]


async def list_survivors(db: Connection, ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Case -> the case it is part of now, itself unless it was merged."""
    rows = await db.fetch(
        """
        WITH RECURSIVE up (asked, id, depth) AS (
            SELECT id, id, 0 FROM support_case WHERE id = ANY($1::uuid[])
            UNION ALL SELECT up.asked, c.merged_into, up.depth + 1 FROM up JOIN support_case c ON c.id = up.id
            WHERE c.merged_into IS NOT NULL AND up.depth < 100)
        SELECT DISTINCT ON (asked) asked, id FROM up ORDER BY asked, depth DESC
        """,
        ids,
    )
    return {row["asked"]: row["id"] for row in rows}


async def find_by_threads(db: Connection, threads: Sequence[str]) -> dict[str, UUID]:
    rows = await db.fetch("SELECT thread, case_id FROM case_thread WHERE thread = ANY($1::text[])", threads)
    return {row["thread"]: row["case_id"] for row in rows}


async def find_by_numbers(db: Connection, numbers: Sequence[int]) -> dict[int, tuple[UUID, bytes | None, UUID | None]]:
    """Number -> (case, identity, customer)."""
    rows = await db.fetch("SELECT number, id, identity, customer_id FROM support_case WHERE number = ANY($1::bigint[])", numbers)
    return {row["number"]: (row["id"], row["identity"], row["customer_id"]) for row in rows}


async def find_only_open(db: Connection, identities: Sequence[bytes], since: datetime) -> dict[bytes, UUID]:
    """Identity -> the only open case of its customer, if that had a contact since."""
    rows = await db.fetch(
        """
        SELECT wanted.identity, (array_agg(c.id))[1] AS case_id FROM unnest($1::bytea[]) AS wanted (identity)
        LEFT JOIN identity_map mine ON mine.identity = wanted.identity
        LEFT JOIN identity_map kin ON kin.customer_id = mine.customer_id
        JOIN support_case c ON c.identity IN (wanted.identity, kin.identity) AND c.status IN ('open', 'waiting')
        GROUP BY wanted.identity
        HAVING count(DISTINCT c.id) = 1
           AND EXISTS (SELECT 1 FROM case_contact k WHERE k.case_id = (array_agg(c.id))[1] AND k.occurred_at >= $2)
        """,
        identities, since,
    )
    return {row["identity"]: row["case_id"] for row in rows}


async def insert_threads(db: Connection, rows: Sequence[tuple[str, UUID]]) -> None:
    """(thread, case); the first case of a thread keeps it."""
    await db.execute(
        "INSERT INTO case_thread (thread, case_id) SELECT * FROM unnest($1::text[], $2::uuid[]) ORDER BY 1 ON CONFLICT DO NOTHING",
        [row[0] for row in rows], [row[1] for row in rows],
    )


async def list_waiting(db: Connection, *, now: datetime, limit: int, only: UUID | None = None) -> list[tuple[Case, list[tuple[str, str]]]]:
    """Cases without anybody responsible whose turn it is, the most urgent first, locked; with whoever is near, the nearest first."""
    rows = await db.fetch(_WAITING, now, limit, only)
    return [
        (case_of(row), [(word, row[word]) for word in ("named", "before", "owner") if row[word]])
        for row in rows
    ]


async def is_waiting(db: Connection, now: datetime) -> bool:
    """Whether the turn of a case without anybody responsible has come."""
    found: bool = await db.fetchval("SELECT EXISTS (SELECT 1 FROM support_case WHERE employee_id IS NULL AND status = 'open' AND route_at <= $1)", now)
    return found


async def postpone(db: Connection, ids: Sequence[UUID], until: datetime) -> None:
    """Nobody could take them: look again later."""
    await db.execute("UPDATE support_case SET route_at = $2 WHERE id = ANY($1::uuid[])", ids, until)


async def wake(db: Connection, *, teams: Sequence[UUID], now: datetime, limit: int = 50) -> None:
    """Somebody of these teams has room: the queues are looked at, the most urgent cases of them."""
    await db.execute(
        """
        UPDATE support_case SET route_at = $2 WHERE id IN (
            SELECT id FROM support_case WHERE employee_id IS NULL AND status = 'open' AND team_id = ANY($1::uuid[]) AND route_at > $2
            ORDER BY array_position(ARRAY['urgent', 'high', 'normal', 'low'], priority), opened_at LIMIT $3 FOR UPDATE SKIP LOCKED)
        """,
        teams, now, limit,
    )


async def list_open_of(db: Connection, employee_id: UUID) -> list[Case]:
    """What somebody has to do, locked."""
    rows = await db.fetch(
        _SELECT + "WHERE c.employee_id = $1 AND c.status IN ('open', 'waiting') ORDER BY c.id FOR UPDATE", employee_id
    )
    return [case_of(row) for row in rows]


async def list_alarming(db: Connection, *, now: datetime, limit: int) -> list[Case]:
    """Cases whose service level is to be looked at, locked."""
    rows = await db.fetch(
        _SELECT + "WHERE c.alarm_at <= $1 ORDER BY c.alarm_at LIMIT $2 FOR UPDATE SKIP LOCKED", now, limit
    )
    return [case_of(row) for row in rows]


async def list_settled(db: Connection, *, before: datetime, limit: int) -> list[Case]:
    """Cases that were resolved long enough ago, locked."""
    rows = await db.fetch(
        _SELECT + "WHERE c.status = 'resolved' AND c.resolved_at < $1 ORDER BY c.resolved_at LIMIT $2 FOR UPDATE SKIP LOCKED", before, limit
    )
    return [case_of(row) for row in rows]


async def list_cases(
    db: Connection, *, statuses: Sequence[str] | None, team_id: UUID | None, employee_id: UUID | None, unassigned: bool, kind: str | None,
    priority: str | None, channel: str | None, tag: str | None, text: str | None, number: int | None, overdue: datetime | None,
    since: datetime | None, until: datetime | None, identities: Sequence[bytes] | None, customers: Sequence[UUID] | None,
    before: tuple[datetime, UUID] | None, limit: int,
) -> list[Case]:
    """Cases, the newest first. `overdue`: those with something due before this moment."""
    before_at, before_id = before or (None, None)
    arguments: tuple[Any, ...] = (
        statuses, team_id, employee_id, unassigned, kind, priority, channel, tag, text, number, overdue, since, until, identities, customers,
        before_at, before_id, limit,
    )
    rows = await db.fetch(
        _SELECT
        + """
        WHERE ($1::text[] IS NULL OR c.status = ANY($1)) AND ($2::uuid IS NULL OR c.team_id = $2) AND ($3::uuid IS NULL OR c.employee_id = $3)
          AND (NOT $4::boolean OR c.employee_id IS NULL) AND ($5::text IS NULL OR c.kind = $5) AND ($6::text IS NULL OR c.priority = $6)
          AND ($7::text IS NULL OR c.channel = $7) AND ($8::text IS NULL OR c.tags @> ARRAY[$8])
          AND ($9::text IS NULL OR c.subject ILIKE $9 OR c.number = $10)
          AND ($11::timestamptz IS NULL OR c.status = 'open' AND (c.answer_due < $11 AND c.answered_at IS NULL OR c.resolve_due < $11))
          AND ($12::timestamptz IS NULL OR c.opened_at >= $12) AND ($13::timestamptz IS NULL OR c.opened_at < $13)
          AND ($14::bytea[] IS NULL OR c.identity = ANY($14) OR c.customer_id = ANY($15::uuid[]))
          AND ($16::timestamptz IS NULL OR (c.opened_at, c.id) < ($16, $17::uuid))
        ORDER BY c.opened_at DESC, c.id DESC LIMIT $18
        """,
        *arguments,
    )
    return [case_of(row) for row in rows]


def _values(case: Case) -> list[Any]:
    return [getattr(case, name) for name in COLUMNS]
