"""Customers: register, find, read, change."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from chassis import web
from chassis.conditions import IfMatch, IfNoneMatch, etag, unchanged, versions
from chassis.identity import Caller
from chassis.web import Page
from services.customer import commands, errors, queries
from services.customer.api.asking import AsOf, Here, Limit, Reading, Writing, after, place, source
from services.customer.api.views import (
    SENSITIVE,
    account_views,
    customer_view,
    full_view,
    history_views,
    need_view,
    past_view,
)
from services.customer.schemas.accounts import CustomerType
from services.customer.schemas.customers import (
    ChangeCustomer,
    CustomerView,
    HideFields,
    HistoryView,
    IdentityView,
    RegisterCustomer,
)
from services.customer.settings import CustomerService

router = APIRouter(prefix="/api/v1", tags=["customers"])

SHOWN_IDENTITIES = 100


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
    view = await full(here, done.customer_id, asking)
    response.headers["etag"] = etag(view.version or 0)
    response.headers["location"] = f"/api/v1/customers/{done.customer_id}"
    return view


@router.get("/customers")
async def list_customers(
    here: Here, asking: Reading, identity: str | None = None, q: Annotated[str | None, Query(max_length=200)] = None,
    trait: Annotated[list[str], Query(max_length=10)] = [],  # noqa: B006 - read only
    type: CustomerType | None = None,
    owner: Annotated[str | None, Query(max_length=200)] = None, page_token: str | None = None, limit: Limit = 50,
) -> Page[CustomerView]:
    """All customers, those with an identity (`identity=user:42`), or those that match `q` (id, identity, e-mail, phone, names; may be
    misspelt) and all of `trait=plan:gold`, the best answer first. Without these: those of one `type`, those an employee is responsible for
    (`owner=`), or both.
    """
    if identity is not None:
        return Page(data=await views(here, await queries.find_by_identity(here, identity=identity), asking))
    if q is not None or trait:
        filters = [(name, value) for name, _, value in (each.partition(":") for each in trait)]
        await queries.refuse_hidden(here, names=[name for name, _ in filters], sees_sensitive=asking.may(SENSITIVE))
        found, more = await queries.search_customers(here, text=q or "", traits=filters, begin=place(page_token), limit=limit)
        return Page(data=await views(here, found, asking), next_page_token=web.page_token(more) if more else None)
    if type is not None or owner is not None:
        await queries.refuse_hidden(here, names=["owner"] if owner else [], sees_sensitive=asking.may(SENSITIVE))
        found, following = await queries.page_customers_of(
            here, types=(type,) if type else None, owner=owner, after=after(page_token), limit=limit
        )
    else:
        found, following = await queries.page_customers(here, after=after(page_token), limit=limit)
    return Page(data=await views(here, found, asking), next_page_token=web.page_token(following) if following else None)


@router.get("/customers/{customer_id}", response_model=CustomerView)
async def get_customer(
    here: Here, asking: Reading, customer_id: UUID, response: Response, as_of: AsOf = None, if_none_match: IfNoneMatch = None
) -> object:
    """One customer with provenance; a merged one answers with the survivor. `as_of`: as known at that time."""
    if as_of is not None:
        return await at(here, customer_id, asking, as_of)
    view = await full(here, customer_id, asking)
    assert view.version is not None
    if unchanged(if_none_match, view.version):
        return Response(status_code=304, headers={"etag": etag(view.version)})
    response.headers["etag"] = etag(view.version)
    return view


@router.patch("/customers/{customer_id}")
async def change_customer(
    here: Here, asking: Writing, customer_id: UUID, body: ChangeCustomer, response: Response, if_match: IfMatch = None
) -> CustomerView:
    """Merge-patch of the traits (`application/merge-patch+json` or `application/json`); null removes one."""
    done = await commands.change_customer(
        here, customer_id=customer_id, traits=body.traits, source=source(asking), versions=versions(if_match)
    )
    view = await full(here, customer_id, asking)
    response.headers["etag"] = etag(view.version or 0)
    return view.model_copy(update={"outvoted": done.outvoted})


@router.put("/customers/{customer_id}/hidden-fields")
async def hide_fields(
    here: Here, asking: Writing, customer_id: UUID, body: HideFields, response: Response, if_match: IfMatch = None
) -> CustomerView:
    """Hide traits of one person, by their wish: shown only with `customers:sensitive`, used in no selection and no message."""
    if not asking.may(SENSITIVE):
        raise errors.only_the_person()
    answering = await commands.hide_fields(
        here, customer_id=customer_id, fields=body.fields, source=source(asking), versions=versions(if_match)
    )
    view = await full(here, answering, asking)
    response.headers["etag"] = etag(view.version or 0)
    return view


@router.get("/customers/{customer_id}/history")
async def list_history(
    here: Here, asking: Reading, customer_id: UUID, trait: Annotated[str | None, Query(max_length=300)] = None,
    page_token: str | None = None, limit: Limit = 100,
) -> Page[HistoryView]:
    """Every value that was taken over, newest first: who told it when, when it was recorded, from where."""
    before = place(page_token) if page_token else None
    told = await queries.list_history(here, customer_id=customer_id, trait=trait, before=before, limit=limit)
    return Page(data=history_views(told, asking), next_page_token=web.page_token(told.rows[-1].id) if len(told.rows) == limit else None)


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


async def full(here: CustomerService, asked: UUID, asking: Caller) -> CustomerView:
    """One customer with provenance and identities (the first hundred), as the caller may see it."""
    whole = await queries.get_whole(here, customer_id=asked, identities=SHOWN_IDENTITIES)
    view = full_view(whole.found, asking, asked=asked, identities=[row.key for row in whole.identities])
    return view.model_copy(update={"accounts": account_views(whole.accounts), "needs": [need_view(each) for each in whole.needs]})


async def at(here: CustomerService, asked: UUID, asking: Caller, moment: datetime) -> CustomerView:
    """One customer as known at a time."""
    past = await queries.get_past(here, customer_id=asked, at=moment, limit=SHOWN_IDENTITIES)
    own = await queries.accounts_at(here, customer_id=asked, at=moment) if past.found.root.type == "person" else []
    needs = await queries.needs_at(here, customer_id=asked, at=moment, unmet=True)
    return past_view(past, asking, asked=asked, at=moment).model_copy(
        update={"accounts": account_views(own), "needs": [need_view(each) for each in needs]}
    )


async def views(here: CustomerService, found: Sequence[queries.Found], asking: Caller) -> list[CustomerView]:
    """Customers in a list, as the caller may see them."""
    return [customer_view(each, asking) for each in found]
