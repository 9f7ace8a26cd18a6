"""What a merge would mean for each trait: which value wins, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from services.customer.domain import traits
from services.customer.domain.traits import Trait, Traits, Weights

Why = Literal["source", "authority", "time", "place"]


class Conflict(NamedTuple):
    """Both tell this trait, with different values."""

    name: str
    survivor: Trait
    merged: Trait
    merged_wins: bool
    because: Why


def conflicts(survivor: Traits, merged: Traits, weights: Weights) -> list[Conflict]:
    """The traits that both have with different values, by name."""
    return [
        Conflict(name, survivor[name], merged[name], traits.beats(name, merged[name], survivor[name], weights), _why(name, survivor, merged, weights))
        for name in sorted(survivor.keys() & merged.keys())
        if survivor[name].value != merged[name].value
    ]


def _why(name: str, survivor: Traits, merged: Traits, weights: Weights) -> Why:
    """The first thing in which the two differ, in the order in which values are compared."""
    one, two = survivor[name], merged[name]
    listed = weights.get(name)
    if listed is not None and traits.weight(one, listed) != traits.weight(two, listed):
        return "source"
    if one.rank != two.rank:
        return "authority"
    return "time" if one.at != two.at else "place"


def stricter(one: Mapping[str, str], two: Mapping[str, str]) -> dict[str, str]:
    """What counts after a merge, by purpose and channel: withdrawn beats granted, nothing said is no statement."""
    states = ("withdrawn", "granted", "unspoken")
    return {scope: min(one.get(scope, "unspoken"), two.get(scope, "unspoken"), key=states.index) for scope in sorted(one.keys() | two.keys())}
