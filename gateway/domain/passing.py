"""Which headers may pass the door, and who is asking from where."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

Headers = Sequence[tuple[bytes, bytes]]

#: Said by the connection or by the door itself, never by a client.
_DROPPED: Final = frozenset(
    {
        b"connection", b"keep-alive", b"proxy-authenticate", b"proxy-authorization", b"proxy-connection", b"te", b"trailer", b"transfer-encoding",
        b"upgrade", b"forwarded", b"x-real-ip", b"cookie", b"x-request-id", b"traceparent", b"expect",
    }
)
_SPOOFED: Final = (b"x-user-", b"x-source-", b"x-forwarded-", b"x-ecrm-")
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{8,64}")


def passing(headers: Headers, *, without: Iterable[bytes] = ()) -> list[tuple[bytes, bytes]]:
    """The headers that may go on, names in lower case."""
    dropped = _DROPPED | set(without)
    return [(name, value) for name, value in headers if name not in dropped and not name.startswith(_SPOOFED)]


def client_address(peer: str, forwarded_for: str, trusted: frozenset[str]) -> str:
    """The client's address: the connection's, or what a trusted proxy says, skipping further trusted ones."""
    address = peer
    for hop in reversed([part.strip() for part in forwarded_for.split(",") if part.strip()]):
        if address not in trusted:
            break
        address = hop
    return address[:64]


def request_id(sent: str) -> str | None:
    """A client's own request id, if it may be kept."""
    return sent if _REQUEST_ID.fullmatch(sent) else None
