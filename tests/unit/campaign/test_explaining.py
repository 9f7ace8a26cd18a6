"""N5: the smallest change that turns a rule."""

from __future__ import annotations

from itertools import combinations
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.campaign.domain.explaining import smallest_flip

RULES = st.recursive(
    st.just({"trait": "x"}),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"all": parts}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"any": parts}), inner.map(lambda part: {"not": part}),
    ),
    max_leaves=6,
)


def leaves(rule: dict[str, Any], pointer: str = "") -> list[str]:
    for key in ("all", "any"):
        if key in rule:
            return [leaf for number, part in enumerate(rule[key]) for leaf in leaves(part, f"{pointer}/{key}/{number}")]
    return leaves(rule["not"], f"{pointer}/not") if "not" in rule else [pointer]


def value(rule: dict[str, Any], clauses: dict[str, bool], pointer: str = "") -> bool:
    if "all" in rule:
        return all(value(part, clauses, f"{pointer}/all/{number}") for number, part in enumerate(rule["all"]))
    if "any" in rule:
        return any(value(part, clauses, f"{pointer}/any/{number}") for number, part in enumerate(rule["any"]))
    return not value(rule["not"], clauses, f"{pointer}/not") if "not" in rule else clauses[pointer]


@given(RULES, st.integers(0, 63))
def test_what_is_named_turns_the_rule_and_nothing_smaller_does(rule: dict[str, Any], bits: int) -> None:
    """N5"""
    places = leaves(rule)
    clauses = {place: bool(bits >> number & 1) for number, place in enumerate(places)}
    want = not value(rule, clauses)
    flips = smallest_flip(rule, clauses, want=want)
    assert flips
    assert value(rule, clauses | {place: not clauses[place] for place in flips}) is want
    for fewer in range(len(flips)):
        for some in combinations(places, fewer):
            assert value(rule, clauses | {place: not clauses[place] for place in some}) is not want
    assert smallest_flip(rule, clauses, want=not want) == []
