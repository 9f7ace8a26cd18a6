"""Records as the client's fetcher hands them out: made once, in the form of the port."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from aiokafka.consumer import fetcher
from aiokafka.consumer.fetcher import PartitionRecords
from aiokafka.errors import CorruptRecordException

from chassis.eventlog import Stored

#: As `Stored(...)`, without the call through Python that a named tuple's constructor is.
_stored: Callable[[tuple[Any, ...]], Stored] = partial(tuple.__new__, Stored)


class StoredRecords(PartitionRecords):  # type: ignore[misc]
    """Decodes the batches of one partition; reads uncommitted, so aborted transactions (this platform has none) are not looked for.

    The client would make a record of eleven fields and the port another of it: for every record of every reader.
    The time is the broker's (LogAppendTime).
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
            if not batch.is_control_batch:
                for record in batch:
                    offset = record.offset
                    if offset >= self.next_fetch_offset:  # a batch may begin before what was asked for
                        self.next_fetch_offset = offset + 1
                        yield _stored(
                            (topic, number, offset, record.key or b"", record.value, tuple(record.headers), record.timestamp / 1000)
                        )
            self.next_fetch_offset = batch.next_offset  # also past what compaction removed


def install() -> None:
    """Let the client's fetcher use this class: it offers no other way. Checked by the contract tests of the log."""
    fetcher.PartitionRecords = StoredRecords
