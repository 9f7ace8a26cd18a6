"""Pipelines, leads, opportunities, quotes and the forecast."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query

from chassis import web
from chassis.errors import Invalid
from services.interaction import commands, queries
from services.interaction.api.timeline import Here, Limit, Reader, Writer, read_cursor
from services.interaction.schemas import sales

router = APIRouter(prefix="/api/v1", tags=["sales"])

Name = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]


@router.get("/pipelines", response_model=web.Page[sales.PipelineView])
async def list_pipelines(here: Here, caller: Reader) -> dict[str, Any]:
    return {"data": await queries.sales.list_pipelines(here)}


@router.get("/pipelines/{name}", response_model=sales.PipelineView)
async def get_pipeline(here: Here, caller: Reader, name: Name) -> dict[str, Any]:
    return await queries.sales.get_pipeline(here, name=name)


@router.put("/pipelines/{name}", response_model=sales.PipelineView)
async def put_pipeline(here: Here, caller: Writer, name: Name, body: sales.PutPipeline) -> dict[str, Any]:
    """Define a pipeline; deals in it follow its probabilities at once."""
    await commands.opportunities.put_pipeline(
        here, name=name, title=body.name, stages=[stage.model_dump() for stage in body.stages], next_step_required=body.next_step_required
    )
    return await queries.sales.get_pipeline(here, name=name)


@router.get("/leads/rules", response_model=sales.RulesView)
async def get_rules(here: Here, caller: Reader) -> dict[str, Any]:
    return await queries.sales.get_rules(here)


@router.put("/leads/rules", response_model=sales.RulesView)
async def put_rules(here: Here, caller: Writer, body: sales.PutRules) -> dict[str, Any]:
    """Who gets which leads: the first rule that fits decides, its people take turns."""
    await commands.leads.put_rules(here, rules=[rule.model_dump() for rule in body.rules])
    return await queries.sales.get_rules(here)


@router.post("/leads", status_code=201, response_model=sales.LeadView)
async def open_lead(here: Here, caller: Writer, body: sales.OpenLead) -> dict[str, Any]:
    lead_id = await commands.leads.open_lead(here, given=body.model_dump(), source_id=caller.source_id)
    return await queries.sales.get_lead(here, lead_id=lead_id)


@router.get("/leads", response_model=web.Page[sales.LeadView])
async def list_leads(
    here: Here, caller: Reader, *, customer_id: UUID | None = None, state: str | None = None, source: str | None = None,
    campaign: str | None = None, employee_id: UUID | None = None, team_id: UUID | None = None, page_token: str | None = None, limit: Limit = 50,
) -> dict[str, Any]:
    found, following = await queries.sales.list_leads(
        here, customer_id=customer_id, state=state, source=source, campaign=campaign, employee_id=employee_id, team_id=team_id,
        before=_cursor(page_token), limit=limit,
    )
    return {"data": found, "next_page_token": web.page_token(following[0].isoformat(), following[1]) if following else None}


@router.get("/leads/{lead_id}", response_model=sales.LeadView)
async def get_lead(here: Here, caller: Reader, lead_id: UUID) -> dict[str, Any]:
    return await queries.sales.get_lead(here, lead_id=lead_id)


@router.patch("/leads/{lead_id}", response_model=sales.LeadView)
async def change_lead(here: Here, caller: Writer, lead_id: UUID, body: sales.ChangeLead) -> dict[str, Any]:
    await commands.leads.change_lead(here, lead_id=lead_id, changes=body.model_dump(exclude_unset=True))
    return await queries.sales.get_lead(here, lead_id=lead_id)


@router.post("/leads/{lead_id}/disqualify", response_model=sales.LeadView)
async def disqualify_lead(here: Here, caller: Writer, lead_id: UUID, body: sales.Disqualify) -> dict[str, Any]:
    await commands.leads.disqualify_lead(here, lead_id=lead_id, reason=body.reason)
    return await queries.sales.get_lead(here, lead_id=lead_id)


@router.post("/leads/{lead_id}/convert", response_model=sales.OpportunityHistory)
async def convert_lead(here: Here, caller: Writer, lead_id: UUID, body: sales.Deal) -> dict[str, Any]:
    """Into a customer and an opportunity; again it answers with the same opportunity."""
    found = await commands.leads.convert_lead(here, lead_id=lead_id, given=body.model_dump(), actor=caller.subject)
    return await queries.sales.get_opportunity(here, opportunity_id=found)


@router.post("/opportunities", status_code=201, response_model=sales.OpportunityHistory)
async def open_opportunity(here: Here, caller: Writer, body: sales.OpenOpportunity) -> dict[str, Any]:
    found = await commands.opportunities.open_opportunity(here, given=body.model_dump(), actor=caller.subject)
    return await queries.sales.get_opportunity(here, opportunity_id=found)


@router.get("/opportunities", response_model=web.Page[sales.OpportunityView])
async def list_opportunities(
    here: Here, caller: Reader, *, customer_id: UUID | None = None, pipeline: str | None = None, stage: str | None = None,
    state: str | None = None, employee_id: UUID | None = None, team_id: UUID | None = None, stalled: bool = False,
    page_token: str | None = None, limit: Limit = 50,
) -> dict[str, Any]:
    """Newest first; `?stalled=true`: too long in their stage, or without a next step."""
    found, following = await queries.sales.list_opportunities(
        here, customer_id=customer_id, pipeline=pipeline, stage=stage, state=state, employee_id=employee_id, team_id=team_id, stalled=stalled,
        before=_cursor(page_token), limit=limit,
    )
    return {"data": found, "next_page_token": web.page_token(following[0].isoformat(), following[1]) if following else None}


@router.get("/opportunities/{opportunity_id}", response_model=sales.OpportunityHistory)
async def get_opportunity(here: Here, caller: Reader, opportunity_id: UUID) -> dict[str, Any]:
    return await queries.sales.get_opportunity(here, opportunity_id=opportunity_id)


@router.patch("/opportunities/{opportunity_id}", response_model=sales.OpportunityHistory)
async def change_opportunity(here: Here, caller: Writer, opportunity_id: UUID, body: sales.ChangeOpportunity) -> dict[str, Any]:
    await commands.opportunities.change_opportunity(here, opportunity_id=opportunity_id, changes=body.model_dump(exclude_unset=True))
    return await queries.sales.get_opportunity(here, opportunity_id=opportunity_id)


@router.post("/opportunities/{opportunity_id}/stage", response_model=sales.OpportunityHistory)
async def move_opportunity(here: Here, caller: Writer, opportunity_id: UUID, body: sales.Move) -> dict[str, Any]:
    """To another stage of its pipeline; won and lost are stages, too."""
    await commands.opportunities.move_opportunity(here, opportunity_id=opportunity_id, **body.model_dump(), actor=caller.subject)
    return await queries.sales.get_opportunity(here, opportunity_id=opportunity_id)


@router.post("/opportunities/{opportunity_id}/quotes", status_code=201, response_model=web.Page[sales.QuoteView])
async def send_quote(here: Here, caller: Writer, opportunity_id: UUID, body: sales.SendQuote) -> dict[str, Any]:
    """Note an offer that was sent; answers with all quotes of the opportunity."""
    await commands.opportunities.send_quote(here, opportunity_id=opportunity_id, given=body.model_dump())
    return {"data": await queries.sales.list_quotes(here, opportunity_id=opportunity_id)}


@router.get("/opportunities/{opportunity_id}/quotes", response_model=web.Page[sales.QuoteView])
async def list_quotes(here: Here, caller: Reader, opportunity_id: UUID) -> dict[str, Any]:
    return {"data": await queries.sales.list_quotes(here, opportunity_id=opportunity_id)}


@router.post("/opportunities/{opportunity_id}/quotes/{quote_id}/answer", response_model=web.Page[sales.QuoteView])
async def answer_quote(here: Here, caller: Writer, opportunity_id: UUID, quote_id: UUID, body: sales.AnswerQuote) -> dict[str, Any]:
    await commands.opportunities.answer_quote(here, opportunity_id=opportunity_id, quote_id=quote_id, state=body.state)
    return {"data": await queries.sales.list_quotes(here, opportunity_id=opportunity_id)}


@router.get("/forecast", response_model=web.Page[sales.ForecastLine])
async def get_forecast(
    here: Here, caller: Reader, *, pipeline: str | None = None, employee_id: UUID | None = None, team_id: UUID | None = None,
    since: Annotated[date | None, Query(alias="from")] = None, months: Annotated[int, Query(ge=1, le=36)] = 6,
) -> dict[str, Any]:
    """What is expected by month and currency: as it stands, weighted by probability, and by category of commitment."""
    return {
        "data": await queries.sales.get_forecast(
            here, pipeline=pipeline, employee_id=employee_id, team_id=team_id, since=since, months=months
        )
    }


def _cursor(token: str | None) -> tuple[datetime, UUID] | None:
    cursor = read_cursor(token)
    try:
        return None if cursor is None else (cursor[0], UUID(cursor[1]))
    except ValueError:
        raise Invalid("page.bad_token", "The page token is not one of ours: begin again without it.") from None
