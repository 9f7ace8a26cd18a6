"""Long work begun through the door: who asked for what, and how far it is in the words of all owners alike."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

RUNNING: Final = "running"
#: What owners call an end -> what it is called here; every other word is still running.
_ENDS: Final = {
    **dict.fromkeys(("done", "finished", "completed", "sent", "undone", "expired"), "done"),
    "failed": "failed",
    **dict.fromkeys(("cancelled", "discarded"), "cancelled"),
}


class Operation(NamedTuple):
    """`asked` is method and path of the request, `resource` where its owner says how far it is, `asked_by` the key's id."""

    id: UUID
    service: str
    asked: str
    resource: str
    asked_by: str
    request_id: str
    asked_at: datetime


def state_of(resource: Mapping[str, Any]) -> str:
    """running, done, failed or cancelled."""
    return _ENDS.get(str(resource.get("state") or resource.get("status")), RUNNING)


def progress_of(resource: Mapping[str, Any]) -> float | None:
    """0..1, or None while nobody knows."""
    if state_of(resource) == "done":
        return 1.0
    told = resource.get("progress")
    return float(told) if isinstance(told, int | float) else None
