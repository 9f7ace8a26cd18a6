"""What browsers are told with every answer: take nothing for what it is not, load nothing, stand in no frame, tell nobody where you were."""

from __future__ import annotations

from typing import Any, Final

from chassis.peers import Send

#: For what no page asked otherwise. Pages say their own, stricter or wider by what they need.
POLICY: Final = b"default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
YEAR: Final = b"max-age=31536000; includeSubDomains"

_ALWAYS: Final = ((b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"no-referrer"), (b"content-security-policy", POLICY))
_PRIVATE: Final = ((b"cache-control", b"no-store"),)


class Hardening:
    """Headers for every answer that does not say them itself. `https`: browsers are to come by HTTPS only, for a year."""

    def __init__(self, *, https: bool) -> None:
        self._open = (*_ALWAYS, (b"strict-transport-security", YEAR)) if https else _ALWAYS
        self._private = (*self._open, *_PRIVATE)

    def __call__(self, send: Send, *, private: bool) -> Send:
        """`private`: what is answered is not to be kept by anybody on the way."""
        added = self._private if private else self._open

        async def hardened(message: Any) -> None:
            if message["type"] == "http.response.start":
                said = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(pair for pair in added if pair[0] not in said)]
            await send(message)

        return hardened
