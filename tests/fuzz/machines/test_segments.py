"""Live membership of segments: people, orders, changes of mind and merges in any order; what is told of it adds up to who is in."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from launcher.embedded_postgres import PrivateCluster
from tests.integration.analytics.story import DAY, NOW, ask, heard, tell, until
from tests.support.machines import play
from tests.support.platform import started
from tests.unit.analytics.shop import belongs, customer_id, order, profile

PEOPLE = 3
people = st.integers(0, PEOPLE - 1)
CITY = {"trait": "city", "op": "eq", "value": "Tehran"}
RULES: dict[str, dict[str, Any]] = {
    "buyers in Tehran": {"all": [{"orders": {"value": 1}}, CITY]},
    "never bought": {"not": {"orders": {"value": 1}}},
    "above a thousand": {"orders": {"measure": "sum", "op": "gt", "value": 1000}},
}
ENTERED, LEFT = "ecrm.analytics.segment_entered.v1", "ecrm.analytics.segment_left.v1"
_worlds = itertools.count(100, 100)


def test_members_follow_every_history(cluster: PrivateCluster) -> None:
    """U20: after any history who is in a segment is whom a plain model says, and entries and exits that were told sum up to it."""
    with asyncio.Runner() as runner:
        world = started(cluster, "analytics")
        platform = runner.run(world.__aenter__())

        async def make(name: str, rule_: dict[str, Any]) -> str:
            return str((await ask(platform, "POST", "/segments", {"name": name, "rule": rule_}, status=201))["id"])

        segments = {name: runner.run(make(name, rule_)) for name, rule_ in RULES.items()}

        class Living(RuleBasedStateMachine):
            """`into`: person -> the person it was merged into; `orders`: id -> (who bought, amount, version, counts)."""

            def __init__(self) -> None:
                super().__init__()
                self.first = next(_worlds)
                self.into: dict[int, int] = {}
                self.city: dict[int, str] = dict.fromkeys(range(PEOPLE), "Qom")
                self.orders: dict[str, tuple[int, int, int, bool]] = {}
                self.number = itertools.count()
                for person in range(PEOPLE):
                    runner.run(tell(platform.log, self.profile(person), self.belongs(person, person)))

            def name(self, person: int) -> str:
                return f"{self.first + person}"

            def profile(self, person: int) -> Any:
                merged = self.into.get(person)
                if merged is not None:
                    return profile(self.first + person, merged_into=self.first + merged)
                return profile(self.first + person, city=self.city[person])

            def belongs(self, person: int, owner: int) -> Any:
                return belongs(self.name(person), self.first + owner)

            def root(self, person: int) -> int:
                while person in self.into:
                    person = self.into[person]
                return person

            @rule(person=people, city=st.sampled_from(["Tehran", "Qom"]))
            def move(self, person: int, city: str) -> None:
                root = self.root(person)
                self.city[root] = city
                runner.run(tell(platform.log, self.profile(root)))

            @rule(person=people, net=st.sampled_from([100, 600, 1100]))
            def buy(self, person: int, net: int) -> None:
                name = f"{self.first}-{next(self.number)}"
                self.orders[name] = (person, net, 1, True)
                runner.run(tell(platform.log, order(self.name(person), name, net=net, at=NOW - DAY)))

            @rule(which=st.integers(0, 5))
            def cancel(self, which: int) -> None:
                if not self.orders:
                    return
                name = sorted(self.orders)[which % len(self.orders)]
                person, net, version, _ = self.orders[name]
                self.orders[name] = (person, net, version + 1, False)
                runner.run(tell(platform.log, order(self.name(person), name, net=net, at=NOW - DAY, status="cancelled", version=version + 1)))

            @rule(one=people, two=people)
            def merge(self, one: int, two: int) -> None:
                kept, gone = self.root(one), self.root(two)
                if kept == gone:
                    return
                self.into[gone] = kept
                moved = [self.belongs(person, kept) for person in range(PEOPLE) if self.root(person) == kept]
                runner.run(tell(platform.log, *moved, self.profile(gone)))

            def expected(self) -> dict[str, set[str]]:
                found: dict[str, set[str]] = {name: set() for name in RULES}
                for person in range(PEOPLE):
                    if person in self.into:
                        continue
                    paid = [net for who, net, _, counts in self.orders.values() if counts and self.root(who) == person]
                    holds = {
                        "buyers in Tehran": bool(paid) and self.city[person] == "Tehran", "never bought": not paid, "above a thousand": sum(paid) > 1000,
                    }
                    for name in RULES:
                        if holds[name]:
                            found[name].add(customer_id(self.first + person))
                return found

            async def members(self) -> dict[str, set[str]]:
                mine = {customer_id(self.first + person) for person in range(PEOPLE)}
                return {
                    name: {one["customer_id"] for one in (await ask(platform, "GET", f"/segments/{segment}/members?limit=1000"))["data"]} & mine
                    for name, segment in segments.items()
                }

            @invariant()
            def members_follow(self) -> None:
                expected = self.expected()

                async def settled() -> bool:
                    return await self.members() == expected

                async def look() -> None:
                    await platform.drain()
                    try:
                        await until(settled, seconds=20)
                    except TimeoutError:
                        raise AssertionError((await self.members(), expected)) from None

                runner.run(look())

            def teardown(self) -> None:
                runner.run(platform.drain())
                sums: Counter[tuple[str, str]] = Counter()
                for wire, sign in ((ENTERED, 1), (LEFT, -1)):
                    for fact in runner.run(heard(platform.log, wire)):
                        sums[fact["segment_id"], fact["customer_id"]] += sign
                for name, members in self.expected().items():
                    mine = {customer_id(self.first + person) for person in range(PEOPLE)}
                    assert {one for (segment, one), count in sums.items() if segment == segments[name] and count == 1} & mine == members
                assert set(sums.values()) <= {0, 1}

        try:
            play(Living, histories=4, steps=6)
        finally:
            runner.run(world.__aexit__(None, None, None))
