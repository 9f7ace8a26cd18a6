"""How long events are kept."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field


class RetentionRule(BaseModel):
    """Events of `kind` are kept for `days` from their receipt, null: for good. `*` is every kind without a rule."""

    model_config = ConfigDict(extra="forbid")

    kind: str = Field(pattern=r"^(\*|[a-z][a-z0-9_]{0,63})$")
    days: int | None = Field(ge=30, le=36500)
    reason: str = Field(min_length=1, max_length=500)


class RetentionRuleView(RetentionRule):
    """`swept_until`: nothing of this kind is left that was received before."""

    swept_until: datetime | None
    changed_at: datetime


class PutRetentionRules(BaseModel):
    """All rules; one of them for `*`."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"rules": [
            {"kind": "page", "days": 400, "reason": "a year and a month of clicks"}, {"kind": "*", "days": 3660, "reason": "trade papers"},
        ]}},
    )

    rules: list[RetentionRule] = Field(min_length=1, max_length=200)


class Expired(BaseModel):
    """What a rule would delete."""

    kind: str
    received_before: datetime | None
    events: int
