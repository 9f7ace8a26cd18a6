"""Rules of retention and their runs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from services.consent.schemas.given import Given


class GivenRule(Given):
    """Data of the category end after so many days; `reason`: why so long, and no longer."""

    category: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    days: Annotated[int, Field(ge=1, le=36_500)]
    reason: Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True, pattern=r"^[^\x00]*$")]


class PutRules(Given):
    rules: Annotated[list[GivenRule], Field(max_length=100)]


class AskRun(Given):
    dry_run: bool = True


class RuleView(BaseModel):
    """A category, what it ends where (`service/table`), and its rule; without days everything is kept."""

    category: str
    places: list[str]
    days: int | None
    reason: str | None
    changed_at: datetime | None
    changed_by: str | None


class RunView(BaseModel):
    """`counts`: service -> category -> table -> rows that were ended, in a dry run: that would be; `waits_for`: a service that did not answer."""

    id: UUID
    dry_run: bool
    state: str
    asked_at: datetime
    actor: str
    waits_for: str | None
    finished_at: datetime | None
    rules: dict[str, int]
    counts: dict[str, Any]
