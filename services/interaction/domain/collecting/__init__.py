"""The checks of collection: from the raw bytes of a request to records of the log and reasons of refusal. Pure; the door does the rest."""

from __future__ import annotations

from services.interaction.domain.collecting.bodies import Body, check_count, read_batch, read_single
from services.interaction.domain.collecting.checking import check_events, check_touchpoint
from services.interaction.domain.collecting.cloudevents import read_events
from services.interaction.domain.collecting.inflating import Inflater
from services.interaction.domain.collecting.outcome import (
    MESSAGES,
    STATUS,
    Accepted,
    EventRefused,
    Outcome,
    Receipt,
    Rejected,
    RequestRefused,
)

__all__ = [
    "MESSAGES", "STATUS", "Accepted", "Body", "EventRefused", "Inflater", "Outcome", "Receipt", "Rejected", "RequestRefused",
    "check_count", "check_events", "check_touchpoint", "read_batch", "read_events", "read_single",
]
