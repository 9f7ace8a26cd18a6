"""A troubled network: a proxy between a client and a server, on TCP or Unix sockets, whose faults are switched while it runs.

    with network() as net:
        way = net.open(("127.0.0.1", 0), ("127.0.0.1", 5432))
        way.black_hole(); ...; way.mend()

Every method may be called from any thread; it returns when the fault is in force.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import uvloop

Place = tuple[str, int] | Path
PIECE = 64 * 1024
T = TypeVar("T")


class Pair:
    """One client's connection and the one to the server made for it."""

    def __init__(self, client: asyncio.StreamWriter, server: asyncio.StreamWriter) -> None:
        self.client, self.server = client, server
        self.deaf = False  # the server's side is gone and the client was never told

    def abort(self) -> None:
        self.client.transport.abort()
        self.server.transport.abort()


class Way:
    """One place to connect to and what happens on the way; `place` is where it listens."""

    def __init__(self, net: Network, place: Place, target: Callable[[], Place]) -> None:
        self._net, self.place, self._target = net, place, target
        self._pairs: set[Pair] = set()
        self._open = asyncio.Event()
        self._open.set()
        self._refuses = False
        self._seconds = 0.0
        self._rate = 0.0
        self.passed = 0

    @property
    def connections(self) -> int:
        """How many clients are connected now."""
        return len(self._pairs)

    def latency(self, seconds: float) -> None:
        """Each piece is held back so long, in both directions."""
        self._net.run(self._set(seconds=seconds))

    def bandwidth(self, rate: float) -> None:
        """Bytes a second for each direction of each connection."""
        self._net.run(self._set(rate=rate))

    def cut(self) -> None:
        """Every connection is reset, new ones too, until `mend`."""
        self._net.run(self._set(refuses=True))

    def black_hole(self) -> None:
        """Nothing arrives, and nobody is told; new connections hang. What was under way arrives after `mend`, as TCP sends it again."""
        self._net.run(self._set(closed=True))

    def half_open(self) -> None:
        """Servers lose the connections they have, clients go on believing in them. New ones pass."""
        self._net.run(self._deafen())

    def mend(self) -> None:
        """Everything passes again; half-open connections stay as they are, as in the world."""
        self._net.run(self._set())

    async def _set(self, *, seconds: float = 0.0, rate: float = 0.0, refuses: bool = False, closed: bool = False) -> None:
        self._seconds, self._rate, self._refuses = seconds, rate, refuses
        (self._open.clear if closed else self._open.set)()
        if refuses:
            for pair in list(self._pairs):
                pair.abort()

    async def _deafen(self) -> None:
        for pair in self._pairs:
            pair.deaf = True
            pair.server.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client, until it or its server ends."""
        pair: Pair | None = None
        try:
            await self._open.wait()
            if self._refuses:
                return
            server_reader, server_writer = await _connected(self._target())
            pair = Pair(writer, server_writer)
            self._pairs.add(pair)
            up = asyncio.create_task(self._pump(reader, server_writer, pair))
            down = asyncio.create_task(self._pump(server_reader, writer, pair))
            try:
                await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
                if pair.deaf:
                    await up
            finally:
                up.cancel()
                down.cancel()
                await asyncio.gather(up, down, return_exceptions=True)
        except OSError:
            pass  # the server is away: the client's connection ends too
        finally:
            if pair is None:
                writer.transport.abort()
            else:
                self._pairs.discard(pair)
                pair.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, pair: Pair) -> None:
        with suppress(OSError):
            while piece := await reader.read(PIECE):
                if self._seconds:
                    await asyncio.sleep(self._seconds)
                if self._rate:
                    await asyncio.sleep(len(piece) / self._rate)
                await self._open.wait()
                if pair.deaf:
                    continue
                writer.write(piece)
                self.passed += len(piece)
                await writer.drain()


class Network:
    """The proxies of a test, in a thread of their own."""

    def __init__(self) -> None:
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="network", daemon=True)
        self._thread.start()
        self._serving: list[asyncio.Server] = []

    def open(self, place: Place, target: Place | Callable[[], Place]) -> Way:
        """Listen at a place (port 0: any) for a target, which may become known only later."""
        return self.run(self._listen(place, target if callable(target) else lambda: target))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do this in the network's thread."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def close(self) -> None:
        """End everything."""
        self.run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _listen(self, place: Place, target: Callable[[], Place]) -> Way:
        way = Way(self, place, target)
        begin: Awaitable[asyncio.Server]
        if isinstance(place, Path):
            begin = asyncio.start_unix_server(way.serve, str(place), backlog=512)
        else:
            begin = asyncio.start_server(way.serve, *place, backlog=512)
        server = await begin
        if not isinstance(place, Path):
            way.place = ("127.0.0.1", server.sockets[0].getsockname()[1])
        self._serving.append(server)
        return way

    async def _end(self) -> None:
        for server in self._serving:
            server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


async def _connected(place: Place) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if isinstance(place, Path):
        return await asyncio.open_unix_connection(str(place))
    return await asyncio.open_connection(*place)


@contextmanager
def network() -> Iterator[Network]:
    """A network for the time of a test."""
    made = Network()
    try:
        yield made
    finally:
        made.close()
