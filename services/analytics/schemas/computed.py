"""Requests and answers about computed traits."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field

from services.analytics.schemas.given import Strict, Text


class ChangeTrait(Strict):
    """`definition`: a figure (`event` or `orders` with a `measure`), or `points` for rules."""

    description: Text = ""
    definition: dict[str, Any]


class DefineTrait(ChangeTrait):
    name: Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,63}$")]


class TraitView(BaseModel):
    id: UUID
    name: str
    description: str
    kind: str
    definition: dict[str, Any]
    version: int
    state: str
    created_at: datetime
    updated_at: datetime


class ValueView(BaseModel):
    customer_id: UUID
    value: str


class ValuesView(BaseModel):
    """`total`: how many customers have the trait; who has none of the facts behind it has no value."""

    data: list[ValueView]
    next_page_token: str | None
    total: int
