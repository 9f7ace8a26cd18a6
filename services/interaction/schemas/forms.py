"""Forms and landing pages."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from services.interaction.schemas.given import Given, Line, Slug, Text

Words = Annotated[dict[Literal["en", "fa"], Line], Field(max_length=2)]
Markdown = Annotated[dict[Literal["en", "fa"], Text], Field(max_length=2)]
TraitName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


class OptionGiven(Given):
    value: Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]
    label: Words


class FieldGiven(Given):
    """A question. `trait`: the answer becomes a trait of this name (an address and a number do so by themselves)."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    type: Literal["text", "textarea", "email", "phone", "number", "date", "select", "radio", "checkbox"]
    label: Words
    help: Words = {}
    required: bool = False
    options: list[OptionGiven] = Field([], max_length=200)
    trait: TraitName | None = None


class ConsentGiven(Given):
    """A permission that is asked for; `version` counts the versions of its text and is kept as evidence."""

    purpose: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]
    channel: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,31}$")]
    text: Words
    version: int = Field(1, ge=1, le=10**6)
    required: bool = False


class LeadGiven(Given):
    source: Line
    campaign: Line | None = None
    score: int = Field(0, ge=0, le=100)


class PutForm(Given):
    """A form and its page: texts in English, Persian or both; `intro` and `thanks` are Markdown."""

    title: Annotated[Words, Field(min_length=1)]
    fields: list[FieldGiven] = Field(min_length=1, max_length=50)
    button: Words = {}
    intro: Markdown = {}
    thanks: Markdown = {}
    consents: list[ConsentGiven] = Field([], max_length=20)
    lead: LeadGiven | None = None

    model_config = {
        **Given.model_config,
        "json_schema_extra": {
            "example": {
                "title": {"en": "Ask for a demo", "fa": "درخواست نمایش"},
                "fields": [{"name": "email", "type": "email", "label": {"en": "E-mail", "fa": "ایمیل"}, "required": True}],
                "lead": {"source": "web", "score": 40},
            }
        },
    }


class Publish(Given):
    """The version that visitors see from now on, the newest one if none is named."""

    version: int | None = Field(None, ge=1)


class FormView(BaseModel):
    slug: Slug
    version: int
    newest: int
    published: int | None
    definition: PutForm
    url: str
    created_at: datetime
    updated_at: datetime
