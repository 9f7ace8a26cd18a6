"""The registries: products and partners, joined to customers; figures by partner and salesperson."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ValidationError

from chassis import web
from services.interaction import commands, queries
from services.interaction.api.timeline import From, Here, Limit, Reader, To, Writer, aware
from services.interaction.api.totals import read_after
from services.interaction.schemas import registries as shapes

router = APIRouter(prefix="/api/v1", tags=["registries"])

Search = Annotated[str | None, Query(max_length=200)]
ProductId = Annotated[str, Path(min_length=1, max_length=256, pattern=r"^[^\x00-\x1f\x7f]*$")]
PartnerId = Annotated[str, Path(min_length=1, max_length=256, pattern=r"^[^\x00-\x1f\x7f/]*$")]


def after(page_token: str | None) -> str | None:
    return str(web.read_page_token(page_token, 1)[0]) if page_token else None


def page(found: list[dict[str, Any]], following: object | None) -> dict[str, Any]:
    return {"data": found, "next_page_token": web.page_token(str(following)) if following is not None else None}


def checked(shape: type[BaseModel], row: dict[str, Any], *, sent_only: bool) -> dict[str, Any]:
    """Raises ValueError with the field and what is wrong, never with what was sent."""
    try:
        return shape.model_validate(row).model_dump(exclude_unset=sent_only)
    except ValidationError as error:
        faults = [f"{'/'.join(str(part) for part in fault['loc'])}: {fault['msg']}" for fault in error.errors(include_input=False)]
        raise ValueError("; ".join(faults)) from None


@router.get("/products", response_model=web.Page[shapes.ProductView])
async def list_products(
    here: Here, caller: Reader, *, q: Search = None, category: Search = None, vendor: Search = None, active: bool | None = None,
    page_token: str | None = None, limit: Limit = 100,
) -> dict[str, Any]:
    """The catalogue, as orders and carts told it and people set it; `q` is a part of id, name, brand or vendor."""
    return page(*await queries.registries.list_products(
        here, search=q, category=category, vendor=vendor, active=active, after=after(page_token), limit=limit
    ))


@router.post("/products/import", response_model=shapes.Imported)
async def import_products(here: Here, caller: Writer, body: shapes.Rows) -> dict[str, Any]:
    """Products, up to 1,000 at a time; importing them again changes nothing."""
    return await commands.registries.import_rows(
        here, rows=body.rows, key="product_id", check=lambda row: checked(shapes.ImportProduct, row, sent_only=True)
    )


@router.get("/product-categories", response_model=web.Page[shapes.CategoryView])
async def list_categories(here: Here, caller: Reader) -> dict[str, Any]:
    """Categories with the number of their products."""
    return page(await queries.registries.list_categories(here), None)


@router.get("/products/{product_id:path}/customers", response_model=web.Page[shapes.Buyer])
async def list_buyers(here: Here, caller: Reader, product_id: ProductId, page_token: str | None = None, limit: Limit = 100) -> dict[str, Any]:
    """Customers who bought a product."""
    return page(*await queries.registries.list_buyers(here, product_id=product_id, after=read_after(page_token), limit=limit))


@router.get("/products/{product_id:path}", response_model=shapes.ProductView)
async def get_product(here: Here, caller: Reader, product_id: ProductId) -> dict[str, Any]:
    """One product with its prices."""
    return await queries.registries.get_product(here, product_id=product_id)


@router.put("/products/{product_id:path}", response_model=shapes.ProductView)
async def put_product(here: Here, caller: Writer, product_id: ProductId, body: shapes.PutProduct) -> dict[str, Any]:
    """Create or change a product."""
    await commands.registries.put_product(here, product_id=product_id, given=body.model_dump(exclude_unset=True))
    return await queries.registries.get_product(here, product_id=product_id)


@router.get("/partners", response_model=web.Page[shapes.PartnerView])
async def list_partners(
    here: Here, caller: Reader, *, q: Search = None, kind: Search = None, active: bool | None = None, page_token: str | None = None,
    limit: Limit = 100,
) -> dict[str, Any]:
    """Intermediaries by id; `q` is a part of id or name."""
    return page(*await queries.registries.list_partners(here, search=q, kind=kind, active=active, after=after(page_token), limit=limit))


@router.post("/partners/import", response_model=shapes.Imported)
async def import_partners(here: Here, caller: Writer, body: shapes.Rows) -> dict[str, Any]:
    """Partners, up to 1,000 at a time; importing them again changes nothing."""
    return await commands.registries.import_rows(
        here, rows=body.rows, key="partner_id", check=lambda row: checked(shapes.ImportPartner, row, sent_only=False)
    )


@router.get("/partners/{partner_id}", response_model=shapes.PartnerView)
async def get_partner(here: Here, caller: Reader, partner_id: PartnerId) -> dict[str, Any]:
    """One intermediary."""
    return await queries.registries.get_partner(here, partner_id=partner_id)


@router.put("/partners/{partner_id}", response_model=shapes.PartnerView)
async def put_partner(here: Here, caller: Writer, partner_id: PartnerId, body: shapes.PutPartner) -> dict[str, Any]:
    """Create or replace an intermediary."""
    await commands.registries.put_partner(here, partner_id=partner_id, given=body.model_dump())
    return await queries.registries.get_partner(here, partner_id=partner_id)


@router.get("/partners/{partner_id}/customers", response_model=web.Page[shapes.Through])
async def list_customers_through(
    here: Here, caller: Reader, partner_id: PartnerId, page_token: str | None = None, limit: Limit = 100
) -> dict[str, Any]:
    """Customers with an order or a contact through an intermediary."""
    return page(*await queries.registries.list_customers_through(here, partner_id=partner_id, after=read_after(page_token), limit=limit))


@router.get("/customers/{customer_id}/products", response_model=web.Page[shapes.Bought])
async def list_bought(here: Here, caller: Reader, customer_id: UUID) -> dict[str, Any]:
    """Products a customer bought, by currency, the latest first."""
    return page(await queries.registries.list_bought(here, customer_id=customer_id), None)


@router.get("/customers/{customer_id}/partners", response_model=web.Page[shapes.PartnerOf])
async def list_partners_of(here: Here, caller: Reader, customer_id: UUID) -> dict[str, Any]:
    """Intermediaries a customer came through, the latest first."""
    return page(await queries.registries.list_partners_of(here, customer_id=customer_id), None)


@router.get("/order-figures", response_model=shapes.Figures)
async def get_figures(
    here: Here, caller: Reader, *, by: Literal["partner", "employee"] = "partner", since: From = None, until: To = None
) -> dict[str, Any]:
    """Orders by intermediary or salesperson, with the split into direct and indirect; by intermediary also contacts."""
    return await queries.registries.figures(here, by=by, since=aware(since), until=aware(until))
