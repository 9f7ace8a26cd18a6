"""Customers: register, find, read, change."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from chassis import web
from chassis.web import Page
from services.customer import commands, queries
from services.customer.api.asking import Here, Limit, Reading, Writing, after, place, source
from services.customer.domain import traits
from services.customer.schemas.customers import ChangeCustomer, CustomerView, IdentityView, RegisterCustomer, TraitView

router = APIRouter(prefix="/api/v1", tags=["customers"])

SHOWN_IDENTITIES = 100

_AUTHORITY = {traits.IMPLIED: "implied", traits.BROWSER: "browser", traits.SERVER: "server"}


@router.post("/customers", status_code=201)
async def register_customer(
    here: Here, asking: Writing, body: RegisterCustomer, response: Response, upsert: bool = False
) -> CustomerView:
    """Register a customer; 200 instead of 201 when `upsert` found one."""
    done = await commands.register_customer(
        here, identities=body.identities, traits=body.traits, source=source(asking), upsert=upsert
    )
    if not done.created:
        response.status_code = 200
    return await _full(here, done.customer_id)


@router.get("/customers")
async def list_customers(
    here: Here, _asking: Reading, identity: str | None = None, q: Annotated[str | None, Query(max_length=200)] = None,
    trait: Annotated[list[str], Query(max_length=10)] = [], page_token: str | None = None, limit: Limit = 50,  # noqa: B006 - read only
) -> Page[CustomerView]:
    """All customers, those with an identity (`identity=user:42`), or those that match `q` (id, identity, e-mail, phone, names; may be
    misspelt) and all of `trait=plan:gold`, the best answer first.
    """
    if identity is not None:
        return Page(data=[_view(found) for found in await queries.find_by_identity(here, identity=identity)])
    if q is not None or trait:
        filters = [(name, value) for name, _, value in (each.partition(":") for each in trait)]
        found, more = await queries.search_customers(here, text=q or "", traits=filters, begin=place(page_token), limit=limit)
        return Page(data=[_view(each) for each in found], next_page_token=web.page_token(more) if more else None)
    found, following = await queries.page_customers(here, after=after(page_token), limit=limit)
    return Page(data=[_view(each) for each in found], next_page_token=web.page_token(following) if following else None)


@router.get("/customers/{customer_id}")
async def get_customer(here: Here, _asking: Reading, customer_id: UUID) -> CustomerView:
    """One customer with provenance; a merged one answers with the survivor."""
    return await _full(here, customer_id)


@router.patch("/customers/{customer_id}")
async def change_customer(here: Here, asking: Writing, customer_id: UUID, body: ChangeCustomer) -> CustomerView:
    """Merge-patch of the traits; null removes one."""
    await commands.change_customer(here, customer_id=customer_id, traits=body.traits, source=source(asking))
    return await _full(here, customer_id)


@router.get("/customers/{customer_id}/identities")
async def list_identities(
    here: Here, _asking: Reading, customer_id: UUID, page_token: str | None = None, limit: Limit = 100
) -> Page[IdentityView]:
    """By what a customer is recognised."""
    begin = after(page_token)
    rows = await queries.list_identities(here, customer_id=customer_id, after=begin.bytes if begin else None, limit=limit)
    views = [
        IdentityView(kind=row.kind, key=row.key, linked_at=row.linked_at, source=row.source, customer_id=row.home_id) for row in rows
    ]
    return Page(data=views, next_page_token=web.page_token(UUID(bytes=rows[-1].identity)) if len(rows) == limit else None)


async def _full(here: Here, asked: UUID) -> CustomerView:
    """One customer with provenance and identities (the first hundred)."""
    view = _view(await queries.get_customer(here, customer_id=asked), full=True, asked=asked)
    rows = await queries.list_identities(here, customer_id=view.id, after=None, limit=SHOWN_IDENTITIES)
    return view.model_copy(update={"identities": [row.key for row in rows]})


def _view(found: queries.Found, *, full: bool = False, asked: UUID | None = None) -> CustomerView:
    values = traits.values(found.profile)
    provenance: dict[str, Any] = {
        name: TraitView(
            value=trait.value, source=trait.source, authority=_AUTHORITY[trait.rank], customer_id=found.told_under[name],
            set_at=trait.at if trait.rank else None, event_id=trait.event_id if trait.rank else None,
        )
        for name, trait in sorted(found.profile.items())
        if trait.value is not None
    }
    return CustomerView(
        id=found.root.id, requested_id=asked if asked != found.root.id else None, known=found.root.known, version=found.root.version,
        registered_at=found.root.registered_at, updated_at=found.root.updated_at, email=traits.text_of(values, "email"),
        phone=traits.text_of(values, "phone"), name=traits.full_name(values), language=traits.text_of(values, "language"),
        traits=values, provenance=provenance if full else None,
        merged=[member.id for member in found.members],
    )
