"""The door: every request comes in here, is recognised, limited, and passed on to the service that owns its address.

Plain ASGI on the fast path; what the gateway answers itself (keys, sources, views, documents) is handed on to its routers with a token
like anybody else's, so that scopes are checked in one way everywhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from chassis import field_rights, telemetry
from chassis.database import INFRASTRUCTURE
from chassis.errors import Unavailable
from chassis.identity import Caller
from chassis.ids import new_text_id
from chassis.peers import App, Receive, Scope, Send
from chassis.web import MAY_WAIT
from gateway import commands
from gateway.api import answering, crossing, limits, readiness, repeating, sessions
from gateway.api.asking import Asked
from gateway.api.bodies import Answering, Counting
from gateway.api.collection import CollectionDoor
from gateway.api.console import Console
from gateway.api.hardening import Hardening
from gateway.api.limits import MIB, Flight, Overloaded, Rates
from gateway.api.recognising import Holder, Recognition
from gateway.api.tokens import Passes
from gateway.domain import auditing, passing, routes
from gateway.domain.auditing import Noted
from gateway.domain.quotas import seconds_left
from gateway.domain.routes import Route
from gateway.settings import GatewayService

FIRST_BYTE_SECONDS: Final = 60.0
#: Milliseconds that a request may wait in a service for its database, before anything was done for it.
DATABASE_MS: Final = b"300"
#: Answers without end at once.
STREAMS: Final = 200
OWN: Final = "gateway"

REFUSED: Final = telemetry.counter("ecrm_door_refused_total", "Requests the door refused, by code", ("code",))

_log = telemetry.logger(__name__)


class Door:
    """The ASGI app in front of everything."""

    def __init__(self, service: GatewayService) -> None:
        settings = service.settings
        self._service = service
        self._keys = service.resources.keys
        self._flight = Flight(requests=settings.in_flight_requests, size=settings.in_flight_mib * MIB, clock=service.clock)
        self._streams = 0
        self._histograms: dict[tuple[str, int], Any] = {}
        self._rates = Rates(service.clock)
        self._passes = Passes(service.tokens, service.clock)
        self._body_limit = settings.api_body_mib * MIB
        self._origins = frozenset(_listed(settings.cors_origins))
        self._trusted = frozenset(_listed(settings.trusted_proxies))
        self._recognition = Recognition(service)
        self._sessions = sessions.Sessions(service)
        self._console = Console()
        self._repeating = repeating.Repeating(service)
        self._trail = service.resources.trail
        self._readiness = readiness.Readiness(service)
        self._hardened = Hardening(https=service.platform.public_url.startswith("https://"))
        self._collection = CollectionDoor(service, passes=self._passes, rates=self._rates, flight=self._flight)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        path = scope["path"].rstrip("/") or "/"
        headers: dict[bytes, bytes] = {}
        for name, value in scope["headers"]:
            headers.setdefault(name, value)
        request_id = passing.request_id(headers.get(b"x-request-id", b"").decode("latin-1")) or new_text_id()
        telemetry.correlation.set(request_id)
        trace = telemetry.follow(headers.get(b"traceparent", b"").decode("latin-1"))
        asked = Asked(scope, path, headers, request_id, self._address(scope, headers), trace)
        send = self._hardened(send, private=path.startswith("/api/v1/"))
        if self._collection.takes(path):
            await self._collection(asked, receive, send)
        elif path == "/readyz":
            status, body = await self._readiness.answer()
            await answering.answer(send, status, body)
        else:
            await self._managed(asked, receive, send)

    async def _managed(self, asked: Asked, receive: Receive, send: Send) -> None:
        route = routes.find_route(asked.path)
        crossed = crossing.managing(self._origins, self._keys, asked.origin)
        if route is None and (file := self._console.find(asked)) is not None:
            await self._console.answer(file, asked, send)
            return
        if route is None:
            await self._refuse(send, asked, 404, "route.unknown", "There is nothing at this address.", headers=crossed)
            return
        if asked.scope["method"] == "OPTIONS" and b"access-control-request-method" in asked.headers:
            await answering.answer(send, 204, b"", headers=crossing.managing_preflight(self._origins, self._keys, asked.origin))
            return
        added = [*crossed]
        holder: Holder | None = None
        if asked.path == sessions.PATH and asked.scope["method"] not in sessions.SAFE and not self._sessions.ours(asked):
            message = "Browsers sign in and out from this origin only, with the header `X-Ecrm-Console: 1`; programs send a key with each request instead."
            await self._refuse(send, asked, 403, "session.elsewhere", message, headers=added)
            return
        if not route.open or (asked.path == sessions.PATH and b"authorization" in asked.headers):
            holder = await self._recognised(asked, send, crossed)
            if holder is None:
                return
            rate = self._rates.take(holder.id, amount=self._service.settings.api_requests_per_minute, window="minute")
            added += rate.headers
            if not rate.allowed and not route.first:
                message = "This key makes more requests than it may."
                await self._refuse(send, asked, 429, "rate.exceeded", message, retry_after=rate.retry_after, headers=added)
                return
            if holder.caller.kind == "key" and not await self._within_quota(asked, route, holder, send, added):
                return
        expected = _length(asked.headers)
        if expected > self._body_limit:
            await self._refuse(send, asked, 413, "body.too_large", self._too_large(), headers=added)
            return
        if route.stream:
            await self._stream(asked, route, holder, receive=receive, send=send, added=added)
            return
        if self._trail.full and not route.first:
            message = "What happens cannot be written into the audit log at the moment."
            await self._refuse(send, asked, 503, "audit.full", message, retry_after=answering.jitter(), headers=added)
            return
        try:
            with self._flight.enter(route.service, body=expected if _has_body(asked.headers) else None, first=route.first) as held:
                counting = Counting(receive, held.grow_to, self._body_limit, complete=held.complete)
                if holder is not None and asked.scope["method"] == "POST" and b"idempotency-key" in asked.headers:
                    await self._once(asked, route, holder, receive=counting, send=send, added=added)
                else:
                    await self._pass_on(asked, route, holder, receive=counting, send=send, added=added)
        except Overloaded:
            await self._refuse(
                send, asked, 503, "door.overloaded", "Too much is going on at once; try again.", retry_after=answering.jitter(), headers=added
            )

    async def _within_quota(self, asked: Asked, route: Route, holder: Holder, send: Send, added: list[tuple[bytes, bytes]]) -> bool:
        """Count the request; False after a refusal was sent."""
        usage, quota = self._service.resources.usage, holder.quota
        if quota.requests:
            left = seconds_left(self._service.clock.now())
            remaining = quota.requests - usage.used(holder.id).requests
            added[-2:] = limits.with_day(added[-2:], left=max(0, remaining - 1), amount=quota.requests, reset=left)
            if remaining <= 0 and not route.first:
                message = "This key has made all the requests that it may make on a day (UTC)."
                await self._refuse(send, asked, 429, "quota.exceeded", message, retry_after=left, headers=added)
                return False
        usage.count(holder.id)
        return True

    async def _once(
        self, asked: Asked, route: Route, holder: Holder, *, receive: Counting, send: Send, added: list[tuple[bytes, bytes]]
    ) -> None:
        """A POST that may come twice."""

        async def refuse(status: int, code: str, message: str, *, retry_after: int | None = None) -> None:
            await self._refuse(send, asked, status, code, message, retry_after=retry_after, headers=added)

        try:
            body = await repeating.whole_body(receive)
        except ConnectionAbortedError:
            await self._refuse_body(asked, receive, send, added)
            return
        again = Counting(repeating.said_again(body, receive), lambda size: None, self._body_limit)
        await self._repeating.once(
            owner=holder.id, key=asked.headers[b"idempotency-key"].decode("latin-1"), body=body, send=send,
            about=b"\n".join((asked.path.encode(), asked.scope.get("query_string", b""), asked.headers.get(b"content-type", b""))),
            added=[*added, (b"x-request-id", asked.request_id.encode())],
            act=lambda keeping: self._pass_on(asked, route, holder, receive=again, send=keeping, added=added), refuse=refuse,
        )

    async def _stream(
        self, asked: Asked, route: Route, holder: Holder | None, *, receive: Receive, send: Send, added: list[tuple[bytes, bytes]]
    ) -> None:
        """An answer without end: counted by itself, and over as soon as its key is worth nothing any more."""
        if self._streams >= STREAMS:
            message = "Too many are watching at the moment; try again."
            await self._refuse(send, asked, 503, "door.overloaded", message, retry_after=answering.jitter(), headers=added)
            return

        ended = False

        async def valid(message: Any) -> None:
            nonlocal ended
            if not ended and holder is not None and not holder.still():
                ended = True
                await send({"type": "http.response.body", "body": b""})
            if ended:
                raise ConnectionAbortedError("the key or the rights were changed or revoked")
            await send(message)

        self._streams += 1
        try:
            await self._pass_on(asked, route, holder, receive=Counting(receive, lambda size: None, self._body_limit), send=valid, added=added)
        except ConnectionAbortedError:
            if not ended:
                raise
        finally:
            self._streams -= 1

    async def _recognised(self, asked: Asked, send: Send, crossed: list[tuple[bytes, bytes]]) -> Holder | None:
        """Who asks, or None after a refusal was sent."""
        authorization = asked.headers.get(b"authorization", b"").decode("latin-1")
        kept = "" if authorization else self._sessions.shown(asked)
        found = await self._recognition.holder(authorization or f"Bearer {kept}", asked.address, guessed=not kept)
        if isinstance(found, Holder):
            return found
        self._enter(asked, None, found.status)
        await self._refuse(send, asked, found.status, found.code, found.message, retry_after=found.retry_after, headers=crossed)
        return None

    def _enter(self, asked: Asked, holder: Holder | None, status: int, location: str = "") -> None:
        """An entry for the audit log, if this is worth one."""
        action = auditing.action_of(asked.scope["method"], asked.path, status)
        if action is None:
            return
        customer = auditing.customer_in(asked.path, location)
        caller = holder.caller if holder is not None else None
        self._trail.note(
            Noted(
                self._service.clock.now(), f"{caller.kind}:{caller.subject}" if caller else "nobody", action, asked.scope["method"],
                auditing.object_of(asked.path), auditing.subject_of(self._service.identity_secret, customer) if customer else "", status,
                asked.request_id, [name for name in field_rights.CATEGORIES if caller is not None and _sees(caller, name)],
            )
        )

    async def _pass_on(
        self, asked: Asked, route: Route, holder: Holder | None, *, receive: Counting, send: Send, added: list[tuple[bytes, bytes]]
    ) -> None:
        headers = passing.passing(asked.scope["headers"], without=(b"authorization",))
        headers += [
            (b"x-request-id", asked.request_id.encode()), (b"traceparent", asked.traceparent.encode()),
            (b"x-ecrm-client-ip", asked.address.encode("latin-1")), *self._sessions.told(asked),
        ]
        if not route.first:
            headers.append((MAY_WAIT, DATABASE_MS))
        if holder is not None:
            headers.append((b"authorization", b"Bearer " + self._passes.for_holder(holder.mark, holder.caller, route.service).encode()))
        # the scope keeps the client's own headers: they say whether and how a body comes; what is sent on is `headers`
        inner = {**asked.scope, "path": route.path, "raw_path": self._raw_path(asked, route)}
        answer = Answering(send, asked.request_id, added, receive)
        answer.answered = lambda status, location: self._enter(asked, holder, status, location)
        if holder is not None:
            answer.begun = lambda resource: self._note(asked, route, holder.id, resource)
        started = self._service.clock.monotonic()
        try:
            async with asyncio.timeout(FIRST_BYTE_SECONDS) as deadline:
                answer.began = lambda: deadline.reschedule(None)
                if route.service == OWN:
                    rest: App = asked.scope["ecrm.rest"]
                    await rest({**inner, "headers": headers}, receive, answer)
                elif route.service in self._service.peers:
                    await self._service.peers[route.service].forward(inner, receive, answer, headers=headers)
                else:
                    raise Unavailable("peer.unavailable", "This part of the platform does not answer.")
        except (Unavailable, TimeoutError, OSError) as error:
            if answer.status:
                raise
            if not receive.broken:
                _log.warning("peer_away", service=route.service, error=error)
                message = "This part of the platform does not answer at the moment."
                await self._refuse(send, asked, 503, "peer.unavailable", message, retry_after=answering.jitter(), headers=added)
        finally:
            self._seconds(route.service, answer.status).observe(self._service.clock.monotonic() - started)
        if receive.broken and not answer.status:
            await self._refuse_body(asked, receive, send, added)

    def _seconds(self, service: str, status: int) -> Any:
        """The histogram of these answers; to look it up by its labels takes three times as long."""
        found = self._histograms.get((service, status))
        if found is None:
            found = self._histograms[service, status] = telemetry.HTTP_SECONDS.labels(OWN, f"-> {service}", status)
        return found

    async def _refuse_body(self, asked: Asked, receive: Counting, send: Send, added: list[tuple[bytes, bytes]]) -> None:
        """Say what was wrong with a body; nothing to somebody who is gone. Raises Overloaded."""
        if receive.overloaded:
            raise Overloaded
        if receive.too_slow:
            await self._refuse(send, asked, 408, "body.too_slow", "The body came too slowly.", headers=added)
        elif receive.too_large:
            await self._refuse(send, asked, 413, "body.too_large", self._too_large(), headers=added)

    async def _note(self, asked: Asked, route: Route, key_id: str, resource: str) -> str:
        """The address of the operation that stands for long work, or nothing: the work goes on whether or not it is noted."""
        try:
            operation = await commands.note_operation(
                self._service, owner=route.service, asked=f"{asked.scope['method']} {asked.path}", resource=resource, asked_by=key_id,
                request_id=asked.request_id,
            )
        except INFRASTRUCTURE as error:
            _log.warning("operation_not_noted", error=error)
            return ""
        return f"/api/v1/operations/{operation}"

    def _raw_path(self, asked: Asked, route: Route) -> bytes:
        """As the client wrote it, escapes and all, where the path stays what it was."""
        if route.path != asked.path:
            return route.path.encode()
        raw: bytes = asked.scope.get("raw_path") or asked.path.encode()
        return raw.rstrip(b"/") or b"/"

    def _address(self, scope: Scope, headers: Mapping[bytes, bytes]) -> str:
        peer = scope.get("client")
        return passing.client_address(str(peer[0]) if peer else "", headers.get(b"x-forwarded-for", b"").decode("latin-1"), self._trusted)

    def _too_large(self) -> str:
        return f"A body is at most {self._body_limit // MIB} MiB."

    async def _refuse(
        self, send: Send, asked: Asked, status: int, code: str, message: str, *, retry_after: int | None = None,
        headers: list[tuple[bytes, bytes]],
    ) -> None:
        REFUSED.labels(code).inc()
        await answering.problem(send, status, code, message, request_id=asked.request_id, retry_after=retry_after, headers=headers)


def _sees(caller: Caller, name: str) -> bool:
    return name not in caller.hides and (name != field_rights.SENSITIVE or caller.may("customers:sensitive"))


def _has_body(headers: Mapping[bytes, bytes]) -> bool:
    return b"content-length" in headers or b"transfer-encoding" in headers


def _length(headers: Mapping[bytes, bytes]) -> int:
    found = headers.get(b"content-length", b"")
    return int(found) if found.isdigit() and len(found) < 16 else 0


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
