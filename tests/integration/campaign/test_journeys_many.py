"""U29: 100,000 people inside one journey, and memory that does not grow with them."""

from __future__ import annotations

import resource
import time
from pathlib import Path

import pytest

from launcher.embedded_postgres import PrivateCluster
from services.campaign import commands
from tests.integration.campaign.stage import stage
from tests.integration.campaign.travelling import Journeys

PEOPLE = 100_000
MIB = 1024 * 1024


def resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


@pytest.mark.slow
@pytest.mark.asyncio
async def test_a_hundred_thousand_people_inside_one_journey(cluster: PrivateCluster) -> None:
    """U29"""
    async with stage(cluster, smtp=False) as play:
        journeys = Journeys(play)
        journey = await journeys.published({
            "entry": {"api": {}}, "start": "halves", "steps": {
                "halves": {"type": "split", "arms": [{"name": "a", "next": "rest"}, {"name": "b", "next": "rest"}]},
                "rest": {"type": "wait", "for": {"days": 1}, "next": "won"}, "won": {"type": "goal", "name": "there"},
            },
        })
        used, marks = time.process_time(), []
        for start in range(0, PEOPLE, 1000):
            ids = [f"00000000-0000-7000-8000-{number:012x}" for number in range(start, start + 1000)]
            assert len((await journeys.call("POST", f"/{journey}/people", customer_ids=ids, key="all")).json()["entered"]) == 1000
            while await commands.run_journeys(play.service):
                pass
            marks.append(resident())
        assert (await journeys.figures(journey))["at_step"] == {"rest": PEOPLE}
        async with play.service.transaction() as tx:
            await tx.db.execute("UPDATE journey_person SET due_at = now()")
        while await commands.run_journeys(play.service):
            pass
        marks.append(resident())
        assert (await journeys.figures(journey))["left"] == {"goal": PEOPLE}
        grown = (max(marks) - marks[9]) / MIB
        spent = time.process_time() - used
        print(f"\n{PEOPLE} people: {grown:.1f} MiB more than with the first 10,000; {1000 * spent / PEOPLE:.2f} ms of CPU each, in and through")
        assert grown < 40
