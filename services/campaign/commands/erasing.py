"""Erasing people: nothing more goes to them, and what went is nobody's."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from chassis.erasing import erase_set_aside
from chassis.unit_of_work import Transaction
from contracts.campaign import ErasureAcknowledged
from contracts.customer import ErasureState
from services.campaign.commands.facts import tell_changes
from services.campaign.commands.journeys import moving as journeys
from services.campaign.settings import CampaignService
from services.campaign.store import (
    annoyance,
    audiences,
    customising,
    deciding,
    ledger,
    programmes,
    recipients,
    replicas,
    shelf,
)


async def erase_people(service: CampaignService, tx: Transaction, *, states: Iterable[ErasureState]) -> None:
    """The profile goes; messages keep what reports count, without person and address. Applied again it finds nothing."""
    for state in states:
        people = [UUID(one) for one in state.customer_ids]
        now = service.clock.now()
        tell_changes(tx, await ledger.suppress_withdrawn(tx.db, customer_ids=people, purpose="*", channel="*"), at=now)
        rows = {"recipient": await recipients.delete(tx.db, people), "message": await ledger.blank(tx.db, customer_ids=people)}
        rows |= await programmes.erase(tx.db, customer_ids=people)
        rows |= await deciding.erase(tx.db, customer_ids=people)
        rows |= await journeys.erase_people(tx, people)
        rows |= {"annoyance": await annoyance.blank(tx.db, customer_ids=people)}
        rows |= await replicas.erase(tx.db, customer_ids=people)
        rows |= await audiences.delete_person(tx.db, people)
        rows |= await shelf.delete_person(tx.db, people)
        rows |= await customising.erase(tx.db, people)
        rows |= await erase_set_aside(tx.db, state.customer_ids)
        tx.tell(
            ErasureAcknowledged(
                request_id=state.request_id, customer_id=state.customer_ids[0], erased={table: count for table, count in rows.items() if count},
                acknowledged_at=now,
            )
        )
