"""Erasing a person: everything of them goes in one transaction, and what comes late is dropped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.erasing import erase_set_aside
from chassis.unit_of_work import Transaction
from contracts.customer import CustomerErased, ErasureAcknowledged, ErasureState, IdentityState, ProfileState
from services.customer import store
from services.customer.commands.repeating import transactional
from services.customer.settings import CustomerService

#: Customers, identities that are marked, and when.
Known = tuple[Sequence[UUID], Sequence[bytes], datetime]


async def erase_customer(service: CustomerService, tx: Transaction, *, request_id: UUID, customer_id: UUID) -> None:
    """Forget the person behind a customer, with all customers that are one with it. Asked twice, the second time only tells again.

    Their identities stay marked, as keyed hashes: events of them are dropped until the person registers again.
    """
    known: Known | None = await store.erasures.find(tx.db, request_id=request_id)
    erased: dict[str, int] = {}
    if known is None:
        await store.identities.hold_still(tx.db, alone=True)
        found = await store.customers.find(tx.db, ids=[customer_id])
        family = await store.customers.families(tx.db, roots={found[0].root_id}) if found else []
        customers = sorted({row.id for row in family} | {customer_id})
        known, erased = await _erase(service, tx, request_id=request_id, customer_id=customer_id, customers=customers, family=family)
    _tell_all(service, tx, request_id=request_id, customer_id=customer_id, known=known, erased=erased)


@transactional
async def erase_again(service: CustomerService, tx: Transaction, *, line: Mapping[str, Any]) -> None:
    """Erase what a restored backup brought back, by a line of the ledger: exactly its customers and identities."""
    request_id = UUID(line["request_id"])
    customers = sorted(UUID(one) for one in line["customer_ids"])
    known: Known | None = await store.erasures.find(tx.db, request_id=request_id)
    erased: dict[str, int] = {}
    if known is None:
        await store.identities.hold_still(tx.db, alone=True)
        family = await store.customers.find(tx.db, ids=customers)
        marked = [bytes.fromhex(one) for one in line["identities"]]
        known, erased = await _erase(service, tx, request_id=request_id, customer_id=customers[0], customers=customers, family=family, marked=marked)
    _tell_all(service, tx, request_id=request_id, customer_id=customers[0], known=known, erased=erased)


async def _erase(
    service: CustomerService, tx: Transaction, *, request_id: UUID, customer_id: UUID, customers: Sequence[UUID],
    family: Sequence[store.customers.Row], marked: Sequence[bytes] = (),
) -> tuple[Known, dict[str, int]]:
    """Delete them and enter it in the ledger; rows by table."""
    identities = sorted({row.identity for row in await store.identities.of_customers(tx.db, customers=customers)} | set(marked))
    terms = {term for row in family if row.search for term in row.search.split(" ")}
    erased = await store.erasures.delete_person(tx.db, customers=customers, identities=identities)
    erased["search_word"] = await store.erasures.delete_words(tx.db, terms=terms)
    erased |= await store.erasures.blank_files(tx.db)
    erased |= await erase_set_aside(tx.db, [*(str(one) for one in customers), *(identity.hex() for identity in identities)])
    now = service.clock.now()
    await store.erasures.insert(tx.db, request_id=request_id, customers=customers, identities=identities, erased=erased, at=now)
    tx.tell(CustomerErased(customer_id=str(customer_id), request_id=str(request_id), erased_at=now))
    return (customers, identities, now), erased


def _tell_all(service: CustomerService, tx: Transaction, *, request_id: UUID, customer_id: UUID, known: Known, erased: Mapping[str, int]) -> None:
    """Tombstones, the ledger's line and the receipt."""
    customers, identities, at = known
    for customer in customers:
        tx.forget(ProfileState, str(customer))
    for identity in identities:
        tx.forget(IdentityState, identity.hex())
    _tell(tx, request_id, customers, identities, at)
    tx.tell(
        ErasureAcknowledged(
            request_id=str(request_id), customer_id=str(customer_id), erased={table: rows for table, rows in erased.items() if rows},
            acknowledged_at=service.clock.now(),
        )
    )


async def welcome_back(service: CustomerService, tx: Transaction, *, identities: Sequence[bytes]) -> None:
    """Somebody who was erased registers again: from now on their events count."""
    for request_id in await store.erasures.lift(tx.db, identities=identities, at=service.clock.now()):
        found = await store.erasures.find(tx.db, request_id=request_id)
        if found is not None:
            _tell(tx, request_id, *found)


def _tell(tx: Transaction, request_id: UUID, customers: Sequence[UUID], identities: Sequence[bytes], at: datetime) -> None:
    tx.tell(
        ErasureState(
            request_id=str(request_id), customer_ids=[str(one) for one in customers], identities=[one.hex() for one in identities], erased_at=at
        )
    )
