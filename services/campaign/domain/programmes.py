"""Relationship programmes: what each kind is set up with, and when something is due."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal, NamedTuple
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, model_validator

Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_.-]{0,63}$")]
#: Scores have the name of their kind, or of a model or a computed trait: churn, cluster:spring, computed:visits.
ScoreName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_.:-]{0,99}$")]
Address = Annotated[str, StringConstraints(min_length=3, max_length=254)]
Days = Annotated[float, Field(ge=0, le=3650)]
STAGES: Final = ("acquire", "enhance", "retain")
Stage = Literal["acquire", "enhance", "retain"]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Earn(Strict):
    """`points` for every full `per_minor` minor units of an order; with a category or a product only of those lines."""

    points: Annotated[int, Field(ge=1, le=1_000_000)]
    per_minor: Annotated[int, Field(ge=1, le=10**12)]
    currency: Currency
    category: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    product_id: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    least_minor: Annotated[int, Field(ge=0, le=10**12)] = 0


class TierSetting(Strict):
    """From so many points earned within `tier_days`; orders of members in it earn `factor` times as much."""

    name: Word
    from_points: Annotated[int, Field(ge=0, le=10**12)]
    factor: Annotated[float, Field(ge=1, le=100)] = 1.0


class Loyalty(Strict):
    """A points programme. `enrol` automatic: whoever orders is a member; on_request: members are added through the API."""

    kind: Literal["loyalty"]
    earn: Annotated[list[Earn], Field(min_length=1, max_length=50)]
    expire_days: Annotated[int, Field(ge=1, le=3650)] | None = 730
    tiers: Annotated[list[TierSetting], Field(max_length=20)] = []
    tier_days: Annotated[int, Field(ge=1, le=3650)] = 365
    enrol: Literal["automatic", "on_request"] = "automatic"
    welcome_points: Annotated[int, Field(ge=0, le=10**9)] = 0

    @model_validator(mode="after")
    def _tiers_differ(self) -> Loyalty:
        if len({tier.name for tier in self.tiers}) < len(self.tiers) or len({tier.from_points for tier in self.tiers}) < len(self.tiers):
            raise ValueError("two tiers have the same name or begin at the same number of points")
        return self


class MailStep(Strict):
    """A message so many days after joining; with `reward_id` only to those who may have that reward then (`data.reward` in the template)."""

    after_days: Days = 0
    template_id: UUID
    reward_id: UUID | None = None


class Sender(Strict):
    """Who the programme's mails come from."""

    from_address: Address
    from_name: Annotated[str, StringConstraints(max_length=200)] = ""


class Band(Strict):
    """A score within bounds or among values."""

    at_least: float | None = None
    at_most: float | None = None
    among: Annotated[list[Annotated[str, StringConstraints(max_length=64)]], Field(max_length=50)] | None = None


class Entry(Strict):
    """Who joins: everything that is given must hold. `silent_days`: no order for so long, but one before; `orders_at_most`: so few orders."""

    stages: Annotated[list[Stage], Field(max_length=3)] = []
    scores: Annotated[dict[ScoreName, Band], Field(max_length=10)] = {}
    silent_days: Annotated[int, Field(ge=1, le=3650)] | None = None
    orders_at_most: Annotated[int, Field(ge=0, le=1000)] | None = None
    orders_at_least: Annotated[int, Field(ge=0, le=1000)] | None = None


class Care(Strict):
    """Messages to those who fit, until they order: acquisition, win-back, cross-sell, and one's own kinds."""

    kind: Literal["acquisition", "win_back", "cross_sell", "individual"]
    sender: Sender
    entry: Entry
    steps: Annotated[list[MailStep], Field(min_length=1, max_length=20)]
    exit_on_order: bool = True
    again_after_days: Annotated[int, Field(ge=1, le=3650)] | None = 365


class Repeat(Strict):
    """A reminder at the customer's own buying interval: the median gap between their orders times `factor`; a purchase stops it."""

    kind: Literal["repeat_purchase"]
    sender: Sender
    template_id: UUID
    least_orders: Annotated[int, Field(ge=2, le=100)] = 3
    factor: Annotated[float, Field(ge=0.1, le=10)] = 1.0
    shortest_days: Days = 3
    longest_days: Days = 365


class Satisfaction(Strict):
    """A question after each case that was closed, or each delivery; a bad answer (at most `bad_score`) opens a case for `team`."""

    kind: Literal["satisfaction"]
    sender: Sender
    template_id: UUID
    after: Literal["case", "delivery", "both"] = "both"
    wait_hours: Annotated[float, Field(ge=0, le=24 * 90)] = 24
    bad_score: Annotated[int, Field(ge=1, le=5)] = 2
    pause_days: Days = 30


class Gifts(Strict):
    """Rewards without points: gifts and offers for those who fit."""

    kind: Literal["rewards"]


class Referrals(Strict):
    """Points in `loyalty_id` for who recommends and who comes, once the newcomer's first order of at least `least_minor` stands."""

    kind: Literal["referral"]
    loyalty_id: UUID
    referrer_points: Annotated[int, Field(ge=0, le=10**9)]
    newcomer_points: Annotated[int, Field(ge=0, le=10**9)] = 0
    least_minor: Annotated[int, Field(ge=0, le=10**12)] = 0
    most_per_referrer: Annotated[int, Field(ge=1, le=100_000)] = 100


class Community(Strict):
    """Groups of customers: invitations by mail, activity, effect on sales."""

    kind: Literal["community"]
    sender: Sender | None = None
    invitation_template_id: UUID | None = None


Settings = Annotated[Loyalty | Care | Repeat | Satisfaction | Gifts | Referrals | Community, Field(discriminator="kind")]
_SETTINGS: Final[TypeAdapter[Any]] = TypeAdapter(Settings)


def read_settings(raw: bytes | str) -> Any:
    """The settings of a programme as they were kept. Raises ValueError."""
    return _SETTINGS.validate_json(raw)


class Programme(NamedTuple):
    """A programme as stored; `holdout`: the share of members that only counts for comparison; `goal`: mean satisfaction (1–5) it is for."""

    id: UUID
    name: str
    kind: str
    status: str
    purpose: str
    settings: Any
    holdout: float
    goal: float | None
    playbook: str | None
    started_at: datetime | None
    swept_to: UUID | None
    sweep_at: datetime | None
    created_at: datetime
    updated_at: datetime


class Member(NamedTuple):
    """Somebody's stay in a programme."""

    programme_id: UUID
    customer_id: UUID
    arm: str
    joined_at: datetime
    left_at: datetime | None
    left_reason: str | None
    tier: str | None
    tier_since: datetime | None
    step: int
    next_at: datetime | None
    cause: str | None
    rounds: int


def own_interval(ordered: Sequence[datetime]) -> timedelta | None:
    """The median gap between a customer's order days; several orders within a day count once. None with fewer than two days."""
    days = sorted({moment.date(): moment for moment in sorted(ordered, reverse=True)}.values())
    if len(days) < 2:
        return None
    gaps = [(later - earlier).total_seconds() for earlier, later in itertools.pairwise(days)]
    return timedelta(seconds=statistics.median(gaps))


def reminder_at(settings: Repeat, ordered: Sequence[datetime]) -> datetime | None:
    """When to remind somebody who ordered at these times; None when that cannot be told."""
    gap = own_interval(ordered)
    if gap is None or len(ordered) < settings.least_orders:
        return None
    wait = min(max(gap * settings.factor, timedelta(days=settings.shortest_days)), timedelta(days=settings.longest_days))
    return max(ordered) + wait


def fits(entry: Entry, *, scores: dict[str, str], orders: int, last_order: datetime | None, at: datetime) -> bool:
    """Whether somebody fits into a programme: all that is asked for holds; a score nobody has told does not. Without a told stage, M3's first steps."""
    stage = scores.get("stage") or ("enhance" if orders else "acquire")
    if entry.stages and stage not in entry.stages:
        return False
    if entry.silent_days is not None and (last_order is None or at - last_order < timedelta(days=entry.silent_days)):
        return False
    if entry.orders_at_most is not None and orders > entry.orders_at_most:
        return False
    if entry.orders_at_least is not None and orders < entry.orders_at_least:
        return False
    return all(within(band, scores.get(name)) for name, band in entry.scores.items())


def next_step(settings: Care, *, done: int, joined_at: datetime) -> datetime | None:
    """When the step after the `done` first ones is due; None after the last."""
    if done >= len(settings.steps):
        return None
    return joined_at + timedelta(days=settings.steps[done].after_days)


def within(band: Band, value: str | None) -> bool:
    if value is None:
        return False
    if band.among is not None and value not in band.among:
        return False
    if band.at_least is None and band.at_most is None:
        return True
    try:
        number = float(value)
    except ValueError:
        return False
    return (band.at_least is None or number >= band.at_least) and (band.at_most is None or number <= band.at_most)
