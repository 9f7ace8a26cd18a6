"""The newest records of a partition in memory, for readers in the process that appended them.

Only the process's one appender fills it. A batch that does not follow the one before it means that another process
appended in between: the tail is emptied first, so what it holds is always without holes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from chassis.eventlog import Partition, Record, Stored

MAX_RECORDS = 3_000
MAX_BYTES = 2 << 20  # as stored; in memory about twice as much


class Chunk:
    """One batch; turned into what readers get when the first of them asks."""

    __slots__ = ("_records", "_stored", "appended_at", "base", "end", "partition", "size")

    def __init__(self, partition: Partition, base: int, appended_at: float, records: list[Record], size: int) -> None:
        self.partition = partition
        self.base = base
        self.end = base + len(records)
        self.appended_at = appended_at
        self.size = size
        self._records = records
        self._stored: list[Stored] | None = None

    def stored(self) -> list[Stored]:
        """The records as they are in the table."""
        if self._stored is None:
            topic, number = self.partition
            at = self.appended_at
            self._stored = [
                Stored(topic, number, offset, key, value, headers, at)
                for offset, (_, key, value, headers, _) in enumerate(self._records, self.base)
            ]
            self._records = []
        return self._stored


class Tail:
    """The newest records of one partition, without holes: `start` … `end` - 1."""

    def __init__(self, partition: Partition) -> None:
        self._partition = partition
        self._chunks: list[Chunk] = []
        self._bases: list[int] = []
        self._size = 0
        self.start = -1
        self.end = -1

    def add(self, base: int, appended_at: float, records: Sequence[Record], size: int) -> None:
        """What the appender of this process stored just now."""
        if base != self.end:
            self._chunks.clear()
            self._bases.clear()
            self._size = 0
            self.start = base
        chunk = Chunk(self._partition, base, appended_at, list(records), size)
        self._chunks.append(chunk)
        self._bases.append(base)
        self._size += size
        self.end = chunk.end
        while len(self._chunks) > 1 and (self.end - self._chunks[0].end >= MAX_RECORDS or self._size > MAX_BYTES):
            self._size -= self._chunks.pop(0).size
            self._bases.pop(0)
            self.start = self._chunks[0].base

    def read(self, position: int, max_records: int) -> list[Stored]:
        """Records from `position` on; empty when the tail does not have that one."""
        if not self.start <= position < self.end:
            return []
        found: list[Stored] = []
        for chunk in self._chunks[bisect_right(self._bases, position) - 1 :]:
            stored = chunk.stored()
            found += stored[position - chunk.base :] if position > chunk.base else stored
            if len(found) >= max_records:
                break
        return found[:max_records]
