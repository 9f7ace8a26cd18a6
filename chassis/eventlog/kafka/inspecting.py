"""What is asked of the log without a reader group: topics, bounds, records from an offset, whether it answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from itertools import dropwhile, islice
from typing import Any, TypeVar

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.consumer.fetcher import READ_UNCOMMITTED
from aiokafka.errors import KafkaError, NoError, OffsetOutOfRangeError, TopicAlreadyExistsError, for_code
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.structs import TopicPartition

from chassis.eventlog import LogGap, NotConfirmed, Partition, Stored, Topic
from chassis.eventlog.kafka import stopping
from chassis.eventlog.kafka.access import OPEN, Access
from chassis.eventlog.kafka.packing import holder, start
from chassis.eventlog.kafka.records import StoredRecords

ANSWER_SECONDS = 5.0
FETCH_BYTES = 1024 * 1024
DAY_MS = 86_400_000

T = TypeVar("T")


class Inspector:
    """One connection beside the producer's and the readers', so that a long poll never delays an answer."""

    def __init__(self, bootstrap: str, *, access: Access = OPEN) -> None:
        self._bootstrap = bootstrap
        self._access = access
        self._client: Any = None

    async def start(self) -> None:
        """Connect; raises KafkaError when the broker is away. May be called again until it succeeds."""
        if self._client is not None:
            return
        client: Any = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
            **self._access.options(),
            enable_auto_commit=False,
            auto_offset_reset="none",
            request_timeout_ms=int(ANSWER_SECONDS * 1000),
            fetch_max_wait_ms=0,
        )
        try:
            await client.start()
        except BaseException:
            await stopping.stop_consumer(client, seconds=0.5)
            raise
        self._client = client

    async def close(self) -> None:
        """Disconnect."""
        if self._client is not None:
            await stopping.stop_consumer(self._client, seconds=0.5)

    async def answers(self) -> bool:
        """Whether a broker answers a question about the cluster."""
        try:
            await self._client.topics()
        except KafkaError:
            return False
        return True

    async def count_partitions(self, topic: str, *, patience: float = 2.0) -> int:
        """How many partitions the topic has; waits up to `patience` seconds for one that was just created."""
        until = asyncio.get_running_loop().time() + patience
        while True:
            known = self._client.partitions_for_topic(topic)
            if known:
                return len(known)
            if asyncio.get_running_loop().time() > until:
                raise NotConfirmed(f"the log does not know the topic {topic}")
            await self._client._client.add_topic(topic)
            if self._client.partitions_for_topic(topic) is None:
                await self._client._client.force_metadata_update()
                await asyncio.sleep(0.05)

    async def create_topics(self, topics: Sequence[Topic], *, partitions: int, replication: int) -> None:
        """Create what is missing. Raises NotConfirmed when the log does not do it."""
        new = [NewTopic(t.name, partitions, replication, topic_configs=topic_settings(t, replication)) for t in topics]
        answer = await self._ask(lambda admin: admin.create_topics(new, timeout_ms=int(ANSWER_SECONDS * 1000)))
        for name, code, message in answer.topic_errors:
            error = for_code(code)
            if error not in (NoError, TopicAlreadyExistsError):
                raise NotConfirmed(f"topic {name} was not created: {error.__name__} {message or ''}")
        for topic in topics:
            await self.count_partitions(topic.name, patience=15.0)  # a busy broker tells of what it has made when it can

    async def compacted(self, topics: Sequence[str]) -> frozenset[str]:
        """Which of the topics keep the last record of each key only, so that gaps in their offsets are normal."""
        asked = [ConfigResource(ConfigResourceType.TOPIC, name, {"cleanup.policy": None}) for name in topics]
        answers = await self._ask(lambda admin: admin.describe_configs(asked))
        found = set()
        for answer in answers:
            for code, message, _type, name, entries in answer.resources:
                if for_code(code) is not NoError:
                    raise NotConfirmed(f"topic {name}: {message}")
                if any(entry[0] == "cleanup.policy" and "compact" in entry[1] for entry in entries):
                    found.add(name)
        return frozenset(found)

    async def bounds(self, partition: Partition) -> tuple[int, int]:
        """The first offset kept and the next one."""
        where = TopicPartition(*partition)
        try:
            first = await self._client.beginning_offsets([where])
            end = await self._client.end_offsets([where])
        except KafkaError as error:
            raise NotConfirmed(f"no bounds of {partition.topic}/{partition.number}: {type(error).__name__}") from error
        return start(first[where]), start(end[where])

    async def ends(self, partitions: Sequence[Partition]) -> dict[Partition, int]:
        """The next offset of each partition."""
        try:
            ends = await self._client.end_offsets([TopicPartition(*partition) for partition in partitions])
        except KafkaError as error:
            raise NotConfirmed(f"no bounds: {type(error).__name__}") from error
        return {Partition(*where): start(end) for where, end in ends.items()}

    async def read(self, partition: Partition, offset: int, *, max_records: int) -> list[Stored]:
        """Records from `offset` on, at most 1 MiB of them (as stored) and never waiting for new ones."""
        await self.count_partitions(partition.topic)
        where = TopicPartition(*partition)
        position = holder(offset)
        while True:
            highwater, records = await self._fetch(where, position)
            found = list(islice(dropwhile(lambda record: record.offset < offset, records), max_records))
            if found or records.next_fetch_offset in (position, highwater) or position >= highwater:
                return found
            position = records.next_fetch_offset  # a batch of which compaction left nothing

    async def _fetch(self, where: TopicPartition, offset: int) -> tuple[int, StoredRecords]:
        until = asyncio.get_running_loop().time() + ANSWER_SECONDS
        client = self._client._client
        request = FetchRequest(
            0, 0, FETCH_BYTES, READ_UNCOMMITTED, [(where.topic, [(where.partition, offset, FETCH_BYTES)])], rack_id=""
        )
        while True:
            leader = client.cluster.leader_for_partition(where)
            error: type[BaseException] = KafkaError
            if leader is not None and leader != -1:
                try:
                    answer = await client.send(leader, request)
                except KafkaError as failure:
                    error = type(failure)
                else:
                    _partition, code, highwater, *_more, message_set = answer.topics[0][1][0]
                    error = for_code(code)
                    if error is NoError:
                        fetched = MemoryRecords(message_set)
                        return highwater, StoredRecords(where, fetched, [], offset, None, None, True, READ_UNCOMMITTED)
                    if error is OffsetOutOfRangeError:
                        first, end = await self.bounds(Partition(*where))
                        position = start(offset)
                        raise LogGap(Partition(*where), position, first if position < first else end)
            if asyncio.get_running_loop().time() > until:
                raise NotConfirmed(f"{where.topic}/{where.partition} cannot be read: {error.__name__}")
            client.force_metadata_update()
            await asyncio.sleep(0.1)

    async def _ask(self, question: Callable[[Any], Coroutine[Any, Any, T]]) -> T:
        """One question to the controller over a connection of its own; they are rare."""
        admin: Any = AIOKafkaAdminClient(
            bootstrap_servers=self._bootstrap, request_timeout_ms=int(ANSWER_SECONDS * 1000), **self._access.options()
        )

        async def ask() -> T:
            await admin.start()
            return await question(admin)

        answer = asyncio.ensure_future(ask())
        try:
            await asyncio.wait([answer], timeout=2 * ANSWER_SECONDS)
            if not answer.done():
                raise NotConfirmed("the log's controller does not answer")
            return answer.result()
        except KafkaError as error:
            raise NotConfirmed(f"the log's controller refuses: {type(error).__name__}") from error
        finally:
            if not answer.done():
                await stopping.cancelled(answer)
            await admin.close()


def distance(position: int, end: int) -> int:
    """Kafka records from a position to an end; a pack of which something is left counts as one."""
    return max(0, holder(end) - holder(position))


def topic_settings(topic: Topic, replication: int) -> dict[str, str]:
    """How a topic is made on Kafka, whoever makes it."""
    settings = {
        "min.insync.replicas": "2" if replication > 2 else "1",
        "unclean.leader.election.enable": "false",
        "message.timestamp.type": "LogAppendTime",
        "max.message.bytes": str(1024 * 1024 + 64 * 1024),
        "segment.ms": str(DAY_MS),  # data lives retention + segment
    }
    if topic.compacted:
        settings |= {
            "cleanup.policy": "compact",
            "max.compaction.lag.ms": str(DAY_MS),
            "delete.retention.ms": str(7 * DAY_MS),
        }
    else:
        settings |= {"cleanup.policy": "delete", "retention.ms": str(topic.retention_days * DAY_MS)}
    return settings
