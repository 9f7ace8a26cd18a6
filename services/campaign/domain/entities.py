"""Recipients, templates and campaigns as the rest of the service sees them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from services.campaign.domain.compiling import Compiled


class Recipient(NamedTuple):
    """One person as far as a message needs to know. `channels`: the channel they chose for each purpose; `*`: for any other."""

    customer_id: UUID
    email: str | None = None
    phone: str | None = None
    name: str | None = None
    language: str | None = None
    traits: Mapping[str, Any] = {}
    merged_into: UUID | None = None
    version: int = 0
    channels: Mapping[str, str] = {}
    time_zone: str | None = None


class Template(NamedTuple):
    """One version of a template. `locales`: locale -> {subject, body} as written; `form`: mjml or text."""

    id: UUID
    name: str
    version: int
    fallback: list[str]
    locales: dict[str, dict[str, str]]
    compiled: dict[str, Compiled]
    created_at: datetime
    updated_at: datetime
    form: str = "mjml"


class Campaign(NamedTuple):
    """A campaign as stored. `audience` and `selection`: see `domain/audiences.py`; `per_minute`: at most so many messages a minute;
    `send`: now, or at each person's `best` hour; `reserved_for`: tiers and stages.
    """

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
    max_lateness: timedelta
    audience_token: str | None
    audience_complete: bool
    launched_at: datetime | None
    finished_at: datetime | None
    created_at: datetime
    updated_at: datetime
    audience: Mapping[str, Any] = {}
    selection: Mapping[str, Any] = {}
    per_minute: int | None = None
    created_by: str = ""
    needs_approval: bool = False
    approved_by: str | None = None
    approved_at: datetime | None = None
    postal_address: str = ""
    send: str = "now"
    reserved_for: Mapping[str, Any] = {}
