"""Rules of pipelines and the forecast (U19)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.interaction.domain import sales
from services.interaction.domain.sales import LeadRule, Stage

NEW = Stage(id="new", name="New", probability=10, max_age_days=3)
WON = Stage(id="won", name="Won", probability=100, kind="won")
LOST = Stage(id="lost", name="Lost", probability=0, kind="lost")


@pytest.mark.parametrize("stages", [[], [WON, LOST], [NEW, WON], [NEW, NEW, WON, LOST], [NEW, WON, LOST, Stage(id="w2", name="W", probability=1, kind="won")]])
def test_stages_that_make_no_pipeline(stages: list[Stage]) -> None:
    with pytest.raises(sales.BadPipeline):
        sales.check_stages(stages)


def test_only_open_stages_have_an_age() -> None:
    at = datetime(2027, 1, 1, tzinfo=UTC)
    sales.check_stages([NEW, WON, LOST])
    assert sales.due_of(NEW, at) == at + timedelta(days=3)
    assert sales.due_of(WON, at) is None


def test_the_first_rule_that_fits_decides() -> None:
    rules = [LeadRule(name="hot", min_score=80), LeadRule(name="fair", source="fair", language="fa"), LeadRule(name="rest", team_id=UUID(int=1))]
    chosen = [
        sales.rule_for(rules, source=source, campaign=None, language=language, score=score)
        for source, language, score in (("fair", "fa", 90), ("fair", "fa", 10), ("fair", "en", 10))
    ]
    assert [rule and rule.name for rule in chosen] == ["hot", "fair", "rest"]
    assert sales.rule_for(rules[:2], source="web", campaign=None, language=None, score=0) is None


def test_fractions_of_a_minor_unit_are_rounded_once() -> None:
    assert sales.worth([{"quantity": 0.5, "price_minor": 3}, {"quantity": 0.5, "price_minor": 2}]) == 2
    assert [sales.weighted(each) for each in (50, 149, 150, 250)] == [0, 1, 2, 2]


DEALS = st.lists(st.tuples(st.integers(0, 10**12), st.integers(0, 100), st.sampled_from(sales.CATEGORIES), st.sampled_from(["EUR", "IRR"])), max_size=30)


@given(DEALS)
def test_a_forecast_adds_up_to_its_deals(deals: list[tuple[int, int, str, str]]) -> None:
    rows: list[dict[str, Any]] = [
        {
            "month": date(2027, 1, 1), "currency": currency, "state": "open", "category": category, "count": 1, "value": value,
            "hundredths": value * probability,
        }
        for value, probability, category, currency in deals
    ]
    lines = {line["currency"]: line for line in sales.forecast(rows)}
    for currency, line in lines.items():
        own = [deal for deal in deals if deal[3] == currency]
        assert line["open_minor"] == sum(line["categories"].values()) == sum(deal[0] for deal in own)
        assert abs(line["weighted_minor"] * 100 - sum(deal[0] * deal[1] for deal in own)) <= 50
        assert (line["open"], line["won"]) == (len(own), 0)
