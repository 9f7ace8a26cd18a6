"""HTTP shapes of campaigns, their reports and decisions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from services.campaign.domain.eligibility import ReservedFor
from services.campaign.schemas.audiences import GivenAudience, GivenSelection
from services.campaign.schemas.experiments import OutcomeView
from services.campaign.schemas.given import Given, Line, Name
from services.campaign.schemas.messages import Channel, MessageView

UtmName = Annotated[str, StringConstraints(pattern=r"^(source|medium|campaign|term|content|id)$")]


class CreateCampaign(Given):
    """`send`: `best` writes to each person at the hour at which they answer best, within a day; `reserved_for`: asked again right before the
    hand-off. With `launch_at` it is scheduled at once. `per_minute`: at most so many messages a minute. Later than `max_lateness_seconds` it does not start by itself.
    """

    name: Line
    template_id: UUID
    segment_id: Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9_.-]+$")]
    channel: Channel = "email"
    purpose: Name = "marketing"
    from_address: Annotated[str, StringConstraints(max_length=254)] = ""
    from_name: Annotated[str, StringConstraints(max_length=200)] = ""
    reply_to: Annotated[str, StringConstraints(max_length=254)] = ""
    utm: Annotated[dict[UtmName, Line], Field(max_length=6)] = {}
    audience: GivenAudience = GivenAudience()
    selection: GivenSelection = GivenSelection()
    per_minute: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    needs_approval: bool = False
    postal_address: Annotated[str, StringConstraints(max_length=300, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""
    launch_at: AwareDatetime | None = None
    max_lateness_seconds: Annotated[int, Field(ge=1, le=7 * 86400)] = 3600
    send: Literal["now", "best"] = "now"
    reserved_for: ReservedFor = ReservedFor()


class CheckCampaign(Given):
    """`follow_links`: whether fixed links are called, to find dead ones."""

    follow_links: bool = True


class Launch(Given):
    """Now, or at a time."""

    launch_at: AwareDatetime | None = None


class CampaignView(BaseModel):
    """`status`: draft, scheduled, planning, sending, paused, finished, cancelled, missed or failed."""

    id: UUID
    name: str
    template_id: UUID
    template_version: int | None
    segment_id: str
    channel: str
    purpose: str
    from_name: str
    from_address: str
    reply_to: str
    utm: dict[str, str]
    audience: dict[str, Any]
    selection: dict[str, Any]
    per_minute: int | None
    created_by: str
    needs_approval: bool
    send: str
    reserved_for: dict[str, Any]
    approved_by: str | None
    approved_at: datetime | None
    postal_address: str
    status: str
    status_reason: str | None
    launch_at: datetime | None
    max_lateness_seconds: int
    launched_at: datetime | None
    finished_at: datetime | None
    created_at: datetime
    updated_at: datetime


class OpenCounts(BaseModel):
    """Messages that have not ended."""

    planned: int
    permitted: int
    handing_off: int


class ReasonCount(BaseModel):
    state: str
    reason: str
    messages: int


class Responses(BaseModel):
    """`messages`: how many had any by a person; `automated_messages`: how many had any by a machine; visits count repetitions."""

    messages: int
    visits: int
    automated_messages: int
    automated_visits: int


class Delivery(BaseModel):
    """`code`: delivery.configured, or why nothing goes out (delivery.not_configured)."""

    code: str
    message: str


class ReportView(BaseModel):
    """planned = accepted + failed + suppressed + unknown + all that is open. Rates are parts of `accepted`, by people only."""

    campaign_id: UUID
    status: str
    status_reason: str | None
    planned: int
    accepted: int
    failed: int
    suppressed: int
    unknown: int
    open: OpenCounts
    reasons: list[ReasonCount]
    waiting_until: datetime | None
    opens: Responses
    clicks: Responses
    responded: int
    responded_automated_only: int
    open_rate: float | None
    click_through_rate: float | None
    delivery: Delivery
    outcome: OutcomeView


class Check(BaseModel):
    """One condition of receiving a message. `holds` is null when it could not be found out; `evidence`: what it was decided on."""

    check: str
    holds: bool | None
    detail: str
    evidence: dict[str, Any] = {}


class Change(BaseModel):
    """What would turn a condition round."""

    check: str
    now: bool | None
    changes: list[str]


class DecisionView(BaseModel):
    """Why a customer gets a campaign's message, or not."""

    campaign_id: UUID
    customer_id: UUID
    receives: bool | None
    message: MessageView | None
    checks: list[Check]
    would_change: list[Change] = []


class StepDecision(BaseModel):
    """One message of a journey; `receives` is null before it was planned."""

    step: str
    receives: bool | None
    checks: list[Check]
    would_change: list[Change]


class BranchDecision(BaseModel):
    """What was taken at a branch (`choice` null: otherwise, or not passed yet), and how its clauses stand now."""

    step: str
    passed_at: datetime | None
    choice: int | None
    clauses: list[dict[str, Any]]


class JourneyDecisionView(BaseModel):
    """`state`: inside, left or never."""

    journey_id: UUID
    customer_id: UUID
    state: str
    checks: list[Check]
    branches: list[BranchDecision]
    messages: list[StepDecision]
