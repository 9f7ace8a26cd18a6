"""Reading: from the table, from the memory tail, and as a member of a reader group."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from chassis.eventlog import LogGap, Partition, Positions, Stored
from chassis.eventlog.postgres import codec
from chassis.eventlog.postgres.appending import LOST, KnownTopic
from chassis.eventlog.postgres.membership import Membership
from chassis.eventlog.postgres.tail import Tail

TABLE_SECONDS = 1.0  # the table is read at least this often, whatever was or was not notified
READ_BYTES = 4 << 20  # of blobs, per partition and call

logger = logging.getLogger(__name__)


class Wanted(NamedTuple):
    """Where to read, and how much."""

    topic: KnownTopic
    partition: Partition
    position: int


class Found(NamedTuple):
    """What the table has: `end` is set when it has nothing at the position although the log does not end there."""

    records: list[Stored]
    more: bool
    end: int | None


class Source(Protocol):
    """What a reader needs of the log."""

    @property
    def tails(self) -> Mapping[Partition, Tail]: ...

    async def known(self, topic: str) -> KnownTopic: ...

    async def find(self, wanted: Sequence[Wanted], max_records: int) -> list[Found]: ...

    async def first(self, partitions: Sequence[Partition]) -> Mapping[Partition, int]: ...

    async def ends(self, partitions: Sequence[Partition]) -> Mapping[Partition, int]: ...


class PostgresReader:
    """One member of a reader group; see `chassis.eventlog.Reader` for the promise."""

    def __init__(
        self,
        source: Source,
        membership: Membership,
        positions: Positions,
        forget: Callable[[PostgresReader], None],
    ) -> None:
        """Join by `start`."""
        self._source = source
        self._membership = membership
        self._ask = positions
        self._forget = forget
        self._positions: dict[Partition, int] = {}
        self._topics: dict[str, KnownTopic] = {}
        self._paused: set[Partition] = set()
        self._behind: set[Partition] = set()  # the table has, or may have, more than was polled
        self._rest: dict[Partition, list[Stored]] = {}  # read, but more than the caller wanted
        self._gaps: list[LogGap] = []
        self._wake = asyncio.Event()
        self._table_due = 0.0
        self.lock = asyncio.Lock()
        self.skim = False  # what lies in memory costs nothing to give

    async def start(self) -> None:
        """Become a member; partitions follow, at once when there is no other member."""
        self._membership.start(self._take, self._drop)
        await self._membership.joined(1.0)

    @property
    def assigned(self) -> frozenset[Partition]:
        """The partitions this member owns now."""
        return frozenset(self._positions) if self._membership.valid() else frozenset()

    def owns(self, partition: Partition) -> bool:
        """Whether the partition is still owned: not given back, and the lease not run out."""
        return partition in self._positions and self._membership.valid()

    def seek(self, partition: Partition, offset: int) -> None:
        """Read this offset next."""
        if partition in self._positions:
            self._place(partition, offset)
        self._wake.set()

    def pause(self, partition: Partition) -> None:
        """Leave the partition out of `poll`."""
        self._paused.add(partition)

    def resume(self, partition: Partition) -> None:
        """Undo `pause`."""
        self._paused.discard(partition)
        self._behind.add(partition)
        self._wake.set()

    def appended(self, partitions: Iterable[Partition], *, here: bool) -> None:
        """There is something new; `here` means that this process appended it and has it in its tails."""
        mine = [partition for partition in partitions if partition in self._positions]
        if mine:
            if not here:
                self._behind.update(mine)
            self._wake.set()

    def look_again(self) -> None:
        """Notifications may have been missed."""
        self._table_due = 0.0
        self._wake.set()

    async def poll(self, *, timeout: float = 0.5, max_records: int = 2000) -> dict[Partition, list[Stored]]:
        """See the promise. While the log is away this is empty, and goes on by itself when it is back."""
        deadline = time.monotonic() + timeout
        while True:
            if self._gaps:
                raise self._gaps.pop(0)
            self._wake.clear()
            found = await self._collect(max_records) if self._membership.valid() else {}
            if found:
                return found
            if self._gaps:
                continue
            now = time.monotonic()
            if now >= deadline:
                return {}
            wait = min(deadline, max(self._table_due, now + 0.01)) - now
            try:
                async with asyncio.timeout(wait):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def commit(self, positions: Mapping[Partition, int]) -> None:
        """Kept, and told with the next heartbeat."""
        self._membership.tell(positions)

    async def lag(self) -> int:
        """Records appended but not yet polled. Raises NotConfirmed when the log is away."""
        mine = dict(self._positions)
        ends = await self._source.ends(list(mine))
        return sum(max(0, ends.get(partition, 0) - position) for partition, position in mine.items())

    async def close(self) -> None:
        """Leave the group within 5 s, after the batch that is being applied if that takes no longer than 2 s."""
        self._forget(self)
        await self._membership.close(self.lock)
        self._positions.clear()

    # -- inside ----------------------------------------------------------------------------------------------------

    async def _collect(self, max_records: int) -> dict[Partition, list[Stored]]:
        due = time.monotonic() >= self._table_due
        here: dict[Partition, tuple[int, list[Stored]]] = {}
        wanted: list[Wanted] = []
        for partition, position in self._positions.items():
            if partition in self._paused:
                continue
            tail = self._source.tails.get(partition)
            if rest := self._rest.get(partition):
                here[partition] = (position, rest)
            elif not due and tail is not None and (records := tail.read(position, max_records)):
                here[partition] = (position, records)
            elif due or partition in self._behind or (tail is not None and position < tail.start):
                wanted.append(Wanted(self._topics[partition.topic], partition, position))
        found = await self._from_table(wanted, max_records) if wanted else {}
        for partition, (position, records) in here.items():
            if self._positions.get(partition) == position:  # else taken away or moved meanwhile
                found[partition] = self._advance(partition, records, max_records)
        return found

    def _advance(self, partition: Partition, records: list[Stored], max_records: int) -> list[Stored]:
        """What the caller gets now; the rest waits for the next call."""
        if len(records) > max_records:
            self._rest[partition] = records[max_records:]
            records = records[:max_records]
        else:
            self._rest.pop(partition, None)
        self._positions[partition] = records[-1].next
        return records

    async def _from_table(self, wanted: Sequence[Wanted], max_records: int) -> dict[Partition, list[Stored]]:
        asked = {want.partition for want in wanted}
        self._behind -= asked
        self._table_due = time.monotonic() + TABLE_SECONDS
        try:
            answers = await self._source.find(wanted, max_records)
        except LOST as error:
            logger.warning("the log cannot be read: %s", type(error).__name__)
            self._behind |= asked
            await asyncio.sleep(0.1)
            return {}
        except asyncio.CancelledError:
            self._behind |= asked
            raise
        found: dict[Partition, list[Stored]] = {}
        for (topic, partition, position), (records, more, end) in zip(wanted, answers, strict=True):
            if self._positions.get(partition) != position:  # taken away or moved meanwhile
                self._behind.add(partition)
                continue
            if more:
                self._behind.add(partition)
            first = records[0].offset if records else end
            if first is not None and (first < position or (first > position and not topic.compacted)):
                self._paused.add(partition)
                self._gaps.append(LogGap(partition, position, first))
            elif records:
                found[partition] = self._advance(partition, records, max_records)
            elif end is not None:  # compacted: nothing is kept up to the end
                self._positions[partition] = end
        return found

    def _place(self, partition: Partition, offset: int) -> None:
        self._positions[partition] = offset
        self._rest.pop(partition, None)
        self._gaps = [gap for gap in self._gaps if gap.partition != partition]
        self._paused.discard(partition)
        self._behind.add(partition)

    async def _take(self, partitions: Sequence[Partition]) -> Callable[[], None]:
        """Ask where to begin; what is returned makes the partitions owned."""
        for partition in partitions:
            if partition.topic not in self._topics:
                self._topics[partition.topic] = await self._source.known(partition.topic)
        asked: Awaitable[Mapping[Partition, int | None]] = self._ask(partitions)
        begin = {partition: position for partition, position in (await asked).items() if position is not None}
        begin |= await self._source.first([partition for partition in partitions if partition not in begin])

        def own() -> None:
            for partition in partitions:
                self._place(partition, begin[partition])
            self._wake.set()

        return own

    def _drop(self, partitions: Iterable[Partition]) -> None:
        """Called under the lock."""
        for partition in partitions:
            self._positions.pop(partition, None)
            self._rest.pop(partition, None)
            self._behind.discard(partition)
            self._paused.discard(partition)
        self._gaps = [gap for gap in self._gaps if gap.partition in self._positions]


def found(want: Wanted, rows: Sequence[tuple[int, int, float, bytes | None]], max_records: int) -> Found:
    """Rows (base, n, appended_at, blob) of one partition as records from the wanted position on."""
    records: list[Stored] = []
    size = 0
    for base, n, appended_at, blob in rows:
        if n == 0 or blob is None:
            return Found([], more=False, end=base)
        size += len(blob)
        if records and records[-1].next != base and not want.topic.compacted:
            break  # a hole between batches: the next poll finds it at its position
        batch = codec.unpack(*want.partition, base, appended_at, blob)
        records += batch[want.position - base :] if base < want.position else batch
    return Found(records, more=len(records) >= max_records or size >= READ_BYTES, end=None)
