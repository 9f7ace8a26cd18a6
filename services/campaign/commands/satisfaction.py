"""Asking how satisfied customers are, and what a bad answer sets going."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from chassis.errors import Unavailable
from chassis.unit_of_work import Transaction
from services.campaign import errors
from services.campaign.commands.programmes import arm
from services.campaign.domain.programmes import Programme
from services.campaign.settings import CampaignService
from services.campaign.store import programmes, recipients, replicas, satisfaction
from services.campaign.store.replicas import Order


async def ask_after_case(tx: Transaction, *, customer_id: str | None, identity: str | None, case_id: str, resolution: int, at: datetime) -> None:
    """A case was closed: whoever it was is asked a while later, where a programme asks after cases."""
    owner = UUID(customer_id) if customer_id else None
    if owner is None and identity:
        owner = (await replicas.owners(tx.db, [bytes.fromhex(identity)])).get(bytes.fromhex(identity))
    if owner is not None:
        await _ask(tx, customer_id=owner, about="case", cause=f"case:{case_id}:{resolution}", at=at)


async def ask_after_delivery(tx: Transaction, *, programme: Programme, order: Order, customer_id: UUID) -> None:
    """An order arrived since the programme began: the customer is asked a while later, once for each order."""
    since = programme.started_at
    if order.delivered_at is None or not order.stands or since is None or order.delivered_at < since:
        return
    await _ask_in(tx, programme, customer_id=customer_id, about="delivery", cause=f"delivery:{order.order_id}", at=order.delivered_at)


async def _ask(tx: Transaction, *, customer_id: UUID, about: str, cause: str, at: datetime) -> None:
    for programme in await programmes.running(tx.db, ("satisfaction",)):
        await _ask_in(tx, programme, customer_id=customer_id, about=about, cause=cause, at=at)


async def _ask_in(tx: Transaction, programme: Programme, *, customer_id: UUID, about: str, cause: str, at: datetime) -> None:
    settings = programme.settings
    if settings.after not in (about, "both"):
        return
    person = (await recipients.survivors(tx.db, [customer_id]))[customer_id]
    due = at + timedelta(hours=settings.wait_hours)
    members = [(person, arm(programme, person), due, cause)]
    if await programmes.join(tx.db, programme_id=programme.id, members=members, at=at, again_before=at):
        return
    await programmes.ask_again(
        tx.db, programme_id=programme.id, customer_id=person, next_at=due, cause=cause, pause=timedelta(days=settings.pause_days), at=at
    )


async def answer(
    service: CampaignService, *, programme_id: UUID, customer_id: UUID, cause: str, score: int, words: str = ""
) -> bool:
    """Keep what somebody answered in a programme; the first answer to a question counts. A bad one calls for a case. Raises Unknown."""
    async with service.transaction() as tx:
        programme = await programmes.find(tx.db, programme_id)
        if programme is None or programme.kind != "satisfaction":
            raise errors.unknown_programme()
        return await satisfaction.put(
            tx.db, answer_id=f"{programme_id}:{customer_id}:{cause}", customer_id=customer_id, programme_id=programme_id,
            about=cause.partition(":")[0] or "question", score=score, words=words, at=service.clock.now(),
            case_wanted=score <= programme.settings.bad_score,
        )


async def note_survey(
    tx: Transaction, *, customer_id: str | None, identity: str | None, case_id: str, resolution: int, score: int, at: datetime
) -> None:
    """What a customer answered to the question after a case counts as satisfaction too; a bad answer calls for a case where a programme says so."""
    owner = UUID(customer_id) if customer_id else None
    if owner is None and identity:
        owner = (await replicas.owners(tx.db, [bytes.fromhex(identity)])).get(bytes.fromhex(identity))
    if owner is None or not 1 <= score <= 5:
        return
    asking = [one for one in await programmes.running(tx.db, ("satisfaction",)) if one.settings.after in ("case", "both")]
    wanted = next((one for one in asking if score <= one.settings.bad_score), None)
    await satisfaction.put(
        tx.db, answer_id=f"survey:{case_id}:{resolution}", customer_id=owner, programme_id=wanted.id if wanted else None, about="case", score=score,
        words="", at=at, case_wanted=wanted is not None,
    )


async def escalate_bad_answers(service: CampaignService) -> bool:
    """Open a case for each bad answer, once: it carries the answer's tag. True: there may be more."""
    async with service.read() as db:
        waiting = await satisfaction.bad(db, limit=20)
    for one in waiting:
        case_id = await _open_case(service, one)
        async with service.transaction() as tx:
            await satisfaction.set_case(tx.db, answer_id=one["id"], case_id=case_id)
    return len(waiting) == 20


async def _open_case(service: CampaignService, one: dict[str, Any]) -> str:
    """The case that has the answer's tag, or a new one: a process that died between opening and noting opens no second. Raises Unavailable."""
    peer = service.peers["interaction"]
    tag = "answer-" + service.hash_identity(f"answer:{one['id']}").hex()
    there = await peer.call("GET", f"/api/v1/cases?tag={tag}&limit=1", scopes=["interactions:read"])
    if there.status == 200 and there.json()["data"]:
        return str(there.json()["data"][0]["id"])
    body = {
        "subject": f"Not satisfied ({one['score']} of 5) after a {one['about']}", "kind": "service", "priority": "high", "tags": [tag],
        "customer_id": str(one["customer_id"]),
    }
    made = await peer.call("POST", "/api/v1/cases", json=body, scopes=["interactions:write"])
    if made.status != 201:
        raise Unavailable("campaign.cases_unavailable", "Cases cannot be opened at the moment.", detail=str(made.status))
    return str(made.json()["id"])
