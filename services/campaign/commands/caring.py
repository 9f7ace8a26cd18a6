"""What programmes do by themselves: find who should join, write when something is due, ask after a case or a delivery."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from chassis.unit_of_work import Transaction
from contracts import links
from services.campaign.commands import points, referrals
from services.campaign.commands.planning import Planned, plan_messages
from services.campaign.commands.programmes import arm
from services.campaign.commands.rewards import check_in
from services.campaign.domain.arms import HOLDOUT
from services.campaign.domain.programmes import (
    Care,
    Community,
    Loyalty,
    Member,
    Programme,
    Repeat,
    Satisfaction,
    fits,
    next_step,
)
from services.campaign.settings import CampaignService
from services.campaign.store import points as books
from services.campaign.store import programmes, recipients, replicas, suggesting, templates
from services.campaign.store.programmes import Candidate

#: Kind of the sealed links that lead to `/t/p/{token}`. Fields: action, programme, customer, cause.
ACTION = "programme"
PAGE = 500
CARE = ("acquisition", "win_back", "cross_sell", "individual")
KINDS = (*CARE, "repeat_purchase", "satisfaction", "community", "loyalty")
SWEEP_EVERY = timedelta(minutes=15)


async def sweep_programmes(service: CampaignService) -> bool:
    """Look through the known customers for those who fit into a programme, a page at a time. True: there is more."""
    at, more = service.clock.now(), False
    async with service.read() as db:
        due = [one for one in await programmes.running(db, CARE) if one.sweep_at is None or one.sweep_at <= at]
    for programme in due:
        async with service.transaction() as tx:
            current = await programmes.find(tx.db, programme.id, lock=True)
            if current is None or current.status != "running" or current.swept_to != programme.swept_to:
                continue
            page = await programmes.candidates(tx.db, after=current.swept_to, limit=PAGE)
            await _take_in(tx, current, page, at)
            done = len(page) < PAGE
            await programmes.advance_sweep(
                tx.db, programme.id, swept_to=None if done else page[-1].customer_id, sweep_at=at + SWEEP_EVERY if done else at
            )
            more = more or not done
    return more


async def take_in_customer(tx: Transaction, *, customer_id: UUID, at: datetime) -> None:
    """Something about a customer changed: they join at once what they fit into now."""
    running = await programmes.running(tx.db, CARE)
    page = await programmes.candidates(tx.db, after=None, limit=1, only=[customer_id]) if running else []
    for programme in running:
        await _take_in(tx, programme, page, at)


async def _take_in(tx: Transaction, programme: Programme, page: Sequence[Candidate], at: datetime) -> None:
    settings: Care = programme.settings
    members = [
        (one.customer_id, arm(programme, one.customer_id), next_step(settings, done=0, joined_at=at), None)
        for one in page if fits(settings.entry, scores=one.scores, orders=one.orders, last_order=one.last_order, at=at)
    ]
    if members:
        again = at - timedelta(days=settings.again_after_days) if settings.again_after_days else None
        await programmes.join(tx.db, programme_id=programme.id, members=members, at=at, again_before=again)


async def run_programmes(service: CampaignService) -> bool:
    """Do what is due for members. A message is planned in the transaction that moves the member on, so it is planned once. True: there is more."""
    at, more = service.clock.now(), False
    async with service.read() as db:
        if not await programmes.any_due(db, at=at):
            return False
        running = await programmes.running(db, KINDS)
    for programme in running:
        async with service.transaction() as tx:
            members = await programmes.due(tx.db, programme_id=programme.id, at=at, limit=PAGE)
            if not members:
                continue
            more = more or len(members) == PAGE
            if isinstance(programme.settings, Loyalty):
                for member in members:
                    await points.review_tier(tx, programme=programme, member=member, at=at)
            else:
                await _write(service, tx, programme, members, at)
    return more


async def _write(service: CampaignService, tx: Transaction, programme: Programme, members: Sequence[Member], at: datetime) -> None:
    planned, nexts = [], []
    for member in members:
        step, template_id, reward_id = _what(programme, member)
        done = member.step + 1
        following = next_step(programme.settings, done=done, joined_at=member.joined_at) if isinstance(programme.settings, Care) else None
        nexts.append((member.customer_id, done, None if following is None else max(following, at), member.cause))
        if template_id is None:
            continue
        data, withheld = await _data(service, tx, programme, member, reward_id, at)
        template = await templates.find(tx.db, template_id)
        assert template is not None, "templates are never deleted"
        planned.append(
            Planned(
                customer_id=member.customer_id, origin="programme", origin_id=programme.id, step=step, template_id=template_id,
                version=template.version, channel="email", purpose=programme.purpose, arm=member.arm, data=data,
                key=f"{step}:{member.customer_id}:{member.rounds}:{member.cause or ''}", sender=_sender(programme), withheld=withheld,
            )
        )
    await plan_messages(tx, service, planned)
    await programmes.set_due(
        tx.db, programme_id=programme.id, customer_ids=[each[0] for each in nexts], steps=[each[1] for each in nexts],
        nexts=[each[2] for each in nexts], causes=[each[3] for each in nexts],
    )


def _what(programme: Programme, member: Member) -> tuple[str, UUID | None, UUID | None]:
    """(step, template, reward) of what is due for a member."""
    settings = programme.settings
    if isinstance(settings, Care):
        if member.step >= len(settings.steps):
            return "done", None, None
        step = settings.steps[member.step]
        return f"step-{member.step + 1}", step.template_id, step.reward_id
    if isinstance(settings, Repeat):
        return "reminder", settings.template_id, None
    if isinstance(settings, Satisfaction):
        return "question", settings.template_id, None
    if isinstance(settings, Community):
        return "invitation", settings.invitation_template_id, None
    return "nothing", None, None


async def _data(
    service: CampaignService, tx: Transaction, programme: Programme, member: Member, reward_id: UUID | None, at: datetime
) -> tuple[dict[str, Any], str | None]:
    """(what the template may speak of, why the message is withheld)."""
    withheld = "holdout" if member.arm == HOLDOUT else None
    action = {"satisfaction": "answer", "community": "join"}.get(programme.kind)
    scores = (await replicas.scores_of(tx.db, [member.customer_id])).get(member.customer_id, {})
    tiers = sorted((await programmes.tiers_of(tx.db, [member.customer_id])).get(member.customer_id, ()))
    # What blocks of a template are chosen by: numbers as numbers, so that they can be compared.
    data: dict[str, Any] = {"programme": programme.name, "scores": {name: _number(value) for name, value in scores.items()}, "tiers": tiers}
    data |= await _standing(service, tx, member.customer_id)
    if programme.kind == "cross_sell":
        found = await suggesting.companions(tx.db, member.customer_id, limit=3)
        data["suggestions"] = [{"product_id": one["product"], "name": one["name"] or one["product"]} for one in found]
    if action is not None:
        data["link"] = action_link(service, action, programme.id, member.customer_id, member.cause or "")
    if reward_id is not None:
        person = await recipients.same_person(tx.db, member.customer_id)
        reward, refused = await check_in(tx.db, reward_id=reward_id, person=person, at=at)
        if refused is not None:
            withheld = withheld or "offer_" + refused.reason
        data["reward"] = {"id": str(reward.id), "name": reward.name, "points": reward.points}
        data["link"] = action_link(service, "redeem", programme.id, member.customer_id, str(reward.id))
    return data, withheld


async def _standing(service: CampaignService, tx: Transaction, customer_id: UUID) -> dict[str, Any]:
    """A member's points and own code, so that a mail can be the statement of a points programme and the invitation to recommend."""
    found: dict[str, Any] = {}
    for other in await programmes.running(tx.db, ("loyalty", "referral")):
        if other.kind == "loyalty":
            person = await recipients.same_person(tx.db, customer_id)
            found["points"] = (await books.balances(tx.db, programme_id=other.id, customer_ids=person))[0]
        else:
            found["code"] = await referrals.make_code(service, tx, programme_id=other.id, customer_id=customer_id)
    return found


def _number(value: str) -> float | str:
    try:
        return float(value)
    except ValueError:
        return value


def _sender(programme: Programme) -> dict[str, str] | None:
    sender = getattr(programme.settings, "sender", None)
    return None if sender is None else {"from_address": sender.from_address, "from_name": sender.from_name, "reply_to": ""}


def action_link(service: CampaignService, action: str, programme_id: UUID, customer_id: UUID, cause: str) -> str:
    """The address at which a recipient answers, joins or takes a reward without any key: it opens nothing else."""
    token = links.seal(service.link_secret, ACTION, [action, str(programme_id), str(customer_id), cause])
    return f"{service.platform.public_url.rstrip('/')}/t/p/{token}"
