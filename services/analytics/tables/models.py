"""Rows of models, their rules, the history of scores, and selections."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Double, Index, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.analytics.tables.metadata import EMPTY, TIME, AnalyticsTable

_NOTHING = {"server_default": text("'{}'")}


def _json() -> Any:
    return Field(sa_column=Column(JSONB, nullable=False, **_NOTHING))  # type: ignore[arg-type]


class ModelFitRow(AnalyticsTable, table=True):
    """One fit of a model: asked for, run, its artefact kept. `version` is given when it has ended well."""

    __tablename__ = "model_fit"
    __table_args__ = (
        Index("model_fit_version", "kind", "name", "version", unique=True, postgresql_where=text("version IS NOT NULL")),
        Index("model_fit_used", "kind", "name", unique=True, postgresql_where=text("in_use")),
        Index("model_fit_open", "kind", "name", unique=True, postgresql_where=text("state IN ('waiting', 'running')")),
    )

    fit_id: UUID = Field(primary_key=True)
    kind: str = Field(sa_type=Text)
    name: str = Field(sa_type=Text)
    version: int | None = None
    state: str = Field(sa_type=Text)
    options: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    progress: float = Field(sa_type=Double, sa_column_kwargs={"server_default": text("0")})
    attempts: int = Field(sa_column_kwargs={"server_default": text("0")})
    asked_by: str = Field(sa_type=Text)
    asked_at: datetime = Field(sa_type=TIME)
    started_at: datetime | None = Field(default=None, sa_type=TIME)
    ended_at: datetime | None = Field(default=None, sa_type=TIME)
    error: str = Field(sa_type=Text, sa_column_kwargs=EMPTY)
    method: str = Field(sa_type=Text, sa_column_kwargs=EMPTY)
    source: str = Field(sa_type=Text, sa_column_kwargs=EMPTY)
    data: dict[str, Any] = _json()
    quality: dict[str, Any] = _json()
    explanation: dict[str, Any] = _json()
    comparison: dict[str, Any] = _json()
    scored: int = Field(sa_type=BigInteger, sa_column_kwargs={"server_default": text("0")})
    artefact: bytes | None = Field(default=None, sa_type=LargeBinary)
    in_use: bool = Field(sa_column_kwargs={"server_default": text("false")})


class ModelRulesRow(AnalyticsTable, table=True):
    """Thresholds that somebody set, every version of them."""

    __tablename__ = "model_rules"

    kind: str = Field(sa_column=Column(Text, primary_key=True))
    version: int = Field(primary_key=True)
    rules: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    set_at: datetime = Field(sa_type=TIME)
    set_by: str = Field(sa_type=Text)


class ScoreChangeRow(AnalyticsTable, table=True):
    """A dated transition of a score."""

    __tablename__ = "score_change"
    __table_args__ = (Index("score_change_at", "score", "changed_at"),)

    customer_id: UUID = Field(primary_key=True)
    score: str = Field(sa_column=Column(Text, primary_key=True))
    changed_at: datetime = Field(sa_column=Column(TIME, primary_key=True))
    value: str = Field(sa_type=Text)
    previous: str | None = Field(default=None, sa_type=Text)
    parts: dict[str, Any] = _json()


class SelectionRow(AnalyticsTable, table=True):
    """Who was chosen under a budget, and what was asked."""

    __tablename__ = "selection"

    selection_id: UUID = Field(primary_key=True)
    asked: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    answer: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    made_at: datetime = Field(sa_type=TIME)
    made_by: str = Field(sa_type=Text)


class SelectionMemberRow(AnalyticsTable, table=True):
    """One chosen customer with the value expected of contacting it."""

    __tablename__ = "selection_member"

    selection_id: UUID = Field(primary_key=True)
    position: int = Field(sa_column=Column(BigInteger, primary_key=True))
    customer_id: UUID
    value_minor: int = Field(sa_type=BigInteger)
    reasons: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
