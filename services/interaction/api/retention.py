"""How long events are kept."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter

from chassis import web
from chassis.identity import Caller
from services.interaction import commands, queries
from services.interaction.api.timeline import Here, Reader
from services.interaction.schemas import retention

router = APIRouter(tags=["retention"])

Admin = Annotated[Caller, web.allow("admin")]


@router.get("/api/v1/retention-rules", response_model=web.Page[retention.RetentionRuleView])
async def list_rules(here: Here, caller: Reader) -> dict[str, Any]:
    """How long events of each kind are kept."""
    return {"data": await queries.retention.list_rules(here), "next_page_token": None}


@router.put("/api/v1/retention-rules", response_model=web.Page[retention.RetentionRuleView])
async def put_rules(here: Here, caller: Admin, body: retention.PutRetentionRules) -> dict[str, Any]:
    """Replace all rules; they count from the next sweep, within an hour."""
    await commands.retention.put_rules(here, rules=[(rule.kind, rule.days, rule.reason) for rule in body.rules])
    return {"data": await queries.retention.list_rules(here), "next_page_token": None}


@router.get("/api/v1/retention-rules/expired", response_model=web.Page[retention.Expired])
async def count_expired(here: Here, caller: Reader) -> dict[str, Any]:
    """A dry run: how many events the next sweep would delete, by rule."""
    return {"data": await queries.retention.count_expired(here), "next_page_token": None}
