"""Needs: told once, offered to whoever serves the customer next, until they are met."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from chassis.ids import new_id
from chassis.unit_of_work import Transaction
from services.customer import errors, store
from services.customer.commands.renewing import family_of, renew
from services.customer.commands.repeating import transactional
from services.customer.settings import CustomerService
from services.customer.store.reaching import Need


@transactional
async def tell_need(
    service: CustomerService, tx: Transaction, *, customer_id: UUID, text: str, told_at: datetime | None, source: str,
    versions: frozenset[int] | None = None,
) -> Need:
    """Keep what a customer told to need, now or at `told_at`; with `versions` only if the customer has one of these. Raises Unknown, Outdated."""
    family = await family_of(service, tx, customer_id, versions=versions)
    need = Need(new_id(), family.root.id, text, told_at or service.clock.now(), source)
    await store.reaching.insert_need(tx.db, need=need)
    family.root.touch()
    await renew(service, tx, family.records)
    return need


@transactional
async def meet_need(
    service: CustomerService, tx: Transaction, *, customer_id: UUID, need_id: UUID, by: str, versions: frozenset[int] | None = None
) -> Need:
    """The need is met; with `versions` only if the customer has one of these. Raises Unknown, Conflict when it was before, Outdated."""
    family = await family_of(service, tx, customer_id, versions=versions)
    need = await store.reaching.find_need(tx.db, need_id=need_id)
    if need is None or need.home_id not in family.ids:
        raise errors.unknown_need()
    if need.met_at is not None:
        raise errors.need_met()
    now = service.clock.now()
    await store.reaching.meet_need(tx.db, need_id=need_id, at=now, by=by)
    family.root.touch()
    await renew(service, tx, family.records)
    return need._replace(met_at=now, met_by=by)
