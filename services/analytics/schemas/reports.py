"""Requests and answers about reports."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from services.analytics.domain import reporting
from services.analytics.schemas.given import Name, Strict

Key = Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,63}$")]


class AskedFigure(Strict):
    """One figure of a report: a `metric` (with `by`, `trend`, `market`, `segment`), the size of a `segment`, or a question in `sql`.

    `days`: the window that ends with the report's day; without it the metric's own.
    """

    key: Key
    metric: Annotated[str | None, Field(max_length=100)] = None
    segment: UUID | None = None
    sql: Annotated[str | None, Field(min_length=1, max_length=20_000)] = None
    by: Annotated[str | None, Field(max_length=50)] = None
    market: Literal["b2b", "b2c"] | None = None
    trend: Annotated[int | None, Field(ge=2, le=60)] = None
    days: Annotated[int | None, Field(ge=1, le=3660)] = None
    limit: Annotated[int, Field(ge=1, le=1000)] = 100

    @model_validator(mode="after")
    def _one_question(self) -> AskedFigure:
        if self.sql is not None and (self.metric is not None or self.segment is not None):
            raise ValueError("a figure is one of: metric (of a segment), segment, sql")
        if self.sql is None and self.metric is None and self.segment is None:
            raise ValueError("give one of: metric, segment, sql")
        return self


class Recipient(Strict):
    """Whom the report is mailed to: a customer (colleagues have a profile, too) and the template of the mail."""

    customer_id: UUID
    template_id: UUID


class DefineReport(Strict):
    """`every` day, week (on `weekday`, 0 Monday) or month (on its first day by `calendar`), `at` this time of the organisation; `never`: only when asked."""

    name: Name
    figures: Annotated[list[AskedFigure], Field(min_length=1, max_length=reporting.MAX_QUESTIONS)]
    every: Literal["day", "week", "month", "never"] = "never"
    at: Annotated[str, Field(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")] = "07:00"
    weekday: Annotated[int, Field(ge=0, le=6)] = 0
    calendar: Literal["gregorian", "jalali"] = "gregorian"
    recipients: Annotated[list[Recipient], Field(max_length=reporting.MAX_RECIPIENTS)] = []
    from_address: Annotated[str, Field(max_length=254, description="Sender of its mails; empty: the deployment's own.")] = ""

    @model_validator(mode="after")
    def _no_twins(self) -> DefineReport:
        if len({one.key for one in self.figures}) < len(self.figures):
            raise ValueError("every figure has a key of its own")
        if len({one.customer_id for one in self.recipients}) < len(self.recipients):
            raise ValueError("nobody is a recipient twice")
        return self


class ScheduleView(BaseModel):
    every: str
    at: str
    weekday: int
    calendar: str
    from_address: str = ""


class ReportView(BaseModel):
    id: UUID
    name: str
    figures: list[AskedFigure]
    schedule: ScheduleView
    recipients: list[Recipient]
    next_at: datetime | None
    created_at: datetime


class RunView(BaseModel):
    """`figures`: the numbers by key; null where there is no figure."""

    id: UUID
    report_id: UUID
    due_at: datetime
    made_at: datetime
    figures: dict[str, float | None]


class DeliveryView(BaseModel):
    """`state`: waiting, accepted (the message is at `/api/v1/messages/{message_id}`) or failed with the `reason`."""

    customer_id: UUID
    template_id: UUID
    state: str
    reason: str | None
    tries: int
    message_id: UUID | None


class WholeRunView(RunView):
    """`answers`: in the order of the report, each whole as the endpoint of its kind gives it; null after somebody was erased."""

    answers: list[dict[str, Any]] | None
    deliveries: list[DeliveryView]


class DashboardView(BaseModel):
    """The figures of a report as they are now."""

    id: UUID
    name: str
    as_of: datetime
    data_age_s: float | None
    figures: dict[str, float | None]
    answers: list[dict[str, Any]]
