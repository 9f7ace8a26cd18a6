"""Draws: stable, independent of each other, as large as asked for."""

from __future__ import annotations

import random
from uuid import UUID

import pytest

from services.campaign.domain import audiences, sampling

_chance = random.Random(7)
PEOPLE = [UUID(int=_chance.getrandbits(128)) for _ in range(20_000)]


def test_a_draw_is_the_same_for_ever() -> None:
    person = UUID("0191b000-0000-7000-8000-000000000001")
    assert sampling.position("a", person) == pytest.approx(0.3612378, abs=1e-6)
    assert [sampling.position("a", one) for one in PEOPLE[:50]] == [sampling.position("a", one) for one in PEOPLE[:50]]


def test_a_draw_is_as_large_as_asked_for_and_grows_by_nesting() -> None:
    ten = {one for one in PEOPLE if sampling.is_drawn("s", one, percent=10)}
    thirty = {one for one in PEOPLE if sampling.is_drawn("s", one, percent=30)}
    assert abs(len(ten) - 2_000) < 200, len(ten)
    assert ten < thirty
    assert not any(sampling.is_drawn("s", one, percent=0) for one in PEOPLE[:500])
    assert all(sampling.is_drawn("s", one, percent=100) for one in PEOPLE[:500])


def test_different_salts_are_independent() -> None:
    both = sum(sampling.is_drawn("a", one, percent=20) and sampling.is_drawn("b", one, percent=20) for one in PEOPLE)
    assert abs(both - 800) < 120, both


def test_arms_share_by_weight() -> None:
    counts = dict.fromkeys(("a", "b", "c"), 0)
    for one in PEOPLE:
        counts[sampling.arm_of("t", one, weights={"a": 1, "b": 2, "c": 1, "never": 0})] += 1
    assert abs(counts["a"] - 5_000) < 250
    assert abs(counts["b"] - 10_000) < 300
    with pytest.raises(ValueError, match="weights"):
        sampling.arm_of("t", PEOPLE[0], weights={"a": -1})


@pytest.mark.parametrize(
    ("by", "scores", "traits", "value"),
    [
        ("profit", {"clv": "120.6", "rfm": "555"}, {"profit_minor": 5}, 121),
        ("profit", {"profit": "-5", "clv": "120"}, {}, -5),
        ("profit", {"clv": "much"}, {"profit_minor": 7}, 7),
        ("profit", {}, {}, None),
        ("profit", {}, {"profit_minor": True}, None),
        ("profit", {"clv": "nan"}, {}, None),
        ("profit", {"clv": "1e400"}, {}, None),
        ("class", {"tier": "high"}, {}, 3),
        ("class", {"tier": "A"}, {}, 25),
        ("class", {"tier": "b"}, {}, 24),
        ("class", {"tier": "543"}, {}, 543),
        ("class", {}, {}, None),
        ("none", {"clv": "9"}, {}, None),
    ],
)
def test_what_puts_people_in_order(by: str, scores: dict[str, str], traits: dict[str, object], value: int | None) -> None:
    selection = audiences.Selection(by=by, score="tier")
    assert audiences.value_of(selection, scores=scores, traits=traits) == value
