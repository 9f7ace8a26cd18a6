"""What programmes bring about: against those held out, in sales and satisfaction; budgets; blocks of content; costs in the ledger."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from contracts.analytics import SpendStated
from contracts.interaction import OrderLine
from launcher.embedded_postgres import PrivateCluster
from services.campaign import commands
from services.campaign.domain.allocating import Customer, allocate
from tests.integration.campaign.programmes.club import LOYALTY, SENDER, Club
from tests.integration.campaign.programmes.test_caring import addressee, run, score, written
from tests.integration.campaign.stage import Stage, stage

pytestmark = pytest.mark.asyncio


async def answered(play: Stage, customer_id: str, given: int, number: int) -> None:
    async with play.service.transaction() as tx:
        await commands.note_survey(
            tx, customer_id=customer_id, identity=None, case_id=f"c{number}", resolution=1, score=given, at=datetime.now(UTC) + timedelta(seconds=number)
        )


async def test_a_programme_is_measured_against_those_held_out(cluster: PrivateCluster) -> None:
    """P13: satisfaction before and after, treated and held out, with its goal; buyers and sales by the same groups."""
    async with stage(cluster) as play:
        club = Club(play)
        people = [await club.person(number) for number in range(40)]
        for number, customer_id in enumerate(people):
            await answered(play, customer_id, 3 + number % 2, number - 3600)
        settings = {
            "kind": "individual", "sender": SENDER, "entry": {}, "exit_on_order": False, "steps": [{"template_id": await play.template()}],
        }
        programme = await club.programme(settings, holdout=0.5, goal=4.5)
        await run(play)
        members = {one["customer_id"]: one["arm"] for one in (await club.call("GET", f"/programmes/{programme}/members"))["data"]}
        treated = sorted(one for one in members if members[one] == "treated")
        held = sorted(one for one in members if members[one] == "holdout")
        for number, customer_id in enumerate(treated):
            await answered(play, customer_id, 5, number + 100)
            await club.order(customer_id, 10_000)
        for number, customer_id in enumerate(held):
            await answered(play, customer_id, 3 + number % 2, number + 200)
        report = await club.call("GET", f"/programmes/{programme}/report")
        said = report["satisfaction"]
        assert (said["goal"], said["reached"], said["after"]["treated"]["mean"]) == (4.5, True, 5)
        assert said["before"]["treated"]["answers"] == len(treated)
        assert 1.0 < said["change"]["difference"] < 2.0
        assert said["change"]["low"] > 0
        assert (report["buyers"]["treated_rate"], report["buyers"]["control_rate"], report["buyers"]["beyond_chance"]) == (1, 0, True)
        assert report["sales_minor"] == {"difference": 10_000, "low": 10_000, "high": 10_000}
        assert {arm["arm"]: (arm["buyers"], arm["net_minor"]) for arm in report["arms"]} == {
            "treated": (len(treated), 10_000 * len(treated)), "holdout": (0, 0),
        }


async def test_blocks_are_chosen_per_person(cluster: PrivateCluster) -> None:
    """P12: the same template says one thing to who may leave and another to who has a tier."""
    body = (
        "<mjml><mj-body><mj-section><mj-column><mj-text>{% if data.scores.churn > 0.5 %}Please stay{% elsif data.tiers contains 'gold' %}Golden{% else %}"
        "Hello{% endif %}</mj-text></mj-column></mj-section></mj-body></mjml>"
    )
    async with stage(cluster) as play:
        club = Club(play)
        await club.programme({**LOYALTY, "tiers": [{"name": "gold", "from_points": 100}]})
        people = [await club.person(number) for number in range(3)]
        await score(play, people[0], "churn", "0.8")
        await score(play, people[1], "churn", "0.1")
        await club.order(people[1], 20_000)
        settings = {"kind": "individual", "sender": SENDER, "entry": {}, "steps": [{"template_id": await play.template(body=body)}], "exit_on_order": False}
        await club.programme(settings)
        await run(play)
        texts = [written(play, await addressee(play, one)) for one in people]
        assert [next(word for word in ("Please stay", "Golden", "Hello") if word in text) for text in texts] == ["Please stay", "Golden", "Hello"]


async def test_cross_selling_suggests_and_shows_what_came_of_it(cluster: PrivateCluster) -> None:
    """P17: what buyers of the same bought too, in the mail with its reason; dealings per customer before and after."""
    body = (
        "<mjml><mj-body><mj-section><mj-column><mj-text>{% for one in data.suggestions %}[{{ one.name }}]{% endfor %}</mj-text></mj-column></mj-section>"
        "</mj-body></mjml>"
    )
    tea, pot, cup = (OrderLine(product_id=name, name=name.title(), amount_minor=500) for name in ("tea", "pot", "cup"))
    async with stage(cluster) as play:
        club = Club(play)
        others = [await club.person(number, granted=False) for number in range(6)]
        for number, customer_id in enumerate(others):
            await club.order(customer_id, 1_000, lines=[tea, pot] if number < 3 else [cup])
        await club.order(others[0], 500, lines=[cup])
        await club.order(others[1], 500, lines=[cup])
        ann = await club.person(9)
        await club.order(ann, 500, lines=[tea], at=datetime.now(UTC) - timedelta(hours=1))
        found = (await club.call("GET", f"/programmes/suggestions/{ann}"))["data"]
        assert [(one["product_id"], one["together"]) for one in found] == [("pot", 3), ("cup", 2)]
        assert found[0]["lift"] > found[1]["lift"]
        settings = {
            "kind": "cross_sell", "sender": SENDER, "entry": {"orders_at_least": 1}, "steps": [{"template_id": await play.template(body=body)}],
            "exit_on_order": False,
        }
        programme = await club.programme(settings)
        await run(play)
        assert "[Pot][Cup]" in written(play, await addressee(play, ann))
        await club.age(1)
        await club.order(ann, 500, lines=[pot])
        report = await club.call("GET", f"/programmes/{programme}/report")
        assert report["dealings"][0]["products_after"] > 0
        # What ann says she spends with anybody: 20.00 a day; the part of it that is spent here rose.
        today = datetime.now(UTC).date()
        async with play.service.transaction() as tx:
            stated = SpendStated(
                statement_id="s1", customer_id=ann, amount_minor=80_000, currency="EUR", first=str(today - timedelta(days=20)),
                last=str(today + timedelta(days=20)), basis="declared", stated_at=datetime.now(UTC),
            )
            await commands.note_spending(tx, stated=stated)
        (share,) = (await club.call("GET", f"/programmes/{programme}/report"))["share_of_customer"]
        assert (share["arm"], share["members"]) == ("treated", 1)
        assert share["before"] == pytest.approx(share["after"] - share["change"])
        assert (share["before"], share["after"]) == (0, pytest.approx(0.5, abs=0.02)), "10.00 of 20.00 since joining a day ago, nothing the day before"


async def test_a_budget_is_spread_by_value_and_never_overdrawn(cluster: PrivateCluster) -> None:
    """P18: a budget in; an allocation per tier and customer out, in proportion to lifetime value and tier."""
    async with stage(cluster, smtp=False, services=("campaign",)) as play:
        club = Club(play)
        assert (await club.call("POST", "/programmes/budgets", {"budget_minor": 100}, status=409))["code"] == "budget.no_values"
        for number, (tier, value) in enumerate((("high", "90000"), ("high", "30000"), ("medium", "40000"), ("none", "100"))):
            customer_id = await club.person(number, granted=False)
            await score(play, customer_id, "tier", tier)
            await score(play, customer_id, "clv", value)
        spread = await club.call("POST", "/programmes/budgets", {"budget_minor": 1_001})
        assert {one["tier"]: one["amount_minor"] for one in spread["tiers"]} == {"high": 858, "medium": 143, "none": 0}
        assert spread["allocated_minor"] == sum(one["amount_minor"] for one in spread["customers"]) == 1_001
        capped = await club.call("POST", "/programmes/budgets", {"budget_minor": 10**9, "most_of_value": 0.5})
        assert capped["allocated_minor"] == 80_000


async def test_allocations_are_exact() -> None:
    """P18: over many budgets and values: never above the budget, nobody above their cap, exactly the budget while nobody is capped."""
    draw = random.Random(3)
    for _ in range(200):
        people = [Customer(UUID(int=number + 1), draw.choice(["high", "medium", "none"]), draw.randrange(-500, 10_000)) for number in range(draw.randrange(1, 30))]
        budget, most = draw.randrange(1, 50_000), draw.choice([0.05, 0.5, 1.0])
        shares = allocate(people, budget=budget, weights={"high": 2, "medium": 0.7}, most_of_value=most)
        room = sum(int(one.value * most) for one in people if one.tier != "none" and one.value > 0)
        assert sum(one.amount for one in shares) == min(budget, room)
        assert all(0 <= one.amount <= max(0, int(one.value * most)) for one in shares)
        assert all(one.amount == 0 for one in shares if one.tier == "none")


async def test_what_rewards_cost_is_booked(cluster: PrivateCluster) -> None:
    """P9: each redemption is one entry in the ledger of costs, a cancelled one two that come to nothing, however often the job runs."""
    async with stage(cluster, smtp=False, services=("campaign", "analytics")) as play:
        club = Club(play)
        programme = await club.programme({"kind": "rewards"})
        reward = await club.reward(programme, points=0, cost_minor=700, budget_minor=2_000, stages=["enhance"])
        ann, bob = await club.person(1, granted=False), await club.person(2, granted=False)
        await score(play, ann, "stage", "enhance")
        refused = await club.call("POST", f"/programmes/rewards/{reward}/redemptions", {"customer_id": bob}, status=409)
        assert refused["code"] == "reward.reserved"
        taken = await club.call("POST", f"/programmes/rewards/{reward}/redemptions", {"customer_id": ann}, status=201)
        await commands.book_reward_costs(play.service)
        assert await booked(play) == [700]
        await club.call("POST", f"/programmes/redemptions/{taken['id']}/cancel")
        for _ in range(2):
            await commands.book_reward_costs(play.service)
        assert sorted(await booked(play)) == [-700, 700]
        assert (await club.call("GET", f"/programmes/{programme}/report"))["reward_cost_minor"] == 0


async def booked(play: Stage) -> list[Any]:
    answer = await play.platform["analytics"].call("GET", "/api/v1/costs", scopes=["analytics:read"])
    assert answer.status == 200, answer.body
    return [entry["amount_minor"] for entry in answer.json()["data"]]


async def test_bad_input(cluster: PrivateCluster) -> None:
    """Every row of the table in docs/programmes.md and docs/experiments.md that no other test names."""
    async with stage(cluster, smtp=False, services=("campaign",)) as play:
        club = Club(play)
        nobody = "00000000-0000-7000-8000-000000000000"
        ann = await club.person(granted=False)
        loyalty = await club.programme(LOYALTY)
        draft = await club.programme(LOYALTY, start=False)
        gifts = await club.programme({"kind": "rewards"})
        earn = LOYALTY["earn"]
        for path, body, status, code in (
            ("/programmes", {"name": "x", "settings": {"kind": "magic"}}, 422, "request.invalid"),
            ("/programmes", {"name": "x", "settings": {"kind": "loyalty", "earn": []}}, 422, "request.invalid"),
            (
                "/programmes", {"name": "x", "settings": {"kind": "loyalty", "earn": earn, "tiers": [{"name": "a", "from_points": 1}] * 2}}, 422,
                "request.invalid",
            ),
            (
                "/programmes", {"name": "x", "settings": {"kind": "repeat_purchase", "sender": SENDER, "template_id": nobody}}, 404, "template.unknown",
            ),
            ("/programmes", {"name": "x", "settings": {"kind": "referral", "loyalty_id": gifts, "referrer_points": 1}}, 409, "programme.without_points"),
            (f"/programmes/{nobody}/start", None, 404, "programme.unknown"),
            (f"/programmes/{loyalty}/start", None, 409, "programme.wrong_status"),
            (f"/programmes/{draft}/members", {"customer_id": ann}, 409, "programme.not_running"),
            (f"/programmes/{loyalty}/members", {"customer_id": nobody}, 404, "customer.unknown"),
            (f"/programmes/{gifts}/rewards", {"name": "x", "points": 5}, 409, "programme.without_points"),
            (f"/programmes/rewards/{nobody}/redemptions", {"customer_id": ann}, 404, "reward.unknown"),
            (f"/programmes/redemptions/{nobody}/cancel", None, 404, "redemption.unknown"),
            (f"/programmes/{loyalty}/groups", {"name": "x"}, 409, "programme.wrong_kind"),
            (f"/programmes/groups/{nobody}/members", {"customer_id": ann}, 404, "community.unknown"),
            (f"/programmes/{loyalty}/codes", {"customer_id": ann}, 409, "programme.wrong_kind"),
            ("/site-messages", {"name": "x", "placement": "home", "locales": {"en": {"title": "t", "link": "javascript:x"}}}, 422, "request.invalid"),
            ("/experiments/effects", {"treated": {"people": 1, "responses": 2}, "control": {"people": 1, "responses": 0}}, 422, "request.invalid"),
        ):
            found = await club.call("POST", path, body, status=status)
            assert found["code"] == code, (path, found)
        changed = {"name": "x", "settings": {"kind": "rewards"}}
        assert (await club.call("PUT", f"/programmes/{loyalty}", changed, status=409))["code"] == "programme.kind_fixed"
        assert (await club.call("GET", f"/programmes/{loyalty}/members/{ann}", status=404))["code"] == "programme.not_a_member"
        assert (await play.http.call("GET", "/t/p/nonsense", scopes=None)).status == 410
        assert (await play.http.call("POST", "/api/v1/programmes", json={}, scopes=["campaigns:read"])).status == 403
