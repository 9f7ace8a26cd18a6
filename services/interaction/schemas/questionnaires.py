"""Surveys, panels and focus groups."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints

from services.interaction.schemas.given import Given, Line, Slug

Day = Annotated[str, StringConstraints(pattern=r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")]


class QuestionFields(Given):
    """`least` and `most` bound a number; `trait`: the answer becomes this trait of the person."""

    question_id: Slug
    text: Line
    kind: Literal["text", "number", "choice", "choices"] = "text"
    choices: list[Line] = Field(default=[], max_length=200)
    least: float | None = None
    most: float | None = None
    trait: Slug | None = None


class WaveFields(Given):
    """A time at which the questions are asked; both days included."""

    wave: Slug
    opens_on: Day | None = None
    closes_on: Day | None = None


class PutSurvey(Given):
    """Without waves every answer belongs to the wave `1`, or to the one it names."""

    title: Line
    kind: Literal["survey", "panel", "focus_group"] = "survey"
    questions: list[QuestionFields] = Field(min_length=1, max_length=200)
    waves: list[WaveFields] = Field(default=[], max_length=200)
    active: bool = True


class SurveyView(BaseModel):
    """A survey."""

    survey_id: str
    title: str
    kind: str
    questions: list[QuestionFields]
    waves: list[WaveFields]
    active: bool
    created_at: datetime
    updated_at: datetime


class PostAnswers(Given):
    """Answers by question; without a person they count, but belong to nobody known. The same `id` again changes nothing."""

    id: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    wave: Slug = "1"
    customer: str | None = None
    customer_id: str | None = None
    answers: dict[str, Any] = Field(min_length=1, max_length=200)


class TakenAnswers(BaseModel):
    """The interactions that the answers will be."""

    ids: list[str]


class ResultView(BaseModel):
    """How many answered what; of free texts the twenty most frequent."""

    wave: str
    question_id: str
    text: str | None
    answers: int
    counts: dict[str, int]
    mean: float | None


class AnswerView(BaseModel):
    """What somebody answered."""

    survey_id: str
    title: str | None
    wave: str
    question_id: str
    answer: Any
    answered_at: datetime
