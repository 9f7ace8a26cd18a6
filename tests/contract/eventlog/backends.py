"""What the contract suite needs of a running log: open a client, stop and start the server, take records away.

A backend is not bound to an event loop; its clients are. `settle` is how long a dead member's partitions may take to
move to another one, in seconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import asyncpg
import pytest

from chassis.eventlog import EventLog, Partition
from tests.support.cluster import running_cluster


class NotCompacted:
    """The topics that a client packs in the suite; the factory of topics names the compacted ones so."""

    def __contains__(self, topic: object) -> bool:
        return not str(topic).startswith("compacted.")


class Backend(Protocol):
    """One running log server."""

    adapter: str
    address: str
    settle: float
    packed: bool

    def open(self) -> EventLog:
        """A client that is not started yet, as another process would make it."""
        ...

    async def stop(self) -> None:
        """Take the log away."""
        ...

    async def start(self) -> None:
        """Bring it back with everything it had confirmed."""
        ...

    async def forget(self, partition: Partition, before: int) -> None:
        """Delete the records below an offset, as retention does."""
        ...


def open_client(adapter: str, address: str) -> EventLog:
    """A client by the name of its adapter; also used by the member process."""
    if adapter == "postgres":
        from chassis.eventlog.postgres import PostgresEventLog

        return PostgresEventLog(address)
    kafka: Any = pytest.importorskip("chassis.eventlog.kafka", reason="the adapter for Kafka is not installed")
    log: EventLog = kafka.KafkaEventLog(address, packed=NotCompacted() if adapter == "kafka-packed" else ())
    return log


class PostgresBackend:
    """The log in a private cluster."""

    adapter = "postgres"
    settle = 9.0
    packed = False

    def __init__(self, cluster: Any, address: str, owner: str) -> None:
        self._cluster = cluster
        self.address = address
        self._owner = owner

    def open(self) -> EventLog:
        return open_client(self.adapter, self.address)

    async def stop(self) -> None:
        await self._cluster.stop()

    async def start(self) -> None:
        await self._cluster.start()

    async def forget(self, partition: Partition, before: int) -> None:
        connection = await asyncpg.connect(self._owner)
        try:
            await connection.execute(
                "DELETE FROM batch USING topic WHERE batch.topic = topic.id AND topic.name = $1"
                " AND batch.partition = $2 AND batch.base + batch.n <= $3",
                partition.topic,
                partition.number,
                before,
            )
        finally:
            await connection.close()


class KafkaBackend:
    """The log in a real broker."""

    settle = 60.0

    def __init__(self, broker: Any, adapter: str) -> None:
        self._broker = broker
        self.adapter = adapter
        self.packed = adapter == "kafka-packed"
        self.address: str = broker.bootstrap

    def open(self) -> EventLog:
        return open_client(self.adapter, self.address)

    async def stop(self) -> None:
        await asyncio.to_thread(self._broker.stop)

    async def start(self) -> None:
        await asyncio.to_thread(self._broker.start)

    async def forget(self, partition: Partition, before: int) -> None:
        from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
        from aiokafka.structs import TopicPartition

        from chassis.eventlog.kafka import packing

        admin = AIOKafkaAdminClient(bootstrap_servers=self.address)
        await admin.start()
        try:
            where = TopicPartition(partition.topic, partition.number)
            await admin.delete_records({where: RecordsToDelete(before_offset=packing.holder(before))})
        finally:
            await admin.close()


@contextmanager
def running_backend(adapter: str) -> Iterator[Backend]:
    """A server for the whole test session; skipped with a reason where it cannot run."""
    if adapter == "postgres":
        from chassis.eventlog.postgres import migrate

        with running_cluster(["eventlog"], in_memory=True) as cluster:
            owner = cluster.url("eventlog", role="owner")
            asyncio.run(migrate(owner))
            yield PostgresBackend(cluster, cluster.url("eventlog"), owner)
        return
    support: Any = pytest.importorskip("tests.support.broker", reason="no support for a real broker")
    pytest.importorskip("chassis.eventlog.kafka", reason="the adapter for Kafka is not installed")
    with support.broker() as broker:
        yield KafkaBackend(broker, adapter)
