"""Products made for one customer: what is offered, chosen, ordered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from chassis.database import Connection
from chassis.ids import new_id
from services.campaign import errors
from services.campaign.commands import telling
from services.campaign.domain import customising as rules
from services.campaign.domain.customising import Configurable, Customised, Priced, Product, Proposed, Standing
from services.campaign.settings import CampaignService
from services.campaign.store import customising as store
from services.campaign.store import recipients
from services.campaign.store.standing import standing


async def put_configurable(service: CampaignService, *, settings: Configurable) -> Product:
    """Write a product with options, new or in place of the one of that product id."""
    async with service.transaction() as tx:
        return await store.put_product(tx.db, new_id=new_id(), settings=settings, at=service.clock.now())


async def end_configurable(service: CampaignService, *, product_id: UUID) -> None:
    """It cannot be chosen any more; what was chosen stays. Raises Unknown."""
    async with service.transaction() as tx:
        await _product(tx.db, product_id)
        await store.end_product(tx.db, product_id, at=service.clock.now())


async def propose_customised(service: CampaignService, *, product_id: UUID, customer_id: UUID) -> tuple[Product, list[Proposed], Priced]:
    """A combination for this customer with its price. Raises Unknown, Conflict (customisation.no_combination)."""
    async with service.read() as db:
        product = await _product(db, product_id)
        person, known = await _person(db, customer_id)
        alike, everybody = await store.counts(db, product_id, but=person, stage=known.stage, tiers=sorted(known.tiers))
        own = await store.own(db, product_id, person)
    found = rules.propose(product.settings, known, own=own, alike=alike, everybody=everybody)
    if found is None:
        raise errors.no_combination()
    return product, found, rules.price(product.settings, {each.option: each.choice for each in found}, known)


async def choose_customised(
    service: CampaignService, *, product_id: UUID, customer_id: UUID, choices: Mapping[str, str], quantity: int, customised_id: UUID | None
) -> tuple[Customised, bool]:
    """Keep what a customer chose, at the price it has now; True when it is new. The same id again gives what is there.

    Raises Unknown, Invalid (customisation.invalid, with pointers), Conflict (reference.reused).
    """
    async with service.transaction() as tx:
        product = await _product(tx.db, product_id)
        person, known = await _person(tx.db, customer_id)
        if customised_id is not None and (there := await store.find(tx.db, customised_id)) is not None:
            if there.customer_id not in person or there.choices != dict(choices) or there.custom_product_id != product_id or there.quantity != quantity:
                raise errors.reference_reused()
            return there, False
        _check(product, choices, known)
        priced = rules.price(product.settings, choices, known)
        new = customised_id or new_id()
        if not await store.insert(
            tx.db, customised_id=new, product=product, customer_id=customer_id, choices=dict(choices), priced=priced, quantity=quantity, at=service.clock.now()
        ):
            raise errors.reference_reused()
        found = await store.find(tx.db, new)
        assert found is not None, "it was written a moment ago"
        return found, True


async def order_customised(service: CampaignService, *, customised_id: UUID) -> Customised:
    """Order what was chosen, at the price that was shown; again: nothing more happens.

    What became reserved or impossible since is refused. Raises Unknown, Invalid, Conflict (customisation.wrong_state).
    """
    async with service.transaction() as tx:
        chosen = await _customised(tx.db, customised_id)
        if chosen.state in ("ordering", "ordered"):
            return chosen
        if chosen.state != "chosen":
            raise errors.wrong_customised(chosen.state, "ordered")
        product = await _product(tx.db, chosen.custom_product_id)
        _, known = await _person(tx.db, chosen.customer_id)
        _check(product, chosen.choices, known)
        order_id = f"custom-{chosen.id}"
        await store.set_state(tx.db, chosen.id, "ordering", order_id=order_id)
        await telling.tell_order(tx, telling_id=chosen.id, customer_id=chosen.customer_id, body=_order(product, chosen, order_id))
        return chosen._replace(state="ordering", order_id=order_id)


async def drop_customised(service: CampaignService, *, customised_id: UUID) -> None:
    """It is not wanted any more. Raises Unknown, Conflict (what is ordered is cancelled as an order)."""
    async with service.transaction() as tx:
        chosen = await _customised(tx.db, customised_id)
        if chosen.state not in ("chosen", "refused", "dropped"):
            raise errors.wrong_customised(chosen.state, "dropped")
        await store.set_state(tx.db, chosen.id, "dropped")


def _order(product: Product, chosen: Customised, order_id: str) -> dict[str, Any]:
    settings = product.settings
    names = [next(choice.name for choice in option.choices if choice.key == chosen.choices[option.key]) for option in settings.options]
    line = {
        "product_id": settings.product_id, "name": settings.name, "category": settings.category, "variant": " / ".join(names), "quantity": chosen.quantity,
        "price": rules.in_major(sum(amount for _, amount in chosen.price), chosen.currency),
    }
    return {
        "order_id": order_id, "customer_id": str(chosen.customer_id), "currency": chosen.currency,
        "total": rules.in_major(chosen.total_minor, chosen.currency), "products": [{name: value for name, value in line.items() if value is not None}],
    }


def _check(product: Product, choices: Mapping[str, str], known: Standing) -> None:
    if not product.active:
        raise errors.configurable_ended()
    if found := rules.faults(product.settings, choices, known):
        raise errors.invalid_customised([{"pointer": each.pointer, "reason": each.reason, "detail": each.words} for each in found])


async def _product(db: Connection, product_id: UUID) -> Product:
    product = await store.find_product(db, product_id)
    if product is None:
        raise errors.unknown_configurable()
    return product


async def _customised(db: Connection, customised_id: UUID) -> Customised:
    found = await store.find(db, customised_id, lock=True)
    if found is None:
        raise errors.unknown_customised()
    return found


async def _person(db: Connection, customer_id: UUID) -> tuple[list[UUID], Standing]:
    if not await recipients.fetch(db, [customer_id]):
        raise errors.unknown_customer()
    person = await recipients.same_person(db, customer_id)
    tiers, stage = await standing(db, person)
    return person, Standing(frozenset(tiers), stage)
