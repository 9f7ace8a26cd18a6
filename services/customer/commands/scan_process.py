"""A process of its own that compares profiles: COMMAND with the files PROFILES and PAIRS.

PROFILES and PAIRS are files of msgpack items behind each other; what is done is said on standard output, a number a line. It is polite
to the service (nice 10), needs no database, and ends when its standard input does, so it never outlives the service.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

COMMAND = (sys.executable, "-c", "from services.customer.commands import scan_process; scan_process.main()")
#: Bytes before each item that say how long it is.
LENGTH = 4


class Profile(NamedTuple):
    """A customer by key (16 bytes), whether it is a person, and its traits."""

    key: bytes
    person: bool
    values: dict[str, Any]


class Found(NamedTuple):
    """A pair; `reasons` are (field, level, bits)."""

    low: bytes
    high: bytes
    score: float
    household: float
    reasons: list[tuple[str, str, float]]
    group: bytes | None


class Summary(NamedTuple):
    """The last item of PAIRS."""

    profiles: int
    compared: int
    pairs: int


encode = msgspec.msgpack.Encoder().encode
_profile = msgspec.msgpack.Decoder(Profile).decode


def framed(item: bytes) -> bytes:
    return len(item).to_bytes(LENGTH, "big") + item


def items(path: Path) -> Iterator[bytes]:
    """The items of a file, one at a time."""
    with path.open("rb") as file:
        while head := file.read(LENGTH):
            yield file.read(int.from_bytes(head, "big"))


def scan(profiles: Path, pairs: Path) -> None:
    """Compare persons with persons and accounts with accounts."""
    from services.customer.domain.matching import finder
    from services.customer.domain.matching.columns import Columns

    total = compared = found = 0
    with pairs.open("wb") as file:
        for place, persons in enumerate((True, False)):
            columns = Columns(persons=persons)
            for item in items(profiles):
                profile = _profile(item)
                if profile.person is persons:
                    columns.add(profile.key, profile.values)
            columns.finish()
            result = finder.find(columns, step=partial(_say, place))
            for pair in result.pairs:
                reasons = [(reason.field, reason.level, reason.bits) for reason in pair.reasons]
                file.write(framed(encode(Found(pair.low, pair.high, pair.score, pair.household, reasons, pair.group))))
                found += 1
            total, compared = total + result.profiles, compared + result.compared
        file.write(framed(encode(Summary(total, compared, found))))


def _say(place: int, share: float) -> None:
    """Persons are nearly all of the work."""
    sys.stdout.write(f"{0.95 + 0.05 * share if place else 0.95 * share:.3f}\n")
    sys.stdout.flush()


def _end_with_the_service() -> None:
    sys.stdin.read()
    os._exit(1)


def main() -> None:
    """Where the process begins."""
    os.nice(10)
    threading.Thread(target=_end_with_the_service, daemon=True).start()
    scan(Path(sys.argv[1]), Path(sys.argv[2]))
