"""N5: what is asked later about a moment equals what was answered at that moment, for every customer and every campaign."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from urllib.parse import quote

import pytest

from launcher.embedded_postgres import PrivateCluster
from tests.integration.campaign.stage import Stage, stage

pytestmark = pytest.mark.asyncio

RULE = {"all": [{"trait": "town", "op": "eq", "value": "Shiraz"}, {"consent": {"purpose": "marketing", "channel": "email", "state": "granted"}}]}
CHECKS = {"segment", "selection", "arm", "reserved", "address", "channel", "consent", "pressure"}


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(60):
        while not await holds():
            await asyncio.sleep(0.1)


async def registered(play: Stage, number: int, **traits: str) -> str:
    answer = await play.platform["customer"].call("POST", "/api/v1/customers", json={"identities": [f"user:p{number}"], "traits": traits})
    assert answer.status == 201, answer.body
    return str(answer.json()["id"])


async def members(play: Stage, segment: str) -> set[str]:
    listed = await play.platform["analytics"].call("GET", f"/api/v1/segments/{segment}/members")
    return {one["customer_id"] for one in listed.json()["data"]} if listed.status == 200 else set()


async def decisions(play: Stage, campaigns: list[str], people: list[str], at: datetime | None = None) -> dict[tuple[str, str], dict[str, Any]]:
    """Every pair, now or as of a time."""
    found = {}
    for campaign in campaigns:
        for person in people:
            path = f"/api/v1/campaigns/{campaign}/decisions/{person}" + (f"?as_of={quote(at.isoformat())}" if at else "")
            answer = await play.http.call("GET", path, scopes=["campaigns:read"])
            assert answer.status == 200, answer.body
            found[campaign, person] = answer.json()
    return found


def known(decision: dict[str, Any]) -> dict[str, Any]:
    """What a decision stood on: each condition, each clause with what was seen, the entry of consent, the message, what would turn it."""
    checks = {check["check"]: check for check in decision["checks"]}
    clauses = {one["pointer"]: (one["holds"], one["seen"]) for one in checks["segment"]["evidence"].get("clauses", [])}
    return {
        "holds": {name: check["holds"] for name, check in checks.items()}, "clauses": clauses, "entry": checks["consent"]["evidence"].get("entry_id"),
        "allowed": checks["consent"]["detail"], "receives": decision["receives"], "state": (decision["message"] or {}).get("state"),
        "change": decision["would_change"],
    }


@pytest.mark.timeout(600)
async def test_every_pair_is_explained_for_every_moment(cluster: PrivateCluster) -> None:
    """N5: clauses, caps, entry of consent, arm, scores and the smallest change, as they stood; all pairs of all people and campaigns."""
    async with stage(cluster, services=("customer", "analytics", "consent", "campaign"), read=True) as play:
        beginning = play.service.clock.now()
        people = [
            await registered(play, number, town="Shiraz" if number < 3 else "Yazd", **({} if number == 2 else {"email": f"p{number}@x.example"}))
            for number in range(4)
        ]
        await play.grant(*people[:2], people[3])
        await play.platform.drain()
        made = await play.platform["analytics"].call("POST", "/api/v1/segments", json={"name": "Shiraz", "rule": RULE})
        assert made.status == 201, made.body
        segment = made.json()["id"]

        async def settled(wanted: set[str]) -> None:
            async def reached() -> bool:
                return await members(play, segment) == wanted

            await until(reached)
            await play.platform.drain()

        await settled({people[0], people[1]})
        campaigns = [await play.campaign(segment_id=segment), await play.campaign(segment_id=segment, reserved_for={"stages": ["enhance"]})]
        assert (await play.act(campaigns[0], "launch")).status == 202

        async def finished() -> bool:
            return bool((await play.report(campaigns[0]))["status"] == "finished")

        await until(finished)
        await play.platform.drain()
        before = await decisions(play, campaigns, people)
        then = play.service.clock.now()

        # everything changes: towns, an address, a chosen channel, a consent, and the rule itself
        for person, traits in ((people[0], {"town": "Yazd"}), (people[1], {"email": None}), (people[3], {"town": "Shiraz"})):
            answer = await play.platform["customer"].call("PATCH", f"/api/v1/customers/{person}", json={"traits": traits})
            assert answer.status == 200, answer.body
        answer = await play.platform["customer"].call("PUT", f"/api/v1/customers/{people[2]}/preferences", json={"channels": {"marketing": "sms"}})
        assert answer.status == 200, answer.body
        answer = await play.platform["consent"].call(
            "POST", "/api/v1/consents/withdrawals", json={"customer_id": people[1], "purpose": "marketing", "channel": "email"}
        )
        assert answer.status == 200, answer.body
        await settled({people[3]})
        middle = play.service.clock.now()
        changed = await decisions(play, campaigns, people)
        answer = await play.platform["analytics"].call(
            "PUT", f"/api/v1/segments/{segment}", json={"name": "Yazd", "rule": {"trait": "town", "op": "eq", "value": "Yazd"}}
        )
        assert answer.status == 200, answer.body
        await settled({people[0]})

        for moment, answered in ((then, before), (middle, changed)):
            later = await decisions(play, campaigns, people, moment)
            for pair, decision in answered.items():
                assert known(later[pair]) == known(decision), pair
        assert {known(one)["receives"] for one in before.values()} == {True, False}
        assert any(known(before[pair]) != known(changed[pair]) for pair in before)
        # coverage: every pair has an answer at every moment, with what it stands on and what would turn it
        for found in (before, changed, await decisions(play, campaigns, people), await decisions(play, campaigns, people, beginning)):
            assert len(found) == len(campaigns) * len(people)
            for decision in found.values():
                assert {check["check"] for check in decision["checks"]} >= CHECKS
                assert decision["receives"] is not None
                assert decision["would_change"], decision


async def test_a_rule_of_then_is_asked_of_the_facts_of_then(cluster: PrivateCluster) -> None:
    """N5: bad questions about other times are refused."""
    async with stage(cluster, smtp=False, services=("customer", "analytics", "consent", "campaign"), read=True) as play:
        person = await registered(play, 1, town="Shiraz")
        await play.platform.drain()
        made = await play.platform["analytics"].call("POST", "/api/v1/segments", json={"name": "S", "rule": {"trait": "town", "op": "eq", "value": "Shiraz"}})
        path = f"/api/v1/segments/{made.json()['id']}/why/{person}"
        for as_of, status, code in (
            ("2020-01-01T00:00:00Z", 404, "segment.unknown"), ("2100-01-01T00:00:00Z", 422, "metric.bad_window"), ("yesterday", 422, "request.invalid"),
        ):
            answer = await play.platform["analytics"].call("GET", f"{path}?as_of={as_of}")
            assert (answer.status, answer.json()["code"]) == (status, code)
