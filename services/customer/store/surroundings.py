"""What surrounds customers beside their traits, read for whole families at once: accounts, addresses, chosen channels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from chassis.database import Connection
from services.customer.domain import accounts as rules
from services.customer.domain import reaching as ways
from services.customer.domain import traits
from services.customer.store import accounts, customers, reaching

#: Who answers -> everybody in the family -> what was told under them.
Families = Mapping[UUID, Mapping[UUID, traits.Traits]]


class Account(NamedTuple):
    """An account that a person belongs to, with its own profile."""

    id: UUID
    type: str
    profile: traits.Traits
    belonging: rules.Belonging


class Surroundings(NamedTuple):
    """What is known of one family. `accounts`: also those that were left, the first one first."""

    accounts: list[Account]
    points: list[ways.Point]
    channels: dict[str, str]

    @property
    def account(self) -> Account | None:
        """The account that the person belongs to first of all."""
        return next((one for one in self.accounts if one.belonging.until is None), None)


async def of_families(db: Connection, *, families: Families, weights: traits.Weights) -> dict[UUID, Surroundings]:
    """What surrounds each family; six statements however many they are. `weights` are those of the traits' sources."""
    if not families:
        return {}
    root_of = {member: root for root, members in families.items() for member in members}
    found = await _accounts(db, root_of, weights)
    marks: dict[UUID, list[ways.Mark]] = {root: [] for root in families}
    for mark in await reaching.marks(db, homes=root_of):
        marks[root_of[mark.home_id]].append(mark)
    known = _told(families, weights)
    for address in await reaching.addresses(db, roots=families):
        known[address.customer_id].append(ways.Known(address.home_id, address.kind, address.value, address.linked_at, address.source))
    choices: dict[UUID, list[ways.Choice]] = {root: [] for root in families}
    for choice in await reaching.choices(db, homes=root_of):
        choices[root_of[choice.home_id]].append(choice)
    return {
        root: Surroundings(found.get(root, []), _points(traits.joined(members.values(), weights), known[root], marks[root]), ways.chosen(choices[root]))
        for root, members in families.items()
    }


async def _accounts(db: Connection, root_of: Mapping[UUID, UUID], weights: traits.Weights) -> dict[UUID, list[Account]]:
    """The accounts of each person who answers."""
    rows = await accounts.of_people(db, people=root_of)
    if not rows:
        return {}
    answering = {row.id: row.root_id for row in await customers.find(db, ids={row.account_id for row in rows})}
    profiles = await profiles_of(db, roots=set(answering.values()), weights=weights)
    found: dict[UUID, list[Account]] = {}
    for one in rules.belongings(rows, roots={**answering, **root_of}):
        if one.account_id in profiles:
            kind, profile = profiles[one.account_id]
            found.setdefault(one.customer_id, []).append(Account(one.account_id, kind, profile, one))
    return found


async def profiles_of(db: Connection, *, roots: Iterable[UUID], weights: traits.Weights) -> dict[UUID, tuple[str, traits.Traits]]:
    """Type and profile of customers that answer."""
    families: dict[UUID, list[customers.Row]] = {}
    for row in await customers.families(db, roots=list(roots)):
        families.setdefault(row.root_id, []).append(row)
    return {
        root: (next(row.type for row in family if row.id == root), traits.joined((traits.read(row.traits) for row in family), weights))
        for root, family in families.items()
    }


def points_of(
    members: Mapping[UUID, traits.Traits], addresses: Sequence[ways.Known], marks: Sequence[ways.Mark], weights: traits.Weights
) -> list[ways.Point]:
    """The addresses of one family: among its traits, its identities, and what was stated of them."""
    root = next(iter(members))
    known = _told({root: members}, weights)[root]
    return _points(traits.joined(members.values(), weights), [*known, *addresses], marks)


def _told(families: Families, weights: traits.Weights) -> dict[UUID, list[ways.Known]]:
    """The addresses among the traits; those that only follow from an identity come with the identity."""
    known: dict[UUID, list[ways.Known]] = {}
    for root, members in families.items():
        current = traits.joined(members.values(), weights)
        known[root] = [
            ways.Known(home, kind, trait.value, trait.at, trait.source, trait == current[kind])
            for home, told in members.items()
            for kind in ways.KINDS
            if (trait := told.get(kind)) is not None and trait.rank != traits.IMPLIED and isinstance(trait.value, str)
        ]
    return known


def _points(current: traits.Traits, known: Sequence[ways.Known], marks: Sequence[ways.Mark]) -> list[ways.Point]:
    """The addresses of a family, without those that were told before the customer took all of the kind away."""
    gone = {kind: trait.at for kind in ways.KINDS if (trait := current.get(kind)) is not None and trait.value is None}
    return ways.points(
        (one for one in known if one.kind not in gone or one.at > gone[one.kind]),
        (mark for mark in marks if mark.kind not in gone or mark.state_at > gone[mark.kind]),
    )
