"""Relationship programmes: set up, started, paused, ended; customers taken in and let go."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from chassis.database import Connection
from chassis.ids import new_id
from chassis.unit_of_work import Transaction
from services.campaign import errors
from services.campaign.commands import points
from services.campaign.domain.arms import HOLDOUT, TREATED, held_out
from services.campaign.domain.programmes import Care, Member, Programme, Referrals, Repeat, Satisfaction
from services.campaign.settings import CampaignService
from services.campaign.store import programmes, recipients, templates

_MOVES = {"start": (("draft", "paused"), "running"), "pause": (("running",), "paused"), "end": (("draft", "running", "paused"), "ended")}
_WORDS = {"start": "started", "pause": "paused", "end": "ended"}


async def create_programme(
    service: CampaignService, *, name: str, purpose: str, settings: Any, holdout: float, goal: float | None = None, playbook: str | None = None
) -> Programme:
    """A draft; nothing happens before it is started. Raises Unknown (template, loyalty programme), Conflict."""
    async with service.transaction() as tx:
        return await add_programme(
            service, tx, name=name, purpose=purpose, settings=settings, holdout=holdout, goal=goal, playbook=playbook
        )


async def add_programme(
    service: CampaignService, tx: Transaction, *, name: str, purpose: str, settings: Any, holdout: float, goal: float | None,
    playbook: str | None,
) -> Programme:
    """The same within a caller's transaction."""
    await _check(tx.db, settings)
    at = service.clock.now()
    programme = Programme(
        id=new_id(), name=name, kind=settings.kind, status="draft", purpose=purpose, settings=settings, holdout=holdout, goal=goal,
        playbook=playbook, started_at=None, swept_to=None, sweep_at=None, created_at=at, updated_at=at,
    )
    await programmes.insert(tx.db, programme)
    return programme


async def change_programme(service: CampaignService, *, programme_id: UUID, name: str, purpose: str, settings: Any, holdout: float, goal: float | None) -> Programme:
    """New settings; they count for what happens from now on. Raises Unknown, Conflict (programme.kind_fixed)."""
    async with service.transaction() as tx:
        programme = await _locked(tx.db, programme_id)
        if programme.kind != settings.kind:
            raise errors.programme_kind_fixed()
        await _check(tx.db, settings)
        await programmes.change(
            tx.db, programme_id, name=name, purpose=purpose, settings=settings, holdout=holdout, goal=goal, at=service.clock.now()
        )
        return await _locked(tx.db, programme_id)


async def move_programme(service: CampaignService, *, programme_id: UUID, action: str) -> Programme:
    """`action`: start, pause or end. Raises Unknown, Conflict (programme.wrong_status)."""
    allowed, status = _MOVES[action]
    async with service.transaction() as tx:
        programme = await _locked(tx.db, programme_id)
        if programme.status not in allowed:
            raise errors.programme_status(programme.status, _WORDS[action])
        await programmes.set_status(tx.db, programme_id, status, at=service.clock.now())
        return await _locked(tx.db, programme_id)


async def join_programme(service: CampaignService, *, programme_id: UUID, customer_id: UUID) -> Member:
    """Take a customer in who asked for it (so they are never held out). Again: nothing more happens. Raises Unknown, Conflict."""
    async with service.transaction() as tx:
        programme = await _locked(tx.db, programme_id)
        if programme.status != "running":
            raise errors.programme_not_running()
        person = await recipients.same_person(tx.db, customer_id)
        if not await recipients.fetch(tx.db, [customer_id]):
            raise errors.unknown_customer()
        found = await programmes.find_member(tx.db, programme_id=programme_id, customer_ids=person)
        if found is not None and found.left_at is None:
            return found
        at = service.clock.now()
        if programme.kind == "loyalty" and found is None:
            await points.enrol(tx, programme=programme, customer_id=customer_id, at=at)
        else:
            due = at if isinstance(programme.settings, Care) else None
            await programmes.join(tx.db, programme_id=programme_id, members=[(customer_id, TREATED, due, None)], at=at, again_before=at)
        member = await programmes.find_member(tx.db, programme_id=programme_id, customer_ids=person)
        assert member is not None
        return member


async def leave_programme(service: CampaignService, *, programme_id: UUID, customer_id: UUID) -> None:
    """Points stay and can be spent; nothing more is earned or sent. Raises Unknown."""
    async with service.transaction() as tx:
        await _locked(tx.db, programme_id)
        person = await recipients.same_person(tx.db, customer_id)
        if not await programmes.leave(tx.db, programme_id=programme_id, customer_ids=person, reason="asked", at=service.clock.now()):
            raise errors.not_a_member()


def arm(programme: Programme, customer_id: UUID) -> str:
    """Whether a customer who is taken in gets something or only counts for comparison."""
    return HOLDOUT if held_out(str(programme.id), customer_id, programme.holdout) else TREATED


async def enrol_buyer(tx: Transaction, *, programme: Programme, customer_id: UUID, ordered_at: datetime, at: datetime) -> None:
    """Whoever orders while an automatic points programme runs is in it."""
    if programme.settings.enrol == "automatic" and programme.started_at is not None and ordered_at >= programme.started_at:
        await points.enrol(tx, programme=programme, customer_id=customer_id, at=at, arm=arm(programme, customer_id))


async def _locked(db: Connection, programme_id: UUID) -> Programme:
    programme = await programmes.find(db, programme_id, lock=True)
    if programme is None:
        raise errors.unknown_programme()
    return programme


async def _check(db: Connection, settings: Any) -> None:
    wanted: list[UUID] = []
    if isinstance(settings, Care):
        wanted = [step.template_id for step in settings.steps]
    elif isinstance(settings, Repeat | Satisfaction):
        wanted = [settings.template_id]
    for template_id in dict.fromkeys(wanted):
        if await templates.find(db, template_id) is None:
            raise errors.unknown_template()
    if isinstance(settings, Referrals):
        loyalty = await programmes.find(db, settings.loyalty_id)
        if loyalty is None:
            raise errors.unknown_programme()
        if loyalty.kind != "loyalty":
            raise errors.not_a_points_programme()
