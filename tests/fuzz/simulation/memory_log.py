"""A log in memory for the simulation: what it confirms, and what it does not, is decided by the step that appends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from chassis.eventlog import NotConfirmed, Partition, Record, Stored, Topic, partition_of

Fate = Literal["confirmed", "lost", "unconfirmed"]


class MemoryLog:
    """`fate` of the next append: `lost` stores nothing, `unconfirmed` stores all; both say that the outcome is unknown."""

    def __init__(self, partitions: int = 2) -> None:
        self.records: dict[Partition, list[Stored]] = {}
        self.fate: Fate = "confirmed"
        self.told: list[Stored] = []
        self._count = partitions
        self._time = 1_772_000_000.0

    async def start(self) -> None:
        """Nothing to connect to."""

    async def close(self) -> None:
        """Nothing to close."""

    async def healthy(self) -> bool:
        return True

    async def create_topics(self, topics: Sequence[Topic]) -> None:
        for topic in topics:
            for number in range(self._count):
                self.records.setdefault(Partition(topic.name, number), [])

    async def partitions(self, _topic: str) -> int:
        return self._count

    async def append(self, records: Sequence[Record], *, deadline: float = 5.0) -> None:
        fate, self.fate = self.fate, "confirmed"
        if fate != "lost":
            for record in records:
                number = partition_of(record.key, self._count) if record.partition is None else record.partition
                kept = self.records[Partition(record.topic, number)]
                self._time += 0.001
                stored = Stored(record.topic, number, len(kept), record.key, record.value, tuple(record.headers), self._time)
                kept.append(stored)
                self.told.append(stored)
        if fate != "confirmed":
            raise NotConfirmed(f"not confirmed within {deadline:g} s")

    async def read(self, partition: Partition, offset: int, *, max_records: int = 2000) -> list[Stored]:
        return self.records[partition][offset : offset + max_records]

    async def bounds(self, partition: Partition) -> tuple[int, int]:
        return 0, len(self.records[partition])

    async def behind(self, positions: Mapping[Partition, int | None]) -> int:
        return sum(len(self.records[partition]) - (at or 0) for partition, at in positions.items())

    async def reader(self, **_options: Any) -> Any:
        raise AssertionError("the simulation reads step by step, without groups")
