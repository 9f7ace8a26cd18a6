"""One customer as a file that another installation takes over: what is in it, and the hash of its state."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from services.customer.domain.traits import Trait

FORMAT: Final = "ecrm-customer"
VERSION: Final = 1
PART: Final = "customer"


class Member(msgspec.Struct, forbid_unknown_fields=True):
    """A customer of the family that is one person; the root has no `merged_into`. `traits` were told under this very customer."""

    id: UUID
    merged_into: UUID | None
    registered_at: datetime
    updated_at: datetime
    recorded_at: datetime
    source: str
    type: str
    version: int
    traits: dict[str, Trait]
    extended: bool = False


class Known(msgspec.Struct, forbid_unknown_fields=True):
    """An identity (`kind:value`) and the customer under which it was first seen."""

    key: str
    home_id: UUID
    linked_at: datetime
    recorded_at: datetime
    source: str


class Value(msgspec.Struct, forbid_unknown_fields=True):
    """A line of the history; `identity` is the one under which it was told."""

    home_id: UUID
    name: str
    trait: Trait
    recorded_at: datetime
    identity: str | None = None
    aside: bool = False


class Merged(msgspec.Struct, forbid_unknown_fields=True):
    """A merge within the family, standing or undone."""

    id: UUID
    survivor_id: UUID
    merged_id: UUID
    reason: str
    automatic: bool
    event_id: str
    identities: list[str]
    merged_at: datetime
    undone_at: datetime | None = None
    undone_reason: str | None = None
    split: bool = False


class State(msgspec.Struct, forbid_unknown_fields=True):
    """What a membership, address, choice or need (`subject`) was since a time; no document: it was no more."""

    home_id: UUID
    subject: str
    key: str
    document: dict[str, Any] | None
    recorded_at: datetime


class Part(msgspec.Struct, forbid_unknown_fields=True):
    """The customer service's part. `rows` are by table as they stand there; an account is named by its first identity."""

    customers: list[Member]
    identities: list[Known]
    history: list[Value]
    merges: list[Merged]
    rows: dict[str, list[dict[str, Any]]] = {}
    past: list[State] = []
    accounts: dict[str, Part] = {}


class Archive(msgspec.Struct):
    """The file. Each service has a part under its name; who reads it takes the parts it knows and says which it left."""

    format: str
    version: int
    exported_at: datetime
    parts: dict[str, msgspec.Raw]
    hashes: dict[str, str]


_canonical: Final = msgspec.json.Encoder(order="sorted").encode


def state_hash(part: Part) -> str:
    """SHA-256 over the part in one spelling: names in order, lists of what has no order sorted; of accounts only how they are named."""
    plain = msgspec.to_builtins(part)
    del plain["accounts"]
    for name in ("customers", "identities", "merges"):
        plain[name].sort(key=_canonical)
    for rows in plain["rows"].values():
        rows.sort(key=_canonical)
    return hashlib.sha256(_canonical(plain)).hexdigest()
