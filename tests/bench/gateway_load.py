"""Load on a door: a process of its own that sends prepared requests, as fast as they are answered or so many a second whatever is answered.

    python -m tests.bench.gateway_load --port 8080 --requests requests.json --connections 16 --seconds 5 [--rate 900]

`requests.json` is a list of `{"method", "path", "headers", "body"}`, sent in turn; `@` in a body becomes a number that no other request has.
Prints one JSON object: answers by status, seconds, milliseconds of the accepted ones (from the moment when each was to be sent), the least and the
most `Retry-After`, how many refusals had none, and the CPU seconds of this process.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final

import uvloop

#: Somebody who was refused comes back; a load that is to stay must not.
LATE_SECONDS: Final = 20.0


class Load:
    """What was sent and what came back."""

    def __init__(self, port: int, prepared: list[tuple[bytes, bytes]]) -> None:
        self._port = port
        self._prepared = itertools.cycle(prepared)
        self._number = itertools.count()
        self._tag = f"{os.getpid()}-{time.monotonic_ns()}"
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self.statuses: Counter[int] = Counter()
        self.accepted: list[float] = []
        self.waits: list[int] = []
        self.without = 0

    async def one(self, due: float) -> None:
        """One request and its answer."""
        head, body = next(self._prepared)
        if b"@" in body:
            body = body.replace(b"@", f"{self._tag}-{next(self._number)}".encode())
        connection = self._idle.pop() if self._idle else await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = connection
        writer.write(head + (b"content-length: %d\r\n\r\n" % len(body) if body else b"\r\n") + body)
        said = (await reader.readuntil(b"\r\n\r\n")).lower()
        fields = dict(line.split(b": ", 1) for line in said.split(b"\r\n")[1:] if b": " in line)
        await reader.readexactly(int(fields.get(b"content-length", b"0")))
        status = int(said[9:12])
        self.statuses[status] += 1
        if status < 300:
            self.accepted.append(time.perf_counter() - due)
        elif status in {429, 503}:
            wait = fields.get(b"retry-after", b"")
            self.without += not wait
            self.waits.append(int(wait or 0))
        if fields.get(b"connection") == b"close":
            writer.close()
        else:
            self._idle.append(connection)

    async def as_fast_as_answered(self, connections: int, seconds: float) -> None:
        until = time.perf_counter() + seconds

        async def worker() -> None:
            while (now := time.perf_counter()) < until:
                await self.one(now)

        await asyncio.gather(*(worker() for _ in range(connections)))

    async def at_a_rate(self, rate: float, connections: int, seconds: float) -> None:
        """Each is due at its time; when all connections wait for an answer it goes late, and that counts."""
        room, running, began = asyncio.Semaphore(connections), set[asyncio.Task[None]](), time.perf_counter()

        async def sent(due: float) -> None:
            try:
                await self.one(due)
            finally:
                room.release()

        for number in range(int(rate * seconds)):
            due = began + number / rate
            if (early := due - time.perf_counter()) > 0.001:
                await asyncio.sleep(early)
            await room.acquire()
            if time.perf_counter() - began > seconds:  # what could not be sent in time is not sent later
                room.release()
                break
            task = asyncio.create_task(sent(due))
            running.add(task)
            task.add_done_callback(running.discard)
        if running:
            await asyncio.wait(running, timeout=LATE_SECONDS)


def prepared(requests: list[dict[str, Any]], port: int) -> list[tuple[bytes, bytes]]:
    made = []
    for one in requests:
        headers = {"host": f"127.0.0.1:{port}", **one["headers"]}
        head = f"{one['method']} {one['path']} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        made.append((head.encode(), one.get("body", "").encode()))
    return made


def percentile(values: list[float], share: float) -> float | None:
    return round(1000 * values[min(len(values) - 1, int(share * len(values)))], 3) if values else None


async def run(arguments: argparse.Namespace) -> dict[str, Any]:
    load = Load(arguments.port, prepared(json.loads(Path(arguments.requests).read_text()), arguments.port))
    began = time.perf_counter()
    if arguments.rate:
        await load.at_a_rate(arguments.rate, arguments.connections, arguments.seconds)
    else:
        await load.as_fast_as_answered(arguments.connections, arguments.seconds)
    took = time.perf_counter() - began
    good = sorted(load.accepted)
    return {
        "statuses": dict(load.statuses), "seconds": round(took, 3), "per_second": round(len(good) / took, 1), "p50_ms": percentile(good, 0.5),
        "p99_ms": percentile(good, 0.99), "waits": [min(load.waits, default=0), max(load.waits, default=0)], "without_retry_after": load.without,
        "offered": round(sum(load.statuses.values()) / took, 1), "cpu_seconds": round(time.process_time(), 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    for name, kind, default in (
        ("port", int, 8080), ("requests", str, ""), ("connections", int, 16), ("seconds", float, 5.0), ("rate", float, 0.0),
    ):
        parser.add_argument(f"--{name}", type=kind, default=default)
    print(json.dumps(uvloop.run(run(parser.parse_args()))))


if __name__ == "__main__":
    main()
