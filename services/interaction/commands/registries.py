"""Products and partners that people keep; contacts that came through a partner."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from uuid import UUID

from chassis.errors import Invalid
from chassis.unit_of_work import Transaction
from services.interaction import errors
from services.interaction.domain import money, recording
from services.interaction.domain.recording import Outgoing
from services.interaction.settings import InteractionService
from services.interaction.store import registries as store

#: (given, checked) -> the checked form; raises ValueError with what is wrong.
Check = Callable[[dict[str, Any]], dict[str, Any]]


async def put_product(service: InteractionService, *, product_id: str, given: dict[str, Any]) -> None:
    """Create or change a product; `prices`, if given, are all of them. Raises Invalid."""
    prices = _prices(given.pop("prices")) if given.get("prices") is not None else None
    given.pop("prices", None)
    active = given.pop("active", None)
    async with service.transaction() as tx:
        await store.edit_product(tx.db, product_id, given=given, active=active, at=service.clock.now())
        if prices is not None:
            await store.put_prices(tx.db, product_id, prices)


async def put_partner(service: InteractionService, *, partner_id: str, given: dict[str, Any]) -> bool:
    """Create or replace a partner; true when it is new."""
    async with service.transaction() as tx:
        return await store.put_partner(tx.db, partner_id, [given[name] for name in store.PARTNER], at=service.clock.now())


async def import_rows(
    service: InteractionService, *, rows: Sequence[dict[str, Any]], key: str, check: Check
) -> dict[str, Any]:
    """Products or partners, each by itself: what is wrong with one keeps no other out. Importing again changes nothing."""
    refused: list[dict[str, Any]] = []
    for place, row in enumerate(rows):
        try:
            given = check(row)
            name = given.pop(key)
            await (put_product(service, product_id=name, given=given) if key == "product_id" else put_partner(service, partner_id=name, given=given))
        except (ValueError, Invalid) as fault:
            refused.append({"index": place, "detail": str(getattr(fault, "message", fault))})
    return {"taken": len(rows) - len(refused), "refused": refused}


async def note_partners(tx: Transaction, stored: Iterable[Outgoing]) -> None:
    """Remember which contacts came through a partner."""
    rows = []
    for out in stored:
        event = out.incoming.event
        if event.kind in recording.MESSAGE_KINDS or b'"partner_id"' not in event.properties_json:
            continue
        partner = event.properties.get("partner_id")
        if isinstance(partner, str) and partner.strip():
            stamp = event.stamp
            rows.append((UUID(stamp.receipt_id), partner.strip()[:256], out.identity, event.kind, out.purpose, stamp.timestamp))
    if rows:
        await store.insert_contacts(tx.db, rows)


def _prices(listed: Sequence[dict[str, Any]]) -> list[tuple[Any, ...]]:
    found: dict[tuple[Any, ...], int] = {}
    for place, each in enumerate(listed):
        currency = each["currency"]
        if currency not in money.CURRENCIES:
            raise errors.unknown_currency(f"/prices/{place}/currency")
        units = money.minor_units(each["price"], currency)
        if units is None:
            raise errors.unknown_currency(f"/prices/{place}/price")
        found[each.get("list", "standard"), currency, each["valid_from"]] = units
    return [(*key, units) for key, units in sorted(found.items())]
