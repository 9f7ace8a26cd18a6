"""U29: 10,000 people (SCALE=full: 100,000) inside one journey, and memory that does not grow with them."""

from __future__ import annotations

import pytest

from launcher.embedded_postgres import PrivateCluster
from tests.bench.campaign_journeys import PEOPLE, PROMISE_MIB, measure


@pytest.mark.slow
@pytest.mark.asyncio
async def test_many_people_inside_one_journey(cluster: PrivateCluster) -> None:
    """U29"""
    found = await measure(cluster, PEOPLE)
    assert found.grown_mib < PROMISE_MIB, found
