"""The grammar of a journey: how somebody comes in, the steps, how they leave. Published as JSON Schema."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from contracts.jalali import from_jalali
from services.campaign.domain.eligibility import ReservedFor
from services.campaign.domain.journeys.conditions import MARK, EventTest, Rule, Strict, Value
from services.campaign.domain.pressure import Weekday

Step = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,49}$")]
Label = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,99}$")]
Line = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
Next = Step | None
MOST_STEPS: Final = 100
LONGEST_WAIT: Final = timedelta(days=730)
_CLOCK: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


def _clock(value: str | None) -> str | None:
    if value is not None and not _CLOCK.fullmatch(value):
        raise ValueError("times are written 09:00")
    return value


class Duration(Strict):
    """Days, hours, minutes and seconds together; at most two years."""

    days: Annotated[int, Field(ge=0, le=730)] = 0
    hours: Annotated[int, Field(ge=0, le=17_520)] = 0
    minutes: Annotated[int, Field(ge=0, le=1_051_200)] = 0
    seconds: Annotated[int, Field(ge=0, le=86_400)] = 0

    @model_validator(mode="after")
    def _some(self) -> Duration:
        if not timedelta(0) < self.length <= LONGEST_WAIT:
            raise ValueError("a duration lies between a second and two years")
        return self

    @property
    def length(self) -> timedelta:
        return timedelta(days=self.days, hours=self.hours, minutes=self.minutes, seconds=self.seconds)


class LocalTime(Strict):
    """The next time the person's clock shows `at`, on one of the weekdays if any are named."""

    at: str
    weekdays: Annotated[list[Weekday], Field(max_length=7)] = []
    _time = field_validator("at")(_clock)


class Day(Strict):
    """A day: Gregorian (`on`) or Jalali (`jalali`, year-month-day), at a local time."""

    on: date | None = None
    jalali: str | None = None
    at: str = "09:00"
    _time = field_validator("at")(_clock)

    @model_validator(mode="after")
    def _one(self) -> Day:
        if (self.on is None) is (self.jalali is None):
            raise ValueError("a day is given by one of `on` and `jalali`")
        if self.jalali is not None:
            parts = re.fullmatch(r"(\d{4})-(\d{2})-(\d{2})", self.jalali)
            if parts is None:
                raise ValueError("Jalali days are written 1406-01-01")
            from_jalali(*(int(part) for part in parts.groups()))
        return self

    @property
    def day(self) -> date:
        if self.on is not None:
            return self.on
        year, month, day = (int(part) for part in (self.jalali or "").split("-"))
        return from_jalali(year, month, day)


class Occasion(Strict):
    """A day in each person's life: the date in a trait, once or `yearly` (birthdays) in one of the calendars, `offset_days` before or after.

    Dates in traits are written 1990-05-21, Jalali ones 1369-02-31.
    """

    trait: Annotated[str, Field(min_length=1, max_length=100)]
    yearly: bool = True
    calendar: Literal["gregorian", "jalali"] = "gregorian"
    offset_days: Annotated[int, Field(ge=-180, le=180)] = 0
    at: str = "09:00"
    _time = field_validator("at")(_clock)


class SegmentTrigger(Strict):
    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,100}$")]
    on: Literal["entered", "left"] = "entered"


class Api(Strict):
    """By `POST /api/v1/journeys/{id}/people`."""


class Entry(Strict):
    """Exactly one way in: `event`, `segment`, `date` or `api`; people can be let in by the API in any case."""

    event: EventTest | None = None
    segment: SegmentTrigger | None = None
    date: Occasion | None = None
    api: Api | None = None

    @model_validator(mode="after")
    def _one(self) -> Entry:
        if sum(each is not None for each in (self.event, self.segment, self.date, self.api)) != 1:
            raise ValueError("an entry has exactly one of `event`, `segment`, `date` and `api`")
        return self


class Wait(Strict):
    """Wait for a time: `for` a duration, `until` a local time, or `date`."""

    type: Literal["wait"]
    duration: Duration | None = Field(None, alias="for")
    until: LocalTime | None = None
    date: Day | None = None
    next: Next = None

    @model_validator(mode="after")
    def _one(self) -> Wait:
        if sum(each is not None for each in (self.duration, self.until, self.date)) != 1:
            raise ValueError("a wait has exactly one of `for`, `until` and `date`")
        return self


class WaitFor(Strict):
    """Wait for an event; `then` if it comes within the time, else `otherwise`."""

    type: Literal["wait_for"]
    event: EventTest
    within: Duration
    then: Next = None
    otherwise: Next = None


class Choice(Strict):
    condition: Rule = Field(alias="if")
    next: Next = None


class Branch(Strict):
    """The first choice whose rule holds, else `otherwise`."""

    type: Literal["branch"]
    choices: Annotated[list[Choice], Field(min_length=1, max_length=20)]
    otherwise: Next = None


class Arm(Strict):
    name: Label
    weight: Annotated[float, Field(gt=0, le=1000)] = 1
    next: Next = None


class Split(Strict):
    """Each person falls into one arm, by a stable draw, in proportion to the weights."""

    type: Literal["split"]
    arms: Annotated[list[Arm], Field(min_length=2, max_length=20)]

    @model_validator(mode="after")
    def _distinct(self) -> Split:
        if len({arm.name for arm in self.arms}) != len(self.arms):
            raise ValueError("each arm has a name of its own")
        return self


class Message(Strict):
    """A message through the send ledger: permits, caps and quiet time count. `send: best`: when this person responds best, within a day.

    `reserved_for`: tiers and stages, asked right before the hand-off.
    """

    type: Literal["message"]
    template_id: UUID
    version: Annotated[int, Field(ge=1)] | None = None
    channel: Label = "email"
    purpose: Label = "marketing"
    priority: Annotated[int, Field(ge=-100, le=100)] = 0
    value: Annotated[int, Field(ge=0, le=10**12)] | None = None
    send: Literal["now", "best"] = "now"
    reserved_for: ReservedFor = ReservedFor()
    from_address: Annotated[str, Field(max_length=254)] = ""
    from_name: Annotated[str, Field(max_length=200)] = ""
    next: Next = None


class Case(Strict):
    """Work for an employee, opened in the interaction service."""

    type: Literal["case"]
    subject: Line
    kind: Label | None = None
    priority: Literal["low", "normal", "high", "urgent"] | None = None
    channel: Label | None = None
    team_id: UUID | None = None
    next: Next = None


class Task(Strict):
    """Something to do for an employee: `call` puts the customer on the list of calls. `due_in`: from then on it is late."""

    type: Literal["task"]
    title: Line
    kind: Literal["task", "call", "meeting"] = "call"
    due_in: Duration | None = None
    team_id: UUID | None = None
    employee_id: UUID | None = None
    next: Next = None


class Lead(Strict):
    """Work for sales: a lead, given to whom the rules of leads say. Who has one open from this source keeps that one."""

    type: Literal["lead"]
    title: Line
    source: Line
    campaign: Line | None = None
    score: Annotated[int, Field(ge=0, le=100)] = 0
    team_id: UUID | None = None
    employee_id: UUID | None = None
    next: Next = None


class ChangeTraits(Strict):
    """Traits of the profile; null removes one."""

    type: Literal["trait"]
    set: Annotated[dict[Annotated[str, Field(min_length=1, max_length=100)], Value], Field(min_length=1, max_length=20)]
    next: Next = None


class Webhook(Strict):
    """A call outside, signed as a Standard Webhook, repeated with the same id until it is answered."""

    type: Literal["webhook"]
    url: Annotated[str, Field(min_length=8, max_length=2000)]
    next: Next = None


class Goal(Strict):
    """A goal is reached; without `next` the person leaves."""

    type: Literal["goal"]
    name: Label
    next: Next = None


class Exit(Strict):
    type: Literal["exit"]
    reason: Label = "finished"


def _type(value: Any) -> str:
    name = value.get("type") if isinstance(value, dict) else getattr(value, "type", None)
    return MARK + str(name)


AnyStep = Annotated[
    Annotated[Wait, Tag(MARK + "wait")] | Annotated[WaitFor, Tag(MARK + "wait_for")] | Annotated[Branch, Tag(MARK + "branch")]
    | Annotated[Split, Tag(MARK + "split")] | Annotated[Message, Tag(MARK + "message")] | Annotated[Case, Tag(MARK + "case")]
    | Annotated[Task, Tag(MARK + "task")] | Annotated[Lead, Tag(MARK + "lead")]
    | Annotated[ChangeTraits, Tag(MARK + "trait")] | Annotated[Webhook, Tag(MARK + "webhook")] | Annotated[Goal, Tag(MARK + "goal")]
    | Annotated[Exit, Tag(MARK + "exit")],
    Discriminator(_type, custom_error_type="step_type",
                  custom_error_message="`type` is one of wait, wait_for, branch, split, message, case, task, lead, trait, webhook, goal, exit"),
]


class Leave(Strict):
    """Whoever does this leaves at once, wherever they are; `goal`: it was what the journey wanted."""

    event: EventTest
    goal: Label | None = None


class AfterDays(Strict):
    after_days: Annotated[int, Field(ge=1, le=3650)]


class Definition(Strict):
    """A journey. `reentry`: `never` (at most once per person), `after_exit`, or so many days after the last entry.

    `programme`: the name under which caps count its messages.
    """

    entry: Entry
    start: Step
    steps: Annotated[dict[Step, AnyStep], Field(min_length=1, max_length=MOST_STEPS)]
    reentry: Literal["never", "after_exit"] | AfterDays = "never"
    leave_on: Annotated[list[Leave], Field(max_length=20)] = []
    programme: Label | None = None
