"""What the other services hear of a change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
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
from services.customer.domain import traits
from services.customer.domain.graph import Graph

#: Fields of their own in the contract; they are not repeated among the traits.
_OWN_FIELDS = frozenset({"email", "phone", "language"})


def tell(
    tx: Transaction, *, changes: Graph, records: Mapping[UUID, CustomerRecord], merges: Sequence[store.merges.Row],
    moved: Sequence[store.identities.Row], now: datetime,
) -> None:
    """Facts about what is new, then the states as they are now."""
    for customer, claim in changes.created.items():
        tx.tell(CustomerRegistered(customer_id=str(customer), registered_at=records[customer].registered_at, source=claim.source))
    for link in changes.linked:
        owner, identity = str(changes.root(link.owner)), link.identity.hash.hex()
        tx.tell(IdentityLinked(customer_id=owner, identity=identity, kind=link.identity.kind, linked_at=link.at))
        tx.tell(IdentityState(identity=identity, kind=link.identity.kind, customer_id=owner))
    for merge in merges:
        tx.tell(
            CustomersMerged(
                merge_id=str(merge.id), survivor_id=str(merge.survivor_id), merged_id=str(merge.merged_id), reason=merge.reason,
                identities=[identity.hex() for identity in merge.identities], merged_at=merge.merged_at,
            )
        )
    owners(tx, moved)
    for record in records.values():
        profile(tx, record, now=now)


def owners(tx: Transaction, moved: Sequence[store.identities.Row]) -> None:
    """Whose the identities are now."""
    for row in moved:
        tx.tell(IdentityState(identity=row.identity.hex(), kind=row.kind, customer_id=str(row.customer_id)))


def profile(tx: Transaction, record: CustomerRecord, *, now: datetime) -> None:
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
    shown = personal(record.profile)
    if record.changed:
        tx.tell(
            CustomerUpdated(customer_id=str(record.id), version=record.version, changed=record.changed, updated_at=now, personal=shown)
        )
    tx.tell(
        ProfileState(
            customer_id=str(record.id), version=record.version, registered_at=record.registered_at, known=record.known, personal=shown
        )
    )


def personal(profile: traits.Traits) -> ProfilePersonal:
    """The profile as others may replicate it."""
    if not profile:
        return ProfilePersonal()
    values = traits.values(profile)
    return ProfilePersonal(
        email=traits.text_of(values, "email"), phone=traits.text_of(values, "phone"), name=traits.full_name(values),
        language=traits.text_of(values, "language"), traits={name: value for name, value in values.items() if name not in _OWN_FIELDS},
    )
