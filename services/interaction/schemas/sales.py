"""Pipelines, leads, opportunities, quotes and the forecast."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from services.interaction.schemas.given import Currency, Given, Language, Line, Minor, Slug, Text
from services.interaction.schemas.tasks import Minutes

Category = Literal["commit", "best_case", "pipeline", "omitted"]
Percent = Annotated[int, Field(ge=0, le=100)]
Identity = Annotated[str, StringConstraints(pattern=r"^(user|email|phone):.+|^ext:[^:]+:.+", max_length=600)]


class StageGiven(Given):
    """A step. `probability` in per cent; `category`: where its deals stand in the forecast."""

    id: Slug
    name: Line
    probability: Percent
    kind: Literal["open", "won", "lost"] = "open"
    category: Category = "pipeline"
    max_age_days: int | None = Field(None, ge=1, le=3650)


class PutPipeline(Given):
    """Stages in their order."""

    name: Line
    stages: list[StageGiven] = Field(min_length=2, max_length=30)
    next_step_required: bool = True


class PipelineView(PutPipeline):
    id: str
    version: int
    updated_at: datetime


class RuleGiven(Given):
    """Which leads go to whom; the first rule that fits decides. `contact_within_minutes` plans a call for whoever gets the lead."""

    name: Slug
    source: Line | None = None
    campaign: Line | None = None
    language: Language | None = None
    min_score: Percent = 0
    team_id: UUID | None = None
    employees: list[UUID] = Field([], max_length=500)
    contact_within_minutes: int | None = Field(None, ge=1, le=60 * 24 * 30)


class PutRules(Given):
    rules: list[RuleGiven] = Field(max_length=100)


class RulesView(PutRules):
    version: int
    updated_at: datetime


class Contact(Given):
    """How to reach somebody; the e-mail address or the number recognises the customer."""

    name: Line | None = None
    email: Annotated[str, StringConstraints(max_length=254)] | None = None
    phone: Annotated[str, StringConstraints(max_length=40)] | None = None
    company: Line | None = None


class OpenLead(Given):
    """Somebody who may buy: a known customer, or how to reach them. Without an owner the rules assign one."""

    title: Line
    source: Line
    campaign: Line | None = None
    score: Percent = 0
    language: Language | None = None
    customer_id: UUID | None = None
    contact: Contact = Contact()
    employee_id: UUID | None = None
    team_id: UUID | None = None

    model_config = {
        **Given.model_config,
        "json_schema_extra": {"example": {"title": "Wants a demo", "source": "fair", "score": 60, "contact": {"email": "anna@example.com"}}},
    }


class ChangeLead(Given):
    title: Line | None = None
    score: Percent | None = None
    state: Literal["new", "working", "qualified"] | None = None
    employee_id: UUID | None = None
    team_id: UUID | None = None


class Disqualify(Given):
    reason: Line


class LeadView(BaseModel):
    id: UUID
    title: str
    source: str
    campaign: str | None
    score: int
    language: str | None
    customer_id: UUID | None
    contact: dict[str, Any]
    state: str
    reason: str | None
    employee_id: UUID | None
    team_id: UUID | None
    rule: str | None
    opportunity_id: UUID | None
    interaction_id: UUID | None
    created_at: datetime
    updated_at: datetime
    version: int


class NextStep(Given):
    """What is done next: it becomes a task of the owner."""

    title: Line
    due_at: AwareDatetime
    kind: Literal["task", "call", "meeting"] = "task"
    reminders: list[Minutes] = Field([60], max_length=10)


class ProductLine(Given):
    product_id: Line
    quantity: float = Field(1, gt=0, le=1e9)
    price_minor: Minor = 0


class Deal(Given):
    """What it is about; without a value the products say it."""

    pipeline: Slug = "sales"
    stage: Slug | None = None
    title: Line
    value_minor: Minor | None = None
    currency: Currency
    expected_close: date
    probability: Percent | None = None
    category: Category | None = None
    products: list[ProductLine] = Field([], max_length=200)
    employee_id: UUID | None = None
    team_id: UUID | None = None
    next_step: NextStep | None = None


class OpenOpportunity(Deal):
    customer_id: UUID

    model_config = {
        **Given.model_config,
        "json_schema_extra": {
            "example": {
                "customer_id": "00000000-0000-7000-8000-00000000000a", "title": "100 lamps", "value_minor": 250000, "currency": "EUR",
                "expected_close": "2027-03-31", "next_step": {"title": "Send samples", "due_at": "2027-02-01T09:00:00Z"},
            }
        },
    }


class ChangeOpportunity(Given):
    """What is to change; null for `probability` and `category` follows the stage again."""

    title: Line | None = None
    value_minor: Minor | None = None
    currency: Currency | None = None
    expected_close: date | None = None
    probability: Percent | None = None
    category: Category | None = None
    products: list[ProductLine] | None = Field(None, max_length=200)
    employee_id: UUID | None = None
    team_id: UUID | None = None


class Move(Given):
    """To another stage. A lost deal says why; an open one needs a next step."""

    stage: Slug
    reason: Text | None = None
    next_step: NextStep | None = None


class StayView(BaseModel):
    """A stay in a stage; `seconds` until now where it lasts."""

    stage: str
    entered_at: datetime
    left_at: datetime | None
    seconds: float
    moved_by: str


class OpportunityView(BaseModel):
    """A deal; `next_step_id`: its next open task; `stalled`: why it needs attention (`late`: too long in its stage, `idle`: no next step)."""

    id: UUID
    customer_id: UUID
    lead_id: UUID | None
    pipeline: str
    stage: str
    title: str
    value_minor: int
    currency: str
    probability: int
    category: str
    expected_close: date
    products: list[dict[str, Any]]
    employee_id: UUID | None
    team_id: UUID | None
    state: str
    reason: str | None
    closed_at: datetime | None
    stage_since: datetime
    stage_due: datetime | None
    next_step_id: UUID | None
    next_step_at: datetime | None
    stalled: list[str]
    created_at: datetime
    updated_at: datetime
    version: int


class OpportunityHistory(OpportunityView):
    history: list[StayView]


class SendQuote(Given):
    """An offer that was sent; `follow_up_at` plans a call about it."""

    number: Line
    value_minor: Minor | None = None
    valid_until: date
    products: list[ProductLine] = Field([], max_length=200)
    follow_up_at: AwareDatetime | None = None


class AnswerQuote(Given):
    state: Literal["accepted", "declined"]


class QuoteView(BaseModel):
    id: UUID
    opportunity_id: UUID
    number: str
    value_minor: int
    currency: str
    products: list[dict[str, Any]]
    valid_until: date
    state: str
    follow_up_id: UUID | None
    sent_at: datetime
    answered_at: datetime | None


class ForecastLine(BaseModel):
    """A month and a currency, amounts in minor units: open deals as they stand and weighted by probability, by category, and what was won."""

    month: date
    currency: str
    open: int
    open_minor: int
    weighted_minor: int
    categories: dict[str, int]
    won: int
    won_minor: int
