"""Trait definitions over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.customer.schemas.asked import Asked

Classification = Literal["plain", "personal", "sensitive"]
Text = Annotated[str, Field(max_length=2000, pattern=r"^[^\x00]*$")]
Source = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]


class DefineTrait(Asked):
    """What a trait may be, what it is for and which sources have the last word on it."""

    schema_: dict[str, Any] = Field(
        alias="schema", description="JSON Schema 2020-12 of a value.", examples=[{"type": "string", "enum": ["free", "gold"]}]
    )
    title: Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")] = ""
    description: Text = ""
    classification: Classification = Field(
        "plain", description="`sensitive`: shown only to keys with `customers:sensitive`, and never told to other services."
    )
    sources: list[Source] = Field(
        default=[], max_length=50,
        description="The strongest first; a listed source beats any other one. `api` stands for all keys, `api:<key id>` for one.",
    )
    purpose: Text = Field("", description="What the trait is collected for.")


class TraitDefinitionView(BaseModel):
    """A trait: defined, or just in use. `customers` have it now (`estimated` from a sample)."""

    model_config = ConfigDict(populate_by_name=True)

    name: str
    defined: bool
    schema_: dict[str, Any] | None = Field(None, alias="schema")
    title: str = ""
    description: str = ""
    classification: Classification = "plain"
    sources: list[str] = []
    purpose: str = ""
    version: int | None = None
    changed_at: datetime | None = None
    changed_by: str | None = None
    customers: int | None = None
    estimated: bool | None = None
    settled: bool | None = Field(None, description="False while profiles are told again after a change of classification or sources.")


class MisfitView(BaseModel):
    pointer: str
    reason: str


class MisfitsView(BaseModel):
    """Present values that do not fit (they stay): of `values` looked at, `misfits`; estimated for all customers `estimated_misfits`."""

    values: int
    misfits: int
    estimated_misfits: int
    reasons: list[MisfitView] = Field(description="The first ten different ones.")


class DefinedTrait(TraitDefinitionView):
    """A definition after a change, and what it means for the values that are there."""

    misfits: MisfitsView


class RefusalView(BaseModel):
    """A value of an event that was left out; the rest of the event counted."""

    id: UUID
    source: str
    event_id: str
    reason: str
    value: str | None = Field(description="As JSON, cut after 200 characters; null where the trait is sensitive.")
    at: datetime
