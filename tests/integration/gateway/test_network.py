"""The same door with its neighbours behind real sockets, and itself behind one."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import aiohttp
import pytest

from chassis.bundling import Bundled, bundles
from chassis.ids import new_text_id
from chassis.peers import App, Remote, new_session
from contracts import links
from gateway import commands
from launcher import process
from launcher.embedded_postgres import PrivateCluster
from tests.support.platform import TestPlatform, started

pytestmark = pytest.mark.asyncio


@asynccontextmanager
async def served(app: App) -> AsyncIterator[str]:
    listener = process.listen("127.0.0.1", 0)
    async with process.serving(app, listener):
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@asynccontextmanager
async def apart(platform: TestPlatform, *names: str) -> AsyncIterator[tuple[str, aiohttp.ClientSession]]:
    """Each neighbour and the gateway behind a socket; yields the gateway's address and a client."""
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(new_session())
        for name in names:
            url = await stack.enter_async_context(served(platform[name].running.app))
            for known in ([name, "collector"] if name == "interaction" else [name]):
                platform["gateway"].service.peers[known]._transport = Remote(url, lambda: session)
        door = await stack.enter_async_context(served(platform["gateway"].running.app))
        client = await stack.enter_async_context(aiohttp.ClientSession())
        yield door, client


async def test_management_links_and_collection_over_sockets(cluster: PrivateCluster) -> None:
    async with started(cluster, "gateway", "consent", "interaction", given={"consent": {"barrier_seconds": 0.2}}) as platform:
        keys = await commands.ensure_first_keys(platform["gateway"].service)
        await platform.drain()
        await asyncio.sleep(0.6)
        async with apart(platform, "consent", "interaction") as (door, client), AsyncExitStack() as stack:
            headers = {"authorization": f"Bearer {keys['admin_key']}"}
            customer = new_text_id()
            grants = [{"customer_id": customer, "purpose": "marketing", "channel": "email"}] * 1000
            async with client.post(door + "/api/v1/consents/grants", json=grants, headers=headers) as answer:
                assert answer.status == 201
                assert len((await answer.json())["data"]) == 1000

            async def chunks() -> Any:
                for part in (b'{"customer_id":"', customer.encode(), b'","purpose":"marketing"}'):
                    yield part

            sent = {**headers, "content-type": "application/json"}
            async with client.post(door + "/api/v1/consents/withdrawals/", data=chunks(), headers=sent, allow_redirects=False) as answer:
                assert answer.status == 200, await answer.text()
            async with client.get(door + f"/api/v1/customers/{customer}/consent?limit=1", headers=headers) as answer:
                assert answer.headers["x-request-id"]
                assert len(answer.headers.getall("x-request-id")) == 1
                assert (await answer.json())["version"] == 2
            async with client.get(door + "/api/v1/purposes/%2e%2e%2fkeys", headers=headers) as answer:
                assert answer.status == 404, "escapes lead nowhere else"
            token = links.seal(platform["consent"].service.link_secret, links.UNSUBSCRIBE, [customer, "sms", "marketing", "m"])
            async with client.post(door + f"/u/{token}", data={"List-Unsubscribe": "One-Click"}) as answer:
                assert answer.status == 200
            async with client.head(door + f"/u/{token}") as answer:
                assert answer.status == 200
            async with client.get(door + "/api/v1/segments", headers=headers) as answer:
                assert answer.status == 503

            zipped = gzip.compress(json.dumps({"batch": [{"type": "track", "userId": "u", "event": "E"}] * 50}).encode())
            write = {"authorization": aiohttp.encode_basic_auth(keys["source_key"], "")}
            async with client.post(door + "/v1/batch", data=zipped, headers={**write, "content-encoding": "gzip"}) as answer:
                assert (answer.status, (await answer.json())["accepted"]) == (200, 50)

            async def slowly() -> Any:
                yield b'{"batch":['
                await asyncio.sleep(0.05)
                yield b'{"type":"track","userId":"u","event":"E"}]}'

            async with client.post(door + "/v1/import/", data=slowly(), headers=write, allow_redirects=False) as answer:
                assert (answer.status, (await answer.json())["accepted"]) == (200, 1)
            # small ones share their way to the collector; each is still recognised, checked and answered by itself
            url = await stack.enter_async_context(served(bundles(platform["interaction"].running.app)))
            platform["gateway"].service.peers["collector"]._transport = Bundled(Remote(url, lambda: client))

            async def one(number: int) -> tuple[int, int]:
                event = {"userId": "u", "event": f"E{number}"} if number % 5 else {"event": "nobody"}
                auth = write if number % 7 else {"authorization": aiohttp.encode_basic_auth("ecrm_wk_wrong", "")}
                async with client.post(door + "/v1/track", json=event, headers=auth) as answer:
                    return answer.status, (await answer.json()).get("accepted", 0)

            said = await asyncio.gather(*(one(number) for number in range(1, 36)))
            assert said == [(401, 0) if not n % 7 else (400, 0) if not n % 5 else (200, 1) for n in range(1, 36)]
            await platform.drain()
            assert await platform["interaction"].service.database.fetch_value("SELECT count(*) FROM interaction") == 51 + 24


async def test_bodies_that_stall_or_never_end(cluster: PrivateCluster) -> None:
    async with started(cluster, "gateway", "consent") as platform:
        keys = await commands.ensure_first_keys(platform["gateway"].service)
        async with apart(platform, "consent") as (door, client):
            write = {"authorization": aiohttp.encode_basic_auth(keys["source_key"], "")}

            async def endless() -> Any:
                while True:
                    yield b" " * 65536

            async def stalled() -> Any:
                yield b"{"
                await asyncio.sleep(30)

            async with client.post(door + "/v1/batch", data=endless(), headers=write) as answer:
                assert (answer.status, (await answer.json())["code"]) == (413, "body_too_large")
            async with client.post(door + "/v1/batch", data=stalled(), headers=write) as answer:
                assert (answer.status, (await answer.json())["code"]) == (408, "slow_body")
            headers = {"authorization": f"Bearer {keys['admin_key']}", "content-type": "application/json"}
            async with client.post(door + "/api/v1/purposes", data=endless(), headers=headers) as answer:
                assert (answer.status, (await answer.json())["code"]) == (413, "body.too_large")
