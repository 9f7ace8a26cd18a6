"""How a customer is best reached: the addresses with their states, and the channel chosen for a purpose."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, NamedTuple
from uuid import UUID
from zoneinfo import available_timezones

#: Ways to reach somebody that are addresses of their own.
KINDS: Final = ("email", "phone")
STATES: Final = ("unverified", "verified", "bouncing", "refused")
#: In these states nothing is sent there any more.
DEAD: Final = frozenset({"bouncing", "refused"})
ANY_PURPOSE: Final = "*"

_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8}){0,7}")


class Mark(NamedTuple):
    """What was stated of an address under one customer."""

    home_id: UUID
    kind: str
    value: str
    state: str
    state_at: datetime
    reason: str | None
    source: str
    preferred_at: datetime | None


class Known(NamedTuple):
    """An address that an identity or a trait tells; `at` is when. `home_id` is where a statement on it belongs.

    `current`: it is the profile's own trait, which counts before others that are no better.
    """

    home_id: UUID
    kind: str
    value: str
    at: datetime
    source: str
    current: bool = False


class Point(NamedTuple):
    """An address with its state."""

    kind: str
    value: str
    state: str
    state_at: datetime | None
    reason: str | None
    source: str
    preferred_at: datetime | None
    told_at: datetime
    home_id: UUID
    current: bool = False


class Choice(NamedTuple):
    """The channel chosen for a purpose under one customer; None as channel: the choice was taken back."""

    home_id: UUID
    purpose: str
    channel: str | None
    at: datetime
    source: str


def points(known: Iterable[Known], marks: Iterable[Mark]) -> list[Point]:
    """All addresses of a family, each once (compared without case), the best of each kind first. Of several statements the latest counts."""
    found: dict[tuple[str, str], Point] = {}
    for one in sorted(known, key=lambda each: (each.current, each.at)):
        found[one.kind, one.value.casefold()] = Point(
            one.kind, one.value, "unverified", None, None, one.source, None, one.at, one.home_id, one.current
        )
    for mark in sorted(marks, key=lambda each: each.state_at):
        place = (mark.kind, mark.value.casefold())
        present = found.get(place)
        chosen = [at for at in (mark.preferred_at, present.preferred_at if present else None) if at is not None]
        found[place] = Point(
            mark.kind, present.value if present else mark.value, mark.state, mark.state_at, mark.reason, mark.source,
            max(chosen) if chosen else None, present.told_at if present else mark.state_at, mark.home_id,
            present.current if present else False,
        )
    return sorted(found.values(), key=_standing, reverse=True)


def _standing(point: Point) -> tuple[bool, bool, datetime, bool, bool, datetime, str]:
    return (
        point.kind == "email", point.state not in DEAD, point.preferred_at or _LONG_AGO, point.state == "verified", point.current,
        point.told_at, point.value,
    )


def best(found: Iterable[Point], kind: str) -> str | None:
    """Where to write or call: the preferred, else a verified, else the profile's own, else the newest address that is not bouncing or refused."""
    usable = [point for point in found if point.kind == kind and point.state not in DEAD]
    return max(usable, key=_standing).value if usable else None


def chosen(choices: Iterable[Choice]) -> dict[str, str]:
    """The channel per purpose of a family: the latest choice counts."""
    latest: dict[str, Choice] = {}
    for choice in choices:
        present = latest.get(choice.purpose)
        if present is None or (choice.at, choice.home_id) > (present.at, present.home_id):
            latest[choice.purpose] = choice
    return {purpose: choice.channel for purpose, choice in sorted(latest.items()) if choice.channel is not None}


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def is_time_zone(text: str) -> bool:
    """Whether it is a name of the IANA time zone database."""
    return text in _zones()


def is_language(text: str) -> bool:
    """Whether it looks like a language tag (BCP 47)."""
    return _LANGUAGE.fullmatch(text) is not None
