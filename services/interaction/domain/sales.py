"""Rules of selling: what a pipeline is, who gets a lead, what a forecast says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Final
from uuid import UUID

import msgspec

OPEN: Final = "open"
WON: Final = "won"
LOST: Final = "lost"
CATEGORIES: Final = ("commit", "best_case", "pipeline", "omitted")

LEAD_OPEN: Final = ("new", "working", "qualified")
CONVERTED: Final = "converted"
DISQUALIFIED: Final = "disqualified"


class Stage(msgspec.Struct, frozen=True, omit_defaults=True):
    """A step of a pipeline. `probability` in per cent; `max_age_days`: longer than that in it is too long."""

    id: str
    name: str
    probability: int
    kind: str = OPEN
    category: str = "pipeline"
    max_age_days: int | None = None


class LeadRule(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who gets which leads: of `employees`, or of the members of `team_id`, each in turn. What is not said fits every lead."""

    name: str
    source: str | None = None
    campaign: str | None = None
    language: str | None = None
    min_score: int = 0
    team_id: UUID | None = None
    employees: list[UUID] = []
    contact_within_minutes: int | None = None


class BadPipeline(ValueError):
    """Why stages make no pipeline, in words for their author."""


def check_stages(stages: Sequence[Stage]) -> None:
    """A pipeline begins with an open stage and has one that is won and one that is lost. Raises BadPipeline."""
    names = [stage.id for stage in stages]
    if len(set(names)) < len(names):
        raise BadPipeline("two stages have the same id")
    if not stages or stages[0].kind != OPEN:
        raise BadPipeline("the first stage must be an open one")
    kinds = [stage.kind for stage in stages]
    if kinds.count(WON) != 1 or kinds.count(LOST) != 1:
        raise BadPipeline("there must be exactly one stage of the kind won and one of the kind lost")


def stage_named(stages: Sequence[Stage], name: str | None) -> Stage | None:
    """The stage, the first one for None; None when there is none of that name."""
    return stages[0] if name is None else next((stage for stage in stages if stage.id == name), None)


def due_of(stage: Stage, since: datetime) -> datetime | None:
    """Until when somebody may stay in a stage."""
    return None if stage.max_age_days is None or stage.kind != OPEN else since + timedelta(days=stage.max_age_days)


def rule_for(rules: Iterable[LeadRule], *, source: str, campaign: str | None, language: str | None, score: int) -> LeadRule | None:
    """The first rule that fits."""
    for rule in rules:
        fits = rule.source in {None, source} and rule.campaign in {None, campaign} and rule.language in {None, language}
        if fits and score >= rule.min_score:
            return rule
    return None


def worth(products: Iterable[Mapping[str, Any]]) -> int:
    """Minor units of some lines: each quantity times its price, rounded half-even once."""
    total = sum((Decimal(str(line["quantity"])) * line["price_minor"] for line in products), Decimal(0))
    return int(total.to_integral_value(ROUND_HALF_EVEN))


def weighted(hundredths: int) -> int:
    """Minor units of a sum of value times per cent, rounded half-even once for the whole sum and not for each part."""
    return int((Decimal(hundredths) / 100).to_integral_value(ROUND_HALF_EVEN))


def forecast(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows (month, currency, state, category, count, value, hundredths) as one line for each month and currency."""
    lines: dict[tuple[Any, str], dict[str, Any]] = {}
    sums: dict[tuple[Any, str], int] = {}
    for row in rows:
        key = (row["month"], row["currency"])
        line = lines.setdefault(key, {
            "month": row["month"], "currency": row["currency"], "open": 0, "open_minor": 0, "weighted_minor": 0, "won": 0, "won_minor": 0,
            "categories": dict.fromkeys(CATEGORIES, 0),
        })
        if row["state"] == WON:
            line["won"] += row["count"]
            line["won_minor"] += row["value"]
            continue
        line["open"] += row["count"]
        line["open_minor"] += row["value"]
        line["categories"][row["category"]] += row["value"]
        sums[key] = sums.get(key, 0) + row["hundredths"]
    for key, line in lines.items():
        line["weighted_minor"] = weighted(sums.get(key, 0))
    return [lines[key] for key in sorted(lines)]
