"""One door for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from launcher.embedded_postgres import PrivateCluster
from tests.integration.interaction.collecting.support import Door, open_door


@pytest_asyncio.fixture
async def door(cluster: PrivateCluster) -> AsyncIterator[Door]:
    """A collector on an empty log."""
    async with open_door(cluster) as opened:
        yield opened
