"""Small requests to one neighbour share their way; each keeps its own headers and its own answer."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import aiohttp
import pytest

from chassis import bundling
from chassis.bundling import Bundled, bundles
from chassis.errors import Unavailable
from chassis.peers import App, Remote, new_session
from launcher import process

pytestmark = pytest.mark.asyncio


class Echo:
    """Answers with what came, after a moment; counts the requests that came by themselves."""

    def __init__(self) -> None:
        self.ways = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        if scope["path"] == "/breaks":
            raise RuntimeError("this one alone")
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        said = json.dumps({"path": scope["path"], "query": scope["query_string"].decode(), "who": headers.get("x-who"), "size": len(body)}).encode()
        await asyncio.sleep(0.01)
        await send({"type": "http.response.start", "status": 200 if scope["path"] == "/good" else 418, "headers": [(b"x-back", headers["x-who"].encode())]})
        await send({"type": "http.response.body", "body": said})

    def counting(self, app: App) -> App:
        async def counted(scope: Any, receive: Any, send: Any) -> None:
            self.ways += scope["type"] == "http"
            await app(scope, receive, send)

        return counted


@asynccontextmanager
async def neighbour(*, takes_bundles: bool = True) -> AsyncIterator[tuple[Echo, Bundled, str]]:
    echo = Echo()
    async with AsyncExitStack() as stack:
        listener = process.listen("127.0.0.1", 0)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        inner = bundles(echo) if takes_bundles else without(echo)
        await stack.enter_async_context(process.serving(echo.counting(inner), listener))
        session = await stack.enter_async_context(new_session())
        yield echo, Bundled(Remote(url, lambda: session)), url


def without(app: App) -> App:
    """A neighbour of an earlier version."""

    async def older(scope: Any, receive: Any, send: Any) -> None:
        if scope.get("path") == bundling.PATH:
            await send({"type": "http.response.start", "status": 404, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body", "body": b""})
            return
        await app(scope, receive, send)

    return older


async def ask(way: Bundled, who: str, *, path: str = "/good", body: bytes = b"{}") -> tuple[int, dict[str, str], Any]:
    told: list[Any] = []
    waiting = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Any:
        return waiting.pop() if waiting else await asyncio.Future()

    async def send(message: Any) -> None:
        told.append(message)

    headers = [(b"x-who", who.encode()), (b"content-length", str(len(body)).encode()), (b"host", b"outside")]
    scope = {"method": "POST", "path": path, "raw_path": path.encode(), "query_string": f"n={who}".encode(), "headers": headers}
    async with asyncio.timeout(30):
        await way.forward(scope, receive, send, headers)
    start, *chunks = told
    back = {name.decode().lower(): value.decode() for name, value in start["headers"]}
    return start["status"], back, json.loads(b"".join(chunk["body"] for chunk in chunks))


async def test_many_share_few_ways_and_each_gets_its_own_answer() -> None:
    async with neighbour() as (echo, way, _):
        found = await asyncio.gather(*(ask(way, f"{number}", path="/good" if number % 3 else "/bad", body=b"x" * number) for number in range(100)))
        for number, (status, back, said) in enumerate(found):
            assert status == (200 if number % 3 else 418)
            assert back["x-back"] == str(number)
            assert said == {"path": "/good" if number % 3 else "/bad", "query": f"n={number}", "who": str(number), "size": number}
        assert echo.ways <= 20, "a hundred requests, far fewer ways"
        alone = echo.ways
        assert (await ask(way, "alone"))[0] == 200
        assert echo.ways == alone + 1, "one by itself waits for nobody"


async def test_one_that_breaks_leaves_the_others_theirs() -> None:
    async with neighbour() as (_, way, _url):
        found = await asyncio.gather(
            ask(way, "1"), ask(way, "2", path="/breaks"), ask(way, "3"), return_exceptions=True
        )
        assert isinstance(found[1], Unavailable)
        assert [one[0] for one in found if not isinstance(one, BaseException)] == [200, 200]


async def test_large_bodies_go_by_themselves() -> None:
    async with neighbour() as (echo, way, _):
        found = await asyncio.gather(*(ask(way, str(number), body=b"x" * (bundling.SMALL + 1)) for number in range(5)))
        assert [said["size"] for _, _, said in found] == [bundling.SMALL + 1] * 5
        assert echo.ways == 5


async def test_a_neighbour_of_an_earlier_version_gets_each_by_itself() -> None:
    async with neighbour(takes_bundles=False) as (echo, way, _):
        found = await asyncio.gather(*(ask(way, str(number)) for number in range(10)))
        assert [status for status, _, _ in found] == [200] * 10
        before = echo.ways
        await asyncio.gather(*(ask(way, str(number)) for number in range(10)))
        assert echo.ways == before + 10, "it is not asked for bundles again at once"


async def test_a_neighbour_that_is_away_is_said_to_be() -> None:
    async with neighbour() as (_, way, _url):
        pass
    with pytest.raises(Unavailable):
        await ask(way, "late")


async def test_what_is_no_bundle_is_refused() -> None:
    async with neighbour() as (_, _way, url), aiohttp.ClientSession() as client:
        for body in (b"", b"\xc1", b"\x90", b'[["POST"]]', b"x" * (bundling.MOST + 1)):
            async with client.post(url + bundling.PATH, data=io.BytesIO(body)) as answer:
                assert answer.status == 400
