"""Makes requests for the checks and reads back what they wrote."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime
from typing import Any

from contracts import collected
from contracts.gateway import SourceSettings
from services.interaction.domain import collecting

RECEIVED = datetime(2026, 11, 23, 3, 56, 20, 400000, tzinfo=UTC)
_numbers = itertools.count(1)


def receipt(**given: Any) -> collecting.Receipt:
    """A receipt of a source; settings of the source (its rule for addresses as `address_rule`) and of the request by name."""
    about_request = {name: given.pop(name) for name in ("ip", "user_agent", "gpc") if name in given}
    given["ip"] = given.pop("address_rule", "keep")
    source = SourceSettings(source_id="src", name="Shop", **given)
    return collecting.Receipt(
        source=source, received_at=RECEIVED, new_id=lambda: f"00000000-0000-7000-8000-{next(_numbers):012d}", **about_request
    )


def batch(*events: Any, **given: Any) -> collecting.Outcome:
    """Post these events as one batch of a server source."""
    return post(json.dumps({"batch": list(events)}).encode(), **given)


def post(body: bytes, **given: Any) -> collecting.Outcome:
    """Post a whole batch body."""
    found = collecting.read_batch(body)
    collecting.check_count(found)
    return collecting.check_events(found, receipt(**given))


def track(**fields: Any) -> dict[str, Any]:
    """A track event that is accepted as it is."""
    return {"type": "track", "userId": "u-1", "event": "Viewed", **fields}


def code(event: Any, **given: Any) -> str:
    """Why one event is refused, empty when it is accepted."""
    outcome = batch(event, **given)
    return outcome.rejected[0].code if outcome.rejected else ""


def stamp(outcome: collecting.Outcome, index: int = 0) -> collected.Stamp:
    return collected.read_stamp(outcome.accepted[index].stamp)


def clean(outcome: collecting.Outcome, index: int = 0) -> collected.CleanEvent:
    found = outcome.accepted[index]
    return collected.clean_event(found.value, collected.read_stamp(found.stamp))
