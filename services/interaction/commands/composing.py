"""Orders composed from the catalogue: what they cost is what it says, never what somebody outside says."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from chassis import ids
from chassis.eventlog import Record
from contracts.money import exponent
from services.interaction import errors
from services.interaction.commands import posting
from services.interaction.domain import money
from services.interaction.settings import InteractionService
from services.interaction.store import channels as store


class Composed(NamedTuple):
    """An order with the catalogue's prices in minor units."""

    order_id: str
    currency: str
    total_minor: int
    lines: list[dict[str, Any]]

    @property
    def shown(self) -> dict[str, Any]:
        return {**self._asdict(), "event_id": None}


async def compose(
    service: InteractionService, *, lines: Sequence[tuple[str, int]], currency: str, price_list: str, order_id: str | None
) -> Composed:
    """Price (product, quantity) by today's price of a list. Raises Invalid naming the line that cannot be had."""
    if currency not in money.CURRENCIES:
        raise errors.wrong("order.unknown_currency", "/currency", "This is no currency of ISO 4217.")
    wanted: dict[str, int] = {}
    for product_id, quantity in lines:
        wanted[product_id] = wanted.get(product_id, 0) + quantity
    async with service.read() as db:
        prices = await store.list_prices(
            db, products=list(wanted), price_list=price_list, currency=currency, day=service.clock.now().date()
        )
    for index, (product_id, _) in enumerate(lines):
        if product_id not in prices:
            raise errors.wrong("order.not_for_sale", f"/lines/{index}/product_id", "This product is not for sale by this price list and currency.")
    priced = [
        {
            "product_id": product_id, "name": prices[product_id]["name"], "quantity": quantity, "price_minor": prices[product_id]["price_minor"],
            "amount_minor": prices[product_id]["price_minor"] * quantity,
        }
        for product_id, quantity in wanted.items()
    ]
    total = sum(line["amount_minor"] for line in priced)
    return Composed(order_id or ids.new_text_id(), currency, total, priced)


async def order_record(service: InteractionService, *, composed: Composed, customer_id: UUID, affiliation: str | None = None) -> tuple[str, Record]:
    """The order as a record of the collected log, and the id of its event; the same order id gives the same event. Raises Unknown, Invalid."""
    body: dict[str, Any] = {
        "id": f"composed:{composed.order_id}", "customer": await posting.key_of(service, customer_id), "order_id": composed.order_id,
        "currency": composed.currency, "total": _decimal(composed.total_minor, composed.currency),
        "products": [
            {
                "product_id": line["product_id"], "quantity": line["quantity"], "price": _decimal(line["price_minor"], composed.currency),
                **({"name": line["name"]} if line["name"] else {}),
            }
            for line in composed.lines
        ],
    }
    if affiliation:
        body["affiliation"] = affiliation
    return await posting.order_event(service, body=body, source_id=None)


async def place(service: InteractionService, *, composed: Composed, customer_id: UUID) -> str:
    """Place the order; the id of its event. Raises Unknown, Invalid."""
    event_id, record = await order_record(service, composed=composed, customer_id=customer_id)
    async with service.transaction() as tx:
        tx.append(record)
    return event_id


def _decimal(minor: int, currency: str) -> str:
    return str(Decimal(minor).scaleb(-exponent(currency)))
