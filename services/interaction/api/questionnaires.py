"""Surveys, panels and focus groups."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path

from chassis import web
from services.interaction import commands, queries
from services.interaction.api.timeline import Here, Reader, Writer
from services.interaction.schemas import questionnaires as shapes

router = APIRouter(prefix="/api/v1", tags=["surveys"])

SurveyId = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]


def page(found: list[dict[str, Any]]) -> dict[str, Any]:
    return {"data": found, "next_page_token": None}


@router.get("/surveys", response_model=web.Page[shapes.SurveyView])
async def list_surveys(here: Here, caller: Reader) -> dict[str, Any]:
    """All surveys by id."""
    return page(await queries.questionnaires.list_surveys(here))


@router.get("/surveys/{survey_id}", response_model=shapes.SurveyView)
async def get_survey(here: Here, caller: Reader, survey_id: SurveyId) -> dict[str, Any]:
    """One survey."""
    return await queries.questionnaires.get_survey(here, survey_id=survey_id)


@router.put("/surveys/{survey_id}", response_model=shapes.SurveyView)
async def put_survey(here: Here, caller: Writer, survey_id: SurveyId, body: shapes.PutSurvey) -> dict[str, Any]:
    """Create or replace a survey; its answers stay."""
    await commands.questionnaires.put_survey(here, survey_id=survey_id, given=body.model_dump())
    return await queries.questionnaires.get_survey(here, survey_id=survey_id)


@router.post("/surveys/{survey_id}/answers", status_code=202, response_model=shapes.TakenAnswers)
async def post_answers(here: Here, caller: Writer, survey_id: SurveyId, body: shapes.PostAnswers) -> dict[str, Any]:
    """Record what somebody answered."""
    who = body.model_dump(include={"customer", "customer_id"}, exclude_none=True)
    found = await commands.questionnaires.answer(
        here, survey_id=survey_id, wave=body.wave, answers=body.answers, who=who, given_id=body.id, source_id=caller.source_id
    )
    return {"ids": found}


@router.get("/surveys/{survey_id}/results", response_model=web.Page[shapes.ResultView])
async def get_results(here: Here, caller: Reader, survey_id: SurveyId, wave: str | None = None) -> dict[str, Any]:
    """How many answered what, by wave and question."""
    return page(await queries.questionnaires.get_results(here, survey_id=survey_id, wave=wave))


@router.get("/customers/{customer_id}/surveys", response_model=web.Page[shapes.AnswerView])
async def list_answers(here: Here, caller: Reader, customer_id: UUID) -> dict[str, Any]:
    """What a customer answered, the latest first."""
    return page(await queries.questionnaires.list_answers(here, customer_id=customer_id))
