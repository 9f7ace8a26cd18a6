"""The audit log: what is worth an entry, how it reads, and how entries hang together so that no change goes unseen."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec

CHANGE, READ, REFUSED = "change", "read", "refused"
START: Final = bytes(32)

#: First parts under /api/v1 whose reading shows people.
_PERSONAL: Final = frozenset(
    "customers visitors sessions replays interactions orders cases employees live quarantine inbound tasks leads opportunities rooms exchanges partners "
    "responses surveys attachments accounts duplicates identity-reviews merges imports exports messages decisions suppressions consents privacy "
    "dead-letters audit people selections clusters".split()
)
_WORD: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_UUID: Final = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}")
#: Second parts that are no ids.
_VERBS: Final = frozenset(
    "search file verify event-types preview withdrawals stops requests bulk configuration exact test scan scans rules runs definitions lookup entries anchors export password".split()
)


class Noted(NamedTuple):
    """Something to enter. `subject` is a keyed hash of the customer it was about, `sees` what was not hidden from the actor."""

    at: datetime
    actor: str
    action: str
    method: str
    object: str
    subject: str
    status: int
    request_id: str
    sees: list[str]


class Sealed(NamedTuple):
    """An entry in the chain: its place, its text, and the hash over text and the hash before."""

    seq: int
    body: str
    hash: bytes


def action_of(method: str, path: str, status: int) -> str | None:
    """change, read of people, refused, or nothing to enter."""
    if status in {401, 403}:
        return REFUSED
    if status >= 500:
        return None
    if method not in {"GET", "HEAD", "OPTIONS"}:
        return CHANGE
    parts = path.split("/")
    personal = path.startswith("/api/v1/") and (parts[3] in _PERSONAL or (parts[3] == "webhooks" and len(parts) > 6))
    return READ if personal and method == "GET" and status < 400 else None


def object_of(path: str) -> str:
    """The address without ids, for they may name people: every second part under /api/v1 is one unless it is a known word."""
    parts = path.split("/")
    if not path.startswith("/api/v1/"):
        return "/".join(parts[:3]) if parts[1] == "oidc" else f"/{parts[1]}"
    shown = [
        part if (_WORD.fullmatch(part) or part == "360") and (place % 2 == 0 or part in _VERBS) else "{id}" for place, part in enumerate(parts[3:])
    ]
    return "/api/v1/" + "/".join(shown)


def customer_in(*paths: str) -> str | None:
    """The customer an address is about."""
    for path in paths:
        parts = path.split("/")
        if len(parts) > 4 and parts[3] == "customers" and _UUID.fullmatch(parts[4]):
            return parts[4]
    return None


def subject_of(secret: bytes, customer_id: str) -> str:
    """What stands for a customer in the log: only whoever has the deployment's secret can tell whom it means."""
    return hmac.new(secret, f"audit:{customer_id}".encode(), hashlib.sha256).hexdigest()[:32]


def body_of(noted: Noted, seq: int) -> str:
    """The text that is hashed: one order of fields, times in microseconds."""
    told: dict[str, Any] = {**noted._asdict(), "seq": seq, "at": int(noted.at.timestamp() * 1_000_000)}
    return msgspec.json.encode(told, order="deterministic").decode()


def hash_of(body: str, before: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + body.encode() + before).digest()


def sealed(noted: Iterable[Noted], *, last: Sealed | None) -> list[Sealed]:
    """The next entries of the chain."""
    seq, head = (last.seq, last.hash) if last else (0, START)
    made = []
    for one in noted:
        seq += 1
        body = body_of(one, seq)
        head = hash_of(body, head)
        made.append(Sealed(seq, body, head))
    return made


def fault_in(entries: Iterable[Sealed], *, before: Sealed | None) -> str | None:
    """The first place where the chain does not hold, in words, or None."""
    seq, head = (before.seq, before.hash) if before else (0, START)
    for entry in entries:
        if entry.seq != seq + 1:
            return f"entry {seq + 1} is missing"
        if entry.hash != hash_of(entry.body, head):
            return f"entry {entry.seq} was changed"
        if msgspec.json.decode(entry.body).get("seq") != entry.seq:
            return f"entry {entry.seq} stands in another's place"
        seq, head = entry.seq, entry.hash
    return None


def digest_of(lines: Iterable[str]) -> str:
    """One hash over lines in their order: what an export's signed summary says of its anchors, and of its keys."""
    found = hashlib.sha256()
    for line in lines:
        found.update(line.encode() + b"\n")
    return found.hexdigest()
