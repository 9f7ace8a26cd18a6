"""One running analytics service for tests that only ask."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from launcher.embedded_postgres import PrivateCluster
from tests.support.platform import TestPlatform, started


@pytest_asyncio.fixture
async def running(cluster: PrivateCluster) -> AsyncIterator[TestPlatform]:
    async with started(cluster, "analytics") as platform:
        yield platform
