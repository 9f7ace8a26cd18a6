"""One request as the doors see it, and the two ways in which collection ends early."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from chassis.peers import Scope


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
