"""The ledger of consent: grants, withdrawals, merges and permits in any order, also those whose process dies."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from chassis.ids import new_id
from launcher.embedded_postgres import PrivateCluster
from services.consent import commands
from services.consent.commands import Grant, Subject
from services.consent.commands.permitting import Member
from tests.integration.consent.test_model import CHANNELS, PURPOSES, Model
from tests.support.machines import play
from tests.support.platform import started

people = st.integers(0, 3)
purposes = st.sampled_from(sorted(PURPOSES))
channels = st.sampled_from(CHANNELS)


def test_consent_is_what_was_said_last(cluster: PrivateCluster) -> None:
    """Permits follow the model after each step; a withdrawal waits for open permits; a command whose process dies has happened or has not."""
    with asyncio.Runner() as runner:
        world = started(cluster, "consent", given={"consent": {"barrier_seconds": 30}}, read=False)
        platform = runner.run(world.__aenter__())
        service = platform["consent"].service

        class Ledger(RuleBasedStateMachine):
            def __init__(self) -> None:
                super().__init__()
                self.model = Model()
                self.customers = [new_id() for _ in range(4)]

            async def permitted(self) -> tuple[UUID | None, set[tuple[UUID, str, str]]]:
                members = [Member(one, some, how, "s", "") for one in self.customers for some in PURPOSES for how in CHANNELS]
                given = await commands.grant_permits(service, members=members)
                assert len(given.granted) + len(given.denied) == len(members)
                return given.batch_id, {(members[one.asked].customer_id, members[one.asked].purpose, members[one.asked].channel) for one in given.granted}

            async def withdraw(self, customer: UUID, purpose: str, channel: str) -> None:
                await commands.withdraw_consent(
                    service, subject=Subject(customer), purpose=purpose, channel=channel, source="t", evidence={}, actor="t"
                )

            async def close(self, batch: UUID | None) -> None:
                if batch is not None:
                    await commands.close_permits(service, batch_id=batch, outcomes={})

            @rule(person=people, purpose=purposes, channel=channels)
            def grant(self, person: int, purpose: str, channel: str) -> None:
                grants = [Grant(Subject(self.customers[person]), purpose, channel, "t", {})]
                runner.run(commands.grant_consents(service, grants=grants, actor="t"))
                self.model.say(self.customers[person], purpose, channel, "granted")

            @rule(person=people, purpose=purposes, channel=channels)
            def withdraw_(self, person: int, purpose: str, channel: str) -> None:
                runner.run(self.withdraw(self.customers[person], purpose, channel))
                self.model.say(self.customers[person], purpose, channel, "withdrawn")

            @rule(survivor=people, merged=people)
            def merge(self, survivor: int, merged: int) -> None:
                kept, gone = self.customers[survivor], self.customers[merged]
                if gone in self.model.root or self.model.top(kept) == gone:
                    return

                async def act() -> None:
                    async with service.transaction() as tx:
                        await commands.merge_customers(service, tx, survivor=kept, merged=gone, merged_at=service.clock.now())

                runner.run(act())
                self.model.merge(kept, gone)

            @rule(person=people, purpose=purposes, channel=channels)
            def withdraw_while_permits_are_open(self, person: int, purpose: str, channel: str) -> None:
                """P5: the answer comes only when no permit is open that the withdrawal concerns."""
                customer = self.customers[person]
                concerned = self.model.allowed(customer, purpose, channel)

                async def act() -> None:
                    batch, _ = await self.permitted()
                    withdrawing = asyncio.create_task(self.withdraw(customer, purpose, channel))
                    if concerned:
                        await asyncio.wait({withdrawing}, timeout=0.03)
                        assert not withdrawing.done(), "the withdrawal was answered while a permit was open"
                    await self.close(batch)
                    await withdrawing

                runner.run(act())
                self.model.say(customer, purpose, channel, "withdrawn")

            @rule(person=people, purpose=purposes, channel=channels, grants=st.booleans(), turns=st.integers(0, 30))
            def die(self, person: int, purpose: str, channel: str, grants: bool, turns: int) -> None:
                """A process that dies in a command: what was true before or what was asked for, and nothing else."""
                customer = self.customers[person]

                async def act() -> bool:
                    doing: asyncio.Future[Any]
                    if grants:
                        doing = asyncio.ensure_future(
                            commands.grant_consents(service, grants=[Grant(Subject(customer), purpose, channel, "t", {})], actor="t")
                        )
                    else:
                        doing = asyncio.ensure_future(self.withdraw(customer, purpose, channel))
                    for _ in range(turns):
                        await asyncio.sleep(0)
                    doing.cancel()
                    await asyncio.wait({doing})
                    batch, found = await self.permitted()
                    await self.close(batch)
                    return (customer, purpose, channel) in found

                allowed = runner.run(act())
                if allowed == grants and allowed != self.model.allowed(customer, purpose, channel):
                    self.model.say(customer, purpose, channel, "granted" if grants else "withdrawn")
                # It may also have said what held already; said once more, nothing hidden is left.
                again = self.grant if grants else self.withdraw_
                again(person=person, purpose=purpose, channel=channel)

            @invariant()
            def permits_follow(self) -> None:
                async def look() -> set[tuple[UUID, str, str]]:
                    batch, found = await self.permitted()
                    await self.close(batch)
                    return found

                expected = {
                    (one, some, how) for one in self.customers for some in PURPOSES for how in CHANNELS if self.model.allowed(one, some, how)
                }
                assert runner.run(look()) == expected

        try:
            play(Ledger, histories=8, steps=14)
            assert runner.run(service.database.fetch_value("SELECT count(*) FROM entry")) > 20
        finally:
            runner.run(world.__aexit__(None, None, None))
