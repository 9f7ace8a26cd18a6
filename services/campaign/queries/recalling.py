"""What is known of somebody at an earlier moment: asked of those who keep it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

from chassis.errors import Unavailable
from services.campaign.domain.entities import Recipient
from services.campaign.domain.explaining import Finding, Past
from services.campaign.queries import findings
from services.campaign.settings import CampaignService
from services.campaign.store import backtests, recipients

#: Whoever asks for reasons waits rather than get half of them.
SECONDS: Final = 30.0


async def recall(service: CampaignService, customer_id: UUID, now: Recipient | None, *, at: datetime) -> Past:
    """Address, channel and traits as the customer service recorded them, scores by their dated transitions.

    Who does not answer, or never heard of them, cannot tell: then what stands now is shown.
    """
    moment = quote(at.isoformat())
    profile = await _ask(service, "customer", f"/api/v1/customers/{customer_id}?as_of={moment}", "customers:read")
    recipient = now
    if profile is not None and profile.get("code") == "customer.not_yet_known":
        recipient = None
    elif profile is not None and "traits" in profile:
        chosen = await _ask(service, "customer", f"/api/v1/customers/{customer_id}/preferences?as_of={moment}", "customers:read") or {}
        recipient = Recipient(
            customer_id=customer_id, email=profile["email"], phone=profile["phone"], name=profile["name"], language=profile["language"],
            traits=profile["traits"], channels=chosen.get("channels", {}), time_zone=chosen.get("time_zone"),
        )
    told = await _ask(service, "analytics", f"/api/v1/customers/{customer_id}/scores/history?limit=1000", "analytics:read") or {}
    parts: dict[str, Any] = {}
    for move in told.get("data", []):  # the newest first
        if datetime.fromisoformat(move["changed_at"]) <= at:
            parts.setdefault(move["score"], {"value": move["value"], "previous": move["previous"], "since": move["changed_at"], **move.get("parts", {})})
    parts = {score: part for score, part in parts.items() if part["value"]}
    return Past(at, recipient, {score: part["value"] for score, part in parts.items()}, parts)


async def _ask(service: CampaignService, peer: str, path: str, scope: str) -> dict[str, Any] | None:
    try:
        answer = await service.peers[peer].call("GET", path, scopes=[scope], timeout=SECONDS)
    except (Unavailable, LookupError):
        return None
    found = answer.json() if answer.status in (200, 404) else None
    return found if isinstance(found, dict) else None


async def was_in_segment(service: CampaignService, segment_id: str, customer_id: UUID, *, at: datetime) -> Finding:
    """Membership at a time as it was recorded, with the clauses of the rule of then; where nothing was recorded that early, what the rule says.

    None: nobody can tell any more.
    """
    async with service.read() as db:
        known = await backtests.segment_known_since(db, segment_id)
        move = await backtests.last_segment_move(db, segment_id, customer_ids=await recipients.same_person(db, customer_id), until=at)
    path = f"/api/v1/segments/{quote(segment_id, safe='')}/why/{customer_id}?as_of={quote(at.isoformat())}"
    why = await _ask(service, "analytics", path, "analytics:read")
    clauses = (why or {}).get("clauses", [])
    evidence: dict[str, Any] = {"segment_id": segment_id, "recorded_since": known, "moved_at": move[1] if move else None}
    if clauses and why is not None:
        evidence |= {"version": why["version"], "clauses": clauses, "as_now": why["as_now"]}
    recorded = known is not None and known <= at
    member = move is not None and move[0] if recorded else why.get("holds") if why is not None and clauses else None
    if member is None:
        if why is not None and why.get("code") in ("segment.unknown", "customer.unknown"):
            return Finding("segment", False, "there was no such segment, or nothing was known of them", evidence, ["they become known to the segment before"])
        return Finding("segment", None, "who was in the segment then is not recorded", evidence)
    words = findings.least_turned(why["rule"], clauses, member=member) if why is not None and clauses else []
    return Finding(
        "segment", member, "was a member then" if member else "was no member then", evidence,
        words or (["they leave the segment before"] if member else ["they enter the segment before"]),
    )
