"""The platform under a seeded scheduler: one step at a time, each finished or crashed before the next is chosen.

Steps are what processes do by themselves (a reader applies some records, a relay publishes, a job runs, time passes) and what people do. A
crash drops everything a service holds in memory, before the commit or after it. What is not simulated: PostgreSQL is real, so its
clock is too; time passes by moving the rows' due times.
"""

from __future__ import annotations

import dataclasses
import random
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from chassis.eventlog import NotConfirmed, Partition
from chassis.reacting import ReaderLoop
from chassis.service import Service
from chassis.unit_of_work import Transaction
from services.campaign import commands as campaigns
from services.consent import commands as consent
from services.consent.commands import Grant, Subject
from services.customer.settings import Settled
from services.interaction.commands import publishing
from tests.fuzz.simulation.memory_log import MemoryLog
from tests.integration.campaign.stage import Stage
from tests.integration.campaign.test_ledger import leases_end, senders_killed
from tests.integration.customer.asking import ask, owner
from tests.integration.interaction.support import checked

SERVICES = ("customer", "interaction", "consent", "campaign")
PEOPLE = 4


class Died(BaseException):
    """The process is gone: nothing catches it."""


class _Dying(Service[Any, Any]):
    """A service whose process dies right before it commits."""

    @asynccontextmanager
    async def _dying(self) -> AsyncIterator[Transaction]:
        async with super().transaction() as work:
            yield work
            raise Died

    def transaction(self) -> Any:
        return self._dying()


class World:
    """`happened`: how often each kind of step was taken."""

    def __init__(self, play: Stage, log: MemoryLog, template: str, seed: int) -> None:
        self.play, self.log, self.template = play, log, template
        self.chance = random.Random(seed)
        self.events = 0
        self.campaigns: list[str] = []
        self.withdrawn: dict[str, int] = {}
        self.loops: dict[str, list[ReaderLoop]] = {}
        self.happened: Counter[str] = Counter()
        for name in SERVICES:
            self._started_anew(name)

    def service(self, name: str) -> Service[Any, Any]:
        return self.play.platform[name].service

    def _started_anew(self, name: str) -> None:
        """A service forgets what it held in memory."""
        manifest = self.play.platform[name].running.manifest
        self.loops[name] = [ReaderLoop(self.service(name), subscription) for subscription in manifest.subscriptions]
        if name == "customer":
            self.service(name).resources.settled = Settled(1000)

    async def run(self, steps: int) -> None:
        """So many steps, then whatever is left to do, in order."""
        acts: list[tuple[int, Callable[[], Awaitable[str]]]] = [
            (10, self.read), (4, self.relay), (3, self.event), (1, self.grant), (1, self.withdraw), (1, self.merge), (1, self.launch), (1, self.plan),
            (3, self.send), (1, self.time_passes), (1, self.leftovers),
        ]
        for _ in range(steps):
            (act,) = self.chance.choices([act for _, act in acts], [weight for weight, _ in acts])
            await self._step(act)
        for _ in range(400):
            before = len(self.log.told), self.happened.total()
            for calm in (self.leftovers, self.leftovers, self.read_all, self.relay_all, self.plan, self.send_all, self.time_passes):
                await self._step(calm)
            if len(self.log.told) == before[0] and await self._idle():
                return
        raise AssertionError("the platform does not come to rest")

    async def _idle(self) -> bool:
        if await self._unread() or any([await self._outbox(name) for name in SERVICES]):
            return False
        return all([(await self.play.report(one))["status"] == "finished" for one in self.campaigns])

    async def _step(self, act: Callable[[], Awaitable[str]]) -> None:
        said = await act()
        self.happened[said.split()[0]] += 1

    async def _unread(self) -> list[tuple[str, int, Partition, int]]:
        found = []
        for name in SERVICES:
            for place, loop in enumerate(self.loops[name]):
                listed = [Partition(topic, number) for topic in loop.subscription.topics for number in range(2)]
                known = await loop.positions(listed)
                found += [(name, place, one, known[one] or 0) for one in listed if len(self.log.records[one]) > (known[one] or 0)]
        return found

    async def read(self, *, fates: bool = True) -> str:
        waiting = await self._unread()
        if not waiting:
            return "read nothing"
        name, place, partition, offset = self.chance.choice(waiting)
        records = await self.log.read(partition, offset, max_records=self.chance.randint(1, 12))
        fate = self.chance.choices(["done", "dies_before", "dies_after"], [8, 1, 1])[0] if fates else "done"
        loop = self.loops[name][place]
        if fate == "dies_before":
            dying = _Dying(**{field.name: getattr(loop.service, field.name) for field in dataclasses.fields(Service) if field.init})
            dying.resources = loop.service.resources
            try:
                await ReaderLoop(dying, loop.subscription).apply_outside(partition, records)
            except Died:
                self._started_anew(name)
            return f"read {name} {loop.group} {partition.number} {len(records)} {fate}"
        await loop.apply_outside(partition, records)
        if fate == "dies_after":
            self._started_anew(name)
        elif loop.subscription.after_commit is not None:
            await loop.subscription.after_commit(loop.service, records)
            if name == "interaction":
                await loop.service.resources.publishing.waiting.join()
        return f"read {name} {loop.group} {partition.number} {len(records)} {fate}"

    async def read_all(self) -> str:
        count = 0
        while await self._unread():
            await self.read(fates=False)
            count += 1
        return f"readall {count}"

    async def _outbox(self, name: str) -> int:
        return int(await self.service(name).database.fetch_value("SELECT count(*) FROM outbox"))

    async def relay(self, *, fates: bool = True) -> str:
        waiting = [name for name in SERVICES if await self._outbox(name)]
        if not waiting:
            return "relay nothing"
        name = self.chance.choice(waiting)
        fate = self.chance.choices(["confirmed", "lost", "unconfirmed"], [8, 1, 1])[0] if fates else "confirmed"
        self.log.fate = fate  # type: ignore[assignment]  # one of the three
        try:
            async with self.service(name).read() as db:
                await self.service(name).relay._look(db)
        except NotConfirmed:
            self._started_anew(name)
        return f"relay {name} {fate}"

    async def relay_all(self) -> str:
        while any([await self._outbox(name) for name in SERVICES]):
            await self.relay(fates=False)
        return "relayall"

    async def event(self) -> str:
        """Somebody looks around or says who they are; now and then the same event comes twice."""
        person, self.events = self.chance.randrange(PEOPLE), self.events + 1
        kind = self.chance.choice(["page", "identify", "track", "again"])
        number = self.chance.randint(1, self.events) if kind == "again" else self.events
        body: dict[str, Any] = {"anonymousId": f"d{person}", "messageId": f"m{number}-{person}", "timestamp": f"2026-03-01T10:{number % 60:02}:00Z"}
        if kind == "identify":
            body |= {"type": "identify", "userId": f"u{person}", "traits": {"email": f"u{person}@x.example"}}
        elif kind == "track":
            body |= {"type": "track", "userId": f"u{person}", "event": "Viewed"}
        else:
            body |= {"type": "page", "name": "Home"}
        await self.log.append(checked([body]))
        return f"event {kind} {person} {number}"

    async def _customer(self) -> tuple[int, str | None]:
        person = self.chance.randrange(PEOPLE)
        return person, await owner(self.play.platform, f"user:u{person}")

    async def grant(self) -> str:
        person, customer = await self._customer()
        if customer is None:
            return "grant nobody"
        await consent.grant_consents(self.service("consent"), grants=[Grant(Subject(UUID(customer)), "marketing", "email", "t", {})], actor="t")
        self.withdrawn.pop(f"u{person}@x.example", None)
        return f"grant {person}"

    async def withdraw(self) -> str:
        person, customer = await self._customer()
        if customer is None:
            return "withdraw nobody"
        await consent.withdraw_consent(
            self.service("consent"), subject=Subject(UUID(customer)), purpose="marketing", channel="email", source="t", evidence={}, actor="t"
        )
        address = f"u{person}@x.example"
        self.withdrawn[address] = self.play.box.recipients().count(address)
        return f"withdraw {person}"

    async def merge(self) -> str:
        (one, first), (two, second) = await self._customer(), await self._customer()
        if first is None or second is None or first == second:
            return "merge nobody"
        answer = await ask(self.play.platform, "POST", "/merges", {"survivor_id": first, "merged_id": second})
        assert answer.status == 201, answer.body
        return f"merge {one} {two}"

    async def launch(self) -> str:
        if len(self.campaigns) == 2:
            return "launch none"
        owners = [await owner(self.play.platform, f"user:u{person}") for person in range(PEOPLE)]
        self.play.audience.members[:] = list(dict.fromkeys(one for one in owners if one is not None))
        campaign = await self.play.campaign(self.template)
        answer = await self.play.act(campaign, "launch")
        assert answer.status == 202, answer.body
        self.campaigns.append(campaign)
        return f"launch {len(self.play.audience.members)}"

    async def plan(self) -> str:
        while await campaigns.plan_audiences(self.service("campaign")):
            pass
        return "plan"

    async def send(self) -> str:
        before = len(self.play.box.mails)
        if self.chance.random() < 0.25:
            await senders_killed(self.play, steps=100_000, mails=before)
            return f"send dies {len(self.play.box.mails) - before}"
        await campaigns.send_messages(self.play.service)
        return f"send {len(self.play.box.mails) - before}"

    async def send_all(self) -> str:
        await self.play.send_all()
        return "sendall"

    async def time_passes(self) -> str:
        await leases_end(self.play)
        await campaigns.sweep(self.play.service)
        return "time"

    async def leftovers(self) -> str:
        await publishing.publish_leftovers(self.service("interaction"))
        return "leftovers"

    def check(self) -> None:
        """Nobody got a message twice, nor after the withdrawal was answered."""
        got = Counter(self.play.box.recipients())
        for address, count in got.items():
            assert count <= len(self.campaigns), f"{address} got {count} messages of {len(self.campaigns)} campaigns"
            assert count <= self.withdrawn.get(address, count), f"{address} got a message after the withdrawal"

    async def check_rest(self) -> None:
        """At rest: every event stored once, every identity with one customer that all services name alike, sums exact."""
        self.check()
        customer, interaction = self.service("customer").database, self.service("interaction").database
        sent = {(record.key, m[1]) for record in self.log.records[Partition("ecrm.collected", 0)] + self.log.records[Partition("ecrm.collected", 1)]
                if (m := re.search(rb'"messageId":"([^"]+)"', record.value or b""))}
        assert await interaction.fetch_value("SELECT count(*) FROM interaction") == len({number for _, number in sent})
        known = "SELECT string_agg(encode(identity, 'hex') || ' ' || customer_id, ',' ORDER BY identity) FROM "
        owners = await customer.fetch_value(known + "identity")
        for name in ("interaction", "campaign"):
            assert await self.service(name).database.fetch_value(known + "identity_map") == owners
        for one in self.campaigns:
            report = await self.play.report(one)
            assert report["planned"] == report["accepted"] + report["failed"] + report["suppressed"] + report["unknown"]
        for name in SERVICES:
            assert await self.service(name).database.fetch_value("SELECT count(*) FROM dead_letter") == 0, name
