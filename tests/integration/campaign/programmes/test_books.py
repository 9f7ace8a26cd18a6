"""Random histories of a points programme: the books balance after every step, and say what a plain model says."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from launcher.embedded_postgres import PrivateCluster
from services.campaign import commands
from tests.integration.campaign.programmes.club import Club
from tests.integration.campaign.stage import stage

SETTINGS = {"kind": "loyalty", "earn": [{"points": 1, "per_minor": 1, "currency": "EUR"}], "expire_days": 100}


def test_balance_is_always_the_sum_of_entries(cluster: PrivateCluster) -> None:
    """P7: hypothesis plays orders, changes, refunds, redemptions, cancellations, gifts and time; after each step the books are checked."""
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        play = runner.run(stack.enter_async_context(stage(cluster, smtp=False, services=("campaign",))))
        club = Club(play)

        class Books(RuleBasedStateMachine):
            """`orders`: order -> what it should have earned; the model knows neither lots nor accounts."""

            def __init__(self) -> None:
                super().__init__()
                self.orders: dict[str, tuple[int, int]] = {}
                self.taken: dict[str, int] = {}
                self.given = self.expired = 0
                self.steps = 0

            @initialize()
            def begin(self) -> None:
                async def make() -> tuple[str, str, dict[int, str]]:
                    for statement in ("UPDATE programme SET status = 'ended'",):
                        async with play.service.transaction() as tx:
                            await tx.db.execute(statement)
                    programme = await club.programme(SETTINGS)
                    rewards = {price: await club.reward(programme, points=price) for price in (10, 70)}
                    return programme, await club.person(granted=False), rewards

                self.programme, self.customer, self.rewards = runner.run(make())

            @rule(net=st.integers(1, 100))
            def order(self, net: int) -> None:
                order_id = runner.run(club.order(self.customer, net))
                self.orders[order_id] = (net, 0)

            @precondition(lambda self: self.orders)
            @rule(data=st.data(), part=st.floats(0, 1), status=st.sampled_from(["paid", "paid", "cancelled"]))
            def change(self, data: st.DataObject, part: float, status: str) -> None:
                order_id = data.draw(st.sampled_from(sorted(self.orders)))
                net = self.orders[order_id][0]
                refunded = int(net * part)
                runner.run(club.order(self.customer, net, order_id=order_id, refunded=refunded, status=status))
                self.orders[order_id] = (net, net if status == "cancelled" else refunded)

            @precondition(lambda self: self.orders)
            @rule(price=st.sampled_from([10, 70]))
            def redeem(self, price: int) -> None:
                async def take() -> Any:
                    return await play.http.call(
                        "POST", f"/api/v1/programmes/rewards/{self.rewards[price]}/redemptions", json={"customer_id": self.customer},
                        scopes=["campaigns:write"],
                    )

                before = runner.run(club.balance(self.programme, self.customer))
                answer = runner.run(take())
                assert answer.status == (201 if before >= price else 409)
                if answer.status == 201:
                    self.taken[answer.json()["id"]] = price

            @precondition(lambda self: self.taken)
            @rule(data=st.data())
            def give_back(self, data: st.DataObject) -> None:
                redemption = data.draw(st.sampled_from(sorted(self.taken)))
                runner.run(club.call("POST", f"/programmes/redemptions/{redemption}/cancel"))
                self.taken.pop(redemption)

            @precondition(lambda self: self.orders)
            @rule(points=st.integers(1, 30))
            def gift(self, points: int) -> None:
                self.steps += 1
                body = {"customer_id": self.customer, "points": points, "reference": str(self.steps)}
                runner.run(club.call("POST", f"/programmes/{self.programme}/points", body))
                self.given += points

            @precondition(lambda self: self.orders)
            @rule(days=st.sampled_from([40, 99, 101]))
            def time_goes_by(self, days: int) -> None:
                async def pass_by() -> int:
                    before = (await club.audit(self.programme))["expired"]
                    await club.age(days)
                    await commands.expire_points(play.service)
                    return (await club.audit(self.programme))["expired"] - before

                self.expired += runner.run(pass_by())

            @invariant()
            def books_balance(self) -> None:
                async def look() -> tuple[dict[str, int], Any]:
                    books = await club.audit(self.programme)
                    return books, await club.standing(self.programme, self.customer) if self.orders else None

                books, standing = runner.run(look())
                if standing is None:
                    return
                deserved = sum(net - refunded for net, refunded in self.orders.values()) + self.given
                assert standing["balance"] - standing["owed"] == deserved - sum(self.taken.values()) - self.expired
                assert standing["balance"] == books["member"] >= 0
                assert standing["owed"] == -books["owed"] >= 0
                assert books["redeemed"] == sum(self.taken.values())

        try:
            run_state_machine_as_test(
                Books, settings=settings(max_examples=12, stateful_step_count=14, deadline=None, suppress_health_check=list(HealthCheck))
            )
        finally:
            runner.run(stack.aclose())
