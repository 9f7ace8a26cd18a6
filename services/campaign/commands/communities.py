"""Communities: groups, invitations, membership, activity."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from chassis.database import Connection
from chassis.ids import new_id
from chassis.unit_of_work import Transaction
from services.campaign import errors
from services.campaign.commands import telling
from services.campaign.domain.arms import TREATED
from services.campaign.domain.programmes import Programme
from services.campaign.settings import CampaignService
from services.campaign.store import communities, programmes, recipients


async def create_group(service: CampaignService, *, programme_id: UUID, name: str, about: str) -> UUID:
    """A group of a community programme. Raises Unknown, Conflict."""
    async with service.transaction() as tx:
        programme = await programmes.find(tx.db, programme_id)
        if programme is None:
            raise errors.unknown_programme()
        if programme.kind != "community":
            raise errors.wrong_kind("community")
        group_id = new_id()
        await communities.insert_group(tx.db, group_id=group_id, programme_id=programme_id, name=name, about=about, at=service.clock.now())
        return group_id


async def invite(service: CampaignService, *, group_id: UUID, customer_ids: Sequence[UUID], by: UUID | None) -> list[UUID]:
    """Invite customers, each once; where the programme has a template they get a mail. Returns who was invited now. Raises Unknown."""
    async with service.transaction() as tx:
        programme = await programme_of(tx.db, group_id)
        survivors = await recipients.survivors(tx.db, list(customer_ids))
        at = service.clock.now()
        new = await communities.invite(tx.db, group_id=group_id, customer_ids=sorted(set(survivors.values())), by=by, at=at)
        if new and programme.settings.invitation_template_id is not None:
            due = [(customer_id, TREATED, at, str(group_id)) for customer_id in new]
            await programmes.join(tx.db, programme_id=programme.id, members=due, at=at, again_before=at)
        return new


async def join_group(service: CampaignService, *, group_id: UUID, customer_id: UUID) -> bool:
    """False when they are in it already. Raises Unknown."""
    async with service.transaction() as tx:
        programme = await programme_of(tx.db, group_id)
        if not await recipients.fetch(tx.db, [customer_id]):
            raise errors.unknown_customer()
        person = (await recipients.survivors(tx.db, [customer_id]))[customer_id]
        at = service.clock.now()
        await programmes.join(tx.db, programme_id=programme.id, members=[(person, TREATED, None, None)], at=at, again_before=at)
        joined = await communities.join(tx.db, group_id=group_id, customer_id=person, at=at)
        if joined:
            await _tell(tx, programme, group_id, person, action="joined", at=at)
        return joined


async def leave_group(service: CampaignService, *, group_id: UUID, customer_id: UUID) -> None:
    """Raises Unknown, Conflict (community.not_in_it)."""
    async with service.transaction() as tx:
        programme = await programme_of(tx.db, group_id)
        person = await recipients.same_person(tx.db, customer_id)
        at = service.clock.now()
        if not await communities.leave(tx.db, group_id=group_id, customer_ids=person, at=at):
            raise errors.not_invited()
        await _tell(tx, programme, group_id, customer_id, action="left", at=at)


async def note_activity(
    service: CampaignService, *, group_id: UUID, customer_id: UUID, kind: str, note: str, at: datetime | None, activity_id: UUID | None
) -> UUID:
    """What a member did; the same id counts once. Raises Unknown, Conflict (community.not_in_it)."""
    async with service.transaction() as tx:
        programme = await programme_of(tx.db, group_id)
        person = await recipients.same_person(tx.db, customer_id)
        if not await communities.is_member(tx.db, group_id=group_id, customer_ids=person):
            raise errors.not_invited()
        done, at = activity_id or new_id(), at or service.clock.now()
        if await communities.note_activity(tx.db, activity_id=done, group_id=group_id, customer_id=customer_id, kind=kind, note=note, at=at):
            await _tell(tx, programme, group_id, customer_id, action=kind, text=note, at=at, telling_id=done)
        return done


async def _tell(
    tx: Transaction, programme: Programme, group_id: UUID, customer_id: UUID, *, action: str, at: datetime, text: str = "", telling_id: UUID | None = None
) -> None:
    """It stands on the person's timeline, too."""
    group = await communities.find_group(tx.db, group_id)
    assert group is not None, "asked by the callers"
    await telling.tell_community(
        tx, customer_id=customer_id, programme=programme.name, group=str(group["name"]), action=action, text=text, at=at, telling_id=telling_id
    )


async def programme_of(db: Connection, group_id: UUID) -> Programme:
    """The programme a group belongs to. Raises Unknown."""
    group = await communities.find_group(db, group_id)
    programme = await programmes.find(db, group["programme_id"]) if group else None
    if programme is None:
        raise errors.unknown_group()
    return programme
