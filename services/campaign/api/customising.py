"""`/api/v1/customisations`: products made for one customer, from the proposal to the order."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Response

from chassis import web
from chassis.web import Page
from services.campaign import commands, queries
from services.campaign.api.programmes import READ, WRITE, Limit, Running, after
from services.campaign.domain.customising import Configurable, Customised, Product
from services.campaign.schemas.customising import (
    Choose,
    ConfigurableView,
    CustomisedView,
    PriceLine,
    ProposalView,
    ProposedView,
)

router = APIRouter(prefix="/api/v1/customisations", tags=["customisations"])


@router.put("/products", dependencies=[WRITE])
async def put_product(service: Running, body: Configurable) -> ConfigurableView:
    """A product with its options, new or in place of the one of that `product_id`."""
    return _configurable(await commands.put_configurable(service, settings=body))


@router.get("/products", dependencies=[READ])
async def list_products(service: Running, page_token: str | None = None, limit: Limit = 50) -> Page[ConfigurableView]:
    found = await queries.list_configurables(service, after=after(page_token), limit=limit + 1)
    views = [_configurable(product) for product in found[:limit]]
    return Page(data=views, next_page_token=web.page_token(views[-1].id) if len(found) > limit else None)


@router.get("/products/{product_id}", dependencies=[READ])
async def get_product(service: Running, product_id: UUID) -> ConfigurableView:
    return _configurable(await queries.get_configurable(service, product_id=product_id))


@router.delete("/products/{product_id}", status_code=204, dependencies=[WRITE])
async def end_product(service: Running, product_id: UUID) -> None:
    """It cannot be chosen any more; what was chosen stays."""
    await commands.end_configurable(service, product_id=product_id)


@router.get("/products/{product_id}/proposals/{customer_id}", dependencies=[READ])
async def propose(service: Running, product_id: UUID, customer_id: UUID) -> ProposalView:
    """What to propose to this customer, why each choice, and what it costs them."""
    product, found, priced = await commands.propose_customised(service, product_id=product_id, customer_id=customer_id)
    return ProposalView(
        product=product.id, customer_id=customer_id, choices={each.option: each.choice for each in found},
        proposed=[ProposedView(**each._asdict()) for each in found], price=[PriceLine(what=what, amount_minor=amount) for what, amount in priced.lines],
        unit_minor=priced.unit_minor, currency=product.settings.currency,
    )


@router.post("", status_code=201, dependencies=[WRITE])
async def choose(service: Running, body: Choose, response: Response) -> CustomisedView:
    """Keep what a customer chose, at the price it has now."""
    made, new = await commands.choose_customised(
        service, product_id=body.product, customer_id=body.customer_id, choices=body.choices, quantity=body.quantity, customised_id=body.id
    )
    if not new:
        response.status_code = 200
    return _view(made)


@router.get("", dependencies=[READ])
async def list_customised(service: Running, customer_id: UUID, page_token: str | None = None, limit: Limit = 50) -> Page[CustomisedView]:
    """What a customer chose, the newest first."""
    found = await queries.list_customised(service, customer_id=customer_id, after=after(page_token), limit=limit + 1)
    views = [_view(each) for each in found[:limit]]
    return Page(data=views, next_page_token=web.page_token(views[-1].id) if len(found) > limit else None)


@router.get("/{customised_id}", dependencies=[READ])
async def get_customised(service: Running, customised_id: UUID) -> CustomisedView:
    return _view(await queries.get_customised(service, customised_id=customised_id))


@router.post("/{customised_id}/order", status_code=202, dependencies=[WRITE])
async def order(service: Running, customised_id: UUID) -> CustomisedView:
    """Order it at the price that was kept; it is `ordered` as soon as the interaction service has the order. Again: nothing more happens."""
    return _view(await commands.order_customised(service, customised_id=customised_id))


@router.delete("/{customised_id}", status_code=204, dependencies=[WRITE])
async def drop(service: Running, customised_id: UUID) -> None:
    """It is not wanted any more."""
    await commands.drop_customised(service, customised_id=customised_id)


def _configurable(product: Product) -> ConfigurableView:
    return ConfigurableView(**product._asdict())


def _view(made: Customised) -> CustomisedView:
    return CustomisedView(
        **{name: value for name, value in made._asdict().items() if name not in ("custom_product_id", "price")}, product=made.custom_product_id,
        price=[PriceLine(what=what, amount_minor=amount) for what, amount in made.price],
    )
