"""How a person moves through a journey: pure, so that the running and the backtest are one and the same."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from contracts.jalali import from_jalali, to_jalali
from services.campaign.domain.journeys import conditions
from services.campaign.domain.journeys.conditions import Known
from services.campaign.domain.journeys.definition import (
    Branch,
    Case,
    ChangeTraits,
    Definition,
    Goal,
    Lead,
    LocalTime,
    Message,
    Occasion,
    Split,
    Task,
    Wait,
    WaitFor,
    Webhook,
)
from services.campaign.domain.pressure import WEEKDAYS
from services.campaign.domain.sampling import arm_of

#: Whoever has moved so often is taken out: the journey has a circle that nobody leaves.
MOST_MOVES: Final = 2_000
FINISHED: Final = "finished"
GOAL: Final = "goal"


class Person(NamedTuple):
    """Somebody inside a journey. `waiting`: at a wait, until `due_at` or an event in `waits_for`; else the step is still to be done."""

    id: UUID
    journey_id: UUID
    version: int
    customer_id: UUID
    step: str
    since: datetime
    due_at: datetime | None
    waiting: bool
    waits_for: tuple[str, ...]
    data: Mapping[str, Any]
    moves: int
    entered_at: datetime
    left_at: datetime | None = None
    outcome: str | None = None


class Happened(NamedTuple):
    """An event, once it is known whose it is."""

    event_id: str
    name: str
    properties: Mapping[str, Any]
    occurred_at: datetime
    received_at: datetime


class Move(NamedTuple):
    """One line of a person's history."""

    number: int
    step: str
    did: str
    detail: Mapping[str, Any]
    at: datetime


class Effect(NamedTuple):
    """Something to be done for a person: `step` says what; `key` makes it one of a kind within the journey."""

    step_name: str
    step: Message | Case | Task | Lead | ChangeTraits | Webhook
    person: Person
    key: str
    number: int


class Moved(NamedTuple):
    """What became of a person. `asks`: segments that must be known before it goes on."""

    person: Person
    moves: list[Move]
    effects: list[Effect]
    asks: frozenset[str] = frozenset()


class Around(NamedTuple):
    """The world as a person sees it: the time, their time zone, what is known of them."""

    now: datetime
    zone: ZoneInfo
    known: Known


def advance(definition: Definition, person: Person, around: Around, event: Happened | None = None) -> Moved:
    """Go on until the person waits, leaves, or needs to know a segment. `event`: what they were waiting for, if it came."""
    walk = _Walk(definition, person, around)
    walk.go(event)
    return Moved(walk.person, walk.moves, walk.effects, walk.asks)


def wanted(definition: Definition, person: Person, event: Happened) -> bool:
    """Whether an event moves a person: they wait for it, or leave because of it. What happened before the wait began does not count."""
    if leaves(definition, event) is not None:
        return event.received_at >= person.entered_at
    step = definition.steps.get(person.step)
    return (
        isinstance(step, WaitFor) and person.waiting and event.received_at >= person.since and step.event.matches(event.name, event.properties)
    )


def leaves(definition: Definition, event: Happened) -> str | None:
    """Whether whoever does this leaves: `goal` or `left`; None: no."""
    for each in definition.leave_on:
        if each.event.matches(event.name, event.properties):
            return GOAL if each.goal else "left"
    return None


class _Walk:
    def __init__(self, definition: Definition, person: Person, around: Around) -> None:
        self.definition = definition
        self.person = person
        self.around = around
        self.moves: list[Move] = []
        self.effects: list[Effect] = []
        self.asks: frozenset[str] = frozenset()
        self.traits: dict[str, Any] = {}

    def go(self, event: Happened | None) -> None:
        if event is not None and (outcome := leaves(self.definition, event)) is not None:
            self._leave(outcome, {"event": event.name})
            return
        while self.person.left_at is None and not self.asks:
            if self.person.moves >= MOST_MOVES:
                self._leave("too_many_moves", {})
                return
            step = self.definition.steps.get(self.person.step)
            if step is None:
                self._leave("step_gone", {})
            elif isinstance(step, Wait | WaitFor):
                if not self._past(step, event):
                    return
                event = None
            elif isinstance(step, Branch):
                self._branch(step)
            elif isinstance(step, Split):
                arm = arm_of(f"{self.person.journey_id}:{self.person.step}", self.person.customer_id, weights={each.name: each.weight for each in step.arms})
                self._to(next(each.next for each in step.arms if each.name == arm), "split", {"arm": arm})
            elif isinstance(step, Goal):
                self._reach(step)
            elif isinstance(step, Message | Case | Task | Lead | ChangeTraits | Webhook):
                self._do(step)
            else:
                self._leave(step.reason, {})

    def _past(self, step: Wait | WaitFor, event: Happened | None) -> bool:
        """Begin to wait, or go past the wait when it is over. False: the person rests here."""
        now = self.around.now
        if not self.person.waiting:
            due = now + step.within.length if isinstance(step, WaitFor) else until(step, now=now, zone=self.around.zone)
            names = (step.event.name,) if isinstance(step, WaitFor) else ()
            self.person = self.person._replace(waiting=True, due_at=due, waits_for=names, since=now)
            return due <= now and self._past(step, None)
        if isinstance(step, WaitFor) and event is not None:
            self._to(step.then, "event", {"event": event.name, "event_id": event.event_id})
            return True
        if self.person.due_at is not None and self.person.due_at > now:
            return False
        if isinstance(step, WaitFor):
            self._to(step.otherwise, "timed_out", {"event": step.event.name})
        else:
            self._to(step.next, "waited", {})
        return True

    def _branch(self, step: Branch) -> None:
        known = self.around.known._replace(traits={**self.around.known.traits, **self.traits})
        for number, choice in enumerate(step.choices):
            verdict = conditions.holds(choice.condition, known, self.person.data)
            if verdict is None:
                self.asks = conditions.segments_of(choice.condition) - frozenset(known.segments)
                return
            if verdict:
                self._to(choice.next, "branch", {"choice": number})
                return
        self._to(step.otherwise, "branch", {"choice": None})

    def _reach(self, step: Goal) -> None:
        goals = [*self.person.data.get("goals", []), step.name]
        self.person = self.person._replace(data={**self.person.data, "goals": goals})
        if step.next is None:
            self._leave(GOAL, {"goal": step.name})
        else:
            self._to(step.next, "goal", {"goal": step.name})

    def _do(self, step: Message | Case | Task | Lead | ChangeTraits | Webhook) -> None:
        person, name = self.person, self.person.step
        if isinstance(step, ChangeTraits):
            self.traits |= step.set
        self.effects.append(Effect(name, step, person, f"{person.id}:{name}:{person.moves}", person.moves))
        self._to(step.next, step.type, {})

    def _to(self, following: str | None, did: str, detail: Mapping[str, Any]) -> None:
        self._note(did, detail)
        if following is None:
            self._leave(FINISHED, {})
            return
        self.person = self.person._replace(step=following, waiting=False, waits_for=(), since=self.around.now, due_at=self.around.now)

    def _leave(self, outcome: str, detail: Mapping[str, Any]) -> None:
        self._note("left", {"outcome": outcome, **detail})
        self.person = self.person._replace(
            left_at=self.around.now, outcome=outcome, due_at=None, waiting=False, waits_for=()
        )

    def _note(self, did: str, detail: Mapping[str, Any]) -> None:
        self.moves.append(Move(self.person.moves, self.person.step, did, detail, self.around.now))
        self.person = self.person._replace(moves=self.person.moves + 1)


def until(step: Wait, *, now: datetime, zone: ZoneInfo) -> datetime:
    """When a wait is over (UTC)."""
    if step.duration is not None:
        return now + step.duration.length
    if step.date is not None:
        return _local(step.date.day, step.date.at, zone)
    assert step.until is not None, "a wait has one of three"
    return _next_time(step.until, now=now, zone=zone)


def _next_time(wanted: LocalTime, *, now: datetime, zone: ZoneInfo) -> datetime:
    day = now.astimezone(zone).date()
    for _ in range(9):
        moment = _local(day, wanted.at, zone)
        if moment > now and (not wanted.weekdays or WEEKDAYS[day.weekday()] in wanted.weekdays):
            return moment
        day += timedelta(days=1)
    return now + timedelta(days=7)


def _local(day: date, at: str, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, int(at[:2]), int(at[3:]), tzinfo=zone).astimezone(UTC)


def read_date(value: Any) -> date | None:
    """The date in a trait: 1990-05-21 (also with a time behind it), or a Jalali one: 1369-02-31. None: no date."""
    parts = str(value)[:10].split("-")
    if len(parts) != 3 or not all(part.isdecimal() for part in parts):
        return None
    year, month, day = (int(part) for part in parts)
    try:
        return from_jalali(year, month, day) if 1200 <= year < 1600 else date(year, month, day)
    except ValueError:
        return None


def occurs(occasion: Occasion, value: Any, day: date) -> bool:
    """Whether the occasion of a trait's date, moved by its offset, is this day. Leap days move to the day before in other years."""
    found = read_date(value)
    if found is None:
        return False
    try:
        anniversary = day - timedelta(days=occasion.offset_days)
    except OverflowError:
        return False
    if not occasion.yearly:
        return found == anniversary
    if anniversary < found:
        return False
    if occasion.calendar == "jalali":
        _, month, number = to_jalali(found)
        year, this_month, this_day = to_jalali(anniversary)
        if (this_month, this_day) == (month, number):
            return True
        return (month, number, this_month, this_day) == (12, 30, 12, 29) and to_jalali(anniversary + timedelta(days=1))[0] != year
    if (found.month, found.day) == (anniversary.month, anniversary.day):
        return True
    leapless = (anniversary + timedelta(days=1)).month == 3
    return (found.month, found.day, anniversary.month, anniversary.day) == (2, 29, 2, 28) and leapless


def due_on(occasion: Occasion, day: date, zone: ZoneInfo) -> datetime:
    """The moment of an occasion on a local day."""
    return _local(day, occasion.at, zone)
