"""Points: earned by orders, taken back by refunds, redeemed once, expired; never negative, always the sum of their entries."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from launcher.embedded_postgres import PrivateCluster
from services.campaign import commands
from tests.integration.campaign.programmes.club import LOYALTY, Club
from tests.integration.campaign.stage import stage

pytestmark = pytest.mark.asyncio


async def test_orders_earn_refunds_take_back_and_debts_are_repaid(cluster: PrivateCluster) -> None:
    """P7, U39: earning, tiers, redemption, reversal after it was spent, repayment, expiry."""
    async with stage(cluster, smtp=False, services=("campaign",)) as play:
        club = Club(play)
        programme = await club.programme({**LOYALTY, "welcome_points": 5})
        ann = await club.person(granted=False)
        first = await club.order(ann, 12_345)
        standing = await club.standing(programme, ann)
        assert (standing["balance"], standing["tier"], standing["next_tier"], standing["to_next"]) == (128, "silver", "gold", 377)
        await club.order(ann, 12_345, order_id=first)  # told again: nothing is earned twice
        assert await club.balance(programme, ann) == 128

        reward = await club.reward(programme, points=100, stock=5)
        taken = await club.call("POST", f"/programmes/rewards/{reward}/redemptions", {"customer_id": ann}, key="k1", status=201)
        again = await club.call("POST", f"/programmes/rewards/{reward}/redemptions", {"customer_id": ann}, key="k1", status=200)
        assert (taken["id"], await club.balance(programme, ann)) == (again["id"], 28)
        refused = await club.call("POST", f"/programmes/rewards/{reward}/redemptions", {"customer_id": ann}, key="k2", status=409)
        assert (refused["code"], refused["needed"], refused["there"]) == ("points.not_enough", 100, 28)

        await club.order(ann, 12_345, order_id=first, refunded=12_345)
        standing = await club.standing(programme, ann)
        assert (standing["balance"], standing["owed"], standing["tier"]) == (0, 95, None)
        await club.order(ann, 10_000)
        standing = await club.standing(programme, ann)
        assert (standing["balance"], standing["owed"]) == (5, 0)

        await club.call("POST", f"/programmes/redemptions/{taken['id']}/cancel")
        await club.call("POST", f"/programmes/redemptions/{taken['id']}/cancel")
        assert await club.balance(programme, ann) == 105
        await club.age(366)
        assert not await commands.expire_points(play.service)
        assert await club.balance(programme, ann) == 0
        books = await club.audit(programme)
        assert (books["issued"], books["expired"], books["redeemed"]) == (-105, 105, 0)
        statement = await club.call("GET", f"/programmes/{programme}/members/{ann}/points")
        assert [line["kind"] for line in statement["data"]] == ["expire", "restore", "earn", "reverse", "redeem", "earn", "welcome"]
        assert sum(line["change"] for line in statement["data"]) == 0


async def test_points_given_back_late_can_be_spent_again(cluster: PrivateCluster) -> None:
    """P7: points whose time ran out while they were spent last as long again, when the redemption is cancelled, as they would have then."""
    async with stage(cluster, smtp=False, services=("campaign",)) as play:
        club = Club(play)
        programme = await club.programme(LOYALTY)
        ann = await club.person(granted=False)
        await club.order(ann, 10_000)
        reward = await club.reward(programme, points=100)
        await club.age(360)
        taken = await club.call("POST", f"/programmes/rewards/{reward}/redemptions", {"customer_id": ann}, status=201)
        await club.age(30)
        await commands.expire_points(play.service)
        await club.call("POST", f"/programmes/redemptions/{taken['id']}/cancel")
        await club.age(4)
        assert not await commands.expire_points(play.service)
        assert await club.balance(programme, ann) == 100
        again = await club.call("POST", f"/programmes/rewards/{reward}/redemptions", {"customer_id": ann}, status=201)
        await club.call("POST", f"/programmes/redemptions/{again['id']}/cancel")
        await club.age(2)
        await commands.expire_points(play.service)
        assert (await club.balance(programme, ann), (await club.audit(programme))["expired"]) == (0, 100)


async def test_tiers_multiply_and_rules_choose_lines(cluster: PrivateCluster) -> None:
    """P7: what is earned in a tier counts more; a rule may count one category or product only; orders in other currencies earn nothing."""
    from contracts.interaction import OrderLine

    async with stage(cluster, smtp=False, services=("campaign",)) as play:
        club = Club(play)
        earn = [{"points": 1, "per_minor": 100, "currency": "EUR"}, {"points": 5, "per_minor": 1000, "currency": "EUR", "category": "tea"}]
        programme = await club.programme({**LOYALTY, "earn": earn})
        ann = await club.person(granted=False)
        lines = [OrderLine(product_id="a", category="tea", amount_minor=20_000), OrderLine(product_id="b", category="cups", amount_minor=30_000)]
        order = await club.order(ann, 50_000, lines=lines)
        assert await club.balance(programme, ann) == 500 + 100
        assert (await club.standing(programme, ann))["tier"] == "gold"
        await club.order(ann, 10_000)
        assert await club.balance(programme, ann) == 600 + 2 * 100
        await club.order(ann, 50_000, order_id=order, refunded=25_000, lines=lines)
        assert await club.balance(programme, ann) == 300 + 200
        await club.order(ann, 99_000, currency="USD")
        assert await club.balance(programme, ann) == 500
        await club.audit(programme)


async def test_never_negative_under_concurrency(cluster: PrivateCluster) -> None:
    """P7, P9: a hundred redemptions at once of points, stock and budget that are enough for a few."""
    async with stage(cluster, smtp=False, services=("campaign",)) as play:
        club = Club(play)
        programme = await club.programme(LOYALTY)
        people = [await club.person(number, granted=False) for number in range(4)]
        for customer_id in people:
            await club.order(customer_id, 35_000)
        by_points = await club.reward(programme, points=100)
        by_stock = await club.reward(programme, points=0, stock=5)
        by_budget = await club.reward(programme, points=0, cost_minor=400, budget_minor=1_500)
        per_head = await club.reward(programme, points=0, per_customer=1)

        async def take(reward: str, customer_id: str, key: str) -> int:
            answer = await play.http.call(
                "POST", f"/api/v1/programmes/rewards/{reward}/redemptions", json={"customer_id": customer_id}, headers={"idempotency-key": key},
                scopes=["campaigns:write"],
            )
            assert answer.status in (200, 201, 409), answer.body
            return answer.status

        done = {
            reward: await asyncio.gather(*(take(reward, people[n % 4], f"{n}") for n in range(28)))
            for reward in (by_points, by_stock, by_budget, per_head)
        }
        assert [statuses.count(201) for statuses in done.values()] == [12, 5, 3, 4]
        won = done[by_stock].index(201)
        same_key = await asyncio.gather(*(take(by_stock, people[won % 4], str(won)) for _ in range(8)))
        assert set(same_key) == {200}
        assert [await club.balance(programme, one) for one in people] == [50, 50, 50, 50]
        await club.audit(programme)
        listed = {one["id"]: one for one in (await club.call("GET", f"/programmes/{programme}/rewards"))["data"]}
        assert (listed[by_stock]["redeemed"], listed[by_budget]["spent_minor"]) == (5, 1_200)
        for reward, code in ((by_stock, "reward.out_of_stock"), (by_budget, "reward.out_of_budget"), (per_head, "reward.used_up")):
            refused = await club.call("POST", f"/programmes/rewards/{reward}/redemptions", {"customer_id": people[0]}, key="once more", status=409)
            assert refused["code"] == code
        now = datetime.now(UTC)
        soon, past = (now + timedelta(days=1)).isoformat(), (now - timedelta(days=1)).isoformat()
        for times, code in (({"starts_at": soon}, "reward.not_yet"), ({"ends_at": past}, "reward.over")):
            reward = await club.reward(programme, points=0, **times)
            assert (await club.call("POST", f"/programmes/rewards/{reward}/redemptions", {"customer_id": people[0]}, key="x", status=409))["code"] == code
        await club.call("DELETE", f"/programmes/rewards/{by_points}", status=204)
        refused = await club.call("POST", f"/programmes/rewards/{by_points}/redemptions", {"customer_id": people[0]}, key="late", status=409)
        assert refused["code"] == "reward.inactive"
        async with play.service.transaction() as tx:
            await tx.db.execute("UPDATE programme_member SET arm = 'holdout' WHERE customer_id = $1", UUID(people[0]))
        reward = await club.reward(programme, points=0)
        refused = await club.call("POST", f"/programmes/rewards/{reward}/redemptions", {"customer_id": people[0]}, key="out", status=409)
        assert refused["code"] == "reward.held_out"


async def test_an_order_waits_for_its_customer(cluster: PrivateCluster) -> None:
    """P7: an order under an identity that nobody knows yet counts as soon as it is somebody's; before the programme's start it does not."""
    async with stage(cluster, smtp=False, services=("campaign",)) as play:
        club = Club(play)
        ann = await club.person(granted=False)
        await club.order(ann, 50_000)
        programme = await club.programme(LOYALTY)
        await club.order("guest", 20_000)
        await club.link("guest", ann)
        await club.look()
        assert await club.balance(programme, ann) == 200


async def test_merged_people_spend_together_and_apart_again(cluster: PrivateCluster) -> None:
    """P7: the points of both count after a merge, and each has its own rest after it is undone."""
    async with stage(cluster, smtp=False, services=("campaign",)) as play:
        club = Club(play)
        programme = await club.programme({**LOYALTY, "tiers": []})
        ann, bob = await club.person(1, granted=False), await club.person(2, granted=False)
        await club.order(ann, 8_000)
        await club.order(bob, 7_000)
        await play.profile(bob, merged_into=ann, version=2)
        await club.link(bob, ann)
        assert await club.balance(programme, ann) == await club.balance(programme, bob) == 150
        reward = await club.reward(programme, points=120)
        await club.call("POST", f"/programmes/rewards/{reward}/redemptions", {"customer_id": bob})
        assert await club.balance(programme, ann) == 30
        await play.profile(bob, version=3)
        await club.link(bob, bob)
        assert sorted([await club.balance(programme, ann), await club.balance(programme, bob)]) == [0, 30]
        await club.audit(programme)


async def test_points_by_hand(cluster: PrivateCluster) -> None:
    """P7: goodwill once per reference; more than is there cannot be taken."""
    async with stage(cluster, smtp=False, services=("campaign",)) as play:
        club = Club(play)
        programme = await club.programme(LOYALTY)
        ann = await club.person(granted=False)
        body = {"customer_id": ann, "points": 40, "reference": "case 7", "note": "late parcel"}
        first = await club.call("POST", f"/programmes/{programme}/points", body, status=201)
        assert (await club.call("POST", f"/programmes/{programme}/points", body))["id"] == first["id"]
        await club.call("POST", f"/programmes/{programme}/points", {**body, "points": -15, "reference": "case 8"})
        assert await club.balance(programme, ann) == 25
        for wrong, code in (
            ({**body, "points": 41}, "reference.reused"), ({**body, "points": -26, "reference": "case 9"}, "points.not_enough"),
        ):
            assert (await club.call("POST", f"/programmes/{programme}/points", wrong, status=409))["code"] == code
        await club.audit(programme)
