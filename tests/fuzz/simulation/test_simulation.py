"""Small stories of the whole platform under many seeds: the rules hold at every step.

A seed decides every step, but not which task of a service runs first within one: mostly it tells the same story again, not always.
"""

from __future__ import annotations

import asyncio
import os

import pytest

from launcher import wiring
from launcher.embedded_postgres import PrivateCluster
from tests.fuzz.simulation.memory_log import MemoryLog
from tests.fuzz.simulation.world import SERVICES, World
from tests.integration.campaign.stage import stage

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

SEEDS = int(os.environ.get("SIM_SEEDS", "500" if os.environ.get("SCALE") == "full" else "25"))
STEPS = 60


async def told(cluster: PrivateCluster, seed: int) -> World:
    """One story on empty databases."""
    log = MemoryLog()
    await log.create_topics(wiring.topics())
    async with stage(cluster, services=SERVICES, read=False, log=log, send_batch=1, smtp_connections=1) as play:
        world = World(play, log, await play.template(), seed)
        try:
            await world.run(STEPS)
            await world.check_rest()
        except BaseException as error:
            error.add_note(f"seed {seed}: {dict(world.happened)}")
            raise
    return world


@pytest.mark.parametrize("seed", range(SEEDS))
def test_the_rules_hold_in_every_story(cluster: PrivateCluster, seed: int) -> None:
    world = asyncio.run(told(cluster, seed))
    assert world.happened["read"] > 5
