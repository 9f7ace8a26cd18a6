"""`/api/v1/messages` and `/api/v1/customers/{id}/messages`."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Response
from pydantic import AwareDatetime

from chassis import web
from chassis.web import Page
from services.campaign import commands, errors, queries
from services.campaign.schemas.messages import (
    CustomerMessageView,
    Dismiss,
    HandedOffView,
    MessageView,
    RequestMessage,
    WaitingView,
)
from services.campaign.settings import CampaignService

router = APIRouter(tags=["messages"])


Here = Annotated[CampaignService, Depends(web.service)]
Limit = Annotated[int, Query(ge=1, le=1000)]
Since = Annotated[AwareDatetime | None, Query(description="Only what was handed to its channel at this time or later.")]
Until = Annotated[AwareDatetime | None, Query(description="Only what was handed to its channel before this time.")]


@router.get("/api/v1/messages", dependencies=[web.allow("campaigns:read")])
async def list_messages_of(
    service: Here, customer_id: Annotated[list[UUID], Query(min_length=1, max_length=20)], since: Since = None, until: Until = None,
    page_token: str | None = None, limit: Limit = 50,
) -> Page[CustomerMessageView]:
    """What was sent to some customers and everybody merged into them, or was to be, newest first; with times only what was sent between them."""
    return await _page(service, customer_id, since, until, page_token, limit)


@router.post("/api/v1/messages", status_code=202)
async def request_message(
    service: Here, body: RequestMessage, response: Response, caller: Annotated[Any, web.allow("campaigns:send")],
    idempotency_key: Annotated[str | None, Header()] = None,
) -> MessageView:
    """Send one message of service (a confirmation, a receipt) within a second, apart from marketing. Repeat it with the same key as often as needed."""
    if idempotency_key is None or not re.fullmatch(r"[\x21-\x7e]{8,200}", idempotency_key):
        raise errors.key_missing()
    done = await commands.request_message(
        service, key=idempotency_key, caller=caller.subject, template_id=body.template_id, customer_id=body.customer_id, identity=body.identity,
        channel=body.channel, purpose=body.purpose, data=body.data,
        sender={"from_address": body.from_address, "from_name": body.from_name, "reply_to": body.reply_to},
    )
    response.headers["location"] = f"/api/v1/messages/{done.message['id']}"
    if done.replayed:
        response.headers["idempotent-replayed"] = "true"
    return MessageView.model_validate(done.message)


@router.get("/api/v1/messages/waiting", dependencies=[web.allow("campaigns:read")])
async def list_waiting(
    service: Here, customer_id: UUID, channel: Literal["in_app", "on_site"] = "in_app", limit: Annotated[int, Query(ge=1, le=100)] = 20
) -> Page[WaitingView]:
    """What waits for a person in the app or on the site; those that are listed count as shown."""
    found = await queries.list_waiting(service, customer_id=customer_id, channel=channel, limit=limit)
    return Page(data=[WaitingView(**{name: each[name] for name in WaitingView.model_fields}) for each in found], next_page_token=None)


@router.post("/api/v1/messages/waiting/{key}/dismiss", status_code=204, dependencies=[web.allow("campaigns:write")])
async def dismiss(service: Here, key: str, body: Dismiss) -> Response:
    """The person does not want to see it again."""
    await commands.dismiss_message(service, key=key, customer_id=body.customer_id)
    return Response(status_code=204)


@router.get("/api/v1/messages/handed-off", dependencies=[web.allow("admin")])
async def list_handed_off(service: Here, page_token: str | None = None, limit: Limit = 1000) -> Page[HandedOffView]:
    """For an audit: every message that was handed off, with its permit, oldest first. `address_hash` is null once the recipient was erased."""
    after = UUID(str(web.read_page_token(page_token, 1)[0])) if page_token else None
    rows = await queries.list_handed_off(service, after=after, limit=limit)
    views = [
        HandedOffView(**{**row, "message_id": row["id"], "campaign_id": row["origin_id"], "address_hash": row["address_hash"].hex() if row["address_hash"] else None}) for row in rows
    ]
    return Page(data=views, next_page_token=web.page_token(views[-1].message_id) if len(rows) == limit else None)


@router.get("/api/v1/messages/{message_id}", dependencies=[web.allow("campaigns:read")])
async def get_message(service: Here, message_id: UUID) -> MessageView:
    """One row of the send ledger."""
    return MessageView.model_validate(await queries.get_message(service, message_id=message_id))


@router.get("/api/v1/customers/{customer_id}/messages", dependencies=[web.allow("campaigns:read")])
async def list_messages(
    service: Here, customer_id: UUID, since: Since = None, until: Until = None, page_token: str | None = None, limit: Limit = 50
) -> Page[CustomerMessageView]:
    """What was sent to a customer, or was to be, newest first; with times only what was sent between them."""
    return await _page(service, [customer_id], since, until, page_token, limit)


async def _page(
    service: CampaignService, customers: list[UUID], since: datetime | None, until: datetime | None, page_token: str | None, limit: int
) -> Page[CustomerMessageView]:
    after = UUID(str(web.read_page_token(page_token, 1)[0])) if page_token else None
    found = await queries.list_customer_messages(service, customer_ids=customers, since=since, until=until, after=after, limit=limit + 1)
    views = [CustomerMessageView.model_validate(row) for row in found[:limit]]
    return Page(data=views, next_page_token=web.page_token(views[-1].id) if len(found) > limit else None)
