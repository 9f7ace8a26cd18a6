"""The promise of the event log, whichever adapter carries it.

Both adapters (`postgres.py`, `kafka.py`) pass one contract suite. What is promised:

* `append` returns only when every record is durable; otherwise it raises `NotConfirmed`, and then the
  outcome is *unknown*: any of the records may be stored. Duplicates are the readers' business.
* At least once, in offset order within a partition. Offsets ascend, but only the log can count with them: behind a record comes the
  one at `Stored.next`, and in topics that are not compacted nothing is missing between them. A position to be kept is a `next`.
* A reader group shares the partitions of its topics among its members; the position belongs to the
  reader's own database, never to the log: on assignment the member is asked where to begin.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

Headers = tuple[tuple[str, bytes], ...]


class Topic(NamedTuple):
    """A topic as it is created: compacted topics keep the last record of each key for ever."""

    name: str
    compacted: bool = False
    retention_days: int = 7


class Partition(NamedTuple):
    """One ordered sequence of records."""

    topic: str
    number: int


class Record(NamedTuple):
    """A record to append. `value=None` is a tombstone and belongs into compacted topics only.

    `partition=None` means `partition_of(key, partitions of the topic)`.
    """

    topic: str
    key: bytes
    value: bytes | None
    headers: Headers = ()
    partition: int | None = None


class Stored(NamedTuple):
    """A record as it is read back."""

    topic: str
    partition: int
    offset: int
    key: bytes
    value: bytes | None
    headers: Headers
    appended_at: float  # seconds since the epoch, by the log's clock
    step: int = 1  # from this offset to the one that follows

    @property
    def next(self) -> int:
        """The position behind this record."""
        return self.offset + self.step


#: The headers of a record that stands for many which were passed over: key and value are empty, offset and step say where they were.
SKIMMED: Final[Headers] = (("ecrm_skimmed", b"1"),)


def unbroken(position: int, records: Sequence[Stored]) -> bool:
    """Whether these records, at least one, begin at the position and nothing is missing between them."""
    return records[0].offset == position and records[-1].next - position == sum([record.step for record in records])


class NotConfirmed(Exception):
    """The log did not confirm within the deadline. The outcome is unknown, not "not stored"."""


class LogGap(Exception):
    """Records that were never read are gone: the partition stops, nothing is skipped."""

    def __init__(self, partition: Partition, position: int, first: int) -> None:
        """`position` is what was to be read next, `first` what the log has instead (or its end, if it has nothing)."""
        super().__init__(f"{partition.topic}/{partition.number}: expected offset {position}, the log has {first}")
        self.partition = partition
        self.position = position
        self.first = first


def partition_of(key: bytes, partitions: int) -> int:
    """The one partitioner of the platform."""
    return zlib.crc32(key) % partitions


#: Asked on assignment: the next offset to read of a partition, or None at the very first deployment
#: (then the partition is read from its first record).
Positions = Callable[[Sequence[Partition]], Awaitable[Mapping[Partition, int | None]]]


class Reader(Protocol):
    """One member of a reader group.

    The loop is: `poll` -> apply in one transaction -> `poll`. While the member applies a batch it holds
    `lock`; a partition is taken away only between batches, because the adapter takes the same lock first.
    """

    @property
    def lock(self) -> asyncio.Lock:
        """Held by the member while it applies a batch, by the adapter while it takes partitions away."""
        ...

    @property
    def assigned(self) -> frozenset[Partition]:
        """The partitions this member owns now."""
        ...

    skim: bool
    """While it is set `poll` may give one `SKIMMED` record in the place of many, which costs next to nothing. What was polled ahead may
    still come the other way after a change; never set it for compacted topics."""

    async def poll(self, *, timeout: float = 0.5, max_records: int = 2000) -> dict[Partition, list[Stored]]:
        """Up to `max_records` for each owned partition, in order; empty after `timeout` seconds without any.

        Raises LogGap when the next record's offset is above the position in a topic that is not compacted, there never was such a
        position, or the log ends below it. It is raised once; the partition is then left out of `poll`, the others go on,
        until `seek` or `resume` asks to look again.
        """
        ...

    def owns(self, partition: Partition) -> bool:
        """Whether the partition is still owned; asked after `lock` was taken and before effects."""
        ...

    def seek(self, partition: Partition, offset: int) -> None:
        """Read this offset next."""
        ...

    def pause(self, partition: Partition) -> None:
        """Leave the partition out of `poll`; it stays assigned."""
        ...

    def resume(self, partition: Partition) -> None:
        """Undo `pause`."""
        ...

    async def commit(self, positions: Mapping[Partition, int]) -> None:
        """Tell the log how far the database is. Best effort, bounded in time, for lag figures only."""
        ...

    async def lag(self) -> int:
        """Records appended but not yet polled, over the owned partitions. Records that the log keeps as one may count as one; 0 always
        means that all were polled.
        """
        ...

    async def close(self) -> None:
        """Leave the group within 5 s."""
        ...


class EventLog(Protocol):
    """The log. One instance per process, made at start."""

    async def start(self) -> None:
        """Connect. Raises NotConfirmed when the log cannot be reached within 10 s."""
        ...

    async def create_topics(self, topics: Sequence[Topic]) -> None:
        """Create what is missing; existing topics keep their partitions."""
        ...

    async def partitions(self, topic: str) -> int:
        """How many partitions the topic has."""
        ...

    async def append(self, records: Sequence[Record], *, deadline: float = 5.0) -> None:
        """Return when all records are durable, in order per partition. Raises NotConfirmed, ValueError (too large)."""
        ...

    async def reader(self, *, group: str, topics: Sequence[str], positions: Positions, gather: float = 0.0) -> Reader:
        """Join a reader group. While records come one after another they may be kept back for `gather` seconds, so that more come at once."""
        ...

    async def read(self, partition: Partition, offset: int, *, max_records: int = 2000) -> list[Stored]:
        """Records from `offset` on without joining a group, for replay, state topics and inspection."""
        ...

    async def bounds(self, partition: Partition) -> tuple[int, int]:
        """The first offset still kept and the offset the next record will get."""
        ...

    async def behind(self, positions: Mapping[Partition, int | None]) -> int:
        """Records appended behind these positions (None: not begun), counted as `Reader.lag` does."""
        ...

    async def healthy(self) -> bool:
        """Whether an append would probably be confirmed now (asks the log, at most 2 s)."""
        ...

    async def close(self) -> None:
        """Stop appending and disconnect within 5 s."""
        ...
