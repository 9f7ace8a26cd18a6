"""Records as the client's fetcher hands them out: made once, in the form of the port."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aiokafka.consumer import fetcher
from aiokafka.consumer.fetcher import PartitionRecords
from aiokafka.errors import CorruptRecordException

from chassis.eventlog import SKIMMED, NotConfirmed, Stored
from chassis.eventlog.kafka import packing
from chassis.eventlog.kafka.packing import HEADER, PACK_RECORDS, start, stored_from


class Skim:
    """Whether a reader passes over what comes. It travels as the client's value deserializer, which these records never call."""

    on = False

    def __call__(self, value: bytes) -> bytes:
        """What a deserializer is: bytes as they are."""
        return value


class StoredRecords(PartitionRecords):  # type: ignore[misc]
    """Decodes the batches of one partition; reads uncommitted, so aborted transactions (this platform has none) are not looked for.

    The client would make a record of eleven fields and the port another of it: for every record of every reader.
    The time is the broker's (LogAppendTime). `next_fetch_offset` counts Kafka records and stays at a pack until its last record is given
    out: what is left of a pack in memory may be thrown away, and then the pack is fetched again.
    """

    next_fetch_offset: int

    def __iter__(self) -> Iterator[Stored]:
        found: Iterator[Stored] = self._records_iterator
        return found

    def _unpack_records(self) -> Iterator[Stored]:
        topic, number = self._tp
        while self._records.has_next():
            batch = self._records.next_batch()
            if self._check_crcs and not batch.validate_crc():
                raise CorruptRecordException(f"Invalid CRC - {self._tp}")
            if self._skims() and not batch.is_control_batch:
                offset = max(batch.base_offset, self.next_fetch_offset)
                if offset < batch.next_offset:
                    self.next_fetch_offset = batch.next_offset
                    first = start(offset)
                    yield stored_from((topic, number, first, b"", None, SKIMMED, 0.0, start(batch.next_offset) - first))
            elif not batch.is_control_batch:
                for record in batch:
                    offset = record.offset
                    if offset < self.next_fetch_offset:  # a batch may begin before what was asked for
                        continue
                    headers = tuple(record.headers)
                    if headers and headers[0][0] == HEADER:
                        pack = self._unpacked(record)
                        last = pack.pop()
                        yield from pack
                        self.next_fetch_offset = offset + 1
                        yield last
                        continue
                    self.next_fetch_offset = offset + 1
                    yield stored_from(
                        (topic, number, start(offset), record.key or b"", record.value, headers, record.timestamp / 1000, PACK_RECORDS)
                    )
            self.next_fetch_offset = batch.next_offset  # also past what compaction removed

    def _skims(self) -> bool:
        return isinstance(self._value_deserializer, Skim) and self._value_deserializer.on

    def _unpacked(self, record: Any) -> list[Stored]:
        """A pack that cannot be read stops the reader as if the log were away: nothing is skipped, it tries again, and it is seen."""
        topic, number = self._tp
        version = record.headers[0][1]
        try:
            if version != packing.VERSION:
                raise ValueError(f"version {version!r} of a pack")
            return packing.unpack(
                record.value, topic=topic, partition=number, base=start(record.offset), appended_at=record.timestamp / 1000
            )
        except (ValueError, TypeError) as error:
            raise NotConfirmed(f"{topic}/{number}: the record {record.offset} cannot be read: {error}") from error


def install() -> None:
    """Let the client's fetcher use this class: it offers no other way. Checked by the contract tests of the log."""
    fetcher.PartitionRecords = StoredRecords
