"""The door of collection: source keys, rates, the body within its limits, settings answers; the collector decides about the events."""

from __future__ import annotations

import asyncio
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from chassis import telemetry
from chassis.errors import Unavailable
from chassis.peers import Receive, Send
from contracts.gateway import KeyState, SourceSettings
from gateway.api import answering, crossing
from gateway.api.asking import Asked, ClientGone, Refused
from gateway.api.limits import Flight, Held, Overloaded, Rates
from gateway.api.proving import SourceKeys, query_key, user_name
from gateway.api.tokens import Passes
from gateway.domain import passing
from gateway.domain.quotas import Quota
from gateway.settings import GatewayService

BODY_LIMIT: Final = 5 * 1024 * 1024
BODY_SECONDS: Final = 30.0
GRACE_SECONDS: Final = 5.0
BYTES_PER_SECOND: Final = 1024
ANSWER_SECONDS: Final = 6.0
PREFIXES: Final = ("/v1/", "/beacon/v1/", "/pixel/v1/", "/api/s/")

_log = telemetry.logger(__name__)


class _Taken(msgspec.Struct):
    """Of an answer of the collector."""

    accepted: int = 0


_taken = msgspec.json.Decoder(_Taken).decode


class CollectionDoor:
    """Collection paths of the gateway."""

    def __init__(self, service: GatewayService, *, passes: Passes, rates: Rates, flight: Flight) -> None:
        self._service = service
        self._keys = service.resources.keys
        self._passes = passes
        self._rates = rates
        self._flight = flight
        self._usage = service.resources.usage
        self._sources = SourceKeys(service)
        self._host = urlsplit(service.platform.public_url).netloc

    def takes(self, path: str) -> bool:
        return path.startswith(PREFIXES) or path == "/sourceConfig"

    async def __call__(self, asked: Asked, receive: Receive, send: Send) -> None:
        key: KeyState | None = None
        try:
            if asked.scope["method"] == "OPTIONS" and b"webhook-request-origin" not in asked.headers:
                await answering.answer(send, 204, b"", headers=crossing.collecting_preflight(self._keys, asked.origin))
                return
            if asked.path == "/sourceConfig" or (asked.path.startswith("/v1/projects/") and asked.path.endswith("/settings")):
                await self._settings(asked, send)
                return
            key = self._sources.of(asked)
            if key is not None:
                self._limit(key)
            await self._collect(asked, key, receive, send)
        except Refused as refused:
            await answering.refuse_collecting(
                send, refused.code, request_id=asked.request_id, as_problem=asked.path == "/v1/events", retry_after=refused.retry_after,
                headers=crossing.collecting(self._keys, key.source if key else None, asked.origin),
            )
        except ClientGone:
            return

    async def _collect(self, asked: Asked, key: KeyState | None, receive: Receive, send: Send) -> None:
        expected = asked.headers.get(b"content-length", b"0")
        size = int(expected) if expected.isdigit() and len(expected) < 12 else 0
        if size > BODY_LIMIT:
            raise Refused("body_too_large")
        try:
            with self._flight.enter("collector", body=size, first=False) as held:
                body = await _read(receive, held)
                held.complete()
                named = key or self._sources.in_body(asked, body)
                if named is not None and key is None:
                    self._limit(named)
                accepted = await self._forward(asked, key.source if key else None, body, send)
                if named is not None:
                    self._usage.count(named.key_id, events=accepted)
        except Overloaded:
            raise Refused("overloaded") from None

    async def _forward(self, asked: Asked, source: SourceSettings | None, body: bytes, send: Send) -> int:
        """The whole answer of the collector, or 503 when there is none six seconds after the last byte. How many events it has taken."""
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
        answered = b"".join(chunks)
        await send({"type": "http.response.body", "body": answered})
        return _accepted(asked.path, start["status"], answered)

    def _limit(self, key: KeyState) -> None:
        """Count the request against the source's rate, and look at the key's quota. Raises Refused (`rate_limited`, `quota_exceeded`)."""
        if key.requests_per_day or key.events_per_day:
            wait = self._usage.wait(key.key_id, Quota(key.requests_per_day, key.events_per_day))
            if wait:
                raise Refused("quota_exceeded", wait)
        source = key.source
        amount = (source.rate_per_second if source else 0) or self._service.settings.source_requests_per_second
        if source is None or not amount:
            return
        rate = self._rates.take(source.source_id, amount=amount, window="second")
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
            text = query_key(asked.scope)
            authorization = asked.headers.get(b"authorization", b"").decode("latin-1").strip()
            scheme, _, rest = authorization.partition(" ")
            text = user_name(rest.strip()) if scheme.lower() == "basic" else text
        else:
            text = asked.path.removeprefix("/v1/projects/").removesuffix("/settings")
        state = self._sources.source_key(text)
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


def _accepted(path: str, status: int, body: bytes) -> int:
    """What the collector says it has taken; a picture says nothing and stands for one event."""
    if status != 200:
        return 0
    if path.startswith("/pixel/"):
        return 1
    try:
        return _taken(body).accepted
    except msgspec.DecodeError:
        return 0


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
