"""Messages of service: planned with what they are about, handed to the campaign service by a job, their outcome noted."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from chassis import telemetry
from chassis.errors import Unavailable
from chassis.unit_of_work import Transaction
from contracts.campaign import MessageFact
from contracts.fact import Fact
from contracts.interaction import OrderPlaced, OrderUpdated
from services.interaction import errors
from services.interaction.settings import InteractionService
from services.interaction.store import notices as store
from services.interaction.store.notices import Notice

CASE_REPLY, ORDER_PLACED, ORDER_PROMISE = "case_reply", "order_confirmation", "order_promise"
KINDS: Final = (CASE_REPLY, ORDER_PLACED, ORDER_PROMISE)
#: What was ordered longer ago is history that somebody brings in.
FRESH: Final = timedelta(days=1)
#: So long somebody may be unknown, and the campaign service away.
PATIENCE: Final = timedelta(hours=24)
AT_ONCE: Final = 50
_NAMESPACE: Final = UUID("f2a7c1de-58d5-5b0e-8b52-0d7a6d0b6b3c")

HANDED: Final = telemetry.counter("ecrm_notices_total", "Messages of service by kind and what became of handing them over", ("kind", "state"))

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


async def put_rule(service: InteractionService, *, kind: str, template_id: UUID, active: bool, actor: str) -> None:
    """Messages of a kind are sent with this template from now on, or not at all."""
    async with service.transaction() as tx:
        await store.put_rule(tx.db, kind=kind, template_id=template_id, active=active, actor=actor, now=service.clock.now())


async def plan_reply(
    service: InteractionService, tx: Transaction, *, interaction_id: UUID, case_id: UUID, identity: bytes | None, customer_id: UUID | None,
    reply_to: str, data: Mapping[str, Any],
) -> bool:
    """An answer to a case by e-mail; False where no rule says how it is sent."""
    notice = Notice(uuid.uuid5(_NAMESPACE, f"reply:{interaction_id}"), CASE_REPLY, str(case_id), interaction_id, identity, customer_id, reply_to, _encode(data).decode())
    return await store.insert(tx.db, [notice], now=service.clock.now()) > 0


async def plan_for_orders(service: InteractionService, tx: Transaction, facts: Iterable[Fact]) -> None:
    """Confirm what was ordered just now, and say so when the day of arrival moves; each once, however often it is told."""
    now = service.clock.now()
    today = now.date()
    planned: list[Notice] = []
    for fact in facts:
        if isinstance(fact, OrderPlaced) and now - fact.ordered_at < FRESH and fact.status != "cancelled":
            planned.append(_about(fact, ORDER_PLACED, "placed", before=None))
        elif isinstance(fact, OrderUpdated) and "promised_on" in fact.changed and fact.promised_on and fact.promised_on >= today and not fact.delivered_at:
            planned.append(_about(fact, ORDER_PROMISE, f"promise:{fact.promised_on}:{fact.version}", before=fact.promised_before))
    if planned:
        await store.insert(tx.db, [each for each in planned if each.identity], now=now)


def _about(order: OrderPlaced | OrderUpdated, kind: str, name: str, *, before: Any) -> Notice:
    data = {
        "order_id": order.order_id, "currency": order.currency, "paid_minor": order.paid_minor, "ordered_at": order.ordered_at, "promised_on": order.promised_on,
        "promised_before": before,
        "lines": [{"product_id": line.product_id, "quantity": line.quantity, "amount_minor": line.amount_minor} for line in order.lines[:100]],
    }
    return Notice(
        uuid.uuid5(_NAMESPACE, f"{order.order_id}\x00{name}"), kind, order.order_id, None, bytes.fromhex(order.identity), None, "", _encode(data).decode()
    )


async def hand_over(service: InteractionService) -> bool:
    """Hand what is due to the campaign service, which sends each key once; returns whether there may be more."""
    now = service.clock.now()
    async with service.read() as db:
        due = await store.list_due(db, now=now, limit=AT_ONCE)
    for row in due:
        state, reason, message_id = await _ask(service, row)
        if state == "waiting" and now - row["created_at"] > PATIENCE:
            state = "failed"
        pause = timedelta(seconds=min(3600, 2 ** min(row["attempts"], 12)))
        async with service.transaction() as tx:
            await store.settle(
                tx.db, notice_id=row["id"], state=state, reason=reason, message_id=message_id, next_at=service.clock.now() + pause, now=service.clock.now()
            )
        HANDED.labels(row["kind"], state).inc()
    return len(due) == AT_ONCE


async def _ask(service: InteractionService, row: Any) -> tuple[str, str | None, UUID | None]:
    """(state, reason, message id). What may yet go well stays `waiting`."""
    if row["recipient"] is None:
        return "waiting", "recipient_unknown", None
    body = {"template_id": str(row["template_id"]), "customer_id": str(row["recipient"]), "data": _decode(row["data"])}
    if row["reply_to"]:
        body["reply_to"] = row["reply_to"]
    try:
        answer = await service.peers["campaign"].call(
            "POST", "/api/v1/messages", json=body, headers={"idempotency-key": f"notice-{row['id']}-{row['round']}"}, scopes=["campaigns:send"], timeout=10
        )
    except Unavailable:
        return "waiting", "campaign_unavailable", None
    if answer.status in (200, 202):
        return "accepted", None, UUID(answer.json()["id"])
    code = str((answer.json() or {}).get("code", answer.status)) if answer.headers.get("content-type", "").startswith("application/") else str(answer.status)
    if answer.status >= 500 or answer.status in (404, 405, 409, 429):  # the recipient may be on the way there
        return "waiting", code, None
    return "failed", code, None


async def note_outcome(service: InteractionService, tx: Transaction, *, action: str, message: MessageFact) -> None:
    """What became of a message that was asked for here."""
    if message.origin != "message":
        return
    states = {"accepted": "sent", "failed": "failed", "suppressed": "failed", "bounced": "failed", "unknown": "unknown"}
    if action in states:
        reason = getattr(message, "reason", None) or (action if states[action] == "failed" else None)
        await store.note_outcome(tx.db, message_id=UUID(message.message_id), state=states[action], reason=reason, now=service.clock.now())


async def retry(service: InteractionService, *, notice_id: UUID) -> None:
    """Try a failed one again. Raises Unknown."""
    async with service.transaction() as tx:
        if not await store.retry(tx.db, notice_id, now=service.clock.now()):
            raise errors.unknown_notice()
