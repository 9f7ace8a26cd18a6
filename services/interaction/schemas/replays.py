"""Replays."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator


class BeginReplay(BaseModel):
    """What to send again: what `source` sent and was received from `since` to before `until`. `code` narrows the quarantine down."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"what": "quarantine", "source": "0198…", "since": "2026-03-01T00:00:00Z", "until": "2026-03-02T00:00:00Z"}},
    )

    what: Literal["quarantine", "dead_letters", "collected"]
    source: Annotated[str, Field(min_length=1, max_length=64)]
    since: AwareDatetime
    until: AwareDatetime
    code: Annotated[str, Field(max_length=64)] | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.since >= self.until:
            raise ValueError("since must lie before until")
        return self


class ReplayView(BaseModel):
    """How far a replay is: `found` = `sent` + `refused`; refused ones stay in quarantine with their new reason."""

    id: UUID
    what: str
    source: str
    since: datetime
    until: datetime
    code: str | None
    state: Literal["running", "done"]
    found: int
    sent: int
    refused: int
    requested_by: str
    requested_at: datetime
    finished_at: datetime | None
