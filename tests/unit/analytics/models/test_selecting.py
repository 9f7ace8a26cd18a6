"""Choosing under a budget: never above it, near the optimum, and worth more than targeting by propensity where effects are known."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.analytics.domain.models import classifying, fit_answers, ruling, selecting, uplift
from services.analytics.domain.models.fitting import Job
from services.analytics.domain.models.selecting import Act


def _population(size: int, *, seed: int) -> tuple[Any, Any, Any]:
    """(attributes, chance without a contact, true lift): the likeliest buyers buy anyway, some are put off by a contact."""
    random = np.random.default_rng(seed)
    x = random.normal(size=(size, 4))
    base = 1 / (1 + np.exp(-(x[:, 0] - 1.0)))
    lift = np.clip(0.25 / (1 + np.exp(-2 * x[:, 1])) - 0.10 - 0.04 * x[:, 0], -base * 0.9, (1 - base) * 0.9)
    return x, base, lift


def test_nine_tenths_of_the_oracle_and_better_than_propensity() -> None:
    """N6: on a population with known effects; learnt from a random half of an earlier one."""
    x, base, lift = _population(20_000, seed=1)
    random = np.random.default_rng(2)
    treated = (random.random(20_000) < 0.5).astype(float)
    outcome = (random.random(20_000) < base + treated * lift).astype(float)
    propensity = classifying.train("logistic", x[treated == 1], outcome[treated == 1], 7)
    later, _, truth = _population(10_000, seed=3)
    unknown = np.full(10_000, np.nan)
    columns = {f"a{place}": np.r_[x[:, place], later[:, place]] for place in range(4)}
    job = Job(
        {**columns, "treated": np.r_[treated, unknown], "outcome": np.r_[outcome, unknown]}, {"method": "best"}, {"attributes": list(columns), "basis": "made up"}
    )
    found = fit_answers.lift(job, lambda _: None)
    assert found.quality["qini_low"] > 0
    assert found.scores is not None
    learnt = np.array([one["number"] for one in found.scores if one is not None])[20_000:]
    value, cost, budget = 2_000, 100, 200_000

    def gained(score: Any) -> float:
        chosen = selecting.choose(((f"{place:05d}", [Act("offer", float(one) * value, cost)]) for place, one in enumerate(score)), budget=budget)
        assert sum(choice.act.cost for choice in chosen) <= budget
        return float(sum(truth[int(choice.customer)] * value - cost for choice in chosen))

    oracle, ours = gained(truth), gained(learnt)
    naive, luck = gained(propensity.chance(later)), gained(np.random.default_rng(4).random(10_000))
    assert ours >= 0.9 * oracle
    assert ours > 1.2 * naive
    assert ours > 1.2 * luck


def test_intervals_of_the_mean_effect_cover() -> None:
    """N6: 95 % of the intervals hold the truth."""
    random = np.random.default_rng(5)
    held = 0
    for _ in range(400):
        treated = np.repeat([1.0, 0.0], 600)
        outcome = (random.random(1200) < np.where(treated == 1, 0.18, 0.12)).astype(float)
        found = uplift.effect(treated, outcome)
        held += found.low <= 0.06 <= found.high
    assert 0.92 <= held / 400 <= 0.98


acts = st.lists(st.builds(Act, st.sampled_from("abc"), st.floats(-100, 300), st.integers(0, 100)), max_size=3)


@given(st.lists(acts, min_size=1, max_size=5), st.integers(0, 250), st.none() | st.integers(0, 4))
def test_never_above_budget_and_near_the_optimum(customers: list[list[Act]], budget: int, capacity: int | None) -> None:
    chosen = selecting.choose(((str(place), one) for place, one in enumerate(customers)), budget=budget, capacity=capacity)
    assert sum(choice.act.cost for choice in chosen) <= budget
    assert capacity is None or len(chosen) <= capacity
    assert len({choice.customer for choice in chosen}) == len(chosen)
    assert all(choice.act.net > 0 for choice in chosen)
    if capacity is None:
        best = max(
            sum(act.net for act in picked) for picked in product(*([Act("nothing", 0, 0), *one] for one in customers)) if sum(act.cost for act in picked) <= budget
        )
        ours = sum(choice.act.net for choice in chosen)
        largest = max((act.net for one in customers for act in one), default=0)
        assert ours >= best - max(largest, 0) - 1e-6


def test_tier_by_hand() -> None:
    rules = {"high_share": 0.2, "touch_cost_minor": 10}
    futures = [100.0, 50.0, 40.0, 9.0, 0.0]
    cut = ruling.high_from(futures, 0.2)
    assert cut == 100
    assert [ruling.tier(one, cut=cut, rules=rules).word for one in futures] == ["high", "medium", "medium", "none", "none"]
    with pytest.raises(ruling.BadRules):
        ruling.check_cuts({"recency_days": [1, 2, 3, 4]})
    ruling.check_cuts({"recency_days": [4, 3, 2, 1], "frequency": [], "monetary_minor": [1, 2, 3, 4]})
