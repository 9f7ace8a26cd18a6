"""Small requests to one neighbour, brought together: each hop costs more than what is done at its end, so those that come at once share one.

Nothing waits to be brought along: a request goes at once while few are on their way, and what comes meanwhile goes with the next. Each one is still a request
by itself, with its own headers, proof and answer; only the way is shared.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import MutableMapping
from typing import Any, Final, NamedTuple

import aiohttp
import msgspec

from chassis import telemetry
from chassis.errors import Unavailable
from chassis.peers import NOT_FOR_PEERS, Answer, App, RawHeaders, Receive, Remote, Scope, Send

PATH: Final = "/internal/bundle"
#: Larger bodies go by themselves, bytes.
SMALL: Final = 16 * 1024
#: So many at most share one way, and so many ways are taken at once before a bundle has to be full.
FULL, FEW = 32, 2
#: Bytes of a whole bundle.
MOST: Final = 4 * 1024 * 1024
SECONDS: Final = 10.0
#: A neighbour of an earlier version takes no bundles; it is asked again after so long.
AGAIN_SECONDS: Final = 60.0

_HEADERS: Final = ((b"content-type", b"application/msgpack"),)
_log = telemetry.logger(__name__)


class One(NamedTuple):
    """A request."""

    method: str
    path: str
    query: bytes
    headers: list[tuple[bytes, bytes]]
    body: bytes


class Said(NamedTuple):
    """Its answer; without a status there was none."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


_encode = msgspec.msgpack.Encoder().encode
_ones = msgspec.msgpack.Decoder(list[One]).decode
_said = msgspec.msgpack.Decoder(list[Said]).decode


class Bundled:
    """A way to a neighbour whose small POSTs are brought together (a `Transport`)."""

    def __init__(self, remote: Remote) -> None:
        self._remote = remote
        self._waiting: list[tuple[One, asyncio.Future[Said | None]]] = []
        self._under_way: set[asyncio.Task[None]] = set()
        self._apart_until = 0.0

    async def call(self, method: str, path: str, headers: RawHeaders, body: bytes) -> Answer:
        return await self._remote.call(method, path, headers, body)

    async def forward(self, scope: Scope, receive: Receive, send: Send, headers: RawHeaders) -> None:
        if scope["method"] != "POST" or time.monotonic() < self._apart_until:
            await self._remote.forward(scope, receive, send, headers)
            return
        first = await receive()
        said = None
        if first["type"] == "http.request" and not first.get("more_body") and len(first.get("body", b"")) <= SMALL:
            kept = [(name, value) for name, value in headers if name not in NOT_FOR_PEERS]
            said = await self._together(One("POST", scope["path"], scope["query_string"], kept, first.get("body", b"")))
        if said is None:
            await self._remote.forward(scope, _with(first, receive), send, headers)
        elif not said.status:
            raise Unavailable("peer.unavailable", "This part of the platform does not answer.")
        else:
            await send({"type": "http.response.start", "status": said.status, "headers": said.headers})
            await send({"type": "http.response.body", "body": said.body})

    async def _together(self, one: One) -> Said | None:
        """None: the neighbour takes no bundles."""
        answer: asyncio.Future[Said | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((one, answer))
        if len(self._under_way) < FEW or len(self._waiting) >= FULL * (1 + len(self._under_way) - FEW):
            task = asyncio.create_task(self._bring())
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        return await answer

    async def _bring(self) -> None:
        while self._waiting:
            taken, self._waiting = self._waiting[:FULL], self._waiting[FULL:]
            away = Said(0, [], b"")
            told: list[Said | None] = [away] * len(taken)
            try:
                async with asyncio.timeout(SECONDS):
                    answer = await self._remote.call("POST", PATH, _HEADERS, _encode([one for one, _ in taken]))
                if answer.status == 404:
                    self._apart_until = time.monotonic() + AGAIN_SECONDS
                    told = [None] * len(taken)
                elif answer.status == 200 and len(said := _said(answer.body)) == len(taken):
                    told = [*said]
            except (TimeoutError, OSError, aiohttp.ClientError, msgspec.DecodeError) as error:
                _log.info("bundle_failed", error=error, count=len(taken))
            finally:
                for (_, future), one in zip(taken, told, strict=True):
                    if not future.done():
                        future.set_result(one)


def bundles(app: App) -> App:
    """The app, which also takes bundles: each request in one is answered as if it had come by itself, all at the same time."""

    async def door(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != PATH:
            await app(scope, receive, send)
            return
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            if not message.get("more_body") or len(body) > MOST:
                break
        try:
            ones = _ones(bytes(body)) if len(body) <= MOST else []
        except msgspec.DecodeError:
            ones = []
        said = await asyncio.gather(*(_answered(app, scope, one) for one in ones))
        await send({"type": "http.response.start", "status": 200 if said else 400, "headers": [(b"content-type", b"application/msgpack")]})
        await send({"type": "http.response.body", "body": _encode(said)})

    return door


async def _answered(app: App, outer: Scope, one: One) -> Said:
    scope = {
        "type": "http", "asgi": outer["asgi"], "http_version": "1.1", "method": one.method, "scheme": "http", "root_path": "", "path": one.path,
        "raw_path": one.path.encode(), "query_string": one.query, "client": outer.get("client"), "server": outer.get("server"), "headers": one.headers,
        "state": {}, "extensions": {},
    }
    messages: list[MutableMapping[str, Any]] = [{"type": "http.request", "body": one.body, "more_body": False}]
    status: int = 0
    headers: list[tuple[bytes, bytes]] = []
    chunks: list[bytes] = []

    async def receive() -> MutableMapping[str, Any]:
        return messages.pop() if messages else await asyncio.Future[MutableMapping[str, Any]]()

    async def send(message: MutableMapping[str, Any]) -> None:
        nonlocal status, headers
        if message["type"] == "http.response.start":
            status, headers = message["status"], list(message["headers"])
        else:
            chunks.append(message.get("body", b""))

    try:
        await app(scope, receive, send)
    except Exception as error:  # one that fails is no reason to leave the others without their answers
        _log.error("request_broken", error=error)
        return Said(0, [], b"")
    return Said(status, headers, b"".join(chunks))


def _with(first: MutableMapping[str, Any], receive: Receive) -> Receive:
    """What was received, and then the rest."""
    waiting = [first]

    async def again() -> MutableMapping[str, Any]:
        return waiting.pop() if waiting else await receive()

    return again
