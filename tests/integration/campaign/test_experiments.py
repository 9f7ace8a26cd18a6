"""Tests of campaigns: stable arms, a winner for those who wait, effects against control groups, and what it all brought."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from launcher.embedded_postgres import PrivateCluster
from services.campaign import commands
from tests.integration.campaign.programmes.club import Club
from tests.integration.campaign.stage import Stage, stage

pytestmark = pytest.mark.asyncio

async def call(play: Stage, method: str, path: str, body: Any = None, *, status: int = 200) -> Any:
    answer = await play.http.call(method, "/api/v1" + path, json=body, scopes=["campaigns:read", "campaigns:write", "campaigns:send"])
    assert answer.status == status, (answer.status, answer.body)
    return answer.json()


async def planned_test(play: Stage, people: int, **more: Any) -> tuple[str, str, dict[str, str]]:
    """A campaign with two arms, planned: (campaign, test, template by arm)."""
    templates = {name: await play.template(subject=f"{name} offer") for name in ("a", "b")}
    campaign = await play.campaign(templates["a"])
    arms = [{"name": name, "template_id": template} for name, template in templates.items()]
    made = await call(play, "POST", "/experiments", {"name": "Subject", "campaign_id": campaign, "arms": arms, **more}, status=201)
    await play.customers(people)
    await play.act(campaign, "launch")
    while await commands.plan_audiences(play.service):
        pass
    return campaign, made["id"], templates


async def clicked(play: Stage, campaign: str, arm: str, share: float) -> None:
    """So many of an arm's messages were accepted and clicked."""
    async with play.service.transaction() as tx:
        await tx.db.execute("UPDATE message SET state = 'accepted', handed_off_at = now() WHERE origin_id = $1 AND arm = $2", UUID(campaign), arm)
        await tx.db.execute(
            """
            INSERT INTO engagement (message_id, kind, link, automated, visits, first_at, last_at)
            SELECT id, 'click', 0, false, 1, now(), now() FROM (
                SELECT id, row_number() OVER (ORDER BY id) AS n, count(*) OVER () AS all FROM message WHERE origin_id = $1 AND arm = $2) m
            WHERE n <= $3::float8 * m.all
            """,
            UUID(campaign), arm, share,
        )


async def test_a_winner_is_found_and_sent_to_the_rest(cluster: PrivateCluster) -> None:
    """U30: a stable half gets the arms; the test decides by itself as soon as one is better, and those who waited get it."""
    async with stage(cluster, smtp=False) as play:
        campaign, test, templates = await planned_test(play, 1200, test_percent=60, smallest_effect=0.1)
        arms = Counter(row["arm"] for row in await play.sql("SELECT arm FROM message WHERE origin_id = $1", UUID(campaign)))
        assert set(arms) == {"a", "b", "rest"}
        assert 280 < arms["a"] < 440
        assert 280 < arms["b"] < 440
        assert 400 < arms["rest"] < 560
        await clicked(play, campaign, "a", 0.10)
        await clicked(play, campaign, "b", 0.12)
        await commands.judge_experiments(play.service)
        seen = await call(play, "GET", f"/experiments/{test}")
        assert (seen["status"], seen["winner"], seen["leader"]) == ("running", None, "b")
        async with play.service.transaction() as tx:
            await tx.db.execute("DELETE FROM engagement")
        await clicked(play, campaign, "a", 0.10)
        await clicked(play, campaign, "b", 0.30)
        await commands.judge_experiments(play.service)
        seen = await call(play, "GET", f"/experiments/{test}")
        assert (seen["status"], seen["winner"], seen["significant"]) == ("decided", "b", True)
        rest = await play.sql("SELECT DISTINCT template_id, retry_at FROM message WHERE origin_id = $1 AND arm = 'rest'", UUID(campaign))
        assert [(str(row["template_id"]), row["retry_at"]) for row in rest] == [(templates["b"], None)]
        report = await play.report(campaign)
        assert {arm["name"]: round(arm["rate"], 2) for arm in report["outcome"]["arms"]} == {"a": 0.1, "b": 0.3}
        refused = await call(play, "POST", f"/experiments/{test}/decide", {"winner": "a"}, status=409)
        assert refused["code"] == "experiment.decided"


async def test_time_is_up_or_a_person_decides(cluster: PrivateCluster) -> None:
    """U30: without a difference the leader goes out when time is up, and the answer says it was not significant; bad input is refused."""
    async with stage(cluster, smtp=False) as play:
        campaign, test, _ = await planned_test(play, 200, test_percent=50)
        await clicked(play, campaign, "a", 0.2)
        await clicked(play, campaign, "b", 0.25)
        async with play.service.transaction() as tx:
            await tx.db.execute("UPDATE experiment SET decide_by = now()")
        await commands.judge_experiments(play.service)
        seen = await call(play, "GET", f"/experiments/{test}")
        assert (seen["winner"], seen["significant"]) == ("b", False)
        other, by_hand, _ = await planned_test(play, 10, automatic=False)
        assert (await call(play, "POST", f"/experiments/{by_hand}/decide", {"winner": "c"}, status=422))["code"] == "experiment.arm_unknown"
        assert (await call(play, "POST", f"/experiments/{by_hand}/decide", {"winner": "a"}))["winner"] == "a"
        arm = {"name": "a", "template_id": await play.template()}
        for body, status in (
            ({"name": "x", "campaign_id": other, "arms": [arm]}, 422), ({"name": "x", "campaign_id": other, "arms": [arm, arm]}, 422),
            ({"name": "x", "campaign_id": other, "arms": [arm, {**arm, "name": "b"}]}, 409),
        ):
            await call(play, "POST", "/experiments", body, status=status)


async def test_sizes_and_effects(cluster: PrivateCluster) -> None:
    """U30, U31: sample-size help, and the effect of Hillstrom's two mails against nobody."""
    async with stage(cluster, smtp=False, services=("campaign",)) as play:
        found = await call(play, "GET", "/experiments/sample-size?baseline=0.1&effect=0.02")
        assert (found["per_arm"], found["in_all"]) == (3841, 7682)
        assert (await call(play, "GET", "/experiments/sample-size?baseline=0.1&effect=-0.2", status=422))["code"] == "experiment.impossible"
        nobody = {"people": 21_306, "responses": 2_262}
        rates = {}
        for name, people, responses, low, high in (("mens", 21_307, 3_894, 0.070, 0.083), ("womens", 21_387, 3_238, 0.039, 0.052)):
            body = {"treated": {"people": people, "responses": responses}, "control": nobody}
            effect = await call(play, "POST", "/experiments/effects", body)
            rates[name] = round(100 * effect["treated_rate"], 2)
            assert (round(100 * effect["control_rate"], 2), effect["beyond_chance"]) == (10.62, True)
            assert (round(effect["low"], 3), round(effect["high"], 3)) == (low, high)
        assert rates == {"mens": 18.28, "womens": 15.14}
        assert (await call(play, "POST", "/experiments/effects", {"treated": {"people": 1, "responses": 2}, "control": nobody}, status=422))


async def test_hillstrom_from_its_file(cluster: PrivateCluster, example_file: Callable[[str], Path]) -> None:
    """U31: the same from the 64,000 rows."""
    groups: dict[str, list[int]] = {}
    with example_file("experiments/hillstrom.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            groups.setdefault(row["segment"], []).append(int(row["visit"]))
    counts = {name: {"people": len(visits), "responses": sum(visits)} for name, visits in groups.items()}
    async with stage(cluster, smtp=False, services=("campaign",)) as play:
        body = {"treated": counts["Mens E-Mail"], "control": counts["No E-Mail"]}
        effect = await call(play, "POST", "/experiments/effects", body)
        assert [round(100 * effect[name], 2) for name in ("treated_rate", "control_rate")] == [18.28, 10.62]


async def test_what_a_campaign_brought(cluster: PrivateCluster) -> None:
    """K11, U31, P13: orders go to the last message within seven days, customers count once, control groups show what would have come anyway."""
    async with stage(cluster) as play:
        club = Club(play)
        people = [await club.person(number) for number in range(40)]
        first = await play.campaign(audience={"holdout_percent": 40})
        await play.act(first, "launch")
        while await commands.plan_audiences(play.service):
            pass
        await play.send_all()
        held = {str(row["customer_id"]) for row in await play.sql("SELECT customer_id FROM message WHERE reason = 'holdout'")}
        treated = [one for one in people if one not in held]
        assert 5 <= len(held) <= 30
        for customer_id in treated[:6]:
            await club.order(customer_id, 10_000)
        again = await club.order(treated[0], 5_000)
        await club.order(treated[1], 7_000, order_id=again, status="cancelled")
        refunded = await club.order(treated[2], 4_000)
        await club.order(treated[2], 4_000, order_id=refunded, refunded=1_000)
        await club.order(next(iter(held)), 10_000)
        async with play.service.transaction() as tx:
            for number, (channel, amount) in enumerate((("email", 900), ("email", 300))):
                await commands.note_cost(tx, cost_id=str(number), campaign_id=first, channel=channel, amount_minor=amount, currency="EUR")
        report = await play.report(first)
        outcome = report["outcome"]
        assert outcome["effective"] == 6
        assert outcome["revenue"] == [{"currency": "EUR", "orders": 7, "customers": 6, "revenue_minor": 63_000}]
        assert outcome["channels"][0]["cost_per_response_minor"] == 200
        effect = outcome["incremental"]
        assert (round(effect["treated_rate"] * len(treated)), round(effect["control_rate"] * len(held))) == (6, 1)
        second = await play.launched()
        await play.send_all()
        await club.order(treated[7], 3_000)
        assert (await play.report(first))["outcome"]["effective"] == 6
        assert (await play.report(second))["outcome"]["effective"] == 1
        bad = await play.http.call("GET", f"/api/v1/campaigns/{first}/report?response=smile", scopes=["campaigns:read"])
        assert (bad.status, bad.json()["code"]) == (422, "report.response_unknown")
