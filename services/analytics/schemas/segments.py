"""Requests and answers about segments."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from services.analytics.schemas.given import Name, Strict, Text


class DefineSegment(Strict):
    """`rule`: see `GET /schemas/segment`. A segment of the kind `list` has none: its members are added and removed by hand or file."""

    name: Name
    description: Text = ""
    kind: Literal["rule", "list"] = "rule"
    rule: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _rule_or_list(self) -> Self:
        if (self.rule is None) != (self.kind == "list"):
            raise ValueError("a segment of the kind rule has a rule, one of the kind list has none")
        return self


class ChangeSegment(Strict):
    """`version`: the one that was read; another one meanwhile is a conflict. A list has no rule to change."""

    name: Name
    description: Text = ""
    rule: dict[str, Any] | None = None
    version: int | None = Field(None, ge=1)


Customers = Annotated[list[UUID], Field(max_length=10_000)]


class ListMembers(Strict):
    """Whom to put on the list and whom to take off."""

    add: Customers = []
    remove: Customers = []


class ListedView(BaseModel):
    """`unknown`: what analytics knows no customer for; the others are done. `unchanged` were on the list, or off it, already."""

    added: int
    removed: int
    unchanged: int
    unknown: list[str]


class PreviewSegment(Strict):
    """With a `purpose` everybody who does not allow it is left out."""

    rule: dict[str, Any]
    purpose: str | None = None
    channel: str | None = None


class SegmentView(BaseModel):
    """`members` counts live members; null until the version is evaluated, within seconds."""

    id: UUID
    name: str
    description: str
    kind: str
    state: str
    version: int
    rule: dict[str, Any]
    created_at: datetime
    updated_at: datetime
    evaluated_at: datetime | None
    members: int | None


class SegmentVersionView(BaseModel):
    version: int
    rule: dict[str, Any]
    changed_at: datetime
    changed_by: str


class PreviewView(BaseModel):
    """`examples` are ids of customers for whom the rule holds."""

    count: int
    customers: int
    examples: list[UUID]
    as_of: datetime
    cost: int
    cost_limit: int
    duration_ms: float


class MemberView(BaseModel):
    """`entered_at` is null in a frozen audience."""

    customer_id: UUID
    entered_at: datetime | None = None


class MembersView(BaseModel):
    """With `snapshot_id`: a frozen audience that stays the same from page to page until `expires_at`."""

    data: list[MemberView]
    next_page_token: str | None
    segment_id: UUID
    version: int
    total: int
    as_of: datetime | None
    snapshot_id: UUID | None = None
    expires_at: datetime | None = None


class ClauseView(BaseModel):
    """`pointer` names the clause in the rule; clauses of a segment that the rule asks for stand at its place."""

    pointer: str
    kind: str
    holds: bool
    seen: str | None


class WhyView(BaseModel):
    """`rule`: of this version. `as_now`: clauses that are shown as they stand today, though another time was asked for."""

    segment_id: UUID
    customer_id: UUID
    version: int
    holds: bool
    as_of: datetime
    rule: dict[str, Any]
    clauses: list[ClauseView]
    as_now: list[str] = []
