"""Audiences: segments and lists with exclusions, samples, control groups, and the order by what customers bring (P1, P2, U31)."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from chassis.ids import new_id
from launcher.embedded_postgres import PrivateCluster
from services.campaign import commands
from services.campaign.commands import Planned
from services.campaign.domain import sampling
from tests.integration.campaign.stage import Stage, stage

pytestmark = pytest.mark.asyncio


async def states(play: Stage, campaign: str) -> Counter[tuple[str, str | None]]:
    rows = await play.sql("SELECT state, reason FROM message WHERE campaign_id = $1", UUID(campaign))
    return Counter((row["state"], row["reason"]) for row in rows)


async def estimated(play: Stage, campaign: str) -> dict[str, Any]:
    answer = await play.http.call("POST", f"/api/v1/campaigns/{campaign}/estimate", scopes=["campaigns:read"])
    assert answer.status == 200, answer.body
    found: dict[str, Any] = answer.json()
    return found


async def score(play: Stage, customer: str, name: str, value: str) -> None:
    async with play.service.transaction() as tx:
        await commands.note_score(tx, customer_id=UUID(customer), score=name, value=value, at=datetime.now(UTC))


async def test_sources_exclusions_sample_and_lists(cluster: PrivateCluster) -> None:
    """U31: a control group by a stable hash; the estimate before the launch says what the launch then does."""
    async with stage(cluster, plan_chunk=7) as play:
        people = await play.customers(60)
        play.audience.segments = {"first": people[:30], "second": people[20:40], "not": people[:5]}
        made = await play.http.call("POST", "/api/v1/lists", json={"name": "Guests", "customer_ids": people[38:50]}, scopes=["campaigns:write"])
        assert (made.status, made.json()["members"]) == (201, 12)
        guests = made.json()["id"]
        away = await play.http.call("POST", "/api/v1/lists", json={"name": "Staff", "customer_ids": people[10:14]}, scopes=["campaigns:write"])
        changed = await play.http.call(
            "POST", f"/api/v1/lists/{away.json()['id']}/members", json={"add": [people[45]], "remove": [people[10]]}, scopes=["campaigns:write"]
        )
        assert changed.json()["members"] == 4
        campaign = await play.campaign(
            segment_id="first",
            audience={
                "include_segments": ["second"], "include_lists": [guests], "exclude_segments": ["not"], "exclude_lists": [away.json()["id"]],
                "holdout_percent": 30,
            },
        )
        meant = [one for one in people[:50] if one not in people[:5] and one not in (*people[11:14], people[45])]
        held = {one for one in meant if sampling.is_drawn(f"holdout:{campaign}", UUID(one), percent=30)}
        assert 0 < len(held) < len(meant)
        before = await estimated(play, campaign)
        assert (before["audience"], before["exact"], before["reachable"]) == (50, True, len(meant) - len(held))
        assert before["left_out"] == {"excluded": 9, "holdout": len(held)}
        assert (await play.act(campaign, "launch")).status == 202
        while await commands.plan_audiences(play.service):
            pass
        assert await states(play, campaign) == {("planned", None): len(meant) - len(held), ("suppressed", "holdout"): len(held)}
        await play.send_all()
        report = await play.report(campaign)
        assert (report["accepted"], report["suppressed"]) == (len(meant) - len(held), len(held))
        assert await play.sql("SELECT * FROM campaign_candidate") == []
        addresses = {f"c{number}@x.example" for number, one in enumerate(people) if one in meant and one not in held}
        assert set(play.box.recipients()) == addresses


async def test_a_sample_is_stable_and_the_control_group_of_everything_stays_out(cluster: PrivateCluster) -> None:
    """U31: the control group of all marketing is the same people in every campaign, and follows the person through a merge."""
    async with stage(cluster, control_percent=20) as play:
        people = await play.customers(80)
        first = await play.launched(audience={"sample_percent": 50})
        second = await play.launched()
        control = {one for one in people if sampling.is_drawn(sampling.GLOBAL_CONTROL, UUID(one), percent=20)}
        sample = {one for one in people if sampling.is_drawn(f"sample:{first}", UUID(one), percent=50)}
        rows = await play.sql("SELECT campaign_id, customer_id, reason FROM message")
        assert {str(row["customer_id"]) for row in rows if str(row["campaign_id"]) == first} == sample
        for campaign, within in ((first, sample), (second, set(people))):
            out = {str(row["customer_id"]) for row in rows if str(row["campaign_id"]) == campaign and row["reason"] == "control_group"}
            assert out == control & within
        assert control
        # who was merged into somebody of the control group belongs to it as well
        other, held = next(one for one in people if one not in control), min(control)
        await play.profile(other, email="other@x.example", merged_into=held, version=2)
        third = await play.launched()
        rows = await play.sql("SELECT customer_id, reason FROM message WHERE campaign_id = $1", UUID(third))
        assert {str(row["customer_id"]): row["reason"] for row in rows}[held] == "control_group"
        assert other not in {str(row["customer_id"]) for row in rows}


async def test_who_brings_most_goes_first_and_only_so_many(cluster: PrivateCluster) -> None:
    """P1: by profit, the best first; by class, the top class first."""
    async with stage(cluster, send_batch=1, smtp_connections=1) as play:
        people = [await play.customer(f"p{number}@x.example", traits={"profit_minor": number * 100}) for number in range(6)]
        await score(play, people[0], "clv", "100000")
        await score(play, people[0], "tier", "none")
        await score(play, people[3], "tier", "high")
        await score(play, people[5], "tier", "medium")
        campaign = await play.campaign(selection={"at_most": 4})
        assert (await estimated(play, campaign))["reachable"] == 4
        await play.act(campaign, "launch")
        while await commands.plan_audiences(play.service):
            pass
        await play.send_all()
        assert play.box.recipients() == ["p0@x.example", "p5@x.example", "p4@x.example", "p3@x.example"]
        play.box.mails.clear()
        await play.launched(selection={"by": "class", "score": "tier", "override_by": "Ann Lee", "override_reason": "classes stand for profit"})
        await play.send_all()
        assert play.box.recipients()[:3] == ["p3@x.example", "p5@x.example", "p0@x.example"]
        assert len(play.box.mails) == 6


async def test_a_selection_without_profitability_is_refused(cluster: PrivateCluster) -> None:
    """P2: unless a named person answers for it with a reason; and choosing by profit that nobody's profit is known for fails."""
    async with stage(cluster) as play:
        await play.customers(3)
        template = await play.template()
        body = {"name": "x", "template_id": template, "segment_id": "all", "from_address": "shop@peyvand.example"}
        for selection in ({"by": "none"}, {"by": "class", "score": "tier"}):
            answer = await play.http.call("POST", "/api/v1/campaigns", json={**body, "selection": selection})
            assert (answer.status, answer.json()["code"]) == (422, "selection.profitability_missing")
        answer = await play.http.call("POST", "/api/v1/campaigns", json={**body, "selection": {"by": "none", "override_by": "Ann Lee"}})
        assert (answer.status, answer.json()["code"]) == (422, "request.invalid")
        kept = await play.campaign(template, selection={"by": "none", "override_by": "Ann Lee", "override_reason": "everybody is to know"})
        shown = await play.http.call("GET", f"/api/v1/campaigns/{kept}")
        assert shown.json()["selection"] == {"by": "none", "override_by": "Ann Lee", "override_reason": "everybody is to know"}
        unknown = await play.launched(selection={"at_most": 2})
        report = await play.report(unknown)
        assert (report["status"], report["status_reason"], report["planned"]) == ("failed", "profitability_missing", 0)


async def test_planning_is_one_door_for_all(cluster: PrivateCluster) -> None:
    """Journeys and programmes plan by key, once; held they wait, released they go, cancelled they are suppressed."""
    async with stage(cluster, from_address="shop@peyvand.example") as play:
        ann, bob = await play.customer("ann@x.example"), await play.customer("bob@x.example")
        template, journey = UUID(await play.template(subject="Hello {{ customer.name }}, {{ data.word }}")), new_id()

        def one(customer: str, key: str, **more: Any) -> Planned:
            return Planned(UUID(customer), "journey", journey, "mail", template, 1, "email", "marketing", key=key, data={"word": "again"}, **more)

        async with play.service.transaction() as tx:
            await commands.hold_origin(tx, origin_id=journey)
            first = await commands.plan_messages(tx, play.service, [one(ann, "1"), one(bob, "2"), one(ann, "1"), one(ann, "3", withheld="holdout")])
        assert [each.state for each in first] == ["planned", "planned", "planned", "suppressed"]
        assert first[0].message_id == first[2].message_id
        async with play.service.transaction() as tx:
            again = await commands.plan_messages(tx, play.service, [one(ann, "1")])
        assert (again[0].new, again[0].message_id) == (False, first[0].message_id)
        assert not await commands.send_messages(play.service)
        async with play.service.transaction() as tx:
            await commands.release_origin(tx, origin_id=journey)
            assert await commands.cancel_planned(tx, play.service, origin_id=journey, customer_ids=[UUID(bob)]) == 1
        await play.send_all()
        assert play.box.recipients() == ["ann@x.example"]
        assert play.box.message("ann@x.example")["Subject"] == "Hello Ann, again"
        listed = await play.http.call("GET", f"/api/v1/customers/{ann}/messages")
        assert {(entry["origin"], entry["state"]) for entry in listed.json()["data"]} == {("journey", "accepted"), ("journey", "suppressed")}


async def test_a_throttled_campaign_keeps_its_rate(cluster: PrivateCluster) -> None:
    """U27: throttle; 120 a minute are two in the first second, whatever the batch."""
    async with stage(cluster) as play:
        await play.customers(20)
        await play.launched(per_minute=120)
        await commands.send_messages(play.service)
        async with play.service.transaction() as tx:
            await tx.db.execute("UPDATE pace SET next_at = now() - interval '1 hour'")
        await commands.send_messages(play.service)
        assert len(play.box.mails) == 2
        await commands.send_messages(play.service)
        assert len(play.box.mails) == 2


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("/api/v1/lists", {"name": "x", "customer_ids": ["nobody"]}, "request.invalid"),
        ("/api/v1/lists", {"name": ""}, "request.invalid"),
    ],
)
async def test_bad_lists(cluster: PrivateCluster, path: str, body: dict[str, Any], code: str) -> None:
    async with stage(cluster, smtp=False, services=("campaign",)) as play:
        answer = await play.http.call("POST", path, json=body)
        assert (answer.status, answer.json()["code"]) == (422, code)
        assert (await play.http.call("GET", f"/api/v1/lists/{new_id()}")).json()["code"] == "list.unknown"
