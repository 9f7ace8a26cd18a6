"""Receiving a request: what is in flight, the body within its limits of size and time, and which source it belongs to."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple
from urllib.parse import parse_qs

from chassis.keys import KeyTable
from chassis.peers import Receive, Scope
from contracts import gateway
from services.interaction.domain import collecting
from services.interaction.domain.collecting.inflating import MAX_BODY

MAX_IN_FLIGHT_BYTES: Final = 64 * 1024 * 1024
MAX_IN_FLIGHT_REQUESTS: Final = 256
BODY_SECONDS: Final = 30.0
GRACE_SECONDS: Final = 5.0
BYTES_PER_SECOND: Final = 1024
SCOPE: Final = "collect:write"


class ClientGone(Exception):
    """The client closed the connection before its body was complete; nobody waits for an answer."""


class Credential(NamedTuple):
    """What a request shows. `key` decides; `body` says that the key must be looked for in the body."""

    key: str = ""
    bearer: bool = False
    body: bool = False


class Flight:
    """Bytes and requests being worked on in this process."""

    def __init__(self) -> None:
        self.requests = 0
        self.size = 0
        self._sources: dict[str, int] = {}

    @contextmanager
    def enter(self) -> Iterator[None]:
        """Raises RequestRefused (`overloaded`)."""
        if self.requests >= MAX_IN_FLIGHT_REQUESTS:
            raise collecting.RequestRefused("overloaded")
        self.requests += 1
        try:
            yield
        finally:
            self.requests -= 1

    @contextmanager
    def share(self, source_id: str) -> Iterator[None]:
        """One request of a source: under contention no source takes more than half. Raises RequestRefused (`overloaded`)."""
        own = self._sources.get(source_id, 0)
        if own >= MAX_IN_FLIGHT_REQUESTS // 2 and len(self._sources) > 1:
            raise collecting.RequestRefused("overloaded")
        self._sources[source_id] = own + 1
        try:
            yield
        finally:
            self._sources[source_id] -= 1
            if not self._sources[source_id]:
                del self._sources[source_id]

    @contextmanager
    def hold(self, expected: int) -> Iterator[Held]:
        """Bytes of one request. Raises RequestRefused (`overloaded`)."""
        held = Held(self)
        try:
            held.grow_to(expected)
            yield held
        finally:
            self.size -= held.size


class Held:
    """What one request holds of the budget."""

    def __init__(self, flight: Flight) -> None:
        self._flight = flight
        self.size = 0

    def grow_to(self, size: int) -> None:
        more = size - self.size
        if more <= 0:
            return
        if self._flight.size + more > MAX_IN_FLIGHT_BYTES:
            raise collecting.RequestRefused("overloaded")
        self._flight.size += more
        self.size = size


def headers_of(scope: Scope) -> dict[bytes, bytes]:
    """Header names in lower case; the first value of each counts."""
    found: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        found.setdefault(name.lower(), value)
    return found


def text_of(headers: dict[bytes, bytes], name: bytes) -> str:
    return headers.get(name, b"").decode("latin-1").strip()


async def read_body(receive: Receive, headers: dict[bytes, bytes], held: Held, inflater: collecting.Inflater) -> bytes:
    """The plain body. Raises RequestRefused (body_too_large, bad_gzip, slow_body, overloaded) and ClientGone."""
    expected = text_of(headers, b"content-length")
    if expected.isdecimal() and int(expected) > MAX_BODY:
        raise collecting.RequestRefused("body_too_large")
    began = asyncio.get_running_loop().time()
    more = True
    while more:
        allowed = min(BODY_SECONDS, GRACE_SECONDS + inflater.wire / BYTES_PER_SECOND)
        try:
            async with asyncio.timeout_at(began + allowed):
                message = await receive()
        except TimeoutError:
            raise collecting.RequestRefused("slow_body") from None
        if message["type"] == "http.disconnect":
            raise ClientGone
        chunk = message.get("body", b"")
        if chunk:
            inflater.feed(chunk)
            held.grow_to(inflater.wire + inflater.size)
        more = message.get("more_body", False)
    return inflater.finish()


async def discard_body(receive: Receive, limit: int) -> None:
    """Read at most `limit` bytes, for at most 5 s, and forget them."""
    size, more = 0, True
    try:
        async with asyncio.timeout(GRACE_SECONDS):
            while more and size < limit:
                message = await receive()
                size += len(message.get("body", b""))
                more = message.get("more_body", False) and message["type"] != "http.disconnect"
    except TimeoutError:
        return


def credential(headers: dict[bytes, bytes], query: bytes, *, in_query: bool) -> Credential:
    """What decides, in the order of the protocol; a wrong one is wrong, later ones are not tried. Raises RequestRefused (`unknown_key`)."""
    authorization = headers.get(b"authorization")
    if authorization is not None:
        scheme, _, rest = authorization.decode("latin-1").strip().partition(" ")
        if scheme.lower() == "basic":
            return Credential(_user_name(rest.strip()))
        if scheme.lower() == "bearer" and rest.strip():
            return Credential(rest.strip(), bearer=True)
        raise collecting.RequestRefused("unknown_key")
    if b"x-write-key" in headers:
        return Credential(text_of(headers, b"x-write-key"))
    if in_query:
        found = parse_qs(query.decode("latin-1"), keep_blank_values=True).get("writeKey")
        if found:
            return Credential(found[0])
    return Credential(body=True)


def _user_name(encoded: str) -> str:
    try:
        plain = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True).decode("utf-8")
    except ValueError:
        raise collecting.RequestRefused("unknown_key") from None
    return plain.partition(":")[0]


def source_of(keys: KeyTable, shown: Credential) -> gateway.SourceSettings | None:
    """The source a header or query decides; None when the body decides. Raises RequestRefused (unknown_key, source_disabled)."""
    if shown.body:
        return None
    state = keys.find(shown.key) if shown.key else None
    if shown.bearer:  # an API key bound to a source; any other token goes with a writeKey in the body
        return None if state is None or state.kind != "api" else _enabled(state if SCOPE in state.scopes else None)
    return _enabled(state if state is not None and state.kind == "source" else None)


def source_of_body(keys: KeyTable, write_key: str | None) -> gateway.SourceSettings:
    """The source that the key in the body opens. Raises RequestRefused (unknown_key, source_disabled)."""
    state = keys.find(write_key) if write_key else None
    return _enabled(state if state is not None and state.kind == "source" else None)


def _enabled(state: gateway.KeyState | None) -> gateway.SourceSettings:
    if state is None or state.source is None:
        raise collecting.RequestRefused("unknown_key")
    if not state.source.enabled:
        raise collecting.RequestRefused("source_disabled")
    return state.source
