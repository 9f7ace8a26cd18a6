"""Who a campaign is meant for, as its author wrote it: sources, exclusions, sample, control group and the order of selection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from services.campaign.domain import sampling

#: Why somebody in the audience gets nothing: drawn for the campaign's own control group, or for the one of all marketing.
HOLDOUT: Final = "holdout"
CONTROL_GROUP: Final = "control_group"
#: Scores that say what a customer brings, the best first.
PROFIT_SCORES: Final = ("profit", "expected_profit", "clv", "lifetime_value")
#: What a customer brings where no score says so: a trait in minor units.
PROFIT_TRAIT: Final = "profit_minor"


class Source(NamedTuple):
    """A segment or a list."""

    kind: str
    id: str


class Audience(NamedTuple):
    """`sample_percent`, `holdout_percent`: by a stable hash; None: everybody, nobody."""

    include: tuple[Source, ...]
    exclude: tuple[Source, ...] = ()
    sample_percent: float | None = None
    holdout_percent: float | None = None


class Selection(NamedTuple):
    """`by`: profit, class (the score `score`), or none; `at_most`: only so many, the first of the order; `override_by`: who answers for
    selecting without profitability, and why.
    """

    by: str = "profit"
    score: str | None = None
    at_most: int | None = None
    override_by: str | None = None
    override_reason: str | None = None

    @property
    def lacks_profitability(self) -> bool:
        return self.by != "profit" and not self.override_reason


def read_audience(segment_id: str, written: Mapping[str, Any]) -> Audience:
    """The audience of a campaign: `segment_id` is its first source."""
    return Audience(
        include=(
            Source("segment", segment_id), *(Source("segment", one) for one in written.get("include_segments", ())),
            *(Source("list", str(one)) for one in written.get("include_lists", ())),
        ),
        exclude=(
            *(Source("segment", one) for one in written.get("exclude_segments", ())),
            *(Source("list", str(one)) for one in written.get("exclude_lists", ())),
        ),
        sample_percent=written.get("sample_percent"), holdout_percent=written.get("holdout_percent"),
    )


def read_selection(written: Mapping[str, Any]) -> Selection:
    return Selection(**{name: written[name] for name in Selection._fields if written.get(name) is not None})


def in_sample(campaign_id: UUID, person: UUID, audience: Audience) -> bool:
    return audience.sample_percent is None or sampling.is_drawn(f"sample:{campaign_id}", person, percent=audience.sample_percent)


def withheld(campaign_id: UUID, person: UUID, audience: Audience, *, control_percent: float) -> str | None:
    """Why a person of the audience gets nothing: the control group of all marketing goes before the campaign's own."""
    if control_percent and sampling.is_drawn(sampling.GLOBAL_CONTROL, person, percent=control_percent):
        return CONTROL_GROUP
    if audience.holdout_percent and sampling.is_drawn(f"holdout:{campaign_id}", person, percent=audience.holdout_percent):
        return HOLDOUT
    return None


def value_of(selection: Selection, *, scores: Mapping[str, str], traits: Mapping[str, Any]) -> int | None:
    """By what a person is put in order, larger first; None when nothing is known.

    By profit: the first score of `PROFIT_SCORES` there is, else the trait. By class: the class as a number, `A` before `B`, `5` before `4`,
    `high` before `medium` before `none`.
    """
    if selection.by == "none":
        return None
    if selection.by == "class":
        return _class_value(scores.get(selection.score or "", ""))
    for name in PROFIT_SCORES:
        number = _number(scores.get(name))
        if number is not None:
            return number
    return _number(traits.get(PROFIT_TRAIT))


def _number(value: object) -> int | None:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    try:
        number = round(float(value))
    except (ValueError, OverflowError):
        return None
    return number if abs(number) < 2**62 else None


_TIERS: Final[Sequence[str]] = ("none", "low", "medium", "high", "top")


def _class_value(value: str) -> int | None:
    folded = value.strip().casefold()
    if folded in _TIERS:
        return _TIERS.index(folded)
    if len(folded) == 1 and "a" <= folded <= "z":
        return ord("z") - ord(folded)
    return _number(folded)
