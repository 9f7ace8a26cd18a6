"""What is said about identities, and what follows from it: the words in which the graph speaks."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID


class Named(NamedTuple):
    """An identity: its keyed hash, kind and key text."""

    hash: bytes
    kind: str
    key: str

    @property
    def value(self) -> str:
        return self.key.partition(":")[2]


class Owned(NamedTuple):
    """Where an identity is: `owner` answers for it, `home` is where its traits lie."""

    owner: UUID
    home: UUID


class Claim(NamedTuple):
    """One event's word that identities are one person: `primary` (or the given customer) and `links`. `begins`: the id of the customer that
    exists from then on if there was none; without it a new one.
    """

    primary: Named | None
    links: tuple[Named, ...]
    server: bool
    alias: bool
    at: datetime
    source: str
    event_id: str
    customer: UUID | None = None
    type: str = "person"
    begins: UUID | None = None

    @property
    def named(self) -> tuple[Named, ...]:
        """All identities of the claim, the primary one first."""
        return self.links if self.primary is None else (self.primary, *self.links)


@dataclass
class Person:
    """A customer as far as linking must know it. `kinds` counts its identities; it is filled where something is to be linked."""

    id: UUID
    has_user: bool = False
    known: bool = False
    family: int = 1
    type: str = "person"
    kinds: Counter[str] = field(default_factory=Counter)

    def has(self, kind: str) -> bool:
        return self.kinds[kind] > 0 or (kind == "user" and self.has_user)


class Link(NamedTuple):
    """An identity that was new."""

    identity: Named
    owner: UUID
    home: UUID
    at: datetime
    source: str
    implied: bool


class Merge(NamedTuple):
    """`merged` becomes part of `survivor`."""

    survivor: UUID
    merged: UUID
    reason: str
    event_id: str


class Review(NamedTuple):
    """An identity that a rule held back, and why: two customers share it, or (`other` is None) it was not given to `owner`."""

    identity: Named
    owner: UUID
    other: UUID | None
    reason: str
    event_id: str
