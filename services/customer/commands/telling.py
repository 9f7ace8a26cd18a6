"""What the other services hear of a change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from chassis.unit_of_work import Transaction
from contracts.customer import (
    CustomerRegistered,
    CustomersMerged,
    CustomerUpdated,
    IdentityLinked,
    IdentityState,
    ProfilePersonal,
    ProfileState,
)
from services.customer import store
from services.customer.commands.records import CustomerRecord
from services.customer.domain import accounts, reaching, traits
from services.customer.domain.definitions import NONE, Definitions
from services.customer.domain.graph import Graph
from services.customer.store.surroundings import Account, Surroundings

#: Fields of their own in the contract; they are not repeated among the traits.
_OWN_FIELDS = frozenset({"email", "phone", "language"})

Around: TypeAlias = Mapping[UUID, Surroundings]


async def tell(
    tx: Transaction, *, changes: Graph, records: Mapping[UUID, CustomerRecord], merges: Sequence[store.merges.Row],
    moved: Sequence[store.identities.Row], now: datetime,
) -> None:
    """Facts about what is new, then the states as they are now."""
    for customer, claim in changes.created.items():
        tx.tell(CustomerRegistered(customer_id=str(customer), registered_at=records[customer].registered_at, source=claim.source))
    for link in changes.linked:
        owner, identity = str(changes.root(link.owner)), link.identity.hash.hex()
        tx.tell(IdentityLinked(customer_id=owner, identity=identity, kind=link.identity.kind, linked_at=link.at))
        tx.tell(_whose(link.identity.hash, link.identity.kind, changes.root(link.owner), link.home))
    for merge in merges:
        tx.tell(
            CustomersMerged(
                merge_id=str(merge.id), survivor_id=str(merge.survivor_id), merged_id=str(merge.merged_id), reason=merge.reason,
                identities=[identity.hex() for identity in merge.identities], merged_at=merge.merged_at,
            )
        )
    owners(tx, moved)
    await profiles(tx, records, now=now)


async def profiles(tx: Transaction, records: Mapping[UUID, CustomerRecord], *, now: datetime) -> None:
    """All profiles that changed, when everything else is written; the members of accounts that changed follow later."""
    renewed = {record.root_id for record in records.values() if record.type != "person" and records[record.root_id].republish}
    if renewed:
        await store.accounts.note_changed(tx.db, accounts=renewed)
    surroundings = await around(tx, records)
    for record in records.values():
        profile(tx, record, now=now, around=surroundings)


def owners(tx: Transaction, moved: Sequence[store.identities.Row]) -> None:
    """Whose the identities are now."""
    for row in moved:
        tx.tell(_whose(row.identity, row.kind, row.customer_id, row.home_id))


def _whose(identity: bytes, kind: str, owner: UUID, home: UUID) -> IdentityState:
    return IdentityState(identity=identity.hex(), kind=kind, customer_id=str(owner), home_id=None if home == owner else str(home))


def profile(tx: Transaction, record: CustomerRecord, *, now: datetime, around: Around) -> None:
    """A profile that changed, or where it went."""
    if not record.republish:
        return
    if record.root_id != record.id:
        tx.tell(
            ProfileState(
                customer_id=str(record.id), version=record.version, registered_at=record.registered_at, merged_into=str(record.root_id)
            )
        )
        return
    surroundings = around.get(record.id)
    shown = personal(record.profile, surroundings, record.definitions)
    if record.changed:
        tx.tell(
            CustomerUpdated(customer_id=str(record.id), version=record.version, changed=record.changed, updated_at=now, personal=shown)
        )
    tx.tell(
        ProfileState(
            customer_id=str(record.id), version=record.version, registered_at=record.registered_at, known=record.known, type=record.type,
            channels=surroundings.channels if surroundings else {}, time_zone=time_zone(shown), personal=shown,
        )
    )


def personal(profile: traits.Traits, around: Surroundings | None = None, definitions: Definitions = NONE) -> ProfilePersonal:
    """The profile as others may replicate it: the address that reaches the customer, and the account they belong to first of all.

    What is defined as sensitive stays here.
    """
    if not profile and around is None:
        return ProfilePersonal()
    return personal_of(traits.values(definitions.open(profile)), around, definitions)


def personal_of(values: Mapping[str, Any], around: Surroundings | None = None, definitions: Definitions = NONE) -> ProfilePersonal:
    """The same of values without what is sensitive."""
    shown = {name: value for name, value in values.items() if name not in _OWN_FIELDS}
    reached = {kind: traits.text_of(values, kind) for kind in reaching.KINDS}
    if around is not None:
        reached = {kind: reaching.best(around.points, kind) for kind in reaching.KINDS}
        if around.account is not None:
            shown["account"] = account(around.account, definitions)
    return ProfilePersonal(**reached, name=traits.full_name(values), language=traits.text_of(values, "language"), traits=shown)


def time_zone(shown: ProfilePersonal) -> str | None:
    """The time zone that was told, if it is one."""
    zone = shown.traits.get("time_zone")
    return zone if isinstance(zone, str) and reaching.is_time_zone(zone) else None


def account(found: Account, definitions: Definitions) -> dict[str, Any]:
    """An account as its members' profiles show it."""
    values = traits.values(definitions.open(found.profile))
    return accounts.shown_to_members(
        values, account_id=found.id, kind=found.type, name=traits.full_name(values), role=found.belonging.role
    )


async def around(tx: Transaction, records: Mapping[UUID, CustomerRecord]) -> dict[UUID, Surroundings]:
    """What surrounds the customers that are about to be told. Nothing is asked where nothing hangs on the customer or on those merged into it."""
    asked = {record.root_id for record in records.values() if record.extended and records[record.root_id].republish}
    families: dict[UUID, dict[UUID, traits.Traits]] = {root: {} for root in asked}
    for record in records.values():
        if record.root_id in asked:
            families[record.root_id][record.id] = record.told
    if not families:
        return {}
    weights = next(iter(records.values())).definitions.weights
    return await store.surroundings.of_families(tx.db, families=families, weights=weights)
