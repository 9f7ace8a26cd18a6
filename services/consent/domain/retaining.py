"""How long data of a category are kept, and what one application of the rules did."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID


class Rule(NamedTuple):
    """Data of the category end after `days`; `reason`: why so long, and no longer."""

    category: str
    days: int
    reason: str
    changed_at: datetime
    changed_by: str


class Run(NamedTuple):
    """`rules`: category -> days as they were then; `counts`: service -> category -> table -> rows; `waits_for`: a service that did not answer."""

    id: UUID
    dry_run: bool
    state: str
    asked_at: datetime
    actor: str
    waits_for: str | None
    finished_at: datetime | None
    rules: Mapping[str, int]
    counts: Mapping[str, Any]
