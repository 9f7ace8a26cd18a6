"""Sizes, intervals and sequential tests: against published figures and by simulation."""

from __future__ import annotations

import random

import pytest

from services.campaign.domain import significance
from services.campaign.domain.significance import Counted, always_valid, judge

#: Visits within two weeks in the e-mail test published by Hillstrom (2008): 64,000 customers in three equal groups.
MENS, WOMENS, NOBODY = Counted(21_307, 3_894), Counted(21_387, 3_238), Counted(21_306, 2_262)


def test_the_arithmetic_of_hillstrom() -> None:
    """U31: visit rates 18.28, 15.14 and 10.62 per cent; both mails brought visits, with the intervals by Wald to three places."""
    assert [round(100 * (arm.rate or 0), 2) for arm in (MENS, WOMENS, NOBODY)] == [18.28, 15.14, 10.62]
    mens, womens = significance.effect(MENS, NOBODY), significance.effect(WOMENS, NOBODY)
    assert mens is not None
    assert womens is not None
    assert (round(mens.difference, 4), round(mens.low, 3), round(mens.high, 3)) == (0.0766, 0.070, 0.083)
    assert (round(womens.difference, 4), round(womens.low, 3), round(womens.high, 3)) == (0.0452, 0.039, 0.052)
    assert (mens.beyond_chance, round(mens.relative or 0, 3), round(mens.extra)) == (True, 0.721, 1632)
    same = significance.effect(Counted(1000, 100), Counted(1000, 98))
    assert same is not None
    assert not same.beyond_chance


def test_intervals_as_published() -> None:
    """Newcombe 1998, table II, method 10: 56/70 - 48/80 is 0.2 with (0.0524, 0.3339); 9/10 - 3/10 is 0.6 with (0.1705, 0.8090)."""
    for one, other, low, high in (((70, 56), (80, 48), 0.0524, 0.3339), ((10, 9), (10, 3), 0.1705, 0.8090), ((10, 10), (10, 0), 0.6075, 1.0)):
        found = significance.effect(Counted(*one), Counted(*other))
        assert found is not None
        assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


def test_sample_sizes() -> None:
    """U30: 10 against 12 per cent at 80 % power takes 3,841 people per arm; more arms take more; nonsense is refused."""
    assert significance.sample_size(baseline=0.10, effect=0.02) == 3_841
    assert significance.sample_size(baseline=0.10, effect=-0.02) == 3_213
    assert significance.sample_size(baseline=0.10, effect=0.02, comparisons=3) > 5_000
    for baseline, change in ((0.1, 0.0), (0.1, 0.95), (0.0, 0.1), (0.1, -0.1)):
        with pytest.raises(ValueError, match="rates"):
            significance.sample_size(baseline=baseline, effect=change)


def test_means_as_welch_reckons_them() -> None:
    """Two groups of 4: means 5 and 3, variances 20/3 and 4/3."""
    found = significance.mean_effect((4, 20.0, 120.0), (4, 12.0, 40.0))
    assert found is not None
    difference, low, high = found
    assert difference == 2
    assert (low, high) == pytest.approx((2 - 1.959964 * 2**0.5, 2 + 1.959964 * 2**0.5), abs=1e-4)
    assert significance.mean_effect((1, 5.0, 25.0), (4, 12.0, 40.0)) is None


def test_looking_all_the_time_errs_seldom() -> None:
    """U30: of 300 tests without any difference, looked at 60 times each, the always-valid test errs in under 5 %; a fixed one in far more."""
    chance, sequential, fixed = random.Random(5), 0, 0
    for _ in range(300):
        one = other = Counted(0, 0)
        wrong = {"sequential": False, "fixed": False}
        for _ in range(60):
            one, other = (Counted(arm.people + 100, arm.responses + sum(chance.random() < 0.1 for _ in range(100))) for arm in (one, other))
            look = always_valid(one, other, smallest_effect=0.02)
            naive = significance.effect(one, other)
            wrong["sequential"] |= look is not None and look.p_value < 0.05
            wrong["fixed"] |= naive is not None and naive.beyond_chance
        sequential += wrong["sequential"]
        fixed += wrong["fixed"]
    assert sequential <= 15
    assert fixed >= 60


def test_a_true_winner_is_found_and_the_best_of_three_only_when_it_beats_both() -> None:
    """U30: p-values never rise again, and a winner needs every comparison."""
    seen: dict[str, float] = {}
    first = judge({"a": Counted(2000, 200), "b": Counted(2000, 300), "c": Counted(2000, 296)}, seen=seen, smallest_effect=0.02)
    assert (first.leader, first.winner) == ("b", None)
    before = dict(seen)
    judge({"a": Counted(2100, 300), "b": Counted(2100, 301), "c": Counted(2100, 300)}, seen=seen, smallest_effect=0.02)
    assert all(seen[pair] <= value for pair, value in before.items())
    last = judge({"a": Counted(9000, 900), "b": Counted(9000, 1350), "c": Counted(9000, 990)}, seen=seen, smallest_effect=0.02)
    assert (last.leader, last.winner) == ("b", "b")
    assert judge({"a": Counted(10, 1), "b": Counted(10, 9)}, seen={}, smallest_effect=0.02).winner is None
