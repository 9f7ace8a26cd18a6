"""The troubled network does what its faults are called, seen by a client of an echo server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.support.fault_proxy import Way, network

WORD = b"salam"


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(65536):
        writer.write(piece)
        await writer.drain()
    writer.close()


class Client:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def say(self, word: bytes = WORD, *, seconds: float = 5) -> bytes:
        self.writer.write(word)
        return await asyncio.wait_for(self.reader.readexactly(len(word)), seconds)


@asynccontextmanager
async def troubled(folder: Path | None = None) -> AsyncIterator[tuple[Way, list[Client]]]:
    """An echo server behind a proxy, and a list to which `client` adds."""
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    with network() as net:
        way = net.open(folder / "s" if folder else ("127.0.0.1", 0), ("127.0.0.1", server.sockets[0].getsockname()[1]))
        clients: list[Client] = []
        try:
            yield way, clients
        finally:
            for one in clients:
                one.writer.transport.abort()
            server.close()


async def client(way: Way, clients: list[Client]) -> Client:
    if isinstance(way.place, Path):
        made = Client(*await asyncio.open_unix_connection(str(way.place)))
    else:
        made = Client(*await asyncio.open_connection(*way.place))
    clients.append(made)
    return made


@pytest.mark.asyncio
async def test_it_passes_and_holds_back(tmp_path: Path) -> None:
    for folder in (None, tmp_path):
        async with troubled(folder) as (way, clients):
            one = await client(way, clients)
            assert await one.say() == WORD
            assert way.passed == 2 * len(WORD)
            way.latency(0.2)
            began = time.monotonic()
            assert await one.say() == WORD
            assert time.monotonic() - began >= 0.39
            way.bandwidth(20_000)
            began = time.monotonic()
            await one.say(b"x" * 10_000)
            assert time.monotonic() - began >= 0.5


@pytest.mark.asyncio
async def test_cut_connections_end_and_new_ones_are_refused_until_it_is_mended() -> None:
    async with troubled() as (way, clients):
        one = await client(way, clients)
        await one.say()
        way.cut()
        with pytest.raises((OSError, asyncio.IncompleteReadError)):
            await one.say()
        with pytest.raises((OSError, asyncio.IncompleteReadError)):
            await (await client(way, clients)).say()
        way.mend()
        assert await (await client(way, clients)).say() == WORD


@pytest.mark.asyncio
async def test_in_a_black_hole_nothing_arrives_and_later_everything() -> None:
    async with troubled() as (way, clients):
        one = await client(way, clients)
        await one.say()
        way.black_hole()
        with pytest.raises(TimeoutError):
            await one.say(seconds=0.3)
        way.mend()
        assert await asyncio.wait_for(one.reader.readexactly(len(WORD)), 5) == WORD


@pytest.mark.asyncio
async def test_a_half_open_connection_is_silent_for_ever_and_new_ones_pass() -> None:
    async with troubled() as (way, clients):
        one = await client(way, clients)
        await one.say()
        way.half_open()
        with pytest.raises(TimeoutError):
            await one.say(seconds=0.3)
        assert not one.reader.at_eof()
        assert await (await client(way, clients)).say() == WORD
        assert way.connections == 2
