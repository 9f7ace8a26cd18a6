"""Errands: what a step has others do. At least once, made harmless by what makes each one of a kind.

A case carries a tag of its errand, a task a mark, and both are looked for before they are made again; nobody has two open leads of one source; traits are a merge-patch; a webhook keeps its id.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

import msgspec

from chassis import calling_out, telemetry
from chassis.calling_out import NoAnswer, NotAllowed
from chassis.errors import Unavailable
from services.campaign.domain.journeys.definition import Duration
from services.campaign.settings import CampaignService
from services.campaign.store import journey_errands as store
from services.campaign.store import journey_people as people
from services.campaign.store.journey_errands import Errand

BATCH: Final = 20
LEASE: Final = timedelta(seconds=120)
MOST_ATTEMPTS: Final = 12

_log = telemetry.logger(__name__)


class _Refused(Exception):
    """The other side will never take it: the code of its answer, and the answer."""

    def __init__(self, code: str, problem: Mapping[str, Any] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.problem = problem or {}


async def run_errands(service: CampaignService) -> bool:
    """Do what is due. True: there may be more."""
    async with service.transaction() as tx:
        due = await store.claim(tx.db, limit=BATCH, lease=LEASE)
    for errand in due:
        try:
            detail = await _run(service, errand)
            state, reason, again = "done", None, None
        except _Refused as refusal:
            detail, state, reason, again = {"refused": str(refusal)}, "failed", str(refusal), None
        except (Unavailable, NoAnswer) as error:
            over = errand.attempts >= MOST_ATTEMPTS
            detail, state, reason = {}, "failed" if over else "waiting", type(error).__name__.lower()
            again = None if over else timedelta(seconds=min(3600, 2**errand.attempts))
            _log.warning("errand_waits", errand_id=str(errand.id), kind=errand.kind, attempts=errand.attempts)
        async with service.transaction() as tx:
            await store.finish(tx.db, errand.id, state=state, reason=reason, again=again)
            if detail:
                await people.add_detail(tx.db, [(errand.person_id, errand.number, detail)])
    return len(due) == BATCH


async def _run(service: CampaignService, errand: Errand) -> dict[str, Any]:
    if errand.kind == "case":
        return {"case_id": await _open_case(service, errand)}
    if errand.kind == "task":
        return {"task_id": await _plan_task(service, errand)}
    if errand.kind == "lead":
        return {"lead_id": await _open_lead(service, errand)}
    if errand.kind == "trait":
        path = f"/api/v1/customers/{errand.customer_id}"
        await _ask(service, "customer", "PATCH", path, {"traits": errand.body["step"]["set"]}, ["customers:write", "customers:read"])
        return {"done": True}
    return {"status": await _call(service, errand)}


async def _open_case(service: CampaignService, errand: Errand) -> str:
    tag = f"journey-errand-{errand.id}"
    if errand.attempts > 1:
        found = await _ask(service, "interaction", "GET", f"/api/v1/cases?tag={tag}", None, ["interactions:read"])
        if found["data"]:
            return str(found["data"][0]["id"])
    step = errand.body["step"]
    body = {name: step[name] for name in ("subject", "kind", "priority", "channel", "team_id") if step.get(name) is not None}
    made = await _ask(
        service, "interaction", "POST", "/api/v1/cases", {**body, "customer_id": str(errand.customer_id), "tags": [tag]},
        ["interactions:write", "interactions:read"],
    )
    return str(made["id"])


async def _plan_task(service: CampaignService, errand: Errand) -> str:
    mark = f"[journey-errand-{errand.id}]"
    token: str | None = None
    while errand.attempts > 1:
        query = urlencode({"customer_id": errand.customer_id, "limit": 200} | ({"page_token": token} if token else {}))
        page = await _ask(service, "interaction", "GET", f"/api/v1/tasks?{query}", None, ["interactions:read"])
        for task in page["data"]:
            if mark in (task["notes"] or ""):
                return str(task["id"])
        if (token := page["next_page_token"]) is None:
            break
    step = errand.body["step"]
    body = {name: step[name] for name in ("title", "kind", "team_id", "employee_id") if step.get(name) is not None}
    if step.get("due_in"):
        body["due_at"] = (service.clock.now() + Duration.model_validate(step["due_in"]).length).isoformat()
    made = await _ask(
        service, "interaction", "POST", "/api/v1/tasks", {**body, "customer_id": str(errand.customer_id), "notes": mark},
        ["interactions:write", "interactions:read"],
    )
    return str(made["id"])


async def _open_lead(service: CampaignService, errand: Errand) -> str:
    step = errand.body["step"]
    body = {name: step[name] for name in ("title", "source", "campaign", "score", "team_id", "employee_id") if step.get(name) is not None}
    try:
        made = await _ask(
            service, "interaction", "POST", "/api/v1/leads", {**body, "customer_id": str(errand.customer_id)}, ["interactions:write", "interactions:read"]
        )
    except _Refused as refusal:
        if refusal.code == "lead.open_already" and refusal.problem.get("lead_id"):
            return str(refusal.problem["lead_id"])  # theirs from before, or the one of a try whose answer was lost
        raise
    return str(made["id"])


async def _ask(service: CampaignService, peer: str, method: str, path: str, body: Mapping[str, Any] | None, scopes: list[str]) -> Any:
    answer = await service.peers[peer].call(method, path, json=body, scopes=scopes, timeout=15)
    if answer.status >= 500 or answer.status == 429:
        raise Unavailable("journey.errand_unavailable", "A neighbour does not answer.", detail=str(answer.status))
    if answer.status >= 400:
        problem = answer.json() or {}
        raise _Refused(str(problem.get("code", answer.status)), problem)
    return answer.json()


async def _call(service: CampaignService, errand: Errand) -> int:
    body = msgspec.json.encode({
        "type": "journey.step", "timestamp": service.clock.now(),
        "data": {
            "journey_id": errand.journey_id, "step": errand.step, "customer_id": errand.customer_id, "person_id": errand.person_id,
            "data": errand.body["data"],
        },
    })
    key = f"msg_{errand.id.hex}"
    headers = calling_out.signed([webhook_secret(service, errand.journey_id)], message_id=key, at=int(service.clock.timestamp()), body=body)
    headers |= {"content-type": "application/json", "idempotency-key": key}
    try:
        async with calling_out.Outside(private_networks=service.platform.private_networks) as outside:
            reply = await outside.post(errand.body["step"]["url"], body=body, headers=headers)
    except NotAllowed:
        raise _Refused("url.not_allowed") from None
    if reply.status == 410:
        raise _Refused("gone")
    if not 200 <= reply.status < 300:
        raise NoAnswer(f"status_{reply.status}")
    return reply.status


def webhook_secret(service: CampaignService, journey_id: UUID) -> str:
    """What a journey's calls are signed with."""
    digest = hmac.new(service.link_secret, b"journey webhook " + journey_id.bytes, hashlib.sha256).digest()
    return calling_out.SECRET_PREFIX + base64.b64encode(digest).decode()
