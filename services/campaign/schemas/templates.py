"""HTTP shapes of templates and previews."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints, model_validator

from services.campaign.schemas.given import Given, Line, Locale


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
