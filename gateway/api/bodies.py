"""What streams through the door: a body within its limits, an answer with the door's headers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from chassis.peers import Receive, Send
from gateway.api.limits import Overloaded

BODY_SECONDS: Final = 30.0
#: The door says these itself.
NOT_ADDED_TWICE: Final = frozenset((b"x-request-id", b"server", b"date"))


class Counting:
    """A `receive` that ends bodies that are too large, or not complete after 30 s."""

    def __init__(self, receive: Receive, hold: Callable[[int], None], limit: int, *, complete: Callable[[], None] | None = None) -> None:
        self._receive = receive
        self._hold = hold
        self._limit = limit
        self._when_complete = complete
        self._size = 0
        self._complete = False
        self._until = asyncio.get_running_loop().time() + BODY_SECONDS
        self.too_large = self.too_slow = self.overloaded = False

    @property
    def broken(self) -> bool:
        return self.too_large or self.too_slow or self.overloaded

    async def __call__(self) -> Any:
        if self._complete:
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._until):
                message = await self._receive()
        except TimeoutError:
            self.too_slow = True
            raise ConnectionAbortedError("the body did not come in time") from None
        if message["type"] == "http.request":
            self._size += len(message.get("body", b""))
            self._complete = not message.get("more_body", False)
            if self._complete and self._when_complete is not None:
                self._when_complete()
            try:
                self._hold(self._size)
            except Overloaded:
                self.overloaded = True
            self.too_large = self._size > self._limit
            if self.broken:
                raise ConnectionAbortedError("the body is larger than what may come in")
        return message


class Answering:
    """A `send` that adds the door's headers and says when the answer has begun; what a service says to half a body is not passed on."""

    def __init__(self, send: Send, request_id: str, added: list[tuple[bytes, bytes]], receive: Counting) -> None:
        self._send = send
        self._receive = receive
        self._request_id = request_id.encode()
        self._added = added
        self.status = 0
        self.began: Any = None
        #: Asked with the address of long work that was begun; gives the address of its operation.
        self.answered: Callable[[int, str], None] | None = None
        self.begun: Callable[[str], Awaitable[str]] | None = None

    async def __call__(self, message: Any) -> None:
        if self._receive.broken and not self.status:
            return
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.began()
            headers, resource = [], ""
            for pair in message["headers"]:
                name = pair[0].lower()
                if name == b"location":
                    resource = pair[1].decode("latin-1")
                if name not in NOT_ADDED_TWICE:
                    headers.append(pair)
            if self.answered is not None:
                self.answered(self.status, resource)
            if self.status == 202 and self.begun is not None:
                operation = await self.begun(resource) if resource.startswith("/api/v1/") else ""
                if operation:
                    headers.append((b"operation-location", operation.encode()))
            message = {**message, "headers": [*headers, (b"x-request-id", self._request_id), *self._added]}
        await self._send(message)
