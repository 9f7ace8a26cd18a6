"""Browsers of other origins (CORS): which may, and the headers that say so."""

from __future__ import annotations

from typing import Final

from chassis.keys import KeyTable
from contracts.gateway import SourceSettings

RawHeaders = list[tuple[bytes, bytes]]

#: What SDKs send from pages; the RudderStack SDK adds `sentAt`, and `Rsa-…` when it tries again.
_COLLECT_HEADERS: Final = (
    b"authorization, content-type, anonymousid, x-write-key, x-retry-count, x-enable-debug, x-ip-policy, sentat, rsa-retry-attempt, rsa-retry-reason, "
    b"rsa-since-first-attempt, rsa-since-last-attempt, rsa-recovered"
)
_API_HEADERS: Final = b"authorization, content-type, x-request-id, traceparent, idempotency-key"
_VARY: Final = (b"vary", b"Origin")


def allows(origins: list[str], origin: str) -> bool:
    """Whether a list of origins names this one; `*` stands for all."""
    return "*" in origins or origin in origins


def known_anywhere(keys: KeyTable, origin: str) -> bool:
    """Whether any source allows the origin: a preflight carries no key."""
    return any(allows(source.origins, origin) for source in keys.sources() if source.enabled)


def collecting(keys: KeyTable, source: SourceSettings | None, origin: str) -> RawHeaders:
    """Headers for an answer on a collection route; without a known source any source's origin counts."""
    if not origin:
        return []
    if allows(source.origins, origin) if source is not None else known_anywhere(keys, origin):
        return [(b"access-control-allow-origin", origin.encode("latin-1")), (b"access-control-expose-headers", b"retry-after"), _VARY]
    return [_VARY]


def collecting_preflight(keys: KeyTable, origin: str) -> RawHeaders:
    """The answer to what a browser asks before it posts."""
    if not origin or not known_anywhere(keys, origin):
        return [_VARY]
    return [
        (b"access-control-allow-origin", origin.encode("latin-1")), (b"access-control-allow-methods", b"GET, POST, OPTIONS"),
        (b"access-control-allow-headers", _COLLECT_HEADERS), (b"access-control-max-age", b"900"), _VARY,
    ]


def managing(allowed: frozenset[str], keys: KeyTable, origin: str) -> RawHeaders:
    """Headers for an answer under /api/v1: origins of the settings, and those a source names (a source's `*` does not count here)."""
    if not origin:
        return []
    if origin in allowed or any(origin in source.origins for source in keys.sources() if source.enabled):
        exposed = b"x-request-id, retry-after, ratelimit, ratelimit-policy, location, operation-location"
        return [(b"access-control-allow-origin", origin.encode("latin-1")), (b"access-control-expose-headers", exposed), _VARY]
    return [_VARY]


def managing_preflight(allowed: frozenset[str], keys: KeyTable, origin: str) -> RawHeaders:
    """The answer to what a browser asks before a call under /api/v1."""
    headers = managing(allowed, keys, origin)
    if len(headers) < 2:
        return headers
    return [
        *(pair for pair in headers if pair[0] != b"access-control-expose-headers"),
        (b"access-control-allow-methods", b"GET, POST, PUT, PATCH, DELETE, OPTIONS"), (b"access-control-allow-headers", _API_HEADERS),
        (b"access-control-max-age", b"900"),
    ]
