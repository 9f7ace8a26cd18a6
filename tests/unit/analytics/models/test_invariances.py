"""Purchase models do not depend on the unit of money, on ids or on the order of rows; they recover what was simulated."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.analytics.domain.models import bgnbd, gammagamma, lifetime, paretonbd, purchasing
from services.analytics.domain.models.purchasing import NotEnoughData
from tests.unit.analytics.models import simulated


def _value(customers: Any, days: Any, amounts: Any, *, pareto: bool) -> tuple[Any, lifetime.Ahead]:
    names, rows = purchasing.histories(customers, days, amounts, cut_off=400)
    model: lifetime.PurchaseModel = (paretonbd if pareto else bgnbd).fit(purchasing.group(rows))
    return names, lifetime.ahead(model, gammagamma.fit(rows.repeats, rows.spent), rows, lifetime.Terms(0.3))


@pytest.mark.parametrize("pareto", [False, True], ids=["bg_nbd", "pareto_nbd"])
@given(scale=st.sampled_from([0.01, 100.0, 42_000.0]), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=4, deadline=None)
def test_money_ids_and_order_do_not_matter(pareto: bool, scale: float, seed: int) -> None:
    customers, days, amounts = simulated.purchases(600, seed=5)
    names, before = _value(customers, days, amounts, pareto=pareto)
    random = np.random.default_rng(seed)
    renamed = random.permutation(10 * len(names))[: customers.max() + 1]
    order = random.permutation(len(customers))
    others, after = _value(renamed[customers][order], days[order], amounts[order] * scale, pareto=pareto)
    place = np.searchsorted(others, renamed[names])
    assert after.alive[place] == pytest.approx(before.alive, rel=1e-6)
    for column in ("amount", "future", "low", "high"):
        assert getattr(after, column)[place] == pytest.approx(getattr(before, column) * scale, rel=1e-5), column


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 50), st.integers(1, 1000)), min_size=1, max_size=60))
def test_histories_are_those_of_a_plain_count(rows: list[tuple[int, int, int]]) -> None:
    names, found = purchasing.histories(*(np.array(column) for column in zip(*rows, strict=True)), cut_off=50)
    for place, name in enumerate(names):
        own: dict[int, int] = {}
        for who, day, money in rows:
            if who == name:
                own[day] = own.get(day, 0) + money
        first, last = min(own), max(own)
        assert (found.repeats[place], found.recency[place], found.age[place]) == (len(own) - 1, last - first, 50 - first)
        assert found.spent[place] == sum(money for day, money in own.items() if day != first)


def test_what_was_simulated_is_found_and_intervals_cover() -> None:
    """Other purchase data than the published: the parameters come back, forecasts and 80 % intervals hold on the time after."""
    rows, later = simulated.histories(5_000, seed=4)
    fitted = bgnbd.fit(purchasing.group(rows))
    assert fitted[:4] == pytest.approx(simulated.TRUE[:4], rel=0.25)
    spending = gammagamma.fit(rows.repeats, rows.spent)
    found = lifetime.ahead(fitted, spending, rows, lifetime.Terms(1.0, discount=0.0, months=12))
    assert found.purchases.sum() == pytest.approx(later.purchases.sum(), rel=0.05)
    within = (later.money >= found.low) & (later.money <= found.high)
    assert 0.78 <= within.mean() <= 0.95
    # Whose interval does not begin at nothing has a continuous one: there it has to hold its 80 %.
    assert 0.75 <= within[found.low > 0].mean() <= 0.85


def test_the_next_order_comes_when_it_is_expected() -> None:
    """U25: of those who buy again at all half do so before the median day, and 80 % within the interval."""
    rows, later = simulated.histories(5_000, seed=9, weeks=4_000.0)
    found = lifetime.next_order(bgnbd.fit(purchasing.group(rows)), rows)
    again = np.isfinite(later.following)
    assert again.sum() > 2_000
    assert (later.following <= found.days)[again].mean() == pytest.approx(0.5, abs=0.03)
    assert ((later.following >= found.low) & (later.following <= found.high))[again].mean() == pytest.approx(0.8, abs=0.05)  # the slowest are not waited for


def test_too_little_is_said_plainly() -> None:
    few = purchasing.Histories(np.array([0, 1]), np.array([0, 3]), np.array([5, 5]), np.array([0.0, 2.0]))
    with pytest.raises(NotEnoughData, match="1 customers bought on a second day, 200 are needed"):
        lifetime.check_enough(few)
    nobody = purchasing.Histories(np.array([0]), np.array([0]), np.array([5]), np.array([0.0]))
    for act in (lambda: bgnbd.fit(purchasing.group(nobody)), lambda: paretonbd.fit(purchasing.group(nobody))):
        with pytest.raises(NotEnoughData):
            act()
    with pytest.raises(NotEnoughData):
        gammagamma.fit(nobody.repeats, nobody.spent)
