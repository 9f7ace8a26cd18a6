"""The graph identity -> customer: who is created, linked and merged by a claim, and what a person has to look at.

Every identity has a *home*, the customer under which it was first seen, and an *owner*, the customer it belongs to now. A merge
changes owners only; traits stay in the document of the home. So a merge is an edge of a forest, and taking the edge away restores
exactly what would be there without it, also for events that came in between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from services.customer.domain import rules as identity_rules
from services.customer.domain.claims import Claim, Link, Merge, Named, Owned, Person, Review
from services.customer.domain.rules import Rules

#: Why a link was held back because a customer has enough of its kind; one line for each customer and kind is noted.
TOO_MANY: Final = "too_many_of_kind"


@dataclass
class Graph:
    """The part of the graph that a batch of claims touches. `apply` changes it and notes what is to be written.

    `seen` says for devices (anonymous ids) which user ids of other customers they were seen with, and when last.
    """

    new_id: Callable[[], UUID]
    identities: dict[bytes, Owned] = field(default_factory=dict)
    people: dict[UUID, Person] = field(default_factory=dict)
    separated: frozenset[frozenset[UUID]] = frozenset()
    rules: Rules = identity_rules.STANDARD
    seen: dict[bytes, dict[bytes, datetime]] = field(default_factory=dict)
    created: dict[UUID, Claim] = field(default_factory=dict)
    linked: list[Link] = field(default_factory=list)
    merges: list[Merge] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)
    sighted: dict[tuple[bytes, bytes], datetime] = field(default_factory=dict)
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
            if self.rules.refuses(claim.primary.kind, claim.primary.value):
                return None
            found = self.identities.get(claim.primary.hash)
            home = found.home if found is not None else self._begin(claim, claim.primary)
        elif home is None:
            home = self._create(claim)
        merged = 0
        for link in sorted(claim.links, key=lambda link: self.rules.rank(link.kind)):
            if self.rules.refuses(link.kind, link.value) or (claim.primary is not None and not self._may_link(claim, link)):
                continue
            mine = self._owner_of(claim, home)
            other = self.owner(link.hash)
            if other == mine:
                continue
            if self._shared_device(claim, link, mine, other):
                self.reviews.append(Review(link, mine, None, "shared_device", claim.event_id))
            elif other is None:
                self._give(claim, link, mine, home)
            else:
                merged += self._meet(claim, link, mine, other, merged)
        return home

    def way(self, customer: UUID) -> Iterator[UUID]:
        """The customers that were merged away on the way from a customer to the one that answers now."""
        while customer in self._into:
            yield customer
            customer = self._into[customer]

    def objections(self, first: UUID, second: UUID) -> list[str]:
        """Why the rules would not merge two customers by themselves."""
        return list(dict.fromkeys(self._objections(self.person(first), self.person(second), alias=False, merged=0)))

    def merge(self, first: UUID, second: UUID, *, reason: str, event_id: str = "", survivor: UUID | None = None) -> Merge:
        """Join two customers, whatever the rules for automatic merges say. The one with the strongest identity survives, then the older."""
        people = sorted((self.person(first), self.person(second)), key=lambda person: (*self._strength(person), person.id))
        if survivor is not None and people[0].id != self.root(survivor):
            people.reverse()
        kept, gone = people
        self._into[gone.id] = kept.id
        kept.has_user |= gone.has_user
        kept.known |= gone.known
        kept.family += gone.family
        kept.kinds += gone.kinds
        merge = Merge(kept.id, gone.id, reason, event_id)
        self.merges.append(merge)
        return merge

    def hang(self, *, under: UUID) -> None:
        """The last merge is into a certain customer of the survivor's family."""
        merge = self.merges[-1]
        if under != merge.survivor:
            self._into[under] = merge.survivor
            self.merges[-1] = merge._replace(survivor=under)

    def _strength(self, person: Person) -> tuple[int, bool]:
        strongest = min((self.rules.rank(kind) for kind, count in person.kinds.items() if count), default=self.rules.rank(""))
        return min(strongest, self.rules.rank("user")) if person.has_user else strongest, not person.known

    def _begin(self, claim: Claim, primary: Named) -> UUID:
        """An unknown primary identity: it joins the customer of a known link only through the link's own rules, later."""
        home = claim.customer or self._create(claim)
        self._attach(primary, owner=self.root(home), home=home, claim=claim)
        return home

    def _create(self, claim: Claim) -> UUID:
        customer = claim.begins or self.new_id()
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
        person.kinds[identity.kind] += 1
        self.identities[identity.hash] = Owned(owner, home)
        implied = identity.kind in {"email", "phone"}
        self.linked.append(Link(identity, owner, home, claim.at, claim.source, implied))

    def _may_link(self, claim: Claim, link: Named) -> bool:
        """Whether the claim's teller may tie the link to the primary identity. What names an organisation or a household never ties persons."""
        assert claim.primary is not None
        kinds = {claim.primary.kind, link.kind}
        if "account" in kinds or claim.type != "person":
            return claim.server and claim.type != "person" and kinds <= {"account", "ext"}
        return self.rules.may_link(claim.primary.kind, link.kind, server=claim.server, alias=claim.alias)

    def _shared_device(self, claim: Claim, link: Named, mine: UUID, other: UUID | None) -> bool:
        """Whether the claim is about a device that many people use. Notes whom the device was seen with."""
        bound = self.rules.shared_device
        if bound is None or claim.primary is None:
            return False
        for device, partner in ((claim.primary, link), (link, claim.primary)):
            if device.kind != "anon" or device.hash not in self.identities:
                continue
            owner = mine if device is claim.primary else other
            seen = self.seen.setdefault(device.hash, {})
            if partner.kind == "user" and owner is not None and self.people[owner].has_user:
                seen[partner.hash] = max(claim.at, seen.get(partner.hash, claim.at))
                self.sighted[device.hash, partner.hash] = seen[partner.hash]
            users = sum(abs(claim.at - at) <= self.rules.window for at in seen.values())
            if users and users + (owner is not None and self.people[owner].has_user) > bound.users:
                return True
        return False

    def _give(self, claim: Claim, link: Named, mine: UUID, home: UUID) -> None:
        """A new identity for a customer, unless that has enough of its kind. What is asked for by hand is not counted."""
        reason = None if claim.customer is not None else self._enough(claim, link.kind, self.people[mine])
        if reason is None:
            self._attach(link, owner=mine, home=home, claim=claim)
        elif link.kind != "anon" or reason == TOO_MANY:
            self.reviews.append(Review(link, mine, None, reason, claim.event_id))

    def _enough(self, claim: Claim, kind: str, person: Person) -> str | None:
        if kind in self.rules.unique and person.has(kind) and not claim.alias:
            return f"two_{kind}_ids"
        limit = self.rules.limit(kind)
        return TOO_MANY if limit is not None and person.kinds[kind] >= limit else None

    def _meet(self, claim: Claim, link: Named, mine: UUID, other: UUID, merged: int) -> int:
        """Two customers share an identity: merge them, or note why not. Returns how many were merged."""
        reason = next(self._objections(self.people[mine], self.people[other], alias=claim.alias, merged=merged), None)
        if reason is None:
            why = "alias" if claim.alias else f"same_{link.kind}"
            self.merge(mine, other, reason=why, event_id=claim.event_id)
            return 1
        # Several people at one device are no news; a shared address is.
        if link.kind != "anon" or reason != "two_user_ids":
            self.reviews.append(Review(link, other, mine, reason, claim.event_id))
        return 0

    def _objections(self, mine: Person, other: Person, *, alias: bool, merged: int) -> Iterator[str]:
        """Every rule that would hold the merge back."""
        if mine.type != other.type:
            yield "different_types"
        for kind in self.rules.unique:
            if mine.has(kind) and other.has(kind) and not alias:
                yield f"two_{kind}_ids"
        if any({self.root(customer) for customer in pair} == {mine.id, other.id} for pair in self.separated):
            yield "separated_by_hand"
        if merged >= self.rules.max_merged_by_one_event:
            yield "too_many_at_once"
        if mine.family + other.family > self.rules.max_family:
            yield "too_many_in_all"
        for kind in mine.kinds.keys() & other.kinds.keys():
            limit = self.rules.limit(kind)
            if limit is not None and mine.kinds[kind] + other.kinds[kind] > limit and min(mine.kinds[kind], other.kinds[kind]):
                yield TOO_MANY


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


__all__ = ["TOO_MANY", "Claim", "Graph", "Link", "Merge", "Named", "Owned", "Person", "Review", "partition", "subtree"]
