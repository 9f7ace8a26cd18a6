"""The door of collection: source keys, rates, the body within its limits, settings answers; the collector decides about the events."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qs, urlsplit

import msgspec

from chassis import telemetry
from chassis.errors import Unavailable
from chassis.peers import Receive, Scope, Send
from contracts.gateway import KeyState, SourceSettings
from gateway.api import answering, crossing
from gateway.api.limits import Flight, Held, Overloaded, Rates
from gateway.api.tokens import Passes
from gateway.domain import keys as key_rules
from gateway.domain import passing
from gateway.settings import GatewayService

BODY_LIMIT: Final = 5 * 1024 * 1024
BODY_SECONDS: Final = 30.0
GRACE_SECONDS: Final = 5.0
BYTES_PER_SECOND: Final = 1024
ANSWER_SECONDS: Final = 6.0
PREFIXES: Final = ("/v1/", "/beacon/v1/", "/pixel/v1/", "/api/s/")

_log = telemetry.logger(__name__)


class Refused(Exception):
    """A refusal of the whole request, by its code."""

    def __init__(self, code: str, retry_after: int | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.retry_after = retry_after


class ClientGone(Exception):
    """Nobody waits for an answer."""


class Asked(NamedTuple):
    """One request: headers in lower case, the first of each name."""

    scope: Scope
    path: str
    headers: Mapping[bytes, bytes]
    request_id: str
    address: str
    traceparent: str

    @property
    def origin(self) -> str:
        return self.headers.get(b"origin", b"").decode("latin-1")[:256]


class CollectionDoor:
    """Collection paths of the gateway."""

    def __init__(self, service: GatewayService, *, passes: Passes, rates: Rates, flight: Flight) -> None:
        self._service = service
        self._keys = service.resources.keys
        self._passes = passes
        self._rates = rates
        self._flight = flight
        self._host = urlsplit(service.platform.public_url).netloc

    def takes(self, path: str) -> bool:
        return path.startswith(PREFIXES) or path == "/sourceConfig"

    async def __call__(self, asked: Asked, receive: Receive, send: Send) -> None:
        source: SourceSettings | None = None
        try:
            if asked.scope["method"] == "OPTIONS" and b"webhook-request-origin" not in asked.headers:
                await answering.answer(send, 204, b"", headers=crossing.collecting_preflight(self._keys, asked.origin))
                return
            if asked.path == "/sourceConfig" or (asked.path.startswith("/v1/projects/") and asked.path.endswith("/settings")):
                await self._settings(asked, send)
                return
            source = self._source(asked)
            if source is not None:
                await self._rate(source)
            await self._collect(asked, source, receive, send)
        except Refused as refused:
            await answering.refuse_collecting(
                send, refused.code, request_id=asked.request_id, as_problem=asked.path == "/v1/events", retry_after=refused.retry_after,
                headers=crossing.collecting(self._keys, source, asked.origin),
            )
        except ClientGone:
            return

    async def _collect(self, asked: Asked, source: SourceSettings | None, receive: Receive, send: Send) -> None:
        expected = asked.headers.get(b"content-length", b"0")
        size = int(expected) if expected.isdigit() and len(expected) < 12 else 0
        if size > BODY_LIMIT:
            raise Refused("body_too_large")
        try:
            with self._flight.enter(expected=size, first=False) as held:
                body = await _read(receive, held)
                await self._forward(asked, source, body, send)
        except Overloaded:
            raise Refused("overloaded") from None

    async def _forward(self, asked: Asked, source: SourceSettings | None, body: bytes, send: Send) -> None:
        """The whole answer of the collector, or 503 when there is none six seconds after the last byte."""
        headers = passing.passing(asked.scope["headers"], without=(b"content-length",))
        headers += [
            (b"x-ecrm-internal", self._passes.for_source(source).encode()), (b"x-ecrm-client-ip", asked.address.encode("latin-1")),
            (b"x-request-id", asked.request_id.encode()), (b"traceparent", asked.traceparent.encode()),
            (b"content-length", str(len(body)).encode()),
        ]
        inner = {**asked.scope, "headers": headers, "path": asked.path, "raw_path": asked.path.encode()}
        waiting = [{"type": "http.request", "body": body, "more_body": False}]
        start: dict[str, Any] = {}
        chunks: list[bytes] = []

        async def receive_all() -> Any:
            return waiting.pop() if waiting else await asyncio.Future()

        async def collect(message: Any) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            elif message["type"] == "http.response.body":
                chunks.append(message.get("body", b""))

        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._service.peers["collector"].forward(inner, receive_all, collect, headers=headers)
        except (TimeoutError, Unavailable, OSError) as error:
            _log.warning("collector_away", error=error)
            raise Refused("not_confirmed") from None
        if not start:
            raise Refused("not_confirmed")
        start["headers"] = [
            *start["headers"], (b"x-request-id", asked.request_id.encode()), *crossing.collecting(self._keys, source, asked.origin)
        ]
        await send(start)
        await send({"type": "http.response.body", "body": b"".join(chunks)})

    def _source(self, asked: Asked) -> SourceSettings | None:
        """The source that a header or the query proves, in the order of the protocol; None when the body decides. Raises Refused."""
        pixel = asked.path.startswith("/pixel/")
        if asked.path == "/v1/m" or asked.scope["method"] == "OPTIONS":
            return None
        if not self._keys.loaded:
            if pixel:
                return None
            raise Refused("starting")
        authorization = asked.headers.get(b"authorization")
        if pixel:
            state = self._source_key(_query_key(asked.scope))
            return state.source if state and state.source and state.source.enabled else None
        if authorization is not None:
            return self._authorized(authorization.decode("latin-1").strip())
        if b"x-write-key" in asked.headers:
            return _enabled(self._source_key(asked.headers[b"x-write-key"].decode("latin-1").strip()))
        if asked.path.startswith("/beacon/"):
            found = _query_key(asked.scope)
            if found is not None:
                return _enabled(self._source_key(found))
        return None

    def _authorized(self, value: str) -> SourceSettings | None:
        scheme, _, rest = value.partition(" ")
        if scheme.lower() == "basic":
            return _enabled(self._source_key(user_name(rest.strip())))
        if scheme.lower() != "bearer" or not rest.strip():
            raise Refused("unknown_key")
        token = rest.strip()
        state = self._keys.find(token)
        if state is not None and state.kind == key_rules.API:
            self._shown(state)
            return _enabled(state if "collect:write" in state.scopes else None)
        if state is None and key_rules.looks_made(token):
            raise Refused("unknown_key")
        return None  # a token of somebody else's, or a source key: the key in the body decides

    def _source_key(self, text: str | None) -> KeyState | None:
        state = self._keys.find(text) if text else None
        if state is None or state.kind != key_rules.SOURCE:
            return None
        self._shown(state)
        return state

    def _shown(self, state: KeyState) -> None:
        self._service.resources.used[state.key_id] = self._service.clock.timestamp()

    async def _rate(self, source: SourceSettings) -> None:
        amount = source.rate_per_second or self._service.settings.source_requests_per_second
        if not amount:
            return
        rate = await self._rates.take(source.source_id, amount=amount, window="second")
        if not rate.allowed:
            raise Refused("rate_limited", rate.retry_after)

    async def _settings(self, asked: Asked, send: Send) -> None:
        """What SDKs ask before they send: as available as collection itself."""
        if not self._keys.loaded:
            raise Refused("starting")
        if asked.scope["method"] not in {"GET", "HEAD"}:
            await answering.answer(send, 405, b'{"success":false,"code":"method_not_allowed","message":"send a GET"}', headers=[(b"allow", b"GET")])
            return
        if asked.path == "/sourceConfig":
            text = _query_key(asked.scope)
            authorization = asked.headers.get(b"authorization", b"").decode("latin-1").strip()
            scheme, _, rest = authorization.partition(" ")
            text = user_name(rest.strip()) if scheme.lower() == "basic" else text
        else:
            text = asked.path.removeprefix("/v1/projects/").removesuffix("/settings")
        state = self._source_key(text)
        if state is None or state.source is None or not state.source.enabled or text is None:
            body, status = b'{"success":false,"code":"unknown_key","message":"there is no such source"}', 404
            if asked.path == "/sourceConfig" and state is None:
                status = 401
            headers = crossing.collecting(self._keys, None, asked.origin)
        else:
            body, status = msgspec.json.encode(self._configuration(asked.path, text, state.source)), 200
            headers = [(b"cache-control", b"public, max-age=60"), *crossing.collecting(self._keys, state.source, asked.origin)]
        await answering.answer(send, status, body, headers=[*headers, (b"x-request-id", asked.request_id.encode())])

    def _configuration(self, path: str, key: str, source: SourceSettings) -> dict[str, Any]:
        if path == "/sourceConfig":
            return {
                "source": {
                    "id": source.source_id, "name": source.name, "enabled": True, "config": {}, "destinations": [], "workspaceId": "ecrm",
                }
            }
        segment = {"apiKey": key, "apiHost": f"{self._host}/v1", "unbundledIntegrations": [], "addBundledMetadata": True}
        return {
            "integrations": {"Segment.io": segment}, "plan": {"track": {"__default": {"enabled": True, "integrations": {}}}},
            "edgeFunction": {}, "middlewareSettings": {}, "metrics": {"sampleRate": 0},
        }


def user_name(encoded: str) -> str:
    """The user name of Basic credentials; the password and a missing colon do not matter. Raises Refused (`unknown_key`)."""
    try:
        plain = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True).decode()
    except ValueError:
        raise Refused("unknown_key") from None
    return plain.partition(":")[0]


def _enabled(state: KeyState | None) -> SourceSettings:
    if state is None or state.source is None:
        raise Refused("unknown_key")
    if not state.source.enabled:
        raise Refused("source_disabled")
    return state.source


def _query_key(scope: Scope) -> str | None:
    try:
        found = parse_qs(scope["query_string"].decode("latin-1"), max_num_fields=1000).get("writeKey")
    except ValueError:
        return None
    return found[0] if found else None


async def _read(receive: Receive, held: Held) -> bytes:
    """The body as it came. Raises Refused (body_too_large, slow_body), Overloaded, ClientGone."""
    first = await _message(receive, GRACE_SECONDS)
    body = first.get("body", b"")
    if not first.get("more_body", False):
        return bytes(body)
    loop = asyncio.get_running_loop()
    began, chunks, size = loop.time(), [body], len(body)
    while True:
        held.grow_to(size)
        left = began + min(BODY_SECONDS, GRACE_SECONDS + size / BYTES_PER_SECOND) - loop.time()
        message = await _message(receive, left)
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if size > BODY_LIMIT:
            raise Refused("body_too_large")
        if not message.get("more_body", False):
            return b"".join(chunks)


async def _message(receive: Receive, seconds: float) -> Any:
    try:
        async with asyncio.timeout(seconds):
            message = await receive()
    except TimeoutError:
        raise Refused("slow_body") from None
    if message["type"] == "http.disconnect":
        raise ClientGone
    return message
