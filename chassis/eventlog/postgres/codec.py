"""How records lie in a batch: a MessagePack list of (key, headers, value)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from chassis.eventlog import Headers, Record, Stored

MAX_RECORD_BYTES = 1 << 20  # of one record as it is stored
MAX_BATCH_RECORDS = 500  # the schema's log_read knows this number
MAX_BATCH_BYTES = 256 << 10

encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[tuple[bytes, Headers, bytes | None]]).decode


def pack(parts: Sequence[bytes]) -> bytes:
    """One blob of records that were encoded one by one."""
    return b"\xdd%b%b" % (len(parts).to_bytes(4, "big"), b"".join(parts))


def unpack(topic: str, partition: int, base: int, appended_at: float, blob: bytes) -> list[Stored]:
    """The records of one blob."""
    return [
        Stored(topic, partition, offset, key, value, headers, appended_at)
        for offset, (key, headers, value) in enumerate(_decode(blob), base)
    ]


class Batch(NamedTuple):
    """Records that become one row."""

    parts: list[bytes]
    records: list[Record]
    size: int


def batches(groups: Sequence[Batch]) -> list[Batch]:
    """The same records in the same order, in as few batches as the limits allow."""
    done: list[Batch] = []
    parts: list[bytes] = []
    records: list[Record] = []
    size = 0
    for group in groups:
        if len(parts) + len(group.parts) <= MAX_BATCH_RECORDS and size + group.size <= MAX_BATCH_BYTES:
            parts += group.parts
            records += group.records
            size += group.size
            continue
        for part, record in zip(group.parts, group.records, strict=True):
            if parts and (len(parts) == MAX_BATCH_RECORDS or size + len(part) > MAX_BATCH_BYTES):
                done.append(Batch(parts, records, size))
                parts, records, size = [], [], 0
            parts.append(part)
            records.append(record)
            size += len(part)
    if parts:
        done.append(Batch(parts, records, size))
    return done
