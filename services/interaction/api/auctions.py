"""Orders composed from the catalogue, auctions, and shopping agents acting under their own key."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header

from chassis import web
from services.interaction import commands, queries
from services.interaction.api.timeline import Here, Limit, Reader, Writer
from services.interaction.schemas import channels

router = APIRouter(tags=["channels"])

Key = Annotated[str, Header(alias="x-deputy-key", max_length=200)]


@router.post("/api/v1/orders/compose", response_model=channels.Composed)
async def compose(here: Here, caller: Writer, body: channels.ComposeFor) -> dict[str, Any]:
    """Price an order by the catalogue, and place it."""
    composed = await commands.composing.compose(
        here, lines=_lines(body), currency=body.currency, price_list=body.price_list, order_id=body.order_id
    )
    event_id = await commands.composing.place(here, composed=composed, customer_id=body.customer_id) if body.place else None
    return {**composed.shown, "event_id": event_id}


@router.post("/api/v1/auctions", status_code=201, response_model=channels.AuctionView)
async def open_auction(here: Here, caller: Writer, body: channels.OpenAuction) -> dict[str, Any]:
    auction_id = await commands.auctions.open_auction(here, given=body.model_dump())
    return await queries.channels.get_auction(here, auction_id=auction_id)


@router.get("/api/v1/auctions", response_model=web.Page[channels.AuctionView])
async def list_auctions(here: Here, caller: Reader, state: str | None = None, limit: Limit = 50) -> dict[str, Any]:
    return {"data": await queries.channels.list_auctions(here, state=state, limit=limit)}


@router.get("/api/v1/auctions/{auction_id}", response_model=channels.AuctionView)
async def get_auction(here: Here, caller: Reader, auction_id: UUID) -> dict[str, Any]:
    return await queries.channels.get_auction(here, auction_id=auction_id)


@router.post("/api/v1/auctions/{auction_id}/bids", status_code=201, response_model=channels.AuctionView)
async def bid(here: Here, caller: Writer, auction_id: UUID, body: channels.Bid) -> dict[str, Any]:
    """A customer's bid: at least the highest and the increment, in time, not the seller's, not upon one's own."""
    await commands.auctions.bid(here, auction_id=auction_id, **body.model_dump(), source_id=caller.source_id)
    return await queries.channels.get_auction(here, auction_id=auction_id)


@router.post("/api/v1/deputies", status_code=201, response_model=channels.AppointedView)
async def appoint(here: Here, caller: Writer, body: channels.AppointDeputy) -> dict[str, Any]:
    """A shopping agent of a customer; its key is shown this once."""
    deputy_id, key = await commands.deputies.appoint(here, given=body.model_dump())
    return {**await queries.channels.get_deputy(here, deputy_id=deputy_id), "key": key}


@router.get("/api/v1/deputies", response_model=web.Page[channels.DeputyView])
async def list_deputies(here: Here, caller: Reader, customer_id: UUID) -> dict[str, Any]:
    return {"data": await queries.channels.list_deputies(here, customer_id=customer_id)}


@router.post("/api/v1/deputies/{deputy_id}/revoke", response_model=channels.DeputyView)
async def revoke(here: Here, caller: Writer, deputy_id: UUID) -> dict[str, Any]:
    await commands.deputies.revoke(here, deputy_id=deputy_id)
    return await queries.channels.get_deputy(here, deputy_id=deputy_id)


@router.get("/deputy/limits", response_model=channels.DeputyView)
async def get_limits(here: Here, key: Key) -> dict[str, Any]:
    """For an agent: what it may do."""
    return await queries.channels.get_deputy(here, deputy_id=await commands.deputies.who(here, key=key))


@router.post("/deputy/orders", response_model=channels.Composed)
async def order(here: Here, key: Key, body: channels.Compose) -> dict[str, Any]:
    """For an agent: order within its budget, priced by the catalogue."""
    composed, event_id = await commands.deputies.order(
        here, key=key, lines=_lines(body), currency=body.currency, price_list=body.price_list, order_id=body.order_id
    )
    return {**composed.shown, "event_id": event_id}


@router.post("/deputy/bids", status_code=201, response_model=channels.AuctionView)
async def deputy_bid(here: Here, key: Key, body: channels.DeputyBid) -> dict[str, Any]:
    """For an agent: bid within its budget."""
    await commands.deputies.bid(here, key=key, auction_id=body.auction_id, amount_minor=body.amount_minor)
    return await queries.channels.get_auction(here, auction_id=body.auction_id)


def _lines(body: channels.Compose) -> list[tuple[str, int]]:
    return [(line.product_id, line.quantity) for line in body.lines]
