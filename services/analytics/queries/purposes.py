"""What a purpose asks for: told by the consent service when somebody reads for it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from chassis.errors import Unavailable
from services.analytics import errors
from services.analytics.domain import purposes
from services.analytics.domain.purposes import Bound
from services.analytics.settings import AnalyticsService
from services.analytics.store import evaluating


async def get_bound(service: AnalyticsService, *, purpose: str | None, channel: str | None) -> Bound | None:
    """The purpose as it is defined now; None when none is named. Raises Invalid for one that nobody defined, Unavailable when nobody can tell."""
    if purpose is None:
        if channel is not None:
            raise errors.bad_purpose("a channel belongs to a purpose: name `purpose`, too")
        return None
    answer = await service.peers["consent"].call("GET", f"/api/v1/purposes/{_segment(purpose)}", scopes=("consent:read",))
    if answer.status == 404:
        raise errors.bad_purpose("there is no such purpose; GET /api/v1/purposes lists them")
    if answer.status >= 300:
        raise Unavailable("peer.unavailable", "The consent service does not answer.", detail=f"status {answer.status}")
    found = answer.json()
    newest = found["data"][0] if isinstance(found.get("data"), list) else found
    if channel is not None and channel not in newest["channels"]:
        raise errors.bad_purpose(f"the purpose does not use this channel; it uses {', '.join(newest['channels'])}")
    return Bound(purpose, channel, newest["basis"] != "opt_out")


async def keep_allowed(service: AnalyticsService, *, bound: Bound | None, customers: Sequence[UUID]) -> set[UUID]:
    """Those of the customers who are live, not restricted, and allow the purpose, as the warehouse knows now."""
    rule = purposes.permission(bound) if bound is not None else None
    now = service.clock.now()
    found: set[UUID] = await service.resources.read(lambda connection: evaluating.holding(connection, customers=customers, rule=rule, now=now))
    return found


def _segment(purpose: str) -> str:
    """A name as a part of a path. Raises Invalid."""
    if not purpose or not all(letter.isalnum() or letter in "_.-" for letter in purpose):
        raise errors.bad_purpose("it is a name of letters, digits, `_`, `.` and `-`")
    return purpose
