"""Packs: records that waited together for one partition, as the value of one Kafka record.

    Kafka record   key: none   header: ecrm_pack=1   value: MessagePack of a list of sections
    section        [keys, values, [[header name, the value of all | values], …]]

A section holds records with the same header names in the same order. What all of them say alike is written once and read as one object.
Why, and how to read a pack elsewhere: docs/decisions/0009-packed-records.md.

The offsets of the port are composite in every topic: the offset of the Kafka record and, in the low bits, the place in its pack. A record
that lies alone in a Kafka record has place 0. Behind the last place of a pack comes place 0 of the next Kafka record. So every client reads
every topic, whoever packs; only who appends decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import chain, groupby, repeat
from typing import Any, Final

import msgspec

from chassis.eventlog import Headers, Record, Stored

PLACE_BITS: Final = 12
PACK_RECORDS: Final = 1 << PLACE_BITS
PACK_BYTES: Final = 256 * 1024
HEADER: Final = "ecrm_pack"
VERSION: Final = b"1"
MARK: Final = ((HEADER, VERSION),)

#: As `Stored(...)`, without the call through Python that a named tuple's constructor is.
stored_from: Final = partial(tuple.__new__, Stored)

_BYTES: Final = frozenset({bytes})
_BYTES_OR_NONE: Final = frozenset({bytes, type(None)})


def holder(position: int) -> int:
    """The offset of the Kafka record that holds a position of the port."""
    return position >> PLACE_BITS


def start(offset: int) -> int:
    """The position of the port at which a Kafka record begins."""
    return offset << PLACE_BITS


class Section(msgspec.Struct, array_like=True, frozen=True):
    """Records with the same header names."""

    keys: Sequence[bytes]
    values: Sequence[bytes | None]
    headers: list[tuple[str, bytes | list[bytes]]]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Section]).decode


def pack(records: Sequence[Record]) -> bytes:
    """The value of the Kafka record. Raises TypeError when something in it is not what the port takes: no reader could decode the pack."""
    try:
        return _encode([_section(records)])
    except ValueError:  # headers differ: a section for each stretch that is alike
        return _encode([_section(list(alike)) for _, alike in groupby(records, key=_names)])


def unpack(value: bytes, *, topic: str, partition: int, base: int, appended_at: float) -> list[Stored]:
    """The records of a pack, the first at the offset `base`. Raises ValueError for what is no pack."""
    sections = _decode(value)
    count = sum([len(section.keys) for section in sections])
    if not 0 < count <= PACK_RECORDS:
        raise ValueError(f"a pack of {count} records")
    steps = chain(repeat(1, count - 1), (PACK_RECORDS - count + 1,))
    found: list[Stored] = []
    for section in sections:
        size = len(section.keys)
        first = base + len(found)
        if len(section.values) != size:
            raise ValueError("a pack with keys that have no values")
        found += map(
            stored_from,
            zip(
                repeat(topic, size), repeat(partition), range(first, first + size), section.keys, section.values,
                _headers(section, size), repeat(appended_at), steps, strict=False,
            ),
        )
    return found


def _section(records: Sequence[Record]) -> Section:
    """Raises ValueError when the names of the headers differ."""
    _topics, keys, values, headers, _partitions = zip(*records, strict=True)
    columns: list[tuple[str, Any]] = []
    for column in zip(*headers, strict=True):
        names, given = zip(*column, strict=True)
        if names.count(names[0]) != len(names):
            raise ValueError("headers differ")
        if type(names[0]) is not str or not _BYTES.issuperset(map(type, given)):
            raise TypeError("a header is a text and bytes")
        columns.append((names[0], given[0] if given.count(given[0]) == len(given) else given))
    if not _BYTES.issuperset(map(type, keys)) or not _BYTES_OR_NONE.issuperset(map(type, values)):
        raise TypeError("keys and values are bytes")
    return Section(keys, values, columns)


def _headers(section: Section, size: int) -> Iterator[Headers]:
    if not section.headers:
        return repeat((), size)
    columns: list[Iterable[tuple[str, bytes]]] = []
    for name, given in section.headers:
        if isinstance(given, bytes):
            columns.append(repeat((name, given), size))
            continue
        if len(given) != size:
            raise ValueError("a pack with records that lack a header")
        columns.append(zip(repeat(name), given, strict=False))
    return zip(*columns, strict=True)


def _names(record: Record) -> list[str]:
    return [name for name, _ in record.headers]
