"""HTTP shapes of the campaign service."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

Line = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$")]
Locale = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$")]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_.-]{0,63}$")]
UtmName = Annotated[str, StringConstraints(pattern=r"^(source|medium|campaign|term|content|id)$")]


class Given(BaseModel):
    """Input: nothing that is not asked for."""

    model_config = ConfigDict(extra="forbid")


class LocaleContent(Given):
    """A subject (Liquid) and a body (MJML with Liquid)."""

    subject: Annotated[str, StringConstraints(min_length=1, max_length=1000)]
    body: Annotated[str, StringConstraints(min_length=1, max_length=200_000)]


class WriteTemplate(Given):
    """`fallback`: in which order a language is chosen when the recipient's own is not there."""

    name: Line
    locales: Annotated[dict[Locale, LocaleContent], Field(min_length=1, max_length=20)]
    fallback: Annotated[list[Locale], Field(max_length=20)] = []

    @model_validator(mode="after")
    def _fallback_is_there(self) -> WriteTemplate:
        missing = [locale for locale in self.fallback if locale not in self.locales]
        if missing:
            raise ValueError(f"fallback names {missing[0]}, which is not among the locales")
        return self


class TemplateView(BaseModel):
    id: UUID
    name: str
    version: int
    locales: dict[str, dict[str, str]]
    fallback: list[str]
    created_at: datetime
    updated_at: datetime


class Preview(Given):
    """Whose data to fill in: a customer's, or sample `data` (as `customer`: name, traits …). `locale` overrides the choice."""

    customer_id: UUID | None = None
    data: Annotated[dict[str, Any], Field(max_length=200)] | None = None
    locale: Locale | None = None
    version: Annotated[int, Field(ge=1, le=1_000_000)] | None = None

    @model_validator(mode="after")
    def _not_both(self) -> Preview:
        if self.customer_id is not None and self.data is not None:
            raise ValueError("give customer_id or data, not both")
        return self


class PreviewView(BaseModel):
    locale: str
    version: int
    subject: str
    html: str
    text: str


class CreateCampaign(Given):
    """With `launch_at` it is scheduled at once. Later than `max_lateness_seconds` it does not start by itself."""

    name: Line
    template_id: UUID
    segment_id: Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9_.-]+$")]
    channel: Literal["email"] = "email"
    purpose: Name = "marketing"
    from_address: Annotated[str, StringConstraints(min_length=3, max_length=254)]
    from_name: Annotated[str, StringConstraints(max_length=200)] = ""
    reply_to: Annotated[str, StringConstraints(max_length=254)] = ""
    utm: Annotated[dict[UtmName, Line], Field(max_length=6)] = {}
    launch_at: AwareDatetime | None = None
    max_lateness_seconds: Annotated[int, Field(ge=1, le=7 * 86400)] = 3600


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


class MessageView(BaseModel):
    id: UUID
    campaign_id: UUID
    customer_id: UUID
    channel: str
    step: str
    state: str
    reason: str | None
    attempts: int
    retry_at: datetime | None
    permit_id: str | None
    consent_version: int | None
    locale: str | None
    reply_code: int | None
    created_at: datetime
    handed_off_at: datetime | None
    finished_at: datetime | None


class CustomerMessageView(MessageView):
    campaign_name: str
    opened: bool
    clicked: bool


class Check(BaseModel):
    """One condition of receiving a campaign. `holds` is null when it could not be found out."""

    check: str
    holds: bool | None
    detail: str


class DecisionView(BaseModel):
    """Why a customer gets a campaign's message, or not."""

    campaign_id: UUID
    customer_id: UUID
    receives: bool | None
    message: MessageView | None
    checks: list[Check]


class HandedOffView(BaseModel):
    """A message as an audit sees it."""

    message_id: UUID
    campaign_id: UUID
    customer_id: UUID
    purpose: str
    channel: str
    step: str
    address_hash: str | None
    state: str
    permit_id: str
    consent_version: int
    handed_off_at: datetime
    finished_at: datetime | None
