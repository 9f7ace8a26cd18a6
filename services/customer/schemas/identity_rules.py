"""Identity rules over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from services.customer.schemas.asked import Asked, Reason

Value = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
Pattern = Annotated[str, Field(min_length=1, max_length=1000, pattern=r"^[^\x00]*$")]
Values = Annotated[list[Value], Field(max_length=2000)]
Patterns = Annotated[list[Pattern], Field(max_length=50)]


class KindRules(Asked):
    """The rules of one kind of identity."""

    kind: Annotated[str, Field(min_length=1, max_length=20)]
    unique: bool = Field(False, description="Two customers that both have one of this kind are not merged automatically.")
    limit: int | None = Field(None, ge=1, le=100_000, description="How many of this kind events give one customer; null: any number.")
    linked_by: list[Literal["browser", "server"]] = Field(["server"], max_length=2, description="Whose word ties this kind to another.")
    refused: Values = Field([], description="Values that name nobody, compared without case, spelling variants and joiners.")
    patterns: Patterns = Field([], description="Regular expressions for whole values that name nobody.")


class SharedDevice(Asked):
    """An anonymous id that more than `users` user ids were seen with within `days` links no more."""

    users: int = Field(ge=1, le=100)
    days: int = Field(ge=1, le=366)


class RulesDocument(Asked):
    """Identity rules; `kinds` from the strongest to the weakest."""

    kinds: list[KindRules] = Field(max_length=20)
    refused: Values = Field([], description="Values that name nobody, for every kind.")
    patterns: Patterns = []
    max_merged_by_one_event: int = Field(3, ge=0, le=100)
    max_family: int = Field(200, ge=1, le=10_000, description="Customers that automatic merges join in all.")
    shared_device: SharedDevice | None = None


class ChangeRules(Asked):
    document: RulesDocument
    reason: Reason = "by hand"


class TryRules(Asked):
    document: RulesDocument


class RulesView(BaseModel):
    """A version of the rules; version 0 is built in."""

    version: int
    document: dict[str, Any]
    reason: str | None
    changed_at: datetime | None
    changed_by: str | None


class RefusedView(BaseModel):
    kind: str
    key: str
    customer_id: UUID


class RefusedFound(BaseModel):
    count: int
    sample: list[RefusedView]


class ExceedingView(BaseModel):
    kind: str
    customer_id: UUID | None
    count: int
    limit: int
    key: str | None


class ExceedingFound(BaseModel):
    count: int
    sample: list[ExceedingView]


class RulesPreview(BaseModel):
    """What the document would refuse or hold back among what exists; making it the rules changes none of it."""

    examined: int = Field(description="Identities that were looked at.")
    complete: bool
    refused: dict[str, RefusedFound] = Field(description="By kind: identities whose value names nobody.")
    over_limit: dict[str, ExceedingFound] = Field(description="By kind: customers who have more of it than events would give them.")
    families: ExceedingFound = Field(description="Customers made of more than automatic merges would join.")
    devices: ExceedingFound = Field(description="Anonymous ids that would link no more.")
