"""HTTP shapes of templates and previews."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints, model_validator

from services.campaign.schemas.given import Given, Line, Locale


class LocaleContent(Given):
    """A subject (Liquid) and a body (MJML with Liquid, or plain text with Liquid for short messages)."""

    subject: Annotated[str, StringConstraints(min_length=1, max_length=1000)]
    body: Annotated[str, StringConstraints(min_length=1, max_length=200_000)]


class WriteTemplate(Given):
    """`fallback`: in which order a language is chosen when the recipient's own is not there."""

    name: Line
    format: Literal["mjml", "text"] = "mjml"
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
    format: str
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


BlockName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]
FeedName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Source = Annotated[str, StringConstraints(min_length=1, max_length=50_000)]


class WriteBlock(Given):
    """locale -> MJML (or text) with Liquid, as it stands in templates where they say `{% render "name" %}`."""

    locales: Annotated[dict[Locale, Source], Field(min_length=1, max_length=20)]


class BlockView(BaseModel):
    """`templates_changed`: templates that got a new version by this change."""

    name: str
    version: int
    locales: dict[str, str]
    updated_by: str
    updated_at: datetime
    templates_changed: int = 0


class WriteFeed(Given):
    """Items as given, or fetched from `url` (a JSON list of objects, at most 1 MiB) every `refresh_seconds`. At most 200 items are kept."""

    url: Annotated[str, StringConstraints(max_length=2000)] | None = None
    refresh_seconds: Annotated[int, Field(ge=60, le=86_400)] = 900
    items: Annotated[list[dict[str, Any]], Field(max_length=200)] | None = None

    @model_validator(mode="after")
    def _something(self) -> WriteFeed:
        if self.url is None and self.items is None:
            raise ValueError("give items, or the url they are fetched from")
        return self


class FeedView(BaseModel):
    """`problem`: why the last fetch brought nothing; the items before it stay."""

    name: str
    url: str | None
    refresh_seconds: int
    items: list[dict[str, Any]]
    problem: str | None
    fetched_at: datetime | None
    updated_at: datetime


class CheckTemplate(Given):
    """`follow_links`: whether fixed links are called, to find dead ones."""

    version: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    follow_links: bool = True


class FindingView(BaseModel):
    """`level`: error, warning, ok or not_looked_up; `where`: the locale, where it is one's."""

    check: str
    level: str
    detail: str
    where: str


class CheckView(BaseModel):
    """`ok`: there is no error."""

    ok: bool
    findings: list[FindingView]


class SendTest(Preview):
    """A preview, sent to people of yours."""

    to: Annotated[list[Annotated[str, StringConstraints(min_length=3, max_length=254)]], Field(min_length=1, max_length=5)]
    from_address: Annotated[str, StringConstraints(max_length=254)] = ""
    from_name: Annotated[str, StringConstraints(max_length=200)] = ""


class SentView(BaseModel):
    to: str
    state: str
    reason: str
