"""Statements, and how a person stands."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from services.consent.schemas.given import Given, Language, Name


class Statement(Given):
    """Who says something about what: `customer_id`, or `identity` (such as `email:a@b.c`)."""

    customer_id: UUID | None = None
    identity: Annotated[str, StringConstraints(max_length=700)] | None = None
    purpose: Name
    channel: Name | None = None
    source: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00]*$")] = "api"
    language: Language | None = None
    evidence: Annotated[dict[str, Any], Field(max_length=50)] = {}


class GrantConsent(Statement):
    """A grant. `said_at` when it was given, if not now; `wording_version` which version of the purpose was shown, if not the newest.

    `confirm`: who sends the link to confirm it, where one is needed on the channel email: the platform (`mail`) or `caller`.
    """

    said_at: AwareDatetime | None = None
    wording_version: Annotated[int, Field(ge=1, le=100_000)] | None = None
    confirm: Literal["mail", "caller"] = "mail"


class WithdrawConsent(Statement):
    """A withdrawal, effective as soon as it is answered. Without a channel: all channels of the purpose."""


class StopContact(Given):
    """Stop all that can be stopped, on one channel or, without it, everywhere; what contracts and the law demand goes on."""

    customer_id: UUID | None = None
    identity: Annotated[str, StringConstraints(max_length=700)] | None = None
    channel: Name | None = None
    source: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00]*$")] = "api"
    language: Language | None = None
    evidence: Annotated[dict[str, Any], Field(max_length=50)] = {}


class ConsentMode(Given):
    """The four types of Google Consent Mode v2, granted or denied; which purposes each speaks of, the platform is told (`/consents/modes`)."""

    customer_id: UUID | None = None
    identity: Annotated[str, StringConstraints(max_length=700)] | None = None
    ad_storage: Literal["granted", "denied"] | None = None
    ad_user_data: Literal["granted", "denied"] | None = None
    ad_personalization: Literal["granted", "denied"] | None = None
    analytics_storage: Literal["granted", "denied"] | None = None
    language: Language | None = None
    evidence: Annotated[dict[str, Any], Field(max_length=50)] = {}


class ModeView(BaseModel):
    type: str
    purposes: list[str]


class MapMode(Given):
    purposes: Annotated[list[Name], Field(max_length=20)]


class RecordedView(BaseModel):
    """`customer_id` is null and `waiting` true while nobody is known under the identity: the statement counts as soon as somebody is.

    A `pending` grant counts when the person opens `confirm_url` and confirms. By e-mail it is sent to them unless `confirm` was `caller`;
    on another channel send it yourself.
    """

    entry_id: UUID
    customer_id: UUID | None
    waiting: bool
    purpose: str
    channel: str
    state: str
    version: int
    said_at: datetime
    confirm_url: str | None = None


class RecordedList(BaseModel):
    data: list[RecordedView]


class WithdrawalView(BaseModel):
    """After `effective_at` no message for this purpose starts on these channels."""

    effective_at: datetime
    customer_id: UUID | None
    purpose: str
    channels: list[str]
    entry_ids: list[UUID]


class ChannelView(BaseModel):
    """`state`: granted, withdrawn, expired or unspoken; `until`: when a grant lapses; `allowed` is what counts, `reason` why not."""

    state: str
    allowed: bool
    reason: str | None
    since: datetime | None
    until: datetime | None = None
    entry_id: str | None


class PurposeStanding(BaseModel):
    purpose: str
    version: int
    basis: str
    legal_basis: str
    title: dict[str, str]
    channels: dict[str, ChannelView]


class EntryView(BaseModel):
    entry_id: UUID
    customer_id: UUID | None
    purpose: str
    channel: str
    state: str
    wording_version: int
    language: str | None
    legal_basis: str
    source: str
    evidence: dict[str, Any]
    actor: str
    said_at: datetime
    recorded_at: datetime
    expires_at: datetime | None
    refers: list[UUID]


class ConsentView(BaseModel):
    """`stops`: since when by channel, `*` everywhere. `as_of`: what was recorded until then."""

    customer_id: UUID
    version: int | None
    as_of: datetime | None = None
    stops: dict[str, datetime]
    purposes: list[PurposeStanding]
    data: list[EntryView]
    next_page_token: str | None
