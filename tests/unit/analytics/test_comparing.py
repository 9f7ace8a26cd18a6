"""Correlation with its interval, curves and standing, against values worked out elsewhere."""

from __future__ import annotations

import math

import pytest

from services.analytics.domain import comparing

#: Anscombe's first set (1973): r = 0.81642, rank correlation 0.81818.
X = [10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5]
Y = [8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68]


def test_a_published_set_gives_its_published_coefficients_with_intervals() -> None:
    """A21"""
    found = comparing.correlation(X, Y)
    assert found["pearson"] == pytest.approx(0.81642, abs=1e-5)
    assert found["spearman"] == pytest.approx(0.81818, abs=1e-5)
    low, high = found["pearson_interval"]
    assert (low, high) == (pytest.approx(math.tanh(math.atanh(0.8164205) - 1.959964 / math.sqrt(8)), abs=1e-5), pytest.approx(0.95069, abs=1e-4))
    assert found["spearman_interval"][0] < found["spearman"] < found["spearman_interval"][1]


def test_too_few_or_unvarying_data_say_so() -> None:
    assert comparing.correlation(X[:9], Y[:9])["reason"] == "not_enough_data"
    assert comparing.correlation([1] * 11, Y)["reason"] == "no_variation"
    assert comparing.correlation(X, [2 * one for one in X])["pearson_interval"] == [pytest.approx(1), pytest.approx(1)]


def test_a_curve_has_means_and_intervals_by_whole_score() -> None:
    points = comparing.curve([5, 4.5, 4.4, 1], [10, 20, 7, 3])
    assert [(one["score"], one["n"], one["mean"]) for one in points] == [(1, 1, 3), (4, 1, 7), (5, 2, 15)]
    assert points[0]["interval"] is None
    assert points[2]["interval"] == [pytest.approx(15 - 12.7062 * 5, abs=1e-3), pytest.approx(15 + 12.7062 * 5, abs=1e-3)]


def test_standing_counts_ties_by_half_and_leaves_out_who_has_no_figure() -> None:
    assert comparing.standing(2, [1, 2, 3, float("nan")]) == {"n": 3, "mean": 2, "median": 2, "share_below": 0.5}
    assert comparing.standing(None, []) == {"n": 0, "mean": None, "median": None, "share_below": None}
