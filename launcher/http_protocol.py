"""uvicorn's HTTP protocol with the limits it lacks: slow and endless heads are cut off, connections are counted."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEADER_SECONDS: Final = 10
HEADER_BYTES: Final = 65_536
CONNECTIONS: Final = 1024
CONNECTIONS_AN_ADDRESS: Final = 512


class GuardedProtocol(HttpToolsProtocol):
    """A connection must bring a whole request head within 10 s of its first byte, and not after 64 KiB more than what it
    brings at once; at most 1,024 connections in all.
    """

    _by_address: ClassVar[dict[str, int]] = {}
    _all: ClassVar[int] = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._address = str((transport.get_extra_info("peername") or ("?",))[0])
        self._head_deadline: asyncio.TimerHandle | None = None
        GuardedProtocol._all += 1
        count = self._by_address.get(self._address, 0) + 1
        self._by_address[self._address] = count
        if GuardedProtocol._all > CONNECTIONS or count > CONNECTIONS_AN_ADDRESS:
            transport.abort()
            return
        self._begin_head()

    def data_received(self, data: bytes) -> None:
        before = self._head_deadline
        super().data_received(data)
        if before is not None and self._head_deadline is before:  # the same head goes on and on
            self._head_bytes += len(data)
            if self._head_bytes > HEADER_BYTES:
                self._end_head()
                self._cut(b"431 Request Header Fields Too Large")

    def on_message_begin(self) -> None:
        self._begin_head()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._end_head()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_head()
        GuardedProtocol._all -= 1
        left = self._by_address.get(self._address, 1) - 1
        if left > 0:
            self._by_address[self._address] = left
        else:
            self._by_address.pop(self._address, None)
        super().connection_lost(exc)

    def _begin_head(self) -> None:
        self._end_head()
        self._head_bytes = 0
        self._head_deadline = self.loop.call_later(HEADER_SECONDS, self._cut)

    def _end_head(self) -> None:
        deadline: Any = self._head_deadline
        if deadline is not None:
            deadline.cancel()
            self._head_deadline = None

    def _cut(self, status: bytes = b"408 Request Timeout") -> None:
        if not self.transport.is_closing():
            self.transport.write(b"HTTP/1.1 " + status + b"\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
            self.transport.close()
