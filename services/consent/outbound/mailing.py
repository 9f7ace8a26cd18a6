"""The campaign service sends what people are to confirm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from chassis.errors import Unavailable
from services.consent.domain.confirm_texts import BUILT_IN
from services.consent.settings import ConsentService

PEER = "campaign"


async def make_template(service: ConsentService, *, language: str) -> UUID:
    """The built-in mail as a template of the campaign service, where people may look at it. Raises Unavailable."""
    answer = await service.peers[PEER].call(
        "POST", "/api/v1/templates", json={"name": f"Confirm a permission ({language})", "locales": {language: BUILT_IN[language]}, "fallback": [language]},
        scopes=["campaigns:write"], timeout=20,
    )
    if answer.status != 201:
        raise Unavailable("peer.unavailable", "The campaign service did not take the template.", status=answer.status)
    return UUID(answer.json()["id"])


async def send(service: ConsentService, *, key: str, template_id: UUID, customer_id: UUID, data: Mapping[str, Any]) -> tuple[str, str | None, UUID | None]:
    """(state, reason, message). The same key sends once. What may yet go well is `waiting`."""
    body = {"template_id": str(template_id), "customer_id": str(customer_id), "channel": "email", "data": dict(data)}
    try:
        answer = await service.peers[PEER].call(
            "POST", "/api/v1/messages", json=body, headers={"idempotency-key": key}, scopes=["campaigns:send"], timeout=10
        )
    except Unavailable:
        return "waiting", "campaign_unavailable", None
    if answer.status in (200, 202):
        return "accepted", None, UUID(answer.json()["id"])
    told = answer.json() if "json" in answer.headers.get("content-type", "") else None
    code = str((told or {}).get("code", answer.status))
    # Somebody new may be known there a moment later, and who was too busy may be free again.
    return ("waiting" if answer.status >= 500 or answer.status in (404, 405, 409, 429) else "failed"), code, None
