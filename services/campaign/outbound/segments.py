"""Asking the analytics service who is in a segment."""

from __future__ import annotations

from typing import Any, NamedTuple
from urllib.parse import quote, urlencode
from uuid import UUID

from chassis.errors import Unavailable
from chassis.peers import Peer

PAGE_SECONDS = 30.0


class Page(NamedTuple):
    """Some people of a segment; `token` leads on, None: these are the last; `total`: how many there are, where it is known."""

    people: list[UUID]
    token: str | None
    total: int | None = None


async def read_members(analytics: Peer, segment_id: str, *, token: str | None, frozen: bool, limit: int) -> Page | str:
    """The next page, or why there will never be one (segment_unknown, audience_expired). `frozen`: as of one moment. Raises Unavailable."""
    query = {"limit": str(limit)} | ({"snapshot": "true"} if frozen else {}) | ({"page_token": token} if token is not None else {})
    answer = await analytics.call(
        "GET", f"/api/v1/segments/{quote(segment_id, safe='')}/members?{urlencode(query)}", scopes=["analytics:read"], timeout=PAGE_SECONDS
    )
    if answer.status in (404, 410):
        return "segment_unknown" if answer.status == 404 else "audience_expired"
    if answer.status != 200:
        raise Unavailable("campaign.audience_unavailable", "The audience cannot be read at the moment.", detail=str(answer.status))
    page: dict[str, Any] = answer.json()
    total = page.get("total")
    return Page([UUID(str(member["customer_id"])) for member in page["data"]], page.get("next_page_token"), total if isinstance(total, int) else None)
