"""The graph identity -> customer: who is created, linked and merged by a claim, and what a person has to look at.

Every identity has a *home*, the customer under which it was first seen, and an *owner*, the customer it belongs to now. A merge
changes owners only; traits stay in the document of the home. So a merge is an edge of a forest, and taking the edge away restores
exactly what would be there without it, also for events that came in between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from services.customer.domain import contact

MAX_MERGED_BY_ONE_EVENT: Final = 3
#: Customers that automatic merges may join in all; beyond it somebody plays tricks, and each change of the profile would read them all.
MAX_FAMILY: Final = 200


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
    """One event's word that identities are one person: `primary` (or the given customer) and `links`."""

    primary: Named | None
    links: tuple[Named, ...]
    server: bool
    alias: bool
    at: datetime
    source: str
    event_id: str
    customer: UUID | None = None
    type: str = "person"


@dataclass
class Person:
    """A customer as far as linking must know it."""

    id: UUID
    has_user: bool = False
    known: bool = False
    family: int = 1
    type: str = "person"


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
    """Two customers that share an identity but were not merged, and why."""

    identity: Named
    owner: UUID
    other: UUID
    reason: str
    event_id: str


@dataclass
class Graph:
    """The part of the graph that a batch of claims touches. `apply` changes it and notes what is to be written."""

    new_id: Callable[[], UUID]
    identities: dict[bytes, Owned] = field(default_factory=dict)
    people: dict[UUID, Person] = field(default_factory=dict)
    separated: frozenset[frozenset[UUID]] = frozenset()
    created: dict[UUID, Claim] = field(default_factory=dict)
    linked: list[Link] = field(default_factory=list)
    merges: list[Merge] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)
    _into: dict[UUID, UUID] = field(default_factory=dict)

    def root(self, customer: UUID) -> UUID:
        """The customer that answers now."""
        while customer in self._into:
            customer = self._into[customer]
        return customer

    def person(self, customer: UUID) -> Person:
        return self.people[self.root(customer)]

    def owner(self, identity: bytes) -> UUID | None:
        """Who answers for an identity now, None for an unknown one."""
        found = self.identities.get(identity)
        return None if found is None else self.root(found.owner)

    def apply(self, claim: Claim) -> UUID | None:
        """Resolve one claim; returns the home whose document takes its traits, None if the identity is refused."""
        home = claim.customer
        if claim.primary is not None:
            if contact.refused(claim.primary.value):
                return None
            found = self.identities.get(claim.primary.hash)
            home = found.home if found is not None else self._begin(claim, claim.primary)
        elif home is None:
            home = self._create(claim)
        merged = 0
        for link in claim.links:
            if contact.refused(link.value) or (claim.primary is not None and not may_link(claim, link)):
                continue
            mine = self._owner_of(claim, home)
            other = self.owner(link.hash)
            if other is None:
                self._attach(link, owner=mine, home=home, claim=claim)
            elif other != mine:
                merged += self._meet(claim, link, mine, other, merged)
        return home

    def way(self, customer: UUID) -> Iterator[UUID]:
        """The customers that were merged away on the way from a customer to the one that answers now."""
        while customer in self._into:
            yield customer
            customer = self._into[customer]

    def merge(self, first: UUID, second: UUID, *, reason: str, event_id: str = "", survivor: UUID | None = None) -> Merge:
        """Join two customers, whatever the rules for automatic merges say. The better known survives, then the older."""
        people = sorted((self.person(first), self.person(second)), key=lambda person: (not person.has_user, not person.known, person.id))
        if survivor is not None and people[0].id != self.root(survivor):
            people.reverse()
        kept, gone = people
        self._into[gone.id] = kept.id
        kept.has_user |= gone.has_user
        kept.known |= gone.known
        kept.family += gone.family
        merge = Merge(kept.id, gone.id, reason, event_id)
        self.merges.append(merge)
        return merge

    def _begin(self, claim: Claim, primary: Named) -> UUID:
        """An unknown primary identity: it joins the customer of a known link only through the link's own rules, later."""
        home = claim.customer or self._create(claim)
        self._attach(primary, owner=self.root(home), home=home, claim=claim)
        return home

    def _create(self, claim: Claim) -> UUID:
        customer = self.new_id()
        self.people[customer] = Person(customer, type=claim.type)
        self.created[customer] = claim
        return customer

    def _owner_of(self, claim: Claim, home: UUID) -> UUID:
        if claim.primary is not None:
            owned = self.owner(claim.primary.hash)
            assert owned is not None
            return owned
        return self.root(home)

    def _attach(self, identity: Named, *, owner: UUID, home: UUID, claim: Claim) -> None:
        person = self.people[owner]
        person.has_user |= identity.kind == "user"
        person.known |= identity.kind != "anon"
        self.identities[identity.hash] = Owned(owner, home)
        implied = identity.kind in {"email", "phone"}
        self.linked.append(Link(identity, owner, home, claim.at, claim.source, implied))

    def _meet(self, claim: Claim, link: Named, mine: UUID, other: UUID, merged: int) -> int:
        """Two customers share an identity: merge them, or note why not. Returns how many were merged."""
        reason = self._objection(claim, link, mine, other, merged)
        if reason is None:
            why = "alias" if claim.alias else f"same_{link.kind}"
            self.merge(mine, other, reason=why, event_id=claim.event_id)
            return 1
        # Several people at one device are no news; a shared address is.
        if link.kind != "anon" or reason != "two_user_ids":
            self.reviews.append(Review(link, other, mine, reason, claim.event_id))
        return 0

    def _objection(self, claim: Claim, link: Named, mine: UUID, other: UUID, merged: int) -> str | None:
        if self.people[mine].type != self.people[other].type:
            return "different_types"
        if self.people[mine].has_user and self.people[other].has_user and not claim.alias:
            return "two_user_ids"
        if any({self.root(customer) for customer in pair} == {mine, other} for pair in self.separated):
            return "separated_by_hand"
        if merged >= MAX_MERGED_BY_ONE_EVENT:
            return "too_many_at_once"
        if self.people[mine].family + self.people[other].family > MAX_FAMILY:
            return "too_many_in_all"
        return None


def may_link(claim: Claim, link: Named) -> bool:
    """Whether the claim's teller may tie the link to the primary identity.

    A browser's key is public, so it may only say which anonymous visitor became which user; two user ids are tied by an alias alone.
    What names an organisation or a household never ties persons.
    """
    assert claim.primary is not None
    kinds = {claim.primary.kind, link.kind}
    if "account" in kinds or claim.type != "person":
        return claim.server and claim.type != "person" and kinds <= {"account", "ext"}
    if kinds == {"user"} and not claim.alias:
        return False
    return claim.server or kinds == {"anon", "user"}


def partition(identities: Mapping[bytes, Owned], root: Callable[[UUID], UUID]) -> frozenset[frozenset[bytes]]:
    """Which identities are one person, without names of customers."""
    groups: dict[UUID, set[bytes]] = {}
    for identity, owned in identities.items():
        groups.setdefault(root(owned.owner), set()).add(identity)
    return frozenset(frozenset(group) for group in groups.values())


def subtree(root: UUID, parents: Iterable[tuple[UUID, UUID | None]]) -> set[UUID]:
    """A customer and everybody merged into it, directly or not. `parents` are (customer, merged_into)."""
    children: dict[UUID, list[UUID]] = {}
    for customer, parent in parents:
        if parent is not None:
            children.setdefault(parent, []).append(customer)
    found, waiting = {root}, [root]
    while waiting:
        for child in children.get(waiting.pop(), ()):
            if child not in found:
                found.add(child)
                waiting.append(child)
    return found
