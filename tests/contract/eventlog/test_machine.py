"""The log as a state machine: appenders, members that come, die and read again, retention, compaction, against lists in memory."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from chassis.eventlog import EventLog, Partition, Reader, Record, Stored, Topic, partition_of
from tests.contract.eventlog.backends import Backend
from tests.contract.eventlog.reading import PositionTable, numbered, numbers, read_all, take
from tests.support.machines import play

pytestmark = pytest.mark.timeout(600)
_topics = itertools.count(1)


def test_the_log_is_what_was_appended(log_backend: Backend) -> None:
    """Every record is read once by a group whose positions are stored, in order, whoever joins, dies or seeks; state topics keep the last value."""
    with asyncio.Runner() as runner:

        async def opened() -> EventLog:
            log = log_backend.open()
            await log.start()
            return log

        logs = [runner.run(opened()) for _ in range(2)]
        run = f"machine{id(runner)}"

        class Log(RuleBasedStateMachine):
            """`appended`: numbers by partition; `taken`: what the group applied; `state`: the last value of each key."""

            def __init__(self) -> None:
                super().__init__()
                number = next(_topics)
                self.topic, self.compacted = f"t.{run}.{number}", f"compacted.{run}.{number}"
                runner.run(logs[0].create_topics([Topic(self.topic), Topic(self.compacted, compacted=True)]))
                self.partitions = runner.run(logs[0].partitions(self.topic))
                self.appended: list[list[int]] = [[] for _ in range(self.partitions)]
                self.taken: list[list[int]] = [[] for _ in range(self.partitions)]
                self.state: dict[bytes, bytes] = {}
                self.count = 0
                self.positions = PositionTable()
                self.reader: Reader | None = None

            def batch(self, size: int, keys: int) -> list[Record]:
                records = numbered(self.topic, range(self.count, self.count + size), keys=keys)
                self.count += size
                for record in records:
                    self.appended[partition_of(record.key, self.partitions)].append(int(record.value or b""))
                return records

            @rule(size=st.integers(1, 40), keys=st.integers(1, 7), by=st.integers(0, 1))
            def append(self, size: int, keys: int, by: int) -> None:
                runner.run(logs[by].append(self.batch(size, keys)))

            @rule(sizes=st.lists(st.integers(1, 10), min_size=2, max_size=5))
            def append_at_once(self, sizes: list[int]) -> None:
                """Calls of one client that are under way together keep their order."""
                batches = [self.batch(size, 3) for size in sizes]

                async def act() -> None:
                    await asyncio.gather(*(logs[0].append(batch) for batch in batches))

                runner.run(act())

            @rule(key=st.integers(0, 3), value=st.one_of(st.none(), st.binary(max_size=5)), by=st.integers(0, 1))
            def keep(self, key: int, value: bytes | None, by: int) -> None:
                name = b"key:%d" % key
                runner.run(logs[by].append([Record(self.compacted, name, value)]))
                if value is None:
                    self.state.pop(name, None)
                else:
                    self.state[name] = value

            async def joined(self) -> Reader:
                if self.reader is None:
                    self.reader = await logs[1].reader(group=self.topic, topics=[self.topic], positions=self.positions)
                return self.reader

            async def polled(self) -> list[Stored]:
                """All that the group has not applied."""
                reader, missing = await self.joined(), self.count - sum(map(len, self.taken))
                return await take(reader, lambda got: len(got) >= missing, seconds=90) if missing else []

            def apply(self, records: list[Stored]) -> None:
                for record in records:
                    self.taken[record.partition] += numbers([record])
                self.positions.store(records)

            @rule()
            def read(self) -> None:
                """What is applied continues what was applied, without a hole."""
                records = runner.run(self.polled())
                self.apply(records)
                assert self.taken == self.appended
                assert self.reader is None or runner.run(self.reader.lag()) == 0

            @rule(part=st.floats(0, 1))
            def die_while_reading(self, part: float) -> None:
                """A part of what was polled is applied; the member goes, and the next one begins behind that part."""

                async def act() -> list[Stored]:
                    records = await self.polled()
                    reader = await self.joined()
                    await reader.close()
                    return records

                records = runner.run(act())
                self.reader = None
                self.apply(records[: int(len(records) * part)])
                assert all(taken == appended[: len(taken)] for taken, appended in zip(self.taken, self.appended, strict=True))

            @rule(partition=st.integers(0, 3), back=st.integers(1, 30))
            def seek_back(self, partition: int, back: int) -> None:
                """What was applied comes again from the very place."""
                which = partition % self.partitions
                self.read()
                known = self.taken[which]
                again = min(back, len(known))
                if not again:
                    return

                async def act() -> list[Stored]:
                    stored = [record for record in await read_all(logs[0], self.topic) if record.partition == which]
                    reader = await self.joined()
                    reader.seek(Partition(self.topic, which), stored[-again].offset)
                    return await take(reader, lambda got: len(got) >= again, seconds=90)

                assert numbers(runner.run(act())) == known[-again:]

            def teardown(self) -> None:
                async def everything() -> tuple[list[Stored], dict[bytes, Any]]:
                    if self.reader is not None:
                        await self.reader.close()
                    kept = {record.key: record.value for record in await read_all(logs[0], self.compacted)}
                    return await read_all(logs[0], self.topic), kept

                records, kept = runner.run(everything())
                found: list[list[int]] = [[] for _ in range(self.partitions)]
                for record in records:
                    found[record.partition] += numbers([record])
                assert found == self.appended
                assert {key: value for key, value in kept.items() if value is not None} == self.state

        try:
            play(Log, histories=5 if log_backend.adapter == "postgres" else 2, steps=10)
        finally:
            for log in logs:
                runner.run(log.close())
