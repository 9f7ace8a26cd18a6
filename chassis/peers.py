"""HTTP to a service, over the network or inside the process: the one seam between services."""

from __future__ import annotations

import asyncio
import io
import json as jsonlib
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import Any, Final, NamedTuple, Protocol
from urllib.parse import urlsplit

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from chassis import telemetry
from chassis.errors import Unavailable
from chassis.identity import Caller, Tokens

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
RawHeaders = Sequence[tuple[bytes, bytes]]

HOP_BY_HOP: Final = frozenset(
    {b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"te", b"trailer", b"transfer-encoding", b"upgrade"}
)
NOT_FOR_PEERS: Final = HOP_BY_HOP | {b"host"}
ONE_CHUNK: Final = 64 * 1024
#: How long a connection is kept that nobody uses: well below what servers keep (launcher/process.py), or a request meets a closed door.
IDLE_SECONDS: Final = 15
#: More than this at once would keep the event loop from all else.
ONE_WRITE: Final = 1024 * 1024


class Answer(NamedTuple):
    """What a peer answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return jsonlib.loads(self.body) if self.body else None


class Transport(Protocol):
    """How a peer is reached."""

    async def call(self, method: str, path: str, headers: RawHeaders, body: bytes) -> Answer: ...

    async def forward(self, scope: Scope, receive: Receive, send: Send, headers: RawHeaders) -> None: ...


class Peer:
    """One service as seen by another."""

    def __init__(self, name: str, transport: Transport, tokens: Tokens, caller: str) -> None:
        self._name = name
        self._transport = transport
        self._tokens = tokens
        self._caller = caller

    async def call(
        self, method: str, path: str, *, json: Any = None, body: bytes | None = None, headers: Mapping[str, str] | None = None,
        timeout: float = 5.0, scopes: Sequence[str] = (), token: str | None = None,
    ) -> Answer:
        """Ask in this service's own name (or with `token`). Raises Unavailable when there is no answer within `timeout` seconds."""
        sent = {name.lower(): value for name, value in (headers or {}).items()}
        if json is not None:
            body = jsonlib.dumps(json).encode()
            sent.setdefault("content-type", "application/json")
        identity = token or self._tokens.mint(self._name, Caller(subject=self._caller, kind="service", scopes=frozenset(scopes)))
        sent.setdefault("authorization", f"Bearer {identity}")
        if telemetry.traceparent():
            sent.setdefault("traceparent", telemetry.traceparent())
        if telemetry.correlation.get():
            sent.setdefault("x-request-id", telemetry.correlation.get())
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in sent.items()]
        try:
            return await asyncio.wait_for(self._transport.call(method, path, raw, body or b""), timeout)
        except (TimeoutError, OSError, aiohttp.ClientError) as error:
            raise Unavailable("peer.unavailable", f"The {self._name} service does not answer.", detail=type(error).__name__) from None

    async def forward(self, scope: Scope, receive: Receive, send: Send, *, headers: RawHeaders) -> None:
        """Pass a request through, streaming both ways. Raises Unavailable before anything was sent back, if the peer is away."""
        await self._transport.forward(scope, receive, send, headers)


class Peers:
    """The neighbours by name."""

    def __init__(self, transports: Mapping[str, Transport], tokens: Tokens, caller: str) -> None:
        self._peers = {name: Peer(name, transport, tokens, caller) for name, transport in transports.items()}

    def __getitem__(self, name: str) -> Peer:
        return self._peers[name]

    def __contains__(self, name: str) -> bool:
        return name in self._peers

    @property
    def names(self) -> list[str]:
        return list(self._peers)


class InProcess:
    """A peer in this process: its app is awaited with a rewritten scope. `app` is asked late, so that start order is free."""

    def __init__(self, app: Callable[[], App | None]) -> None:
        self._app = app

    def _ready(self) -> App:
        app = self._app()
        if app is None:
            raise Unavailable("peer.starting", "This part of the platform is not running.")
        return app

    async def call(self, method: str, path: str, headers: RawHeaders, body: bytes) -> Answer:
        parts = urlsplit(path)
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http", "root_path": "",
            "path": parts.path, "raw_path": parts.path.encode(), "query_string": parts.query.encode(), "client": ("127.0.0.1", 0),
            "server": ("in-process", 0), "headers": [*headers, (b"content-length", str(len(body)).encode())], "state": {}, "extensions": {},
        }
        messages = [{"type": "http.request", "body": body, "more_body": False}]
        status, answered, chunks = 0, {}, []

        async def receive() -> MutableMapping[str, Any]:
            return messages.pop() if messages else await asyncio.Future[MutableMapping[str, Any]]()

        async def send(message: MutableMapping[str, Any]) -> None:
            nonlocal status, answered
            if message["type"] == "http.response.start":
                status = message["status"]
                answered = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in message["headers"]}
            elif message["type"] == "http.response.body":
                chunks.append(message.get("body", b""))

        await self._ready()(scope, receive, send)
        return Answer(status, answered, b"".join(chunks))

    async def forward(self, scope: Scope, receive: Receive, send: Send, headers: RawHeaders) -> None:
        inner = dict(scope, headers=list(headers), root_path="")
        for name in ("router", "endpoint", "path_params", "app", "route", "fastapi_inner_astack", "fastapi_function_astack"):
            inner.pop(name, None)
        inner["state"] = {}
        await self._ready()(inner, receive, send)


class Remote:
    """A peer behind `http://`: one aiohttp session for the process, streamed both ways."""

    def __init__(self, url: str, session: Callable[[], aiohttp.ClientSession]) -> None:
        self._url = url.rstrip("/")
        self._session = session

    async def call(self, method: str, path: str, headers: RawHeaders, body: bytes) -> Answer:
        async with self._session().request(
            method, self._url + path, headers=_text(headers), data=body, allow_redirects=False
        ) as answer:
            return Answer(answer.status, {name.lower(): value for name, value in answer.headers.items()}, await answer.read())

    async def forward(self, scope: Scope, receive: Receive, send: Send, headers: RawHeaders) -> None:
        path = scope["raw_path"].decode("latin-1") if scope.get("raw_path") else scope["path"]
        query = scope["query_string"]
        url = URL(f"{self._url}{path}?{query.decode('latin-1')}" if query else self._url + path, encoded=True)
        sent: CIMultiDict[str] = CIMultiDict()
        for name, value in headers:
            if name not in NOT_FOR_PEERS:
                sent.add(name.decode("latin-1"), value.decode("latin-1"))
        has_body, length = False, b""
        for name, value in scope["headers"]:
            if name == b"content-length":
                has_body, length = True, value
            elif name == b"transfer-encoding":
                has_body = True
        data = await _body(receive, length) if has_body else None
        try:
            answer = await self._session().request(scope["method"], url, headers=sent, data=data, allow_redirects=False)
        except (TimeoutError, OSError, aiohttp.ClientError) as error:
            raise Unavailable("peer.unavailable", "This part of the platform does not answer.", detail=type(error).__name__) from None
        async with answer:
            back = [(lower, value) for name, value in answer.raw_headers if (lower := name.lower()) not in HOP_BY_HOP]
            await send({"type": "http.response.start", "status": answer.status, "headers": back})
            whole = answer.content_length
            if whole is not None and whole <= ONE_CHUNK:
                await send({"type": "http.response.body", "body": await answer.read()})
                return
            leaving = None if has_body else asyncio.create_task(_close_when_gone(receive, answer))
            try:
                async for chunk in answer.content.iter_chunked(ONE_CHUNK):
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
            except aiohttp.ClientError:
                if leaving is None or not leaving.done():
                    raise
            finally:
                if leaving is not None:
                    leaving.cancel()
            await send({"type": "http.response.body", "body": b""})


async def _close_when_gone(receive: Receive, answer: aiohttp.ClientResponse) -> None:
    """An answer may have no end: when nobody waits for it any more, the peer is told so."""
    while (await receive())["type"] != "http.disconnect":
        pass
    answer.close()


def new_session() -> aiohttp.ClientSession:
    """The session all remote peers share: no cookies, no redirects, no decompression."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=512, keepalive_timeout=IDLE_SECONDS), auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None, connect=3), skip_auto_headers=("User-Agent", "Accept-Encoding", "Accept"),
    )


def _text(headers: RawHeaders) -> list[tuple[str, str]]:
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]


async def _body(receive: Receive, length: bytes) -> bytes | Any:
    """Small bodies of known length as a whole, others as a stream."""
    first = await receive()
    if not first.get("more_body"):
        return first.get("body", b"")
    if length.isdigit() and int(length) <= 5 * 1024 * 1024:
        chunks = [first.get("body", b"")]
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Unavailable("client.gone", "The client went away.")
            chunks.append(message.get("body", b""))
            if not message.get("more_body"):
                body = b"".join(chunks)
                return body if len(body) <= ONE_WRITE else io.BytesIO(body)
    return _stream(first, receive)


async def _stream(first: MutableMapping[str, Any], receive: Receive) -> Any:
    yield first.get("body", b"")
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionError("the client went away")
        yield message.get("body", b"")
        if not message.get("more_body"):
            return
