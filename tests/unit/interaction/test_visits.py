"""A4: visits are what 30 minutes say, whatever order events come in; campaigns, referrers and the way to an order."""

from __future__ import annotations

import csv
import gzip
import itertools
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.interaction.domain import visits
from services.interaction.domain.visits import Click, Visit

START = datetime(2026, 3, 1, tzinfo=UTC)
FUNNEL = ("product_view", "add_to_cart", "cart", "shipping_details", "payment_details", "purchase")


def click(minutes: float, number: int = 0, **given: object) -> Click:
    return Click(START + timedelta(minutes=minutes), f"m{number:06d}", **given)  # type: ignore[arg-type]


CLICKS = st.lists(
    st.builds(
        click, st.integers(0, 400).map(lambda n: n / 2), st.integers(0, 999_999), place=st.sampled_from([None, "/", "/a", "/b"]),
        step=st.integers(0, 4), is_page=st.booleans(), referrer=st.sampled_from([None, "a.example"]),
        campaign=st.sampled_from([None, {"source": "x"}, {"gclid": "1"}]),
    ),
    max_size=40, unique_by=lambda found: found.id,
)


@given(CLICKS, st.randoms())
def test_any_order_of_arrival_gives_the_same_visits(clicks: list[Click], chance: object) -> None:
    shuffled = list(clicks)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert visits.fold(shuffled) == visits.fold(clicks)
    found = visits.fold(clicks)
    assert sum(visit.events for visit in found) == len(clicks)
    for before, after in itertools.pairwise(found):
        assert after.started_at - before.ended_at > visits.GAP


@given(CLICKS, st.integers(0, 40))
def test_lengthening_a_visit_is_folding_everything(clicks: list[Click], cut: int) -> None:
    """What is strictly later may be added to what is known: the same visits as from all events at once."""
    ordered = sorted(clicks, key=lambda found: (found.at, found.id))
    first, second = ordered[:cut], ordered[cut:]
    if first and second and first[-1].at == second[0].at:
        return
    begun = visits.fold(first)
    lengthened = [*begun[:-1], *visits.fold(second, begun[-1] if begun else None)]
    assert lengthened == visits.fold(ordered)


@given(CLICKS)
def test_the_way_to_an_order_through_two_visits_in_a_row_is_that_of_one(clicks: list[Click]) -> None:
    ordered = sorted(clicks, key=lambda found: (found.at, found.id))
    for cut in range(len(ordered) + 1):
        parts = [one_visit(part) for part in (ordered[:cut], ordered[cut:]) if part]
        reached = 0
        for part in parts:
            reached = part.reach[reached]
        assert not ordered or reached == one_visit(ordered).reach[0]


def one_visit(clicks: list[Click]) -> Visit:
    visit = Visit(clicks[0].at, clicks[0].at, "", "web", reach=[0, 1, 2, 3, 4])
    for each in clicks:
        visit.add(each)
    return visit


def test_a_later_step_counts_only_behind_the_earlier_ones() -> None:
    found = visits.fold([click(0, 1, step=2), click(1, 2, step=1), click(2, 3, step=3), click(3, 4, step=2), click(4, 5, step=4)])
    assert (found[0].reach[0], found[0].seen) == (2, 0b1111)


def test_exactly_thirty_minutes_are_still_the_same_visit() -> None:
    assert len(visits.fold([click(0, 1), click(30, 2), click(60.5, 3)])) == 2


@pytest.mark.parametrize(
    ("query", "told", "expected"),
    [
        ("utm_source=news&utm_medium=email&utm_campaign=spring&utm_term=t&utm_content=c", {},
         {"source": "news", "medium": "email", "name": "spring", "term": "t", "content": "c"}),
        ("gclid=abc&x=1", {}, {"gclid": "abc"}), ("UTM_SOURCE=a", {}, None), ("fbclid=%20z", {"source": "fb"}, {"source": "fb", "fbclid": " z"}),
        ("utm_source=", {}, None), ("", {"name": "n", "other": 1, "medium": None}, {"name": "n"}), ("&".join(["utm_source=x"] * 300), {}, None),
    ],
)
def test_campaigns(query: str, told: dict[str, object], expected: dict[str, str] | None) -> None:
    assert visits.campaign_of(query, told) == expected


def test_the_published_figures_of_the_shop(example_file: Callable[[str], Path]) -> None:
    """3,605 sessions, 470 of them with a purchase, and the ordered funnel, as published with the example data."""
    clicks: dict[str, list[Click]] = {}
    sessions: dict[str, set[str]] = {}
    with gzip.open(example_file("clickstream/ecom.csv.gz"), "rt") as file:
        for number, row in enumerate(csv.DictReader(file)):
            at = datetime.fromisoformat(row["timestamp"]).replace(tzinfo=UTC)
            step = FUNNEL.index(row["event"]) + 1 if row["event"] in FUNNEL else 0
            clicks.setdefault(row["user_id"], []).append(Click(at, f"{number:06d}", step=step))
            sessions.setdefault(row["user_id"], set()).add(row["session_id"])
    found = {user: visits.fold(reversed(each), steps=len(FUNNEL)) for user, each in clicks.items()}
    everything = [visit for each in found.values() for visit in each]
    assert len(found) == 600
    assert len(everything) == 3605
    assert {user: len(each) for user, each in found.items()} == {user: len(each) for user, each in sessions.items()}
    assert sum(1 for visit in everything if visit.seen >> 5 & 1) == 470
    reached = Counter(visit.reach[0] for visit in everything)
    assert [sum(count for step, count in reached.items() if step >= wanted) for wanted in range(1, 7)] == [2868, 944, 477, 194, 72, 15]
