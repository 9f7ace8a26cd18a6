"""A customer while a transaction works on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from services.customer.domain import searching, traits
from services.customer.domain.definitions import Definitions
from services.customer.domain.graph import Graph, Person
from services.customer.store import customers


class CustomerRecord:
    """The stored row (None for a new customer) and what becomes of it. `version` and `search` count for roots only.

    `taken` are the values that the document took over, in this order, `aside` those that count less than what it has.
    """

    def __init__(self, row: customers.Row, *, definitions: Definitions, fresh: bool = False) -> None:
        self.definitions = definitions
        self.taken: list[traits.Told] = []
        self.aside: list[traits.Told] = []
        self.stored = None if fresh else row
        self.id = row.id
        self.root_id = row.root_id
        self.merged_into = row.merged_into
        self.registered_at = row.registered_at
        self.updated_at = row.updated_at
        self.source = row.source
        self.version = row.version
        self.has_user = row.has_user
        self.known = row.known
        self.search = row.search
        self.type = row.type
        self.recorded_at = row.recorded_at
        self.extended = row.extended
        self.owner = row.owner
        self.dirty = fresh
        self.changed: list[str] = []
        self.republish = fresh
        self.touched = False
        self.profile: traits.Traits = {}
        self._written = row.traits
        self._before: traits.Traits | None = None
        self._traits: traits.Traits | None = {} if fresh else None

    @classmethod
    def begin(
        cls, customer: UUID, *, definitions: Definitions, at: datetime, now: datetime, source: str, type: str = "person"
    ) -> CustomerRecord:
        """A customer who exists from now on; `at` is when the event happened that tells of it."""
        row = customers.Row(customer, customer, None, at, now, source, 1, False, False, "{}", None, type, now)
        return cls(row, definitions=definitions, fresh=True)

    @property
    def told(self) -> traits.Traits:
        """Told under this very customer."""
        if self._traits is None:
            self._traits = traits.read(self._written)
        return self._traits

    @property
    def before(self) -> traits.Traits:
        """The same before this transaction."""
        return self.told if self._before is None else self._before

    def tell(self, told: traits.Traits, *, identity: bytes | None = None) -> None:
        """Join traits into the document, told under one of its identities. New names beyond the limit are left out."""
        present = self.told
        if len(present) + len(told) > traits.MAX_TRAITS:
            told = {name: trait for name, trait in told.items() if name in present or len(present) < traits.MAX_TRAITS // 2}
        weights = self.definitions.weights
        taken = [(name, trait) for name, trait in told.items() if name not in present or traits.beats(name, trait, present[name], weights)]
        if taken:
            if self._before is None:
                self._before = present
            self._traits, self.dirty = {**present, **dict(taken)}, True
            self.taken += [traits.Told(name, trait, identity) for name, trait in taken]
        if len(taken) < len(told):
            names = {name for name, _ in taken}
            self.aside += [
                traits.Told(name, trait, identity, aside=True)
                for name, trait in told.items() if name not in names and trait.rank != traits.IMPLIED and trait.stamp != present[name].stamp
            ]

    def take_back(self, instead: Mapping[str, traits.Trait | None]) -> None:
        """Put other traits in the place of these, or none; kept as taken over now."""
        present = self.told
        if instead and self._before is None:
            self._before = present
        after = dict(present)
        for name, trait in instead.items():
            # In the past it stands as something that says nothing: anybody else's value counts before it.
            removed = msgspec.structs.replace(after.pop(name), value=None, rank=traits.TAKEN_BACK, source="")
            if trait is not None:
                after[name] = trait
            self.taken.append(traits.Told(name, removed if trait is None else trait))
        if instead:
            self._traits, self.dirty = after, True

    def receive(self, document: traits.Traits) -> None:
        """The document of a customer that begins with what another one gives away; its history comes along."""
        self._before, self._traits, self.dirty = {}, document, True

    def history(self) -> list[tuple[UUID, traits.Told]]:
        """What the history is to keep of this transaction."""
        return [(self.id, told) for told in (*self.taken, *self.aside)]

    def extend(self) -> None:
        """Something beside the traits changed that others are told of."""
        self.extended = self.dirty = self.republish = True

    def touch(self) -> None:
        """Something changed that only whoever reads this customer sees."""
        self.touched = True

    def settle(self, changes: Graph) -> None:
        """Take over where the graph has put this customer."""
        root = changes.root(self.root_id)
        if root != self.root_id:
            self.root_id, self.search, self.owner, self.dirty, self.republish = root, None, None, True, True
            self.version += 1

    def lead(self, family: Sequence[CustomerRecord], person: Person) -> None:
        """Be the customer that answers for the family: flags, profile, search text."""
        flags = (person.has_user, person.known)
        if (self.has_user, self.known) != flags:
            self.has_user, self.known = flags
            self.dirty = self.republish = True
        if not self.touched and not any(member.dirty for member in family):
            return
        if self.stored is None and len(family) == 1 and not self.told:
            return  # a new visitor of whom nothing was told: nothing to join
        self.profile = self._joined(member.told for member in family)
        before = self._joined(member.before for member in family if member.stored is not None and member.stored.root_id == self.id)
        self.changed = traits.changed(before, self.profile)
        if self.changed or self.republish or any(member.republish for member in family):
            self.republish = self.dirty = True
            self._advance(max(member.version for member in family), alone=len(family) == 1)
            self._show()
        elif self.touched or any(member.taken for member in family):
            self.dirty = True
            self._advance(max(member.version for member in family))

    def separate(self, family: Sequence[CustomerRecord], person: Person, *, before: traits.Traits, newest: int) -> None:
        """Lead a family that another one was taken away from; `before` is the profile that both had together, `newest` their last version."""
        self.has_user, self.known = person.has_user, person.known
        self.profile = self._joined(member.told for member in family)
        self.changed = traits.changed(before, self.profile)
        self._show()
        self._advance(newest)
        self.dirty = self.republish = True

    def show_again(self, family: Sequence[CustomerRecord], *, now: datetime) -> None:
        """The same documents, shown by other definitions."""
        self.profile = self._joined(member.told for member in family)
        self._show()
        self._advance(max(member.version for member in family))
        self.updated_at = now
        self.dirty = self.republish = True

    def show_as_it_is(self, family: Sequence[CustomerRecord]) -> None:
        """Be the customer that answers for a family that came as a whole; the version stays, all are told."""
        self.profile = self._joined(member.told for member in family)
        self.changed = sorted(self.profile)
        self._show()
        for member in family:
            member.republish = True

    def vocabulary(self) -> list[str]:
        """The words by which this customer may be searched for."""
        return searching.vocabulary(traits.values(self.definitions.open(self.profile))) if self.changed else []

    def _joined(self, documents: Iterable[traits.Traits]) -> traits.Traits:
        return traits.joined(documents, self.definitions.weights)

    def _show(self) -> None:
        """What lists are searched and filtered by; nothing sensitive."""
        values = traits.values(self.definitions.open(self.profile))
        self.search = searching.search_text(values)
        self.owner = traits.text_of(values, "owner")

    def _advance(self, newest: int, *, alone: bool = True) -> None:
        """A version that no answer under any id of the family ever had: people compare it to see whether something changed."""
        if self.stored is not None or not alone:
            self.version = max(self.version, newest) + 1

    def row(self) -> customers.Row:
        return customers.Row(
            self.id, self.root_id, self.merged_into, self.registered_at, self.updated_at, self.source, self.version, self.has_user,
            self.known, self._written if self._traits is None else traits.written(self._traits), self.search,
            self.type, self.recorded_at, self.extended, self.owner,
        )
