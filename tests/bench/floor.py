"""The floor: a bare ASGI program that decodes the same bodies, appends them with the same log client and copies them into one table.

    python -m tests.bench.floor --port 9300 --log kafka://127.0.0.1:9092 --database postgresql://… [--packed]

With `--packed` its client packs what waits together, as the platform's does. It checks nothing, knows nobody and stores each event once as text. `GET /stored` answers how many rows are in the table.
"""

from __future__ import annotations

import argparse
import asyncio
from contextlib import suppress
from typing import Any

import asyncpg
import msgspec
import uvicorn

from chassis.eventlog import EventLog, Record, Topic
from chassis.eventlog.kafka import KafkaEventLog
from launcher.http_protocol import GuardedProtocol
from launcher.process import settle_memory

TOPIC = "bench.floor"
PACKED_TOPIC = "bench.floor.packed"


class Body(msgspec.Struct):
    batch: list[msgspec.Raw]


class Event(msgspec.Struct, rename="camel"):
    message_id: str
    anonymous_id: str


class Floor:
    """Decode, append, answer; one task copies what was appended."""

    def __init__(self, log: EventLog, db: asyncpg.Connection[Any], topic: str) -> None:
        self._log = log
        self._topic = topic
        self._db = db
        self._split = msgspec.json.Decoder(Body).decode
        self._event = msgspec.json.Decoder(Event).decode
        self._queue: asyncio.Queue[list[tuple[str, str]]] = asyncio.Queue(maxsize=200)
        self.stored = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/stored":
            return await self._answer(send, str(self.stored).encode())
        chunks, more = [], True
        while more:
            message = await receive()
            chunks.append(message.get("body", b""))
            more = message.get("more_body", False)
        body = b"".join(chunks)
        slices = [bytes(raw) for raw in self._split(body).batch] if scope["path"] == "/v1/batch" else [body]
        events = [self._event(piece) for piece in slices]
        await self._log.append([Record(self._topic, event.anonymous_id.encode(), piece) for event, piece in zip(events, slices, strict=True)])
        await self._queue.put([(event.message_id, piece.decode()) for event, piece in zip(events, slices, strict=True)])
        return await self._answer(send, b'{"success":true}')

    async def _answer(self, send: Any, body: bytes) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", str(len(body)).encode())]})
        await send({"type": "http.response.body", "body": body})

    async def copy(self) -> None:
        while True:
            rows = await self._queue.get()
            while len(rows) < 2000 and not self._queue.empty():
                rows.extend(self._queue.get_nowait())
            await self._db.copy_records_to_table(table_of(self._topic), records=rows, columns=["id", "body"])
            self.stored += len(rows)


def table_of(topic: str) -> str:
    return topic.replace(".", "_")


async def serve(port: int, log_url: str, database: str, *, packed: bool) -> None:
    topic = PACKED_TOPIC if packed else TOPIC
    log = KafkaEventLog(log_url, packed={PACKED_TOPIC})
    await log.start()
    await log.create_topics([Topic(topic)])
    db = await asyncpg.connect(database)
    await db.execute(f"DROP TABLE IF EXISTS {table_of(topic)}")
    await db.execute(f"CREATE TABLE {table_of(topic)} (id text, body text)")
    floor = Floor(log, db, topic)
    copying = asyncio.create_task(floor.copy())
    config = uvicorn.Config(floor, host="127.0.0.1", port=port, loop="uvloop", http=GuardedProtocol, lifespan="off", log_config=None, access_log=False)
    settle_memory()
    await uvicorn.Server(config).serve()
    copying.cancel()
    await log.close()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--log", required=True)
    parser.add_argument("--database", required=True)
    parser.add_argument("--packed", action="store_true")
    arguments = parser.parse_args()
    import uvloop

    with suppress(KeyboardInterrupt):  # the way it is ended
        uvloop.run(serve(arguments.port, arguments.log, arguments.database, packed=arguments.packed))


if __name__ == "__main__":
    main()
