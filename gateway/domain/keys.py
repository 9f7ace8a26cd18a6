"""How keys look: `ecrm_<kind>_<id>_<secret>_<crc>`, kinds `ak` (API) and `wk` (source, which SDKs call write key)."""

from __future__ import annotations

import base64
import re
import secrets
import zlib
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from contracts.gateway import SourceSettings

API: Final = "api"
SOURCE: Final = "source"

SCOPES: Final = (
    "admin", "analytics:read", "analytics:write", "audit:read", "campaigns:read", "campaigns:send", "campaigns:write", "collect:write", "consent:read",
    "consent:write", "customers:read", "customers:sensitive", "customers:write", "interactions:read", "interactions:write", "privacy:manage",
    "webhooks:read", "webhooks:write",
)

_PREFIX: Final = {API: "ak", SOURCE: "wk"}
_MADE: Final = re.compile(r"(ecrm_(?:ak|wk)_[a-z2-7]{16}_[a-z2-7]{52})_([0-9a-f]{8})")
_BY_HAND: Final = re.compile(r"[!-9;-~]{8,64}")


class Key(NamedTuple):
    """A key; its text is known to nobody."""

    id: str
    key_hash: str
    kind: str
    name: str
    scopes: list[str]
    source_id: UUID | None
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None = None
    requests_per_day: int = 0
    events_per_day: int = 0


class Source(NamedTuple):
    """A source with what the doors must know of it."""

    id: UUID
    settings: SourceSettings
    created_at: datetime
    changed_at: datetime


class NewKey(NamedTuple):
    """A key as it is shown once."""

    id: str
    text: str


def new_key(kind: str) -> NewKey:
    """256 random bits, an id that may be shown, and a check sum that tells a typing error from an unknown key."""
    key_id = _text(10)
    body = f"ecrm_{_PREFIX[kind]}_{key_id}_{_text(32)}"
    return NewKey(key_id, f"{body}_{_check(body)}")


def by_hand(kind: str, text: str) -> NewKey | None:
    """A key set by the operator; None when it cannot be one. A key of our own making keeps its id."""
    made = _MADE.fullmatch(text)
    if made is not None and made.group(1).startswith(f"ecrm_{_PREFIX[kind]}_"):
        return NewKey(made.group(1).split("_")[2], text) if made.group(2) == _check(made.group(1)) else None
    if not _BY_HAND.fullmatch(text) or (kind == API and len(text) < 16):
        return None
    return NewKey(_text(10), text)


def looks_made(text: str) -> bool:
    """Whether a text is shaped like a key of our making: then it is no token of somebody else's."""
    return text.startswith(("ecrm_ak_", "ecrm_wk_"))


def _text(size: int) -> str:
    return base64.b32encode(secrets.token_bytes(size)).decode().rstrip("=").lower()


def _check(body: str) -> str:
    return f"{zlib.crc32(body.encode()):08x}"
