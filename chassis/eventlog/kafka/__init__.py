"""The event log on Apache Kafka. Only this package imports aiokafka (why: docs/decisions/0003-kafka-client.md)."""

from __future__ import annotations

import asyncio
from collections.abc import Container, Mapping, Sequence

from aiokafka.errors import KafkaError

from chassis.eventlog import NotConfirmed, Partition, Positions, Reader, Record, Stored, Topic, partition_of
from chassis.eventlog.kafka import stopping
from chassis.eventlog.kafka.access import OPEN, Access
from chassis.eventlog.kafka.appending import Appender
from chassis.eventlog.kafka.inspecting import Inspector, distance
from chassis.eventlog.kafka.reading import GroupReader

START_SECONDS = 10.0
HEALTH_SECONDS = 2.0


class KafkaEventLog:
    """See `chassis.eventlog.EventLog`. Bounded in time also when the broker is away or frozen."""

    def __init__(self, bootstrap: str, *, partitions: int = 6, replication: int = 1, packed: Container[str] = (), access: Access = OPEN) -> None:
        """`bootstrap` is `host:port[,host:port…]`; the numbers are for topics that `create_topics` makes.

        `packed` holds the names of topics with many records a second: what this client appends to them together becomes one Kafka record.
        Never compacted ones, since compaction looks at the keys of Kafka records.
        """
        self._bootstrap = bootstrap.removeprefix("kafka://")
        self._partitions = partitions
        self._replication = replication
        self._topics: dict[str, tuple[Partition, ...]] = {}
        self._packed = packed
        self._access = access
        self._appender = Appender(self._bootstrap, packed=self._packed, access=access)
        self._inspector = Inspector(self._bootstrap, access=access)
        self._readers: list[GroupReader] = []
        self._probe: asyncio.Task[bool] | None = None

    async def start(self) -> None:
        """Connect, trying again while the broker is not up yet."""
        if not await stopping.within(START_SECONDS, self._connect()):
            await self.close()
            raise NotConfirmed(f"no Kafka broker at {self._bootstrap} within {START_SECONDS:g} s")

    async def create_topics(self, topics: Sequence[Topic]) -> None:
        """Create what is missing; existing topics keep their partitions and settings. Raises ValueError for one packed and compacted."""
        if wrong := [topic.name for topic in topics if topic.compacted and topic.name in self._packed]:
            raise ValueError(f"compaction looks at the keys of Kafka records, so these cannot be packed: {', '.join(wrong)}")
        await self._inspector.create_topics(topics, partitions=self._partitions, replication=self._replication)

    async def partitions(self, topic: str) -> int:
        """How many partitions the topic has; never changes, so asked once. Raises NotConfirmed for an unknown topic."""
        known = self._topics.get(topic)
        if known is None:
            count = await self._inspector.count_partitions(topic)
            known = self._topics[topic] = tuple(Partition(topic, number) for number in range(count))
        return len(known)

    async def append(self, records: Sequence[Record], *, deadline: float = 5.0) -> None:
        """Return when all records are acknowledged by all replicas in sync, in order per partition."""
        if not records:
            return
        until = asyncio.get_running_loop().time() + deadline
        unknown = {record.topic for record in records} - self._topics.keys()
        for topic in unknown:
            asked = asyncio.ensure_future(self.partitions(topic))
            await asyncio.wait([asked], timeout=max(0.0, until - asyncio.get_running_loop().time()))
            if not asked.done():
                await stopping.cancelled(asked)
                raise NotConfirmed(f"no answer about topic {topic} within {deadline:g} s")
            asked.result()
        placed: dict[Partition, list[Record]] = {}
        for record in records:
            placed.setdefault(_placed(record, self._topics[record.topic]), []).append(record)
        await self._appender.append(placed, deadline=max(0.0, until - asyncio.get_running_loop().time()))

    async def reader(self, *, group: str, topics: Sequence[str], positions: Positions, gather: float = 0.0) -> Reader:
        """Join a reader group; the first `poll` may still be empty while the group assigns its partitions."""
        compacted = await self._inspector.compacted(topics)
        reader = GroupReader(
            self._bootstrap,
            access=self._access,
            group=group,
            topics=topics,
            positions=positions,
            compacted=compacted,
            inspector=self._inspector,
            gather=gather,
        )
        await reader.start(seconds=START_SECONDS)
        self._readers.append(reader)
        return reader

    async def read(self, partition: Partition, offset: int, *, max_records: int = 2000) -> list[Stored]:
        """Records from `offset` on without joining a group; empty at the end. Raises LogGap, NotConfirmed."""
        return await self._inspector.read(partition, offset, max_records=max_records)

    async def bounds(self, partition: Partition) -> tuple[int, int]:
        """The first offset still kept and the offset the next record will get."""
        return await self._inspector.bounds(partition)

    async def behind(self, positions: Mapping[Partition, int | None]) -> int:
        """Kafka records behind these positions. Raises NotConfirmed."""
        begun = {partition: position for partition, position in positions.items() if position is not None}
        ends = await self._inspector.ends(list(begun)) if begun else {}
        behind = sum(distance(position, ends[partition]) for partition, position in begun.items())
        for partition in positions.keys() - begun.keys():
            behind += distance(*await self._inspector.bounds(partition))
        return behind

    async def healthy(self) -> bool:
        """Whether the broker answers within 2 s. A probe without an answer is not asked again, it is waited for."""
        if self._probe is None or self._probe.done():
            self._probe = asyncio.create_task(self._inspector.answers())
        await asyncio.wait([self._probe], timeout=HEALTH_SECONDS)
        return self._probe.done() and self._probe.result()

    async def close(self) -> None:
        """Leave the groups, let what is on its way arrive, disconnect; all of it within 5 s."""
        if self._probe is not None:
            await stopping.cancelled(self._probe)
        await asyncio.gather(*(reader.close() for reader in self._readers), self._appender.close())
        await self._inspector.close()

    async def _connect(self) -> None:
        while True:
            try:
                await self._inspector.start()
                await self._appender.start()
            except KafkaError:
                await asyncio.sleep(0.2)
            else:
                return


def _placed(record: Record, partitions: Sequence[Partition]) -> Partition:
    if record.partition is None:
        return partitions[partition_of(record.key, len(partitions))]
    return Partition(record.topic, record.partition)
