"""Accounts (organisations and households) and the people who belong to them."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response

from chassis import web
from chassis.conditions import IfMatch, etag, versions
from chassis.web import Page
from services.customer import commands, queries
from services.customer.api import customers
from services.customer.api.asking import AsOf, Here, Limit, Reading, Writing, after, source
from services.customer.api.reaching import tag
from services.customer.api.views import account_views, membership
from services.customer.domain import accounts, traits
from services.customer.schemas.accounts import (
    AccountOfView,
    AccountType,
    ChangeAccount,
    MemberView,
    PutMember,
    RegisterAccount,
)
from services.customer.schemas.customers import CustomerView

router = APIRouter(prefix="/api/v1", tags=["accounts"])


@router.post("/accounts", status_code=201)
async def register_account(
    here: Here, asking: Writing, body: RegisterAccount, response: Response, upsert: bool = False
) -> CustomerView:
    """Register an organisation or a household; 200 instead of 201 when `upsert` found one."""
    done = await commands.register_customer(
        here, identities=body.identities, traits=body.traits, source=source(asking), upsert=upsert, type=body.type
    )
    if not done.created:
        response.status_code = 200
    return await customers.full(here, done.customer_id, asking)


@router.get("/accounts")
async def list_accounts(
    here: Here, asking: Reading, type: AccountType | None = None, owner: Annotated[str | None, Query(max_length=200)] = None,
    page_token: str | None = None, limit: Limit = 50,
) -> Page[CustomerView]:
    """All accounts in the order of registration, those of one type, those an employee is responsible for (`owner=`)."""
    types = (type,) if type else accounts.TYPES
    found, more = await queries.page_customers_of(here, types=types, owner=owner, after=after(page_token), limit=limit)
    return Page(data=await customers.views(here, found, asking), next_page_token=web.page_token(more) if more else None)


@router.get("/accounts/{account_id}")
async def get_account(here: Here, asking: Reading, account_id: UUID, response: Response, as_of: AsOf = None) -> CustomerView:
    """One account; a merged one answers with the survivor. `as_of`: as known at that time."""
    await queries.get_account(here, account_id=account_id)
    if as_of is not None:
        return await customers.at(here, account_id, asking, as_of)
    view = await customers.full(here, account_id, asking)
    response.headers["etag"] = etag(view.version or 0)
    return view


@router.patch("/accounts/{account_id}")
async def change_account(
    here: Here, asking: Writing, account_id: UUID, body: ChangeAccount, response: Response, if_match: IfMatch = None
) -> CustomerView:
    """Merge-patch of the traits; null removes one."""
    await queries.get_account(here, account_id=account_id)
    wanted = versions(if_match)
    if body.traits:
        await commands.change_customer(here, customer_id=account_id, traits=body.traits, source=source(asking), versions=wanted)
    if body.type is not None:
        await commands.change_account_type(here, account_id=account_id, type=body.type, versions=None if body.traits else wanted)
    view = await customers.full(here, account_id, asking)
    response.headers["etag"] = etag(view.version or 0)
    return view


@router.get("/accounts/{account_id}/members")
async def list_members(
    here: Here, _asking: Reading, account_id: UUID, past: bool = False, page_token: str | None = None, limit: Limit = 100
) -> Page[MemberView]:
    """The people of an account; `past=true` shows also those who left."""
    members, more = await queries.list_members(here, account_id=account_id, lasting=not past, after=after(page_token), limit=limit)
    return Page(data=[_member(one) for one in members], next_page_token=web.page_token(more) if more else None)


@router.post("/accounts/{account_id}/members", status_code=201)
async def put_member(
    here: Here, asking: Writing, account_id: UUID, body: PutMember, response: Response, if_match: IfMatch = None
) -> AccountOfView:
    """A person belongs to the account; who does already gets the role. ETag and `If-Match` are the person's."""
    person = await commands.put_member(
        here, account_id=account_id, customer_id=body.customer_id, role=body.role.strip(), since=body.since, primary=body.primary,
        source=source(asking), versions=versions(if_match),
    )
    await tag(here, person, response)
    account = await queries.get_account(here, account_id=account_id)
    return next(one for one in account_views(await queries.list_accounts_of(here, customer_id=person)) if one.account_id == account.root.id)


@router.delete("/accounts/{account_id}/members/{customer_id}", status_code=204)
async def end_membership(here: Here, asking: Writing, account_id: UUID, customer_id: UUID, if_match: IfMatch = None) -> None:
    """The person belongs to the account no longer; when it was stays known. `If-Match` is the person's."""
    await commands.end_membership(
        here, account_id=account_id, customer_id=customer_id, source=source(asking), versions=versions(if_match)
    )


@router.get("/customers/{customer_id}/accounts")
async def list_accounts_of(
    here: Here, _asking: Reading, customer_id: UUID, response: Response, as_of: AsOf = None
) -> Page[AccountOfView]:
    """The accounts of a person, the first one first, those that were left last."""
    if as_of is not None:
        return Page(data=account_views(await queries.accounts_at(here, customer_id=customer_id, at=as_of)))
    await tag(here, customer_id, response)
    return Page(data=account_views(await queries.list_accounts_of(here, customer_id=customer_id)))


def _member(one: queries.Member) -> MemberView:
    values = traits.values(one.person.profile)
    return MemberView(
        customer_id=one.person.root.id, name=traits.full_name(values), email=traits.text_of(values, "email"), **membership(one.belonging)
    )
