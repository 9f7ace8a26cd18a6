"""Surveys and what was answered; how long events are kept."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, Index, LargeBinary, Text
from sqlmodel import Field

from services.interaction.tables.metadata import TIME, InteractionTable


class SurveyRow(InteractionTable, table=True):
    """A survey, a panel or a focus group; questions and waves are JSON."""

    __tablename__ = "survey"

    survey_id: str = Field(sa_column=Column(Text, primary_key=True))
    title: str = Field(sa_type=Text)
    kind: str = Field(sa_type=Text)
    questions: str = Field(sa_type=Text)
    waves: str = Field(sa_type=Text)
    active: bool
    created_at: datetime = Field(sa_type=TIME)
    updated_at: datetime = Field(sa_type=TIME)


class SurveyAnswerRow(InteractionTable, table=True):
    """The last answer of somebody to a question in a wave, as JSON."""

    __tablename__ = "survey_answer"
    __table_args__ = (Index("survey_answer_identity", "identity"),)

    survey_id: str = Field(sa_column=Column(Text, primary_key=True))
    wave: str = Field(sa_column=Column(Text, primary_key=True))
    question_id: str = Field(sa_column=Column(Text, primary_key=True))
    identity: bytes = Field(sa_column=Column(LargeBinary, primary_key=True))
    answer: str = Field(sa_type=Text)
    answered_at: datetime = Field(sa_type=TIME)
    interaction_id: UUID


class RetentionRuleRow(InteractionTable, table=True):
    """How many days events of a kind are kept, and up to when that was done."""

    __tablename__ = "retention_rule"

    kind: str = Field(sa_column=Column(Text, primary_key=True))
    days: int | None = None
    reason: str = Field(sa_type=Text)
    swept_until: datetime | None = Field(default=None, sa_type=TIME)
    changed_at: datetime = Field(sa_type=TIME)
