"""Orders, credit notes and products."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter

from chassis import web
from services.interaction import commands, queries
from services.interaction.api.timeline import From, Here, Limit, Reader, To, Writer, aware, read_cursor
from services.interaction.schemas import interactions, orders

router = APIRouter(tags=["orders"])


@router.get("/api/v1/customers/{customer_id}/orders", response_model=web.Page[orders.OrderView])
async def list_customer_orders(
    here: Here, caller: Reader, *, customer_id: UUID, status: str | None = None, page_token: str | None = None, limit: Limit = 50
) -> dict[str, Any]:
    """A customer's completed orders, newest first."""
    found, following = await queries.list_customer_orders(
        here, customer_id=customer_id, status=status, before=read_cursor(page_token), limit=limit
    )
    return {"data": found, "next_page_token": web.page_token(following[0].isoformat(), following[1]) if following else None}


@router.get("/api/v1/customers/{customer_id}/credits", response_model=web.Page[orders.CreditView])
async def list_customer_credits(here: Here, caller: Reader, customer_id: UUID) -> dict[str, Any]:
    """Refunds of a customer that name no order, newest first."""
    return {"data": await queries.list_credits(here, customer_id=customer_id), "next_page_token": None}


@router.get("/api/v1/orders", response_model=web.Page[orders.OrderView])
async def list_orders(
    here: Here, caller: Reader, *, status: str | None = None, since: From = None, until: To = None, page_token: str | None = None,
    limit: Limit = 50,
) -> dict[str, Any]:
    """Completed orders, newest first."""
    found, following = await queries.list_orders(
        here, status=status, since=aware(since), until=aware(until), before=read_cursor(page_token), limit=limit
    )
    return {"data": found, "next_page_token": web.page_token(following[0].isoformat(), following[1]) if following else None}


@router.post("/api/v1/orders", status_code=202, response_model=interactions.Taken)
async def post_order(here: Here, caller: Writer, body: orders.PostOrder) -> dict[str, str]:
    """Tell a completed order; telling it again changes nothing."""
    return {"id": await commands.record_order(here, body=body.model_dump(exclude_unset=True), source_id=caller.source_id)}


@router.get("/api/v1/orders/{order_id:path}", response_model=orders.OrderHistory)
async def get_order(here: Here, caller: Reader, order_id: str) -> dict[str, Any]:
    """An order with all its versions."""
    return await queries.get_order(here, order_id=order_id)
