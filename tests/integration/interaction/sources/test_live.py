"""U11: the live view: what is stored, as it is stored, over sockets and inside one process; resumed, redacted, and nobody holds it up."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import aiohttp
import pytest

from gateway import commands
from launcher.embedded_postgres import PrivateCluster
from services.interaction.domain.live import Wanted
from services.interaction.queries import live
from tests.integration.gateway.test_network import apart, served
from tests.integration.interaction.sources.support import Source, source, track
from tests.integration.interaction.support import settle
from tests.support.platform import TestPlatform, started

pytestmark = pytest.mark.asyncio(loop_scope="function")


class Watching:
    """A client of the stream; keeps what came by kind of event."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self.answer = answer
        self.last_id = ""
        self.events: list[tuple[str, Any]] = []

    async def until(self, count: int, *, seconds: float = 10) -> list[Any]:
        """The data of the first `count` events, of whatever kind."""
        async with asyncio.timeout(seconds):
            while len(self.events) < count and not self.answer.content.at_eof():
                await self.block()
        return [data for _, data in self.events[:count]]

    async def block(self) -> None:
        name, data = "", None
        while line := (await self.answer.content.readline()).decode().rstrip("\n"):
            field, _, value = line.partition(": ")
            if field == "id":
                self.last_id = value
            elif field == "event":
                name = value
            elif field == "data":
                data = json.loads(value)
        if name:
            self.events.append((name, data))


@asynccontextmanager
async def watching(client: aiohttp.ClientSession, url: str, key: str, query: str = "", after: str = "") -> AsyncIterator[Watching]:
    headers = {"authorization": f"Bearer {key}"} | ({"last-event-id": after} if after else {})
    async with client.get(f"{url}/api/v1/live{query}", headers=headers, timeout=aiohttp.ClientTimeout(total=60)) as answer:
        assert answer.status == 200, await answer.text()
        assert answer.headers["content-type"].startswith("text/event-stream")
        found = Watching(answer)
        if not after:
            await found.block()  # it says where it begins
        yield found


async def key(platform: TestPlatform, *scopes: str) -> str:
    made = await commands.create_key(platform["gateway"].service, name="k", scopes=list(scopes), actor="t")
    await platform.drain()
    return made.text


@asynccontextmanager
async def opened(cluster: PrivateCluster, shape: str) -> AsyncIterator[tuple[TestPlatform, str, aiohttp.ClientSession, Source]]:
    """A gateway behind a socket, with the service beside it in the process or behind a socket of its own."""
    async with started(cluster, "gateway", "interaction") as platform, AsyncExitStack() as stack:
        shop = await source(platform)
        if shape == "apart":
            url, client = await stack.enter_async_context(apart(platform, "interaction"))
        else:
            url = await stack.enter_async_context(served(platform["gateway"].running.app))
            client = await stack.enter_async_context(aiohttp.ClientSession())
        yield platform, url, client, shop


@pytest.mark.parametrize("shape", ["together", "apart"])
async def test_what_is_stored_is_seen_at_once_by_who_may_see_it(cluster: PrivateCluster, shape: str) -> None:
    async with opened(cluster, shape) as (platform, url, client, shop):
        brief, full = await key(platform, "interactions:read"), await key(platform, "interactions:read", "customers:read")
        nothing = await key(platform, "campaigns:read")
        async with client.get(f"{url}/api/v1/live", headers={"authorization": f"Bearer {nothing}"}) as answer:
            assert answer.status == 403
        async with watching(client, url, brief) as one, watching(client, url, full, f"?source={shop.id}&kind=track&channel=server") as two:
            began = time.monotonic()
            await shop.send([track("Product Viewed", {"secret": "s-1"}), {"type": "page", "userId": "u1"}])
            seen = await one.until(2)
            assert time.monotonic() - began < 3
            assert sorted(event["kind"] for event in seen) == ["page", "track"]
            assert "s-1" not in json.dumps(seen)
            assert "personal" not in seen[0]
            content = await two.until(1)
            assert content[0]["personal"]["properties"] == {"secret": "s-1"}
            shown = await platform["interaction"].call("GET", f"/api/v1/interactions/{content[0]['id']}")
            assert shown.json()["name"] == "Product Viewed"
            call = {"kind": "call", "customer": "user:u1", "initiator": "customer", "answered": True, "duration_s": 5, "sensitive": True, "summary": "s-2"}
            assert (await platform["interaction"].call("POST", "/api/v1/interactions", json=call)).status == 202
            assert "s-2" not in json.dumps((await one.until(3))[2])
            await settle(platform)
        hub = platform["interaction"].service.resources.live
        async with asyncio.timeout(5):  # who leaves is noticed, also behind the gateway
            while hub.listeners:
                await asyncio.sleep(0.05)


@pytest.mark.parametrize("shape", ["together", "apart"])
async def test_who_comes_back_misses_nothing_and_sees_nothing_twice(cluster: PrivateCluster, shape: str) -> None:
    async with opened(cluster, shape) as (platform, url, client, shop):
        reader = await key(platform, "interactions:read", "customers:read")
        async with watching(client, url, reader) as first:
            await shop.send([track("A", {"n": 1})])
            await first.until(1)
            last = first.last_id
        await shop.send([track("A", {"n": number}, user=f"u{number}") for number in range(2, 42)])
        await settle(platform)
        async with watching(client, url, reader, after=last) as again:
            await shop.send([track("A", {"n": 42})])
            found = await again.until(41)
            assert sorted(event["personal"]["properties"]["n"] for event in found) == list(range(2, 43))
        async with watching(client, url, reader, after="nonsense") as lost:
            assert await lost.until(1) == [{"reason": "unknown_position"}]
            assert lost.events[0][0] == "gap"


async def test_a_revoked_key_sees_no_more(cluster: PrivateCluster) -> None:
    async with opened(cluster, "apart") as (platform, url, client, shop):
        made = await commands.create_key(platform["gateway"].service, name="k", scopes=["interactions:read"], actor="t")
        await platform.drain()
        async with watching(client, url, made.text) as one:
            await commands.revoke_key(platform["gateway"].service, key_id=made.key.id)
            await shop.send([track("A")])
            async with asyncio.timeout(10):
                rest = await one.answer.content.read()
            assert b"interaction" not in rest


async def test_who_does_not_keep_up_is_sent_away_and_told_so(cluster: PrivateCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "WAITING", 20)
    async with started(cluster, "interaction") as platform:
        service = platform["interaction"].service
        shop = await source(platform)
        slow = live.follow(service, wanted=Wanted())
        quick = live.follow(service, wanted=Wanted(kinds=frozenset({"page"})))
        assert b"listening" in await anext(slow)
        assert b"listening" in await anext(quick)
        await shop.send([track("A", user=f"u{number}") for number in range(50)] + [{"type": "page", "userId": "u1"}])
        await settle(platform)
        async with asyncio.timeout(10):
            while service.resources.live.listeners > 1:
                await asyncio.sleep(0.02)
        pieces = [piece async for piece in slow]
        text = b"".join(pieces)
        assert text.count(b"event: interaction") == 20
        assert text.endswith(b'Last-Event-ID to go on."}\n\n')
        assert b"event: dropped" in pieces[-1]
        assert b'"kind":"page"' in await asyncio.wait_for(anext(quick), 5)
        await quick.aclose()
        assert service.resources.live.listeners == 0


async def test_many_listeners_cost_little_and_too_many_are_refused(cluster: PrivateCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "LISTENERS", 300)
    async with started(cluster, "interaction") as platform:
        service = platform["interaction"].service
        shop = await source(platform)
        streams = [live.follow(service, wanted=Wanted(content=number % 2 == 0)) for number in range(300)]
        for stream in streams:
            await anext(stream)
        from chassis.errors import Unavailable

        with pytest.raises(Unavailable, match=r"live\.full"):
            await anext(live.follow(service, wanted=Wanted()))
        began = time.process_time()
        await shop.send([track("A", {"n": number}) for number in range(200)])
        await settle(platform)
        counts = []
        for stream in streams:
            text = b""
            while text.count(b"event: interaction") < 200:
                text += await asyncio.wait_for(anext(stream), 5)
            counts.append(text.count(b"event: interaction"))
            await stream.aclose()
        used = time.process_time() - began
        print(f"60,000 pieces to 300 listeners: {used:.2f} s of CPU with everything else")
        assert counts == [200] * 300
        assert used < 10
