"""Restriction, objection, rectification; reading for a purpose across services; records of processing."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio

from chassis.identity import Caller
from launcher.embedded_postgres import PrivateCluster
from tests.support.platform import TestPlatform, started

pytestmark = pytest.mark.asyncio(loop_scope="module")

REQUESTS = "/api/v1/privacy/requests"
ALL = ("customer", "consent", "analytics", "campaign", "interaction")
SCOPES = ["privacy:manage", "consent:write", "consent:read", "customers:write", "customers:read", "analytics:read", "analytics:write"]
#: What is stated in docs/privacy.md: so long after a withdrawal nobody reads the person for the purpose any more.
STATED_SECONDS = 10.0


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def platform(cluster: PrivateCluster) -> AsyncIterator[TestPlatform]:
    async with started(cluster, *ALL, given={"consent": {"barrier_seconds": 0.3}}) as running:
        yield running


async def ask(platform: TestPlatform, method: str, path: str, body: Any = None, *, service: str = "consent", status: int = 200) -> Any:
    answer = await platform[service].call(method, path, json=body, scopes=SCOPES)
    assert answer.status == status, (answer.status, answer.body)
    return answer.json() if answer.body and answer.body[:1] in b"{[" else answer.body


async def person(platform: TestPlatform, name: str, **traits: Any) -> str:
    made = await ask(platform, "POST", "/api/v1/customers", {"identities": [f"user:{name}"], "traits": {"email": f"{name}@x.example", **traits}}, service="customer", status=201)
    return str(made["id"])


async def grant(platform: TestPlatform, customer: str, purpose: str = "marketing", channel: str = "email") -> None:
    body = {"customer_id": customer, "purpose": purpose, "channel": channel, "source": "form", "evidence": {}}
    await ask(platform, "POST", "/api/v1/consents/grants", body, status=201)


async def verified(platform: TestPlatform, customer: str, kind: str, **details: Any) -> str:
    made = await ask(platform, "POST", REQUESTS, {"customer_id": customer, "kind": kind, "verified_by": "call back", **details}, status=201)
    return f"{REQUESTS}/{made['id']}"


async def until(found: Callable[[], Any], wanted: Any, seconds: float = 15) -> Any:
    async with asyncio.timeout(seconds):
        while (seen := await found()) != wanted:
            await asyncio.sleep(0.1)
    return seen


async def standing(platform: TestPlatform, customer: str) -> dict[str, Any]:
    found = await ask(platform, "GET", f"/api/v1/customers/{customer}/consent")
    return {f"{one['purpose']}/{channel}": state["allowed"] for one in found["purposes"] for channel, state in one["channels"].items()}


async def permitted(platform: TestPlatform, customer: str, purpose: str) -> dict[str, Any]:
    """What the campaign service is answered when it is about to send."""
    consent = platform["consent"].service
    token = consent.tokens.mint("consent", Caller(subject="campaign", kind="service", scopes=frozenset({"campaigns:send"})))
    member = {"customer_id": customer, "purpose": purpose, "channel": "email", "step": "1", "address_hash": ""}
    answer = await platform["consent"].service.peers["consent"].call("POST", "/permits", json={"members": [member]}, token=token)
    assert answer.status == 200, answer.body
    return dict(answer.json())


async def exported(platform: TestPlatform, **asked: Any) -> set[str]:
    made = await ask(platform, "POST", "/api/v1/exports", {"format": "jsonl", "fields": ["id"], **asked}, service="customer", status=202)

    async def state() -> Any:
        return (await ask(platform, "GET", f"/api/v1/exports/{made['id']}", service="customer"))["state"]

    await until(state, "done")
    content = await platform["customer"].call("GET", f"/api/v1/exports/{made['id']}/content", scopes=SCOPES)
    return {json.loads(line)["id"] for line in content.body.splitlines()}


async def previewed(platform: TestPlatform, **purpose: Any) -> set[str]:
    rule = {"trait": "club", "op": "eq", "value": "reading"}
    return set((await ask(platform, "POST", "/api/v1/segments/preview", {"rule": rule, **purpose}, service="analytics"))["examples"])


async def members(platform: TestPlatform, segment: str, query: str = "") -> set[str]:
    found = await ask(platform, "GET", f"/api/v1/segments/{segment}/members?limit=100{query}", service="analytics")
    return {one["customer_id"] for one in found["data"]}


async def test_reading_for_a_purpose_leaves_out_everybody_without_consent(platform: TestPlatform) -> None:
    """N9: previews, members, frozen audiences and exports run for a purpose; a withdrawal removes the person within the stated time."""
    yes, no, silent = [await person(platform, f"reader{number}", club="reading") for number in range(3)]
    await grant(platform, yes)
    await grant(platform, no)
    await ask(platform, "POST", "/api/v1/consents/withdrawals", {"customer_id": no, "purpose": "profiling", "source": "call", "evidence": {}})
    await ask(platform, "POST", "/api/v1/consents/withdrawals", {"customer_id": no, "purpose": "marketing", "source": "call", "evidence": {}})
    await platform.drain()
    segment = (await ask(
        platform, "POST", "/api/v1/segments", {"name": "readers", "rule": {"trait": "club", "op": "eq", "value": "reading"}}, service="analytics", status=201
    ))["id"]
    await until(lambda: members(platform, segment), {yes, no, silent})
    # Marketing needs a grant, profiling is open until refused.
    assert await previewed(platform, purpose="marketing") == {yes}
    assert await previewed(platform, purpose="marketing", channel="sms") == set()
    assert await previewed(platform, purpose="profiling") == {yes, silent}
    assert await members(platform, segment, "&purpose=marketing&channel=email") == {yes}
    assert await members(platform, segment, "&purpose=profiling") == {yes, silent}
    taken = await ask(platform, "GET", f"/api/v1/segments/{segment}/members?snapshot=true&purpose=marketing", service="analytics")
    assert (taken["total"], [one["customer_id"] for one in taken["data"]]) == (1, [yes])
    assert await exported(platform, purpose="marketing", channel="email") & {yes, no, silent} == {yes}
    assert await exported(platform, purpose="profiling") & {yes, no, silent} == {yes, silent}
    began = time.monotonic()
    await ask(platform, "POST", "/api/v1/consents/withdrawals", {"customer_id": yes, "purpose": "marketing", "source": "call", "evidence": {}})
    assert await exported(platform, purpose="marketing") & {yes, no, silent} == set()
    await until(lambda: previewed(platform, purpose="marketing"), set(), STATED_SECONDS)
    await until(lambda: members(platform, segment, f"&snapshot_id={taken['snapshot_id']}&purpose=marketing"), set(), STATED_SECONDS)
    assert time.monotonic() - began < STATED_SECONDS


async def test_bad_purposes(platform: TestPlatform) -> None:
    rule = {"trait": "club", "op": "eq", "value": "reading"}
    for given in ({"purpose": "nonsense"}, {"purpose": "../x"}, {"purpose": "marketing", "channel": "pigeon"}, {"channel": "email"}):
        refused = await ask(platform, "POST", "/api/v1/segments/preview", {"rule": rule, **given}, service="analytics", status=422)
        assert refused["code"] == "analytics.bad_purpose", given
    for given in ({"purpose": "nonsense"}, {"purpose": "marketing", "channel": "pigeon"}):
        assert (await ask(platform, "POST", "/api/v1/exports", given, service="customer", status=422))["code"] == "export.purpose"


async def test_a_restricted_person_is_kept_and_not_used(platform: TestPlatform) -> None:
    """U43: no message, in no segment, preview or export, also for contracts; lifting brings back what was said."""
    ada = await person(platform, "restricted1", club="chess")
    await grant(platform, ada)
    await platform.drain()
    segment = (await ask(
        platform, "POST", "/api/v1/segments", {"name": "players", "rule": {"trait": "club", "op": "eq", "value": "chess"}}, service="analytics", status=201
    ))["id"]
    await until(lambda: members(platform, segment), {ada})
    assert (await permitted(platform, ada, "service"))["denied"] == []
    address = await verified(platform, ada, "restriction", reason="the address is disputed")
    done = await ask(platform, "POST", f"{address}/carry-out")
    assert (done["state"], done["outcome"]) == ("completed", "restricted")
    for purpose in ("marketing", "service"):
        assert "restricted" in json.dumps((await permitted(platform, ada, purpose))["denied"])
    assert not any((await standing(platform, ada)).values())
    assert (await ask(platform, "GET", f"/api/v1/privacy/restrictions/{ada}"))["restricted"] is True
    await until(lambda: members(platform, segment), set())
    await platform.drain()
    assert ada not in await exported(platform)
    assert (await ask(platform, "POST", f"{address}/carry-out", status=409))["code"] == "privacy.wrong_state"
    lifted = await ask(platform, "POST", f"/api/v1/privacy/restrictions/{ada}/lift", {"reason": "the address was corrected, the person was told"})
    assert lifted["restricted"] is False
    assert (await standing(platform, ada))["marketing/email"] is True
    await until(lambda: members(platform, segment), {ada})
    await platform.drain()
    assert ada in await exported(platform)
    again = await ask(platform, "POST", f"/api/v1/privacy/restrictions/{ada}/lift", {"reason": "x"}, status=409)
    assert again["code"] == "privacy.not_restricted"


async def test_an_objection_is_a_withdrawal_of_its_own_kind(platform: TestPlatform) -> None:
    """R2: what is open until refused ends with the objection; the ledger says that it was one."""
    ada = await person(platform, "objecting")
    assert (await standing(platform, ada))["profiling/data"] is True
    address = await verified(platform, ada, "objection", purpose="profiling", reason="I do not want it")
    done = await ask(platform, "POST", f"{address}/carry-out")
    assert done["outcome"].startswith("objection to profiling in force since")
    found = await ask(platform, "GET", f"/api/v1/customers/{ada}/consent")
    assert found["data"][0]["source"] == "objection" and found["data"][0]["evidence"]["article"] == "GDPR 21"
    assert (await standing(platform, ada))["profiling/data"] is False


async def test_a_rectification_reaches_the_profile(platform: TestPlatform) -> None:
    """R6: corrected as the word of the person."""
    ada = await person(platform, "rectifying", city="Shiras")
    address = await verified(platform, ada, "rectification", traits={"city": "Shiraz"})
    assert (await ask(platform, "POST", f"{address}/carry-out"))["outcome"] == "corrected"
    assert (await ask(platform, "GET", f"/api/v1/customers/{ada}", service="customer"))["traits"]["city"] == "Shiraz"


async def test_records_of_processing_and_warnings(platform: TestPlatform) -> None:
    found = await ask(platform, "GET", "/api/v1/privacy/processing")
    assert found["missing"] == [] and {"marketing", "service"} <= {one["purpose"] for one in found["purposes"]}
    activity = next(one for one in found["categories"] if one["category"] == "activity")
    assert {"service": "interaction", "table": "interaction", "origin": "observed"} in activity["held_in"]
    ada = await person(platform, "waiting")
    made = await ask(platform, "POST", REQUESTS, {"customer_id": ada, "kind": "erasure"}, status=201)
    assert (made["due_soon"], made["overdue"]) == (False, False)
    async with platform["consent"].service.transaction() as tx:
        await tx.db.execute("UPDATE privacy_request SET due_at = now() + interval '2 days' WHERE customer_id = $1::text::uuid", ada)
    assert (await ask(platform, "GET", f"{REQUESTS}/{made['id']}"))["due_soon"] is True


BAD: list[tuple[dict[str, Any], int, str]] = [
    ({"kind": "objection"}, 422, "privacy.details_needed"),
    ({"kind": "objection", "purpose": "nonsense"}, 422, "privacy.details_needed"),
    ({"kind": "objection", "purpose": "profiling", "channel": "email"}, 422, "consent.unknown_channel"),
    ({"kind": "rectification"}, 422, "privacy.details_needed"),
    ({"kind": "rectification", "traits": {}}, 422, "privacy.details_needed"),
]


async def test_bad_requests(platform: TestPlatform) -> None:
    nobody = "0191b000-0000-7000-8000-00000000dead"
    for body, status, code in BAD:
        assert (await ask(platform, "POST", REQUESTS, {"customer_id": nobody, **body}, status=status))["code"] == code, body
    address = await verified(platform, nobody, "access")
    assert (await ask(platform, "POST", f"{address}/carry-out", status=409))["code"] == "privacy.wrong_kind"
    address = await verified(platform, nobody, "rectification", traits={"city": "x"})
    assert (await ask(platform, "POST", f"{address}/carry-out", status=404))["code"] == "privacy.nobody"
    assert (await platform["consent"].call("POST", "/internal/allowed", json={"customers": []})).status == 403
