"""A log whose topics and reader groups carry a prefix: several deployments share one broker and never meet."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from chassis.eventlog import EventLog, LogGap, Partition, Positions, Reader, Record, Stored, Topic


class PrefixedEventLog:
    """See `chassis.eventlog.EventLog`. Everything outside names topics as the catalogue does; only the broker sees the prefix."""

    def __init__(self, log: EventLog, prefix: str) -> None:
        """`prefix` is put before every topic and group as it is, its dot included."""
        self._log = log
        self._prefix = prefix

    async def start(self) -> None:
        """Connect."""
        await self._log.start()

    async def create_topics(self, topics: Sequence[Topic]) -> None:
        """Create what is missing, under the prefix."""
        await self._log.create_topics([topic._replace(name=self._prefix + topic.name) for topic in topics])

    async def partitions(self, topic: str) -> int:
        """How many partitions the topic has."""
        return await self._log.partitions(self._prefix + topic)

    async def append(self, records: Sequence[Record], *, deadline: float = 5.0) -> None:
        """Return when all records are durable."""
        await self._log.append([record._replace(topic=self._prefix + record.topic) for record in records], deadline=deadline)

    async def reader(self, *, group: str, topics: Sequence[str], positions: Positions, gather: float = 0.0) -> Reader:
        """Join the group of this prefix."""

        async def known(partitions: Sequence[Partition]) -> Mapping[Partition, int | None]:
            found = await positions([_plain(partition, self._prefix) for partition in partitions])
            return {_full(partition, self._prefix): position for partition, position in found.items()}

        names = [self._prefix + topic for topic in topics]
        return PrefixedReader(await self._log.reader(group=self._prefix + group, topics=names, positions=known, gather=gather), self._prefix)

    async def read(self, partition: Partition, offset: int, *, max_records: int = 2000) -> list[Stored]:
        """Records from `offset` on. Raises LogGap, NotConfirmed."""
        try:
            found = await self._log.read(_full(partition, self._prefix), offset, max_records=max_records)
        except LogGap as gap:
            raise LogGap(partition, gap.position, gap.first) from None
        return [record._replace(topic=partition.topic) for record in found]

    async def bounds(self, partition: Partition) -> tuple[int, int]:
        """The first offset still kept and the offset the next record will get."""
        return await self._log.bounds(_full(partition, self._prefix))

    async def behind(self, positions: Mapping[Partition, int | None]) -> int:
        """Records appended behind these positions."""
        return await self._log.behind({_full(partition, self._prefix): position for partition, position in positions.items()})

    async def healthy(self) -> bool:
        """Whether an append would probably be confirmed now."""
        return await self._log.healthy()

    async def close(self) -> None:
        """Stop appending and disconnect."""
        await self._log.close()


class PrefixedReader:
    """See `chassis.eventlog.Reader`."""

    def __init__(self, reader: Reader, prefix: str) -> None:
        """Made by `PrefixedEventLog.reader`."""
        self._reader = reader
        self._prefix = prefix

    @property
    def lock(self) -> asyncio.Lock:
        """The lock of the reader behind."""
        return self._reader.lock

    @property
    def assigned(self) -> frozenset[Partition]:
        """The partitions this member owns now."""
        return frozenset(_plain(partition, self._prefix) for partition in self._reader.assigned)

    @property
    def skim(self) -> bool:
        """Whether many records may come as one that stands for them."""
        return self._reader.skim

    @skim.setter
    def skim(self, wanted: bool) -> None:
        self._reader.skim = wanted

    async def poll(self, *, timeout: float = 0.5, max_records: int = 2000) -> dict[Partition, list[Stored]]:
        """Records of each owned partition, in order. Raises LogGap."""
        try:
            found = await self._reader.poll(timeout=timeout, max_records=max_records)
        except LogGap as gap:
            raise LogGap(_plain(gap.partition, self._prefix), gap.position, gap.first) from None
        named = ((_plain(partition, self._prefix), records) for partition, records in found.items())
        return {partition: [record._replace(topic=partition.topic) for record in records] for partition, records in named}

    def owns(self, partition: Partition) -> bool:
        """Whether the partition is still owned."""
        return self._reader.owns(_full(partition, self._prefix))

    def seek(self, partition: Partition, offset: int) -> None:
        """Read this offset next."""
        self._reader.seek(_full(partition, self._prefix), offset)

    def pause(self, partition: Partition) -> None:
        """Leave the partition out of `poll`."""
        self._reader.pause(_full(partition, self._prefix))

    def resume(self, partition: Partition) -> None:
        """Undo `pause`."""
        self._reader.resume(_full(partition, self._prefix))

    async def commit(self, positions: Mapping[Partition, int]) -> None:
        """Tell the log how far the database is."""
        await self._reader.commit({_full(partition, self._prefix): position for partition, position in positions.items()})

    async def lag(self) -> int:
        """Records appended but not yet polled."""
        return await self._reader.lag()

    async def close(self) -> None:
        """Leave the group."""
        await self._reader.close()


def _full(partition: Partition, prefix: str) -> Partition:
    return partition._replace(topic=prefix + partition.topic)


def _plain(partition: Partition, prefix: str) -> Partition:
    return partition._replace(topic=partition.topic.removeprefix(prefix))
