"""Sums of orders, and rates of currencies."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query

from chassis import web
from chassis.errors import Invalid
from services.interaction import commands, queries
from services.interaction.api.timeline import Here, Limit, Reader, Writer
from services.interaction.schemas import totals

router = APIRouter(tags=["orders"])

Home = Annotated[str | None, Query(description="ISO 4217: also what was kept, in this currency, by the rates that were told.")]


def read_after(page_token: str | None) -> UUID | None:
    """The id of a page token. Raises Invalid."""
    if not page_token:
        return None
    try:
        return UUID(str(web.read_page_token(page_token, 1)[0]))
    except ValueError:
        raise Invalid("page.bad_token", "The page token is not one of ours: begin again without it.") from None


@router.get("/api/v1/customers/{customer_id}/orders/totals", response_model=totals.CustomerTotals)
async def get_totals(here: Here, caller: Reader, customer_id: UUID, home: Home = None) -> dict[str, Any]:
    """Sums of a customer's orders, refunds and credit notes, by currency."""
    return await queries.totals.get_totals(here, customer_id=customer_id, home=home)


@router.get("/api/v1/order-totals", response_model=web.Page[totals.CustomerTotals])
async def list_totals(here: Here, caller: Reader, *, page_token: str | None = None, limit: Limit = 100) -> dict[str, Any]:
    """Sums of all customers, by currency, in the order of their ids."""
    found, following = await queries.totals.list_totals(here, after=read_after(page_token), limit=limit)
    return {"data": found, "next_page_token": web.page_token(str(following)) if following else None}


@router.get("/api/v1/exchange-rates", response_model=web.Page[totals.RateView])
async def list_rates(here: Here, caller: Reader, home: str | None = None) -> dict[str, Any]:
    """All rates that were told."""
    return {"data": await queries.totals.list_rates(here, home=home), "next_page_token": None}


@router.put("/api/v1/exchange-rates", response_model=totals.Counted)
async def put_rates(here: Here, caller: Writer, body: totals.PutRates) -> dict[str, int]:
    """Tell what currencies were worth from a day on, and who says so."""
    rates = [(rate.home, rate.currency, rate.day, rate.rate, rate.source) for rate in body.rates]
    return {"count": await commands.rates.put_rates(here, rates=rates)}
