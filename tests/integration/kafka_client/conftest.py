"""A broker of its own for each module: these tests stop, kill and freeze it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
import pytest_asyncio
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from tests.support.broker import Broker, broker


@pytest.fixture(scope="module")
def kafka() -> Iterator[Broker]:
    """A running broker."""
    with broker() as running:
        yield running


@pytest_asyncio.fixture
async def topic(kafka: Broker) -> str:
    """A fresh topic of two partitions."""
    name = f"t.{uuid.uuid4().hex[:12]}"
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, 2, 1)])
    finally:
        await admin.close()
    return name
