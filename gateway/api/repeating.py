"""POSTs that may come twice: with an `Idempotency-Key` the second gets the answer of the first."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable
from typing import Any, Final

from chassis import telemetry
from chassis.database import INFRASTRUCTURE
from chassis.errors import Conflict, Refusal
from chassis.peers import Receive, Send
from gateway import commands
from gateway.api import answering
from gateway.commands.repeating import MOST_BYTES
from gateway.settings import GatewayService

KEY: Final = re.compile(r"[!-~]{1,255}")
#: Beside these nothing of an answer's head is kept.
KEPT: Final = frozenset({b"content-type", b"location", b"etag", b"operation-location"})
Refuse = Callable[..., Awaitable[None]]

_log = telemetry.logger(__name__)


class Repeating:
    """Does a request once for each owner and key."""

    def __init__(self, service: GatewayService) -> None:
        self._service = service

    async def once(
        self, *, owner: str, key: str, about: bytes, body: bytes, send: Send, added: list[tuple[bytes, bytes]],
        act: Callable[[Send], Awaitable[None]], refuse: Refuse,
    ) -> None:
        """`act` if it was not done yet; `about` and `body` are what makes it the same request."""
        if not KEY.fullmatch(key):
            await refuse(422, "idempotency.bad_key", "An Idempotency-Key is 1 to 255 printable characters, for example a UUID.")
            return
        request_hash = hashlib.sha256(len(about).to_bytes(4, "big") + about + body).digest()
        try:
            kept = await commands.begin_once(self._service, owner=owner, key=key, request_hash=request_hash)
        except Refusal as refusal:
            await refuse(
                409 if isinstance(refusal, Conflict) else 422, refusal.code, refusal.message,
                retry_after=answering.jitter() if refusal.code == "idempotency.in_progress" else None,
            )
            return
        except INFRASTRUCTURE as error:
            _log.warning("not_repeatable", error=error)
            await refuse(503, "idempotency.unavailable", "Whether this was done already cannot be told at the moment.", retry_after=answering.jitter())
            return
        if kept is not None:
            assert kept.body is not None
            about_body = [(b"content-length", str(len(kept.body)).encode())] if kept.status != 204 else []
            headers = [*kept.headers, *about_body, (b"idempotency-replayed", b"true"), *added]
            await send({"type": "http.response.start", "status": kept.status, "headers": headers})
            await send({"type": "http.response.body", "body": kept.body})
            return
        keeping = _Keeping(send)
        await act(keeping)
        try:
            await commands.end_once(
                self._service, owner=owner, key=key, status=keeping.status if keeping.whole else 500, headers=keeping.headers, body=keeping.body
            )
        except INFRASTRUCTURE as error:  # the lease ends; until then the same request is refused, not done twice
            _log.warning("answer_not_kept", error=error)


class _Keeping:
    """A `send` that keeps what goes through it, up to 1 MiB."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.whole = False
        self._chunks: list[bytes] = []
        self._size = 0

    @property
    def body(self) -> bytes | None:
        return b"".join(self._chunks) if self._size <= MOST_BYTES else None

    async def __call__(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = [(name.lower(), value) for name, value in message["headers"] if name.lower() in KEPT]
        elif message["type"] == "http.response.body":
            chunk = message.get("body", b"")
            self._size += len(chunk)
            if self._size <= MOST_BYTES:
                self._chunks.append(chunk)
            self.whole = self.whole or not message.get("more_body", False)
        await self._send(message)


async def whole_body(receive: Receive) -> bytes:
    """All of it. Raises ConnectionAbortedError when it does not come or may not."""
    chunks: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionAbortedError("the client went away")
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(chunks)


def said_again(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives a body that was read already."""
    told = False

    async def again() -> Any:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
