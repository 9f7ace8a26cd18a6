"""The ledger of messages: campaigns, senders that die, replies that are lost, pauses and withdrawals in any order."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from contextlib import AsyncExitStack
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from launcher.embedded_postgres import PrivateCluster
from services.campaign import commands
from services.campaign.domain.ledger import NEXT, State
from services.consent import commands as consent
from services.consent.commands import Subject
from tests.integration.campaign.stage import stage
from tests.integration.campaign.test_ledger import leases_end, senders_killed
from tests.support.machines import play

PEOPLE = 5
people = st.integers(0, PEOPLE - 1)
which = st.integers(0, 2)
_worlds = itertools.count(1)


def reachable(state: State) -> frozenset[State]:
    """The states a message may be in later."""
    found = {state}
    while more := {later for one in found for later in NEXT.get(one, ())} - found:
        found |= more
    return frozenset(found)


def test_nobody_gets_a_message_twice(cluster: PrivateCluster) -> None:
    """P4, P5: at most one message for a person and campaign, none after a withdrawal, and every message is in one state of those that may follow."""
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        scene = runner.run(stack.enter_async_context(stage(cluster, send_batch=4, smtp_connections=2)))
        template = runner.run(scene.template())

        class Sending(RuleBasedStateMachine):
            """`withdrawn`: address -> how many messages it had got when the withdrawal was answered; `states`: what was seen last."""

            def __init__(self) -> None:
                super().__init__()
                self.world = f"s{next(_worlds)}"
                self.campaigns: list[str] = []
                self.withdrawn: dict[str, int] = {}
                self.states: dict[UUID, State] = {}
                self.paused: set[str] = set()
                self.before = len(scene.box.mails)
                scene.audience.members.clear()
                scene.box.refuse_rcpt.clear()
                scene.box.drop_reply.clear()
                self.people = [runner.run(scene.customer(self.address(number))) for number in range(PEOPLE)]

            def address(self, person: int) -> str:
                return f"{self.world}-{person}@x.example"

            @rule()
            def launch(self) -> None:
                if len(self.campaigns) < 3:
                    self.campaigns.append(runner.run(scene.launched(template_id=template)))

            @rule()
            def send(self) -> None:
                runner.run(scene.send_all(rounds=3))

            @rule(steps=st.integers(1, 400))
            def senders_die(self, steps: int) -> None:
                runner.run(senders_killed(scene, steps=steps))

            @rule()
            def time_goes_by(self) -> None:
                async def act() -> None:
                    await leases_end(scene)
                    await commands.sweep(scene.service)

                runner.run(act())

            @rule(person=people, lost=st.booleans())
            def trouble(self, person: int, lost: bool) -> None:
                if lost:
                    scene.box.drop_reply.add(self.address(person))
                else:
                    scene.box.refuse_rcpt[self.address(person)] = "450 later"

            @rule(person=people)
            def peace(self, person: int) -> None:
                scene.box.drop_reply.discard(self.address(person))
                scene.box.refuse_rcpt.pop(self.address(person), None)

            @rule(person=people)
            def withdraw(self, person: int) -> None:
                subject = Subject(UUID(self.people[person]))
                runner.run(consent.withdraw_consent(
                    scene.platform["consent"].service, subject=subject, purpose="marketing", channel="email", source="t", evidence={}, actor="t"
                ))
                self.withdrawn.setdefault(self.address(person), self.got()[self.address(person)])

            @rule(campaign=which)
            def pause_or_go_on(self, campaign: int) -> None:
                if campaign >= len(self.campaigns):
                    return
                name = self.campaigns[campaign]
                action = "resume" if name in self.paused else "pause"
                answer = runner.run(scene.act(name, action))
                assert answer.status in (200, 409), answer.body
                if answer.status == 200:
                    self.paused ^= {name}

            def got(self) -> Counter[str]:
                return Counter(scene.box.recipients()[self.before:])

            @invariant()
            def the_ledger_holds(self) -> None:
                for address, count in self.got().items():
                    assert count <= len(self.campaigns), f"{address} got {count} messages of {len(self.campaigns)} campaigns"
                    assert count <= self.withdrawn.get(address, count), f"{address} got a message after the withdrawal"
                taken: Counter[str] = Counter()
                for campaign in self.campaigns:
                    runner.run(scene.report(campaign))  # its sums are checked there
                    for row in runner.run(scene.sql(
                        "SELECT id, customer_id, state FROM message WHERE origin_id = $1", UUID(campaign)
                    )):
                        state = State(row["state"])
                        assert state in reachable(self.states.get(row["id"], State.PLANNED))
                        self.states[row["id"]] = state
                        taken[self.address(self.people.index(str(row["customer_id"])))] += state == State.ACCEPTED
                got = self.got()
                assert all(got[address] >= count for address, count in taken.items()), "accepted, but nobody got it"

            def teardown(self) -> None:
                """Peace: every campaign comes to its end."""
                scene.box.drop_reply.clear()
                scene.box.refuse_rcpt.clear()
                for campaign in self.paused:
                    runner.run(scene.act(campaign, "resume"))
                for _ in range(10):
                    if all(runner.run(scene.report(campaign))["status"] == "finished" for campaign in self.campaigns):
                        break
                    self.time_goes_by()
                    runner.run(scene.send_all())
                else:
                    raise AssertionError("a campaign does not finish")
                self.the_ledger_holds()

        try:
            play(Sending, histories=6, steps=12)
        finally:
            runner.run(stack.aclose())
