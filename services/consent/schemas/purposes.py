"""Purposes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from services.consent.schemas.given import Given, Language, Name, Text


class PurposeChange(Given):
    """`basis`: opt_in needs a grant, opt_out is allowed until refused. Titles and wordings by language; `en` is required."""

    basis: Literal["opt_in", "opt_out"]
    legal_basis: Literal["consent", "contract", "legal_obligation", "vital_interest", "public_task", "legitimate_interest"]
    channels: Annotated[list[Name], Field(min_length=1, max_length=16)]
    title: Annotated[dict[Language, Text], Field(min_length=1, max_length=32)]
    wording: Annotated[dict[Language, Text], Field(min_length=1, max_length=32)]


class DefinePurpose(PurposeChange):
    purpose: Name


class PurposeView(BaseModel):
    purpose: str
    version: int
    basis: str
    legal_basis: str
    channels: list[str]
    title: dict[str, str]
    wording: dict[str, str]
    defined_at: datetime
