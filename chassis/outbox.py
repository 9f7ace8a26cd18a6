"""The transactional outbox: facts are written beside the change and appended to the log afterwards, in order, by one relay."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

import asyncpg
import msgspec

from chassis import telemetry
from chassis.database import INFRASTRUCTURE, Connection, Database, give_back
from chassis.eventlog import EventLog, NotConfirmed, Record

RELAY_LOCK: Final = 7_305_001
ROWS_A_LOOK: Final = 100

_log = telemetry.logger(__name__)
_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(list[tuple[str, bytes, bytes | None, list[tuple[str, bytes]]]]).decode


async def put(db: Connection, records: Sequence[Record]) -> None:
    """Add records to the outbox in the caller's transaction: one row, whatever their number."""
    packed = _pack([(record.topic, record.key, record.value, record.headers) for record in records])
    await db.execute("INSERT INTO outbox (records, payload) VALUES ($1, $2)", len(records), packed)


async def pending(db: Connection) -> int:
    """Rows not yet published."""
    return int(await db.fetchval("SELECT count(*) FROM outbox"))


class Relay:
    """Publishes the outbox of one database; of several processes one at a time does it, by an advisory lock.

    It keeps no cursor: each look reads the oldest rows, appends them and deletes exactly those, so that a row
    with a small id that commits late is found by the next look. A crash in between publishes again, with the same ids.
    """

    def __init__(self, database: Database, eventlog: EventLog, *, service: str) -> None:
        self._database = database
        self._eventlog = eventlog
        self._service = service
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """There is something new."""
        self._wake.set()

    async def run(self) -> None:
        """Until cancelled."""
        pause = 0.2
        while True:
            try:
                await self._lead()
                pause = 0.2
            except (*INFRASTRUCTURE, asyncpg.PostgresError, NotConfirmed) as error:
                _log.warning("relay_waits", service=self._service, error=error, retry_in_s=round(pause, 1))
                await asyncio.sleep(pause)
                pause = min(pause * 2, 10)

    async def _lead(self) -> None:
        async with self._database.connection() as db:
            while not await db.fetchval("SELECT pg_try_advisory_lock($1)", RELAY_LOCK):
                await asyncio.sleep(1)
            try:
                while True:
                    self._wake.clear()
                    if await self._look(db) < ROWS_A_LOOK:  # what is committed from now on wakes it
                        await self._sleep()
            finally:
                await give_back(db, "SELECT pg_advisory_unlock($1)", RELAY_LOCK)

    async def _sleep(self) -> None:
        try:
            await asyncio.wait_for(self._wake.wait(), 1)
        except TimeoutError:
            telemetry.OUTBOX_PENDING.labels(self._service).set(0)

    async def _look(self, db: Connection) -> int:
        rows = await db.fetch("SELECT id, payload FROM outbox ORDER BY id LIMIT $1", ROWS_A_LOOK)
        if not rows:
            return 0
        telemetry.OUTBOX_PENDING.labels(self._service).set(len(rows))
        records = [
            Record(topic, key, value, tuple(headers)) for row in rows for topic, key, value, headers in _unpack(row["payload"])
        ]
        await self._eventlog.append(records, deadline=10)
        await db.execute("DELETE FROM outbox WHERE id = ANY($1::bigint[])", [row["id"] for row in rows])
        return len(rows)
