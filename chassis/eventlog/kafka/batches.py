"""What waits for one partition until it is handed over: records that are confirmed or lost together."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any, Final

from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.default_records import DefaultRecordBatch

from chassis.eventlog import Headers, NotConfirmed, Record
from chassis.eventlog.kafka import packing

BATCH_BYTES: Final = 128 * 1024
RECORD_BYTES: Final = 1024 * 1024  # the broker takes 64 KiB more: headers of the record and of the batch
#: zstd pays from a few records a batch on (a tenth more client time, a sixth of the bytes), not below.
COMPRESSED_FROM: Final = 8


class Batch:
    """One Kafka record for each record."""

    def __init__(self, *, compressed: bool) -> None:
        self._builder = _builder(compressed=compressed)
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.callers = 0
        self.size = 0
        self.count = 0

    def take(self, records: Sequence[Record], sizes: Sequence[int], begin: int) -> int:
        """Take records from `begin` on, the first always when empty; returns the place of the first that was not taken."""
        end = begin
        while end < len(records):
            record = records[end]
            if not _put(self._builder, record.key, record.value, record.headers):
                break
            end += 1
        self.count += end - begin
        self.size += sum(sizes[begin:end])
        return end

    def close(self) -> list[Any]:
        """What is handed to the producer, one after another; nothing more is taken. Raises ValueError, TypeError for what cannot be."""
        self._builder.close()  # a closed batch does not linger
        return [self._builder]

    def fail(self, reason: str) -> None:
        """Tell every caller that the outcome is unknown."""
        if not self.done.done():
            self.done.set_exception(NotConfirmed(reason))
            self.done.exception()  # callers that gave up never look


class PackedBatch(Batch):
    """One Kafka record for all of them; a record that is alone stays as it is."""

    def __init__(self) -> None:
        super().__init__(compressed=False)
        self._records: list[Record] = []
        self._closed = False

    def take(self, records: Sequence[Record], sizes: Sequence[int], begin: int) -> int:
        """As many as a pack may hold."""
        end, size = begin, self.size
        most = 0 if self._closed else min(len(records), begin + packing.PACK_RECORDS - self.count)
        while end < most and (size + sizes[end] <= packing.PACK_BYTES or size == 0):
            size += sizes[end]
            end += 1
        self._records += records[begin:end]
        self.count += end - begin
        self.size = size
        return end

    def close(self) -> list[Any]:
        """One, more only when the headers are much longer than was assumed."""
        records, self._records, self._closed = self._records, [], True
        return list(_packed(records))


def _packed(records: Sequence[Record]) -> Iterator[Any]:
    builder = _builder(compressed=len(records) >= COMPRESSED_FROM)
    if len(records) == 1:
        record = records[0]
        if size_of(record) > RECORD_BYTES:
            raise ValueError(f"a record is larger than {RECORD_BYTES} bytes")
        _put(builder, record.key, record.value, record.headers)
    else:
        value = packing.pack(records)
        if len(value) > RECORD_BYTES:
            middle = len(records) // 2
            yield from _packed(records[:middle])
            yield from _packed(records[middle:])
            return
        _put(builder, None, value, packing.MARK)  # no key: the keys are inside
    builder.close()
    yield builder


def size_of(record: Record) -> int:
    """Bytes of a record without what the log adds."""
    return len(record.key) + len(record.value or b"") + sum([len(name) + len(value) for name, value in record.headers])


def _builder(*, compressed: bool) -> Any:
    return BatchBuilder(BATCH_BYTES, DefaultRecordBatch.CODEC_ZSTD if compressed else 0)


def _put(builder: Any, key: bytes | None, value: bytes | None, headers: Headers) -> bool:
    """False when the batch is full or already handed over; an empty one takes any record."""
    if builder._closed:
        return False
    number = builder._relative_offset
    # Straight to the compiled builder: the layer between makes nothing that is wanted here.
    if builder._builder.append(number, None, key, value, list(headers)) is None:
        builder.close()
        return False
    builder._relative_offset = number + 1
    return True
