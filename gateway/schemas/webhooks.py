"""HTTP shapes of webhooks."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints


class Given(BaseModel):
    """Input: nothing that is not asked for."""

    model_config = ConfigDict(extra="forbid")


Url = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
Description = Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00-\x1f]*$")]
Pattern = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[a-z0-9_.]*\*?$")]
Source = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class CreateWebhook(Given):
    """`events`: kinds, `*` at the end stands for any rest; `sources`: only events of these sources; `personal`: with personal data."""

    url: Url
    description: Description = ""
    events: Annotated[list[Pattern], Field(min_length=1, max_length=100)]
    sources: Annotated[list[Source], Field(max_length=100)] = []
    personal: bool = False


class ChangeWebhook(Given):
    """What is to be another; `state` active makes a disabled one try again, paused keeps messages waiting."""

    url: Url | None = None
    description: Description | None = None
    events: Annotated[list[Pattern], Field(min_length=1, max_length=100)] | None = None
    sources: Annotated[list[Source], Field(max_length=100)] | None = None
    personal: bool | None = None
    state: Literal["active", "paused"] | None = None


class WebhookView(BaseModel):
    """`state` disabled has a reason: `gone` (answered 410) or `failing` (nothing got through for five days)."""

    id: UUID
    url: str
    description: str
    events: list[str]
    sources: list[str]
    personal: bool
    state: str
    reason: str | None
    failing_since: datetime | None
    created_at: datetime
    created_by: str
    changed_at: datetime


class CreatedWebhookView(WebhookView):
    """`secret` is shown this once; it signs every message (Standard Webhooks)."""

    secret: str


class RotateSecret(Given):
    """The secret before signs beside the new one for so many hours."""

    overlap_hours: Annotated[float, Field(ge=0, le=72)] = 24


class TestedView(BaseModel):
    """What came of one test message; `status` 0: no answer, for the reason in `error`."""

    delivered: bool
    status: int
    error: str | None
    milliseconds: int


class Try(BaseModel):
    at: datetime
    status: int
    error: str | None
    milliseconds: int


class DeliveryView(BaseModel):
    """One message for one endpoint. `state`: waiting, delivered, failed, or erased with its person."""

    id: UUID
    message_id: str
    event_type: str
    occurred_at: datetime
    planned_at: datetime
    state: str
    attempts: int
    tries: list[Try]
    next_at: datetime | None
    settled_at: datetime | None


class DeliveryWithContent(DeliveryView):
    """`content` is what was sent; kept for seven days."""

    content: dict[str, Any] | None


class BeginReplay(Given):
    """All that the log took in between, as far back as it reaches (seven days), is delivered once more under the same ids."""

    from_at: Annotated[AwareDatetime, Field(alias="from")]
    to_at: Annotated[AwareDatetime, Field(alias="to")]


class ReplayView(BaseModel):
    id: UUID
    from_at: datetime = Field(serialization_alias="from")
    to_at: datetime = Field(serialization_alias="to")
    state: str
    progress: float
    planned: int = Field(description="Deliveries so far.")
    created_at: datetime
    created_by: str
    done_at: datetime | None


class EventTypeView(BaseModel):
    """A kind of event; `personal`: part of it is only for endpoints that take personal data."""

    type: str
    service: str
    personal: bool
    description: str
