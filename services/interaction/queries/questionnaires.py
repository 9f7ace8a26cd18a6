"""Surveys and their results."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

from services.interaction import errors
from services.interaction.domain import questionnaires
from services.interaction.domain.questionnaires import Question
from services.interaction.queries.ordering import identities_of
from services.interaction.settings import InteractionService
from services.interaction.store import questionnaires as store

_decode = msgspec.json.Decoder().decode
_questions = msgspec.json.Decoder(list[Question]).decode


def _shown(row: Any) -> dict[str, Any]:
    return {**dict(row), "questions": _decode(row["questions"]), "waves": _decode(row["waves"])}


async def list_surveys(service: InteractionService) -> list[dict[str, Any]]:
    """All surveys by id."""
    async with service.read() as db:
        return [_shown(row) for row in await store.list_surveys(db)]


async def get_survey(service: InteractionService, *, survey_id: str) -> dict[str, Any]:
    """One survey. Raises Unknown."""
    async with service.read() as db:
        row = await store.find_survey(db, survey_id)
    if row is None:
        raise errors.unknown_survey()
    return _shown(row)


async def get_results(service: InteractionService, *, survey_id: str, wave: str | None) -> list[dict[str, Any]]:
    """How many answered what, by wave and question. Raises Unknown."""
    async with service.read() as db:
        row = await store.find_survey(db, survey_id)
        if row is None:
            raise errors.unknown_survey()
        answers = await store.list_answers(db, survey_id, wave)
    return questionnaires.results(_questions(row["questions"]), [(each["wave"], each["question_id"], _decode(each["answer"])) for each in answers])


async def list_answers(service: InteractionService, *, customer_id: UUID) -> list[dict[str, Any]]:
    """What a customer answered, the latest first."""
    async with service.read() as db:
        rows = await store.list_answers_of(db, await identities_of(db, customer_id))
    return [{**dict(row), "answer": _decode(row["answer"])} for row in rows]
