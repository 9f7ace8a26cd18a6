"""What is in force about people's data: restrictions, records of processing; and, inside only, who may be read for a purpose."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from chassis import web
from chassis.errors import Forbidden
from chassis.identity import Caller
from services.consent import commands, errors, queries
from services.consent.api.asking import Here, actor
from services.consent.schemas.given import Given
from services.consent.schemas.privacy import LiftRestriction, RestrictionView

router = APIRouter(tags=["privacy"])

Officer = Annotated[Caller, web.allow("privacy:manage")]


class AskedAllowed(Given):
    """Up to 5,000 customers; `purpose` null: whose data may be used at all."""

    purpose: str | None = None
    channel: str | None = None
    customers: Annotated[list[UUID], Field(max_length=5000)]


@router.get("/api/v1/privacy/restrictions/{customer_id}")
async def get_restriction(here: Here, _asking: Officer, customer_id: UUID) -> RestrictionView:
    """Whether the use of a customer's data is restricted, and since when."""
    found = await queries.get_restriction(here, customer_id=customer_id)
    return RestrictionView(customer_id=customer_id, restricted=found is not None, since=found.at if found else None)


@router.post("/api/v1/privacy/restrictions/{customer_id}/lift")
async def lift_restriction(here: Here, asking: Officer, customer_id: UUID, body: LiftRestriction) -> RestrictionView:
    """The restriction ends; what was said for each purpose counts again."""
    if await queries.get_restriction(here, customer_id=customer_id) is None:
        raise errors.NotRestricted
    await commands.lift_restriction(here, customer_id=customer_id, reason=body.reason, actor=actor(asking))
    return RestrictionView(customer_id=customer_id, restricted=False, since=None)


@router.get("/api/v1/privacy/processing")
async def get_processing(here: Here, _asking: Officer) -> dict[str, Any]:
    """The record of processing activities (GDPR article 30), made of what is in force now."""
    return await queries.get_processing(here)


@router.post("/internal/allowed", include_in_schema=False)
async def list_allowed(here: Here, asking: Annotated[Caller, web.allow("consent:read")], body: AskedAllowed) -> dict[str, Any]:
    """Which of these customers may be read for the purpose now."""
    if asking.kind != "service":
        raise Forbidden("consent.inside_only", "This is answered to services only.")
    found = await queries.list_allowed(here, purpose=body.purpose, channel=body.channel, customers=body.customers)
    return {"allowed": [str(one) for one in found]}
