"""The collector: a plain ASGI endpoint behind the gateway that checks events and appends them to the log; no database on the way.

`PATHS` and `collector` make it a mount of the interaction service; `standing_alone` runs it as a process of its own.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl

import msgspec
import uuid_utils

from chassis import telemetry
from chassis.clock import Clock
from chassis.errors import Refusal
from chassis.eventlog import EventLog, Headers
from chassis.identity import Tokens
from chassis.keys import KeyTable
from chassis.peers import App, Receive, Scope, Send
from chassis.settings import PlatformSettings
from contracts import collection_schemas, gateway
from contracts.collected import MESSAGE_TYPES
from services.interaction.api import collector_answers as answers
from services.interaction.api import collector_confirming as confirming
from services.interaction.api import collector_receiving as receiving
from services.interaction.api import collector_tallying as tallying
from services.interaction.domain import collecting
from services.interaction.settings import InteractionService

PATHS: Final = ("/v1/*", "/beacon/v1/*", "/pixel/v1/*", "/api/s/*", "/schemas/*")
AUDIENCE: Final = "collector"
SELF_METRICS_BYTES: Final = 64 * 1024
QUARANTINE_PER_HOUR: Final = 1000

_SHORT: Final = {"i": "identify", "t": "track", "p": "page", "s": "screen", "g": "group", "a": "alias"}
_SINGLE: Final = {f"/v1/{name}": kind for name, kind in ({kind: kind for kind in MESSAGE_TYPES} | _SHORT).items()}
_BATCH: Final = frozenset({"/v1/batch", "/v1/b", "/v1/import", "/beacon/v1/batch"})
_PIXEL: Final = {"/pixel/v1/track": "track", "/pixel/v1/page": "page"}
_TRACEPARENT: Final = re.compile(rb"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_PIXEL_FIELDS: Final = ("anonymousId", "userId", "event", "name", "messageId", "timestamp")

EVENTS: Final = telemetry.counter("ecrm_collected_events_total", "Events by source and outcome (accepted or the code)", ("source_id", "outcome"))
REQUESTS: Final = telemetry.counter("ecrm_collected_requests_total", "Collection requests by answer", ("status", "code"))

_log = telemetry.logger(__name__)


class Asked(NamedTuple):
    """One collection request. `form` is batch, events (CloudEvents) or single; then `kind` is the message type the path decides."""

    form: str
    headers: dict[bytes, bytes]
    scope: Scope
    kind: str = ""
    in_query: bool = False


class Collector:
    """The ASGI app. It needs the log, the key table, a clock and the public keys of the gateway."""

    def __init__(
        self, *, log: EventLog, tokens: Tokens, clock: Clock, keys: KeyTable, quarantine_per_hour: int = QUARANTINE_PER_HOUR
    ) -> None:
        self.keys = keys
        self._tokens = tokens
        self._clock = clock
        self._log = log
        self._confirmer = confirming.Confirmer(log, clock)
        self._quota = confirming.Quota(clock, quarantine_per_hour)
        self._flight = receiving.Flight()
        self.teller = tallying.Teller(log)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        try:
            answer = await self._answer(scope, receive)
        except receiving.ClientGone:
            return
        except Exception as error:  # our own fault is never a 4xx, or SDKs throw their events away
            _log.error("collection_failed", error=error)
            answer = answers.refusal("not_confirmed")
        await answer.send(send)

    async def _answer(self, scope: Scope, receive: Receive) -> answers.Answer:
        path, method = scope["path"].rstrip("/"), scope["method"]
        headers = receiving.headers_of(scope)
        if path in _BATCH:
            asked = Asked("batch", headers, scope, in_query=path.startswith("/beacon"))
        elif path in _SINGLE:
            asked = Asked("single", headers, scope, kind=_SINGLE[path])
        elif path == "/v1/events":
            if method == "OPTIONS" and b"webhook-request-origin" in headers:
                return answers.Answer(200, b"", headers=((b"webhook-allowed-origin", headers[b"webhook-request-origin"]), (b"allow", b"POST")))
            asked = Asked("events", headers, scope)
        elif path.startswith("/api/s/"):
            asked = Asked("single", headers, scope, kind=path.removeprefix("/api/s/").removeprefix("s2s/"))
        else:
            return await self._other(path, method, Asked("single", headers, scope, in_query=True), receive)
        if method != "POST":
            return answers.plain(405, "method_not_allowed", "send a POST", allow="POST")
        return await self._collect(asked, receive)

    async def _other(self, path: str, method: str, asked: Asked, receive: Receive) -> answers.Answer:
        if path == "/v1/m" and method == "POST":
            await receiving.discard_body(receive, SELF_METRICS_BYTES)
            return answers.Answer(200, b'{"success":true}')
        if path in _PIXEL and method in {"GET", "HEAD"}:
            await self._pixel(_PIXEL[path], asked)
            return answers.pixel()
        schema = collection_schemas.schema_of(path.removeprefix("/schemas/")) if path.startswith("/schemas/") and method == "GET" else None
        if schema is not None:
            return answers.Answer(200, msgspec.json.encode(schema), b"application/schema+json", ((b"cache-control", b"public, max-age=300"),))
        if path in _PIXEL or path == "/v1/m":
            return answers.plain(405, "method_not_allowed", "this address takes another method", allow="GET" if path in _PIXEL else "POST")
        return answers.plain(404, "route_unknown", "there is nothing at this address")

    async def _collect(self, asked: Asked, receive: Receive) -> answers.Answer:
        """From the headers to the answer; any refusal of the whole request ends here."""
        source: gateway.SourceSettings | None = None
        size = 0
        problem = asked.form == "events"
        try:
            with self._flight.enter():
                source = self._source_from_headers(asked)
                await self._confirmer.ensure_closed()
                inflater = collecting.Inflater(receiving.text_of(asked.headers, b"content-encoding"))
                with self._flight.share(source.source_id if source else ""), self._flight.hold(_expected(asked.headers)) as held:
                    try:
                        body = _parsed(asked, await receiving.read_body(receive, asked.headers, held, inflater))
                    finally:
                        size = inflater.wire
                    if source is None:
                        source = receiving.source_of_body(self.keys, body.write_key)
                    if not problem:
                        collecting.check_count(body)
                    return await self._check_and_append(body, asked, source)
        except collecting.RequestRefused as refused:
            REQUESTS.labels(collecting.STATUS[refused.code], refused.code).inc()
            if source is not None and collecting.STATUS[refused.code] in {400, 413, 415}:
                await self._remember_refusal(refused.code, source, size)
            return answers.refusal(refused.code, problem=problem)

    def _source_from_headers(self, asked: Asked) -> gateway.SourceSettings | None:
        """The source by the gateway's word or by a key in header or query; None when the body decides. Raises RequestRefused."""
        try:
            caller = self._tokens.verify(receiving.text_of(asked.headers, b"x-ecrm-internal"), AUDIENCE)
        except Refusal as error:  # not the client's fault, so no 4xx
            _log.warning("not_from_gateway", code=error.code)
            raise collecting.RequestRefused("not_confirmed") from None
        if not self.keys.loaded:
            raise collecting.RequestRefused("starting")
        known = caller.source_id or caller.subject
        if known:
            source = self.keys.source(known)
            if source is None:  # the gateway has read further than we have
                raise collecting.RequestRefused("starting")
            if not source.enabled:
                raise collecting.RequestRefused("source_disabled")
            return source
        shown = receiving.credential(asked.headers, asked.scope["query_string"], in_query=asked.in_query)
        source = receiving.source_of(self.keys, shown)
        if source is None and asked.form == "events":  # a CloudEvent has no place for a key
            raise collecting.RequestRefused("unknown_key")
        return source

    async def _check_and_append(self, body: collecting.Body, asked: Asked, source: gateway.SourceSettings) -> answers.Answer:
        receipt = self._receipt(asked, source)
        cloudevent = asked.form == "events"
        outcome = collecting.check_events(body, receipt, cloudevent=cloudevent)
        records = confirming.accepted_records(outcome, source.source_id, _trace(asked.headers))
        records += confirming.refused_records(outcome, receipt, self._quota)
        if outcome.kept_out:
            records.append(confirming.dropped_record(outcome, receipt))
        await self._confirmer.append(records)
        _count(outcome, source.source_id)
        self.teller.add(source.source_id, receipt.received_at, outcome.accepted)
        if outcome.nothing_attributable:
            REQUESTS.labels(400, "nothing_attributable").inc()
            return answers.refusal("nothing_attributable", outcome, problem=cloudevent)
        REQUESTS.labels(200, "").inc()
        return answers.success(outcome)

    async def _remember_refusal(self, code: str, source: gateway.SourceSettings, size: int) -> None:
        """Time, size and code of a request with a valid key. The answer stands whether or not the log confirms this."""
        if not self._quota.take(source.source_id):
            return
        record = confirming.refused_request(code, new_receipt_id(), self._clock.now(), source.source_id, size)
        try:
            await self._confirmer.append([record], deadline=1.0)
        except collecting.RequestRefused:
            _log.info("refusal_not_kept", code=code, source_id=source.source_id)

    async def _pixel(self, kind: str, asked: Asked) -> None:
        """Collect what the query says; the outcome is only counted."""
        try:
            source = self._source_from_headers(asked)
            if source is None:
                raise collecting.RequestRefused("unknown_key")
            with self._flight.enter():
                await self._confirmer.ensure_closed()
                body = collecting.read_single(msgspec.json.encode(_pixel_event(asked.scope["query_string"])), kind)
                await self._check_and_append(body, asked, source)
        except collecting.RequestRefused as refused:
            REQUESTS.labels(collecting.STATUS[refused.code], refused.code).inc()

    def _receipt(self, asked: Asked, source: gateway.SourceSettings) -> collecting.Receipt:
        headers = asked.headers
        return collecting.Receipt(
            source=source, received_at=self._clock.now(), new_id=new_receipt_id,
            ip=receiving.text_of(headers, b"x-ecrm-client-ip")[:64] or None,
            user_agent=receiving.text_of(headers, b"user-agent")[:512] or None, gpc=receiving.text_of(headers, b"sec-gpc") == "1",
        )


def new_receipt_id() -> str:
    """UUIDv7 as text, by the fast way: one for each event."""
    return str(uuid_utils.uuid7())


def collector(service: InteractionService) -> App:
    """The mount of the interaction service; its key table is that of the service."""
    return Collector(
        log=service.log, tokens=service.tokens, clock=service.clock, keys=service.resources.keys,
        quarantine_per_hour=service.settings.quarantine_per_hour,
    )


@asynccontextmanager
async def standing_alone(*, log: EventLog, tokens: Tokens, platform: PlatformSettings) -> AsyncIterator[App]:
    """The collector as a process of its own, with `/healthz`, `/readyz` and `/metrics`."""
    clock = Clock()
    keys = KeyTable(clock)
    app = Collector(log=log, tokens=tokens, clock=clock, keys=keys)

    async def door(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path")
        if path == "/healthz":
            await answers.Answer(200, b'{"status":"alive"}').send(send)
        elif path == "/readyz":
            missing = [name for name, there in (("keys", keys.loaded), ("log", await log.healthy())) if not there]
            state = {"status": "not ready" if missing else "ready", "missing": missing}
            await answers.Answer(503 if missing else 200, msgspec.json.encode(state)).send(send)
        elif path == "/metrics":
            await answers.Answer(200, telemetry.exposition(), b"text/plain; version=0.0.4; charset=utf-8").send(send)
        else:
            await app(scope, receive, send)

    await keys.start(log)
    try:
        yield door
    finally:
        await keys.close()


def _expected(headers: dict[bytes, bytes]) -> int:
    length = receiving.text_of(headers, b"content-length")
    return int(length) if length.isdecimal() and len(length) < 8 else 0


def _parsed(asked: Asked, body: bytes) -> collecting.Body:
    if asked.form == "batch":
        return collecting.read_batch(body)
    if asked.form == "events":
        names = ((name.decode("latin-1"), value.decode("latin-1")) for name, value in asked.headers.items() if name.startswith(b"ce-"))
        return collecting.read_events(body, receiving.text_of(asked.headers, b"content-type"), names)
    return collecting.read_single(body, asked.kind)


def _trace(headers: dict[bytes, bytes]) -> Headers:
    found = headers.get(b"traceparent", b"")
    return (("traceparent", found),) if _TRACEPARENT.fullmatch(found) else ()


def _count(outcome: collecting.Outcome, source_id: str) -> None:
    if outcome.accepted:
        EVENTS.labels(source_id, "accepted").inc(len(outcome.accepted))
    if outcome.dropped:
        EVENTS.labels(source_id, "dropped").inc(outcome.dropped)
    for event in outcome.rejected:
        EVENTS.labels(source_id, event.code).inc()


def _pixel_event(query: bytes) -> dict[str, Any]:
    """The event a pixel's query tells: known names, and `properties.x`. Raises RequestRefused."""
    try:
        pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True, max_num_fields=1000)
    except ValueError:
        raise collecting.RequestRefused("invalid_json") from None
    event: dict[str, Any] = {name: value for name, value in pairs if name in _PIXEL_FIELDS}
    event["properties"] = {name[11:]: value for name, value in pairs if name.startswith("properties.") and len(name) > 11}
    return event
