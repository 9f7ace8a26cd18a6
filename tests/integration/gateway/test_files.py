"""Files of customers through the door, with the service behind a socket: pieces of 4 MiB come in, a large file goes out in constant memory."""

from __future__ import annotations

import asyncio
import io
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest

from gateway import commands
from launcher.embedded_postgres import PrivateCluster
from tests.integration.gateway.test_network import apart
from tests.support.platform import TestPlatform, started

pytestmark = pytest.mark.asyncio

MIB = 1024 * 1024


@asynccontextmanager
async def door(cluster: PrivateCluster) -> AsyncIterator[tuple[TestPlatform, aiohttp.ClientSession, str]]:
    """Customers behind one socket, the gateway behind another; a client that says who it is."""
    async with started(cluster, "gateway", "customer") as platform:
        gateway = platform["gateway"].service
        key = (await commands.create_key(gateway, name="clerk", scopes=["customers:write", "customers:read"], actor="test")).text
        async with apart(platform, "customer") as (url, _), aiohttp.ClientSession(headers={"authorization": f"Bearer {key}"}) as client:
            yield platform, client, f"{url}/api/v1"


async def test_pieces_of_four_mebibytes_and_whole_files_come_in(cluster: PrivateCluster) -> None:
    async with door(cluster) as (platform, client, url):
        async with client.post(f"{url}/imports", json={"name": "large"}) as answer:
            assert (answer.status, answer.headers["location"]) == (201, f"/api/v1/imports/{(await answer.json())['id']}")
            path = f"{url}/imports/{(await answer.json())['id']}"
        head = b"user_id,note\n1,"
        content = head + b"x" * (8 * MIB - len(head))

        async def streamed() -> AsyncIterator[bytes]:
            for begin in range(4 * MIB, 8 * MIB, 100_000):
                yield content[begin : min(begin + 100_000, 8 * MIB)]

        async with client.put(f"{path}/parts/1", data=io.BytesIO(content[: 4 * MIB])) as answer:
            assert answer.status == 204, await answer.text()
        async with client.put(f"{path}/parts/2", data=streamed()) as answer:
            assert answer.status == 204, await answer.text()
        async with client.put(f"{path}/parts/3", data=io.BytesIO(b"x" * (4 * MIB + 1))) as answer:
            assert (answer.status, (await answer.json())["code"]) == (422, "import.part_too_large")
        stored = await platform["customer"].service.database.fetch_value("SELECT string_agg(content, '' ORDER BY number) FROM import_part")
        assert stored == content
        people = b"user_id,plan\n" + b"".join(b"u%d,gold\n" % number for number in range(300))
        async with client.post(f"{url}/imports/file?name=people", data=people, headers={"content-type": "text/csv"}) as answer:
            assert answer.status == 202, await answer.text()
            path = f"{url}/imports/{(await answer.json())['id']}"
        async with asyncio.timeout(20):
            while True:
                async with client.get(path) as answer:
                    found = await answer.json()
                if found["state"] == "done":
                    break
                await asyncio.sleep(0.05)
        assert (found["created"], found["refused"]) == (300, 0)


async def test_a_large_file_goes_out_in_constant_memory(cluster: PrivateCluster) -> None:
    size = 64
    async with door(cluster) as (platform, client, url):
        async with client.post(f"{url}/exports", json={"format": "csv"}) as answer:
            export_id = (await answer.json())["id"]
        async with asyncio.timeout(20):
            while await platform["customer"].service.database.fetch_value("SELECT state FROM export_job WHERE id = $1", export_id) != "done":
                await asyncio.sleep(0.05)
        async with platform["customer"].service.database.connection() as db:
            await db.execute(
                "INSERT INTO export_part (export_id, number, content) SELECT $1, n, decode(repeat('61', $3), 'hex') FROM generate_series(2, $2) n",
                export_id, size, MIB,
            )
            await db.execute(
                "UPDATE export_job SET bytes = (SELECT sum(octet_length(content)) FROM export_part WHERE export_id = $1) WHERE id = $1", export_id
            )
        received = 0
        tracemalloc.start()
        try:
            async with client.get(f"{url}/exports/{export_id}/content") as answer:
                assert answer.status == 200
                await asyncio.sleep(1)  # whoever reads slowly is waited for
                async for block in answer.content.iter_chunked(1 << 16):
                    received += len(block)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert received == int(answer.headers["content-length"]) > (size - 1) * MIB
        assert peak < 24 * MIB, f"{peak / MIB:.0f} MiB for a file of {size} MiB, by the service, the gateway and the client together"
