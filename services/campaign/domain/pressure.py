"""Contact pressure: how much of us a person bears, when we keep quiet, and which message wins. Rules without I/O.

Caps count messages over all campaigns, journeys and channels in windows that roll (a day is 24 hours), so nothing doubles at midnight.
Quiet hours and days are the person's own local time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Final, Literal, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from contracts.jalali import to_jalali

Word = Annotated[str, Field(pattern=r"^[A-Za-z0-9*][A-Za-z0-9_.:-]{0,99}$")]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WINDOWS: Final = {"day": timedelta(days=1), "week": timedelta(days=7), "month": timedelta(days=30)}
LONGEST: Final = max(WINDOWS.values())
#: Longer quiet than this is no quiet time but a wish never to write.
LONGEST_QUIET: Final = timedelta(days=60)

_CLOCK: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_DAY: Final = re.compile(r"(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")


class Strict(BaseModel):
    """Nothing that is not asked for."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Cap(Strict):
    """At most so many messages per person in a rolling day, week (7 days) or month (30 days).

    `channel`, `purpose`, `programme`: only those; `*`: each by itself. The programme of a message is the name its campaign or journey carries.
    """

    most: Annotated[int, Field(ge=0, le=1000)]
    per: Literal["day", "week", "month"]
    channel: Word | None = None
    purpose: Word | None = None
    programme: Word | None = None

    @property
    def name(self) -> str:
        """As it stands in explanations: `2 per week, channel email`."""
        scope = [f", {what} {value}" for what in ("channel", "purpose", "programme") if (value := getattr(self, what)) is not None]
        return f"{self.most} per {self.per}" + "".join(scope)

    def covers(self, candidate: Contact, other: Contact) -> bool:
        """Whether `other` counts towards this cap when `candidate` is asked for."""
        for what in ("channel", "purpose", "programme"):
            wanted, mine = getattr(self, what), getattr(candidate, what)
            if wanted is None:
                continue
            if (wanted not in ("*", mine)) or getattr(other, what) != mine:
                return False
        return True


class QuietDays(Strict):
    """Days without messages: once (`on`), each Gregorian year (`yearly`, month-day), or each Jalali year (`jalali`); `days` in a row."""

    name: Annotated[str, Field(max_length=200)] = ""
    on: date | None = None
    yearly: str | None = None
    jalali: str | None = None
    days: Annotated[int, Field(ge=1, le=31)] = 1

    @field_validator("yearly", "jalali")
    @classmethod
    def _a_day(cls, value: str | None) -> str | None:
        if value is not None and not _DAY.fullmatch(value):
            raise ValueError("a month and a day, for example 01-01")
        return value

    @model_validator(mode="after")
    def _one_of_three(self) -> QuietDays:
        if sum(each is not None for each in (self.on, self.yearly, self.jalali)) != 1:
            raise ValueError("quiet days begin on one of `on`, `yearly` and `jalali`")
        return self

    def has(self, day: date) -> bool:
        """Whether a local day is one of them."""
        return any(self._begins(day - timedelta(days=back)) for back in range(self.days))

    def _begins(self, day: date) -> bool:
        if self.on is not None:
            return day == self.on
        if self.yearly is not None:
            return f"{day:%m-%d}" == self.yearly
        return "{:02}-{:02}".format(*to_jalali(day)[1:]) == self.jalali


class QuietHours(Strict):
    """From `since` until `until` of the person's local time, over midnight if `until` is the smaller. Without `channels`: on all."""

    since: str
    until: str
    channels: Annotated[list[Word], Field(max_length=20)] = []

    @field_validator("since", "until")
    @classmethod
    def _a_time(cls, value: str) -> str:
        if not _CLOCK.fullmatch(value):
            raise ValueError("times are written 21:00")
        return value

    @model_validator(mode="after")
    def _some_time(self) -> QuietHours:
        if self.since == self.until:
            raise ValueError("quiet hours begin and end at different times")
        return self


class Policy(Strict):
    """What holds for all marketing messages; transactional ones are not asked.

    `time_zone`: of people who have none of their own. `wait_hours`: how long a message that is over a cap waits for room before it is
    suppressed as `capped`; 0: not at all.
    """

    caps: Annotated[list[Cap], Field(max_length=50)] = []
    quiet_hours: Annotated[list[QuietHours], Field(max_length=20)] = []
    quiet_days: Annotated[list[QuietDays], Field(max_length=200)] = []
    quiet_weekdays: Annotated[list[Weekday], Field(max_length=6)] = []
    time_zone: str = "UTC"
    wait_hours: Annotated[int, Field(ge=0, le=720)] = 0

    @field_validator("time_zone")
    @classmethod
    def _known(cls, value: str) -> str:
        if zone_of(value) is None:
            raise ValueError("no time zone of the IANA list, for example Asia/Tehran")
        return value

    @property
    def asks(self) -> bool:
        """Whether it restricts anything."""
        return bool(self.caps or self.quiet_hours or self.quiet_days or self.quiet_weekdays)


class Contact(NamedTuple):
    """A message as far as pressure goes: one that wants to go out, or (`at`) one that took its place already. `value`: expected, in minor units."""

    message_id: UUID
    customer_id: UUID
    channel: str
    purpose: str
    programme: str
    priority: int = 0
    value: float = 0.0
    at: datetime | None = None


class Full(NamedTuple):
    """A cap that leaves no room: how many places it has taken, since when there will be room again, and who holds the places."""

    cap: Cap
    used: int
    free_at: datetime | None
    holders: list[UUID]


class Verdict(NamedTuple):
    """`admitted`; else what is full, and who of those that wait went first (`losing_to`)."""

    message_id: UUID
    admitted: bool
    full: Full | None = None
    losing_to: list[UUID] = []


@lru_cache(maxsize=1024)
def zone_of(name: str | None) -> ZoneInfo | None:
    """None when there is no such zone."""
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def local_zone(policy: Policy, name: str | None) -> ZoneInfo:
    """The person's zone, else that of the policy."""
    return zone_of(name) or zone_of(policy.time_zone) or ZoneInfo("UTC")


def quiet_until(policy: Policy, *, channel: str, zone: ZoneInfo, at: datetime) -> datetime | None:
    """None when a message may go now; else the moment (UTC) when the quiet time ends."""
    moment, end = at, at + LONGEST_QUIET
    while moment < end:
        following = _quiet_step(policy, channel, moment.astimezone(zone))
        if following is None:
            return None if moment == at else moment.astimezone(UTC)
        moment = following.astimezone(UTC)
    return end


def _quiet_step(policy: Policy, channel: str, local: datetime) -> datetime | None:
    """When the quiet rule that holds at this local moment ends; None: none holds."""
    day = local.date()
    if WEEKDAYS[day.weekday()] in policy.quiet_weekdays or any(days.has(day) for days in policy.quiet_days):
        return _at(day + timedelta(days=1), "00:00", local)
    clock = f"{local:%H:%M}"
    for hours in policy.quiet_hours:
        if hours.channels and channel not in hours.channels:
            continue
        if hours.since < hours.until:
            if hours.since <= clock < hours.until:
                return _at(day, hours.until, local)
        elif clock >= hours.since:
            return _at(day + timedelta(days=1), hours.until, local)
        elif clock < hours.until:
            return _at(day, hours.until, local)
    return None


def _at(day: date, clock: str, like: datetime) -> datetime:
    """A local time of a day; in the hour that a change of clocks leaves out it is the moment after. Never before `like`."""
    found = datetime(day.year, day.month, day.day, int(clock[:2]), int(clock[3:]), tzinfo=like.tzinfo)
    return found if found.astimezone(UTC) > like.astimezone(UTC) else like + timedelta(minutes=1)


def rank(contacts: Iterable[Contact]) -> list[Contact]:
    """Who goes first: the higher priority, then the higher expected value, then the older message."""
    return sorted(contacts, key=lambda each: (-each.priority, -each.value, each.message_id))


def judge(policy: Policy, *, waiting: Sequence[Contact], taken: Sequence[Contact], now: datetime) -> dict[UUID, Verdict]:
    """Admit the messages that wait for one person, the best first, as long as every cap has room.

    `taken`: those that hold a place (admitted before, not refused since). One that waits and holds a place is asked first, as of now.
    """
    asking = {each.message_id for each in waiting}
    holding = {each.message_id for each in taken} & asking
    places = [each for each in taken if each.message_id not in asking]
    verdicts: dict[UUID, Verdict] = {}
    for contact in sorted(rank(waiting), key=lambda each: each.message_id not in holding):
        full = first_full(policy, contact, places, now)
        if full is None:
            places.append(contact._replace(at=now))
            verdicts[contact.message_id] = Verdict(contact.message_id, True)
            continue
        winners = [one for one in full.holders if one in verdicts]
        verdicts[contact.message_id] = Verdict(contact.message_id, False, full, winners)
    return verdicts


def first_full(policy: Policy, contact: Contact, places: Sequence[Contact], now: datetime) -> Full | None:
    """The cap that has no room for a message; of several the one that stays full the longest."""
    found: list[Full] = []
    for cap in policy.caps:
        if not cap.covers(contact, contact):
            continue
        since = now - WINDOWS[cap.per]
        held = sorted((each.at, each.message_id) for each in places if each.at is not None and each.at > since and cap.covers(contact, each))
        if len(held) >= cap.most:
            free = held[len(held) - cap.most][0] + WINDOWS[cap.per] if cap.most else None
            found.append(Full(cap, len(held), free, [one for _, one in held]))
    return max(found, key=lambda each: each.free_at or datetime.max.replace(tzinfo=UTC)) if found else None


HOURS: Final = 24
#: So many of a person's own responses weigh as much as what everybody does.
PRIOR: Final = 3.0


def best_hour(responses: Sequence[datetime], *, zone: ZoneInfo, everybody: Sequence[float] = ()) -> int | None:
    """The local hour at which this person responds most, smoothed over the neighbouring hours; None without anything to go by.

    `everybody`: responses by local hour of all people; it counts as three responses, so that one odd night decides nothing.
    """
    weight = [0.0] * HOURS
    for moment in responses:
        hour = moment.astimezone(zone).hour
        for near, share in ((-1, 0.25), (0, 0.5), (1, 0.25)):
            weight[(hour + near) % HOURS] += share
    total = sum(everybody)
    if total:
        weight = [mine + PRIOR * theirs / total for mine, theirs in zip(weight, everybody, strict=True)]
    return max(range(HOURS), key=lambda hour: (weight[hour], -hour)) if any(weight) else None


def next_at_hour(now: datetime, *, hour: int, zone: ZoneInfo) -> datetime:
    """The next moment (UTC, within a day) at which that hour begins there; now, if it is that hour."""
    local = now.astimezone(zone)
    if local.hour == hour:
        return now
    day = local.date() + timedelta(days=int(hour < local.hour))
    return _at(day, f"{hour:02}:00", local).astimezone(UTC)
