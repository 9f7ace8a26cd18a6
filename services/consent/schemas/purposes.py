"""Purposes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from services.consent.schemas.given import Given, Language, Name, Text


class PurposeChange(Given):
    """`basis`: opt_in needs a grant, double_opt_in one that was confirmed, opt_out is allowed until refused. Texts by language: a title, the
    wording that is agreed to, and the consequences of saying no. `expires_after_days`: a grant lapses so long after it was given.
    """

    basis: Literal["opt_in", "double_opt_in", "opt_out"]
    legal_basis: Literal["consent", "contract", "legal_obligation", "vital_interest", "public_task", "legitimate_interest"]
    channels: Annotated[list[Name], Field(min_length=1, max_length=16)]
    title: Annotated[dict[Language, Text], Field(min_length=1, max_length=32)]
    wording: Annotated[dict[Language, Text], Field(min_length=1, max_length=32)]
    consequences: Annotated[dict[Language, Text], Field(max_length=32)] = {}
    expires_after_days: Annotated[int, Field(ge=1, le=36_500)] | None = None


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
    consequences: dict[str, str]
    expires_after_days: int | None
    defined_at: datetime
