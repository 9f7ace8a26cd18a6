"""Orders: what a batch of events says about them, stored and told."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from chassis.unit_of_work import Transaction
from contracts.fact import Fact
from contracts.interaction import CreditNoted
from services.interaction.commands import notices
from services.interaction.domain import order_facts, orders
from services.interaction.domain.order_events import Credit, OrderChange, Said, from_micros
from services.interaction.domain.orders import Order, OrderState
from services.interaction.settings import InteractionService
from services.interaction.store import orders as store

TRIES = 5

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(OrderState).decode


class _Work(NamedTuple):
    """Rows and facts of one attempt."""

    new: list[tuple[Any, ...]]
    changed: list[tuple[Any, ...]]
    lines: list[tuple[Any, ...]]
    versions: list[tuple[Any, ...]]
    refunds: list[tuple[Any, ...]]
    facts: list[Fact]


async def apply_changes(service: InteractionService, tx: Transaction, said: list[Said]) -> None:
    """Bring orders and credit notes up to date and tell what changed; what is said twice changes nothing."""
    changes: dict[str, list[OrderChange]] = {}
    for each in said:
        if each.change is not None:
            changes.setdefault(each.change.order_id, []).append(each.change)
    for attempt in range(TRIES):
        known = {row["order_id"]: row for row in await store.lock(tx.db, sorted(changes))} if changes else {}
        work = _Work([], [], [], [], [], [])
        now = service.clock.now()
        for order_id, listed in changes.items():
            _change(order_id, listed, known.get(order_id), now, work)
        try:
            if work.new or work.changed:
                await store.write(
                    tx.db, new=work.new, changed=work.changed, lines=work.lines, versions=work.versions, refunds=work.refunds
                )
            break
        except store.OrderAppeared:
            if attempt == TRIES - 1:
                raise
    for fact in work.facts:
        tx.tell(fact)
    await notices.plan_for_orders(service, tx, work.facts)
    await _credit(tx, [each.credit for each in said if each.credit is not None])


def _change(order_id: str, changes: list[OrderChange], known: Any, now: Any, work: _Work) -> None:
    """Merge all changes of one order, one version for each that can be seen."""
    state = OrderState() if known is None else _decode(known["state"])
    version = 0 if known is None else known["version"]
    first = before = None if known is None else orders.show(order_id, state)
    shown = before
    for change in changes:
        state = orders.merge(state, change)
        shown = orders.show(order_id, state)
        if shown == before:
            continue
        version += 1
        origin = change.origin
        work.versions.append((
            order_id, version, change.kind, origin.source, origin.message_id, from_micros(origin.moment.at), now, _encode(shown).decode(),
        ))
        work.facts.extend(order_facts.facts(before, shown, version=version))
        before = shown
    assert shown is not None
    row = (
        order_id, bytes.fromhex(shown.identity), shown.source, shown.status, shown.placed, shown.currency, shown.ordered_at,
        shown.paid_minor, shown.net_minor, shown.refunded_minor, version, now, _encode(state).decode(),
        shown.shipping_minor, shown.tax_minor, shown.discount_minor, shown.partner_id, shown.employee_id,
    )
    (work.new if known is None else work.changed).append(row)
    work.lines.extend(
        (order_id, position, line.product_id, line.quantity, line.price_minor, line.discount_minor, line.amount_minor)
        for position, line in enumerate(shown.lines)
    )
    work.refunds.extend(_new_refunds(order_id, first, shown))


def _new_refunds(order_id: str, first: Order | None, shown: Order) -> list[tuple[Any, ...]]:
    known = {} if first is None else {refund.refund_id: refund for refund in first.refunds}
    return [
        (order_id, refund.refund_id, refund.amount_minor, refund.refunded_at, refund.notes)
        for refund in shown.refunds
        if known.get(refund.refund_id) != refund
    ]


async def _credit(tx: Transaction, credits: list[Credit]) -> None:
    """A credit note counts once, whoever tells it again."""
    if not credits:
        return
    listed: dict[str, Credit] = {}
    for credit in credits:
        name = f"{credit.origin.namespace}:{credit.credit_id}" if credit.origin.namespace else credit.credit_id
        listed.setdefault(name, credit)
    rows = [
        (
            name, bytes.fromhex(credit.origin.identity), credit.origin.source, credit.currency, credit.amount_minor,
            from_micros(credit.origin.moment.at),
        )
        for name, credit in sorted(listed.items())
    ]
    for name in sorted(await store.insert_credits(tx.db, rows)):
        credit = listed[name]
        tx.tell(CreditNoted(
            credit_id=name, identity=credit.origin.identity, source=credit.origin.source, currency=credit.currency,
            amount_minor=credit.amount_minor, noted_at=from_micros(credit.origin.moment.at),
        ))
