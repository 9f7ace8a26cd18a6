"""Members of the reader groups come and go all the time, and the real broker hands the partitions round: nothing is lost, doubled or out of order.

20 s in CI, SCALE=full: 10 minutes; STORM_SECONDS: any time.
"""

from __future__ import annotations

import asyncio
import os
import random
import uuid
from contextlib import AsyncExitStack
from typing import Any

import pytest

from launcher import wiring
from launcher.embedded_postgres import PrivateCluster
from tests.chaos import checking, seeding, writer
from tests.integration.interaction import support
from tests.support import broker, proofs, templates
from tests.support.platform import started

SECONDS = float(os.environ.get("STORM_SECONDS", "600" if proofs.FULL else "20"))
SERVICES = ("interaction", "customer")
MEMBERS = 3
SEED = 77

pytestmark = [pytest.mark.slow, pytest.mark.real, pytest.mark.timeout(1800 if proofs.FULL else 300)]


class Storm:
    """Databases of their own and a log on a real broker; members are whole services on them."""

    def __init__(self, cluster: PrivateCluster, bootstrap: str) -> None:
        self.cluster, self.bootstrap, self.run = cluster, bootstrap, uuid.uuid4().hex[:8]
        self.chance = random.Random(SEED)
        self.joined = self.broken = 0
        self.batches: list[list[dict[str, Any]]] = []

    def database_url(self, name: str) -> str:
        return templates.address(self.cluster, f"{name}_{self.run}", kind=f"services_{name}_migrations")

    def log_url(self) -> str:
        return f"kafka://{self.bootstrap}"

    async def member(self, seconds: float) -> None:
        """Join, read, leave."""
        async with AsyncExitStack() as stack:
            log = wiring.event_log(self.log_url())
            stack.push_async_callback(log.close)
            await log.start()
            given = {name: {"database_connections": 4} for name in SERVICES}
            await stack.enter_async_context(started(self.cluster, *SERVICES, log=log, run=self.run, given=given))
            self.joined += 1
            await asyncio.sleep(seconds)

    async def coming_and_going(self) -> None:
        """One place in the group; every second time its member stops in the middle of whatever it does."""
        while True:
            member = asyncio.create_task(self.member(self.chance.uniform(0.5, 4)))
            try:
                if self.chance.random() < 0.5:
                    await asyncio.wait({member}, timeout=self.chance.uniform(0.3, 4))
                    self.broken += not member.done()
                    member.cancel()
                await asyncio.wait({member})
                if not member.cancelled() and (failed := member.exception()):
                    raise failed
            finally:
                member.cancel()
                await asyncio.wait({member})

    async def post(self, seconds: float) -> None:
        """What a collector appends, for so long; each lane in order."""
        log = wiring.event_log(self.log_url())
        await log.start()
        try:
            made = writer.batches(int(700 * seconds), SEED)
            until = asyncio.get_running_loop().time() + seconds
            for batch in made:
                if asyncio.get_running_loop().time() > until:
                    break
                self.batches.append(batch)
                await log.append(support.checked(batch), deadline=30)
                if self.chance.random() < 0.1:
                    await log.append(support.checked(batch), deadline=30)
                await asyncio.sleep(0.05)
        finally:
            await log.close()

    async def calm(self, *, seconds: float) -> None:
        """One member alone works off what is left."""
        posted = sum(len(batch) for batch in self.batches)
        alone = asyncio.create_task(self.member(3600))
        try:
            await asyncio.wait_for(self._stored(posted), seconds)
        except TimeoutError:
            pass  # what is missing is what the checks complain of
        finally:
            alone.cancel()
            await asyncio.wait({alone})

    async def _stored(self, posted: int) -> None:
        await checking.settle(self, SEED, posted, seconds=3600, outboxes=SERVICES)
        while await checking.people(self, checking.posted_people(self.batches), SEED, seconds=0):
            await asyncio.sleep(0.3)


async def storm(cluster: PrivateCluster, bootstrap: str, *, seconds: float, patience: float = 240) -> tuple[list[str], dict[str, int]]:
    """The complaints and the figures of one storm."""
    async with AsyncExitStack() as stack:
        log = wiring.event_log(f"kafka://{bootstrap}")
        await log.start()
        await log.create_topics(wiring.topics())
        await log.close()
        one = Storm(cluster, bootstrap)
        for name in SERVICES:
            stack.push_async_callback(templates.dropped, cluster, f"{name}_{one.run}")
        await one.member(0)  # the databases are made
        places = [asyncio.create_task(one.coming_and_going()) for _ in range(MEMBERS)]
        await one.post(seconds)
        for place in places:
            place.cancel()
        for ended in await asyncio.gather(*places, return_exceptions=True):
            if isinstance(ended, Exception):
                raise ended
        await one.calm(seconds=patience)
        posted = {event["messageId"] for batch in one.batches for event in batch}
        in_log, figures = await checking.order_in_log(one, posted, one.batches, SEED)
        complaints = [
            *await checking.events(one, posted, posted, SEED), *await checking.people(one, checking.posted_people(one.batches), SEED, seconds=0),
            *await checking.orders(one, one.batches), *in_log,
        ]
        return complaints, {"events": len(posted), "joined": one.joined, "broken_off": one.broken, **figures}


@pytest.mark.asyncio
async def test_members_come_and_go(cluster: PrivateCluster) -> None:
    with broker.broker() as kafka:
        complaints, figures = await storm(cluster, kafka.bootstrap, seconds=SECONDS)
        proofs.keep("rebalance_storm", {"seconds": SECONDS, **figures, "complaints": complaints})
        assert complaints == [], figures
        assert figures["events"] > 100
        assert figures["joined"] > SECONDS / 10
        assert figures["broken_off"]


@pytest.mark.asyncio
async def test_a_position_that_moves_before_its_effects_is_found(cluster: PrivateCluster) -> None:
    """The same storm sees a seeded bug."""
    with broker.broker() as kafka, seeding.seeded(seeding.commit_before_effects):
        complaints, _ = await storm(cluster, kafka.bootstrap, seconds=8, patience=8)
        assert any("lost" in said for said in complaints), complaints
