"""Who is one person: registrations, links, merges by hand and their undoings in any order, also those that die before the commit."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from launcher.embedded_postgres import PrivateCluster
from services.customer.commands import merging
from tests.integration.customer.asking import ask, got
from tests.support.machines import play
from tests.support.platform import started

PEOPLE = 4
people = st.integers(0, PEOPLE - 1)
_worlds = itertools.count(1)


class Died(Exception):
    """The process is gone before the commit."""


def test_each_identity_has_one_customer(cluster: PrivateCluster) -> None:
    """U1: an identity answers for exactly one customer, the one that the registrations and the merges that stand lead to."""
    with asyncio.Runner() as runner:
        world = started(cluster, "customer", read=False)
        platform = runner.run(world.__aenter__())
        service = platform["customer"].service

        class People(RuleBasedStateMachine):
            """`homes`: identity -> person; `merges`: the merges that stand, each an edge between the customers that answered then."""

            def __init__(self) -> None:
                super().__init__()
                self.world = f"m{next(_worlds)}"
                self.homes: dict[str, int] = {}
                self.merges: dict[str, tuple[int, int]] = {}
                self.number = itertools.count()
                for person in range(PEOPLE):
                    self.register([f"user:{self.world}-{person}"])
                    self.homes[f"user:{self.world}-{person}"] = person

            def register(self, identities: list[str], **traits: Any) -> None:
                answer = runner.run(ask(platform, "POST", "/customers?upsert=true", {"identities": identities, "traits": traits}))
                assert answer.status in {200, 201}, answer.body

            def group(self, person: int) -> frozenset[int]:
                found = {person}
                while more := {two for pair in self.merges.values() for one, two in (pair, pair[::-1]) if one in found} - found:
                    found |= more
                return frozenset(found)

            def customer(self, person: int) -> str:
                found = runner.run(got(platform, f"/customers?identity=user:{self.world}-{person}"))["data"]
                assert len(found) == 1
                return str(found[0]["id"])

            @rule(person=people, kind=st.sampled_from(["ext:crm:", "anon:"]))
            def link(self, person: int, kind: str) -> None:
                identity = f"{kind}{self.world}-{next(self.number)}"
                self.register([f"user:{self.world}-{person}", identity])
                self.homes[identity] = person

            @rule(person=people, value=st.integers(0, 3))
            def say(self, person: int, value: int) -> None:
                self.register([f"user:{self.world}-{person}"], plan=value)

            @rule(one=people, two=people)
            def share(self, one: int, two: int) -> None:
                """Two people with user ids at one address stay two: the first keeps it, the second is left for a person to look at."""
                if self.group(one) == self.group(two):
                    return
                address = f"email:{self.world}-{next(self.number)}@x.example"
                self.register([f"user:{self.world}-{one}", address])
                self.register([f"user:{self.world}-{two}", address])
                self.homes[address] = one

            @rule(one=people, two=people)
            def merge(self, one: int, two: int) -> None:
                body = {"survivor_id": self.customer(one), "merged_id": self.customer(two)}
                answer = runner.run(ask(platform, "POST", "/merges", body))
                assert answer.status == (409 if two in self.group(one) else 201), answer.body
                if answer.status == 201:
                    self.merges[answer.json()["merge_id"]] = (one, two)

            @rule(which=st.integers(0, 9))
            def undo(self, which: int) -> None:
                if not self.merges:
                    return
                merge = sorted(self.merges)[which % len(self.merges)]
                answer = runner.run(ask(platform, "POST", f"/merges/{merge}/undo"))
                assert answer.status == 200, answer.body
                del self.merges[merge]
                assert runner.run(ask(platform, "POST", f"/merges/{merge}/undo")).status == 409

            @rule(one=people, two=people)
            def die_before_the_commit(self, one: int, two: int) -> None:
                if self.group(one) == self.group(two):
                    return
                first, second = UUID(self.customer(one)), UUID(self.customer(two))

                async def act() -> None:
                    async with service.transaction() as tx:
                        await merging.join(service, tx, one=first, two=second, reason="")
                        raise Died

                try:
                    runner.run(act())
                except Died:
                    return
                raise AssertionError("it did not die")

            @invariant()
            def everybody_is_found(self) -> None:
                groups: dict[frozenset[int], str] = {}
                for person in range(PEOPLE):
                    groups.setdefault(self.group(person), self.customer(person))
                assert len(set(groups.values())) == len(groups), "two people answer as one"
                for members, customer in groups.items():
                    view = runner.run(got(platform, f"/customers/{customer}"))
                    assert set(view["identities"]) == {identity for identity, home in self.homes.items() if home in members}

        try:
            play(People, histories=6, steps=12)
        finally:
            runner.run(world.__aexit__(None, None, None))
