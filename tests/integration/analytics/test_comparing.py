"""A segment beside one profile, satisfaction with profit, the friction of buying, and the age of what is known; counted by hand."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from contracts.interaction import CaseAssigned, CaseOpened, OrderLine, SurveyAnswered
from launcher.embedded_postgres import PrivateCluster
from services.analytics.commands import aging
from services.analytics.domain.ages import Age
from tests.integration.analytics.story import DAY, NOW, ask, heard, tell, until
from tests.support.platform import TestPlatform, started
from tests.unit.analytics.shop import belongs, customer_id, event, order, profile

pytestmark = pytest.mark.asyncio(loop_scope="module")

WOMEN = {"all": [
    {"trait": "gender", "op": "eq", "value": "woman"}, {"trait": "birthday", "op": "before", "value": "-10957d"}, {"trait": "birthday", "op": "after", "value": "-18627d"},
]}
MINUTE = timedelta(minutes=1)


def born(years: int) -> str:
    return str((NOW - years * 365.25 * DAY).date())


def story() -> list[Any]:
    people = [profile(number, gender="woman", birthday=born(28 + 4 * number)) for number in range(1, 6)] + [profile(number, gender="man", birthday=born(40)) for number in range(6, 13)]
    names = [belongs(str(number), number) for number in range(1, 13)]
    orders = [
        order(str(number), f"o{number}", net=1000 * number, at=NOW - DAY, lines=[OrderLine(product_id="p", category="Books" if number != 2 else "Toys", amount_minor=1000 * number)])
        for number in range(1, 13)
    ]
    answers = [
        SurveyAnswered(case_id=f"c{number}", resolution=1, score=1 + number % 5, customer_id=customer_id(number), team_id="t", employee_id="e", channel="email", answered_at=NOW - DAY)
        for number in range(1, 13)
    ]
    return [*people, *names, *orders, *answers]


def clicks() -> list[Any]:
    """Two visits that buy, one after a fault; one that gives up; one that only looks; all a week ago."""
    start = NOW - 7 * DAY
    easy = [("Product Viewed", 0), ("Product Added", 1), ("Order Completed", 2)]
    hard = [("Product Added", 0), ("Checkout Started", 1), ("Payment Failed", 10), ("Checkout Started", 11), ("Order Completed", 16)]
    given_up = [("Product Added", 0), ("Checkout Started", 5)]
    return [
        event(who, name, at=start + minute * MINUTE, event_id=f"{who}-{number}", channel=channel)
        for who, channel, steps in (("1", "web", easy), ("2", "app", hard), ("3", "app", given_up), ("4", "web", [("Product Viewed", 0)]))
        for number, (name, minute) in enumerate(steps)
    ]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def shop(cluster: PrivateCluster) -> AsyncIterator[TestPlatform]:
    async with started(cluster, "analytics", given={"analytics": {"margin": 1.0}}) as platform:
        await tell(platform.log, *story(), *clicks())
        await platform.drain()
        yield platform


async def test_a_demographic_segment_and_one_profile_answer_the_same_questions(shop: TestPlatform) -> None:
    """A20: women of 30 to 50 years (numbers 1 to 5) beside number 2, and beside a man."""
    found = await ask(shop, "POST", "/relations/beside", {"rule": WOMEN, "customer_id": customer_id(2)}, scopes=["analytics:read"])
    assert (found["members"], found["belongs"]) == (5, True)
    figures = {one["name"]: one for one in found["figures"]}
    assert (figures["revenue_minor"]["own"], figures["revenue_minor"]["mean"], figures["revenue_minor"]["median"], figures["revenue_minor"]["share_below"]) == (2000, 3000, 3000, 0.3)
    assert (figures["orders"]["own"], figures["satisfaction"]["own"], figures["satisfaction"]["mean"], figures["satisfaction"]["n"]) == (1, 3, 3, 5)
    most = {one["name"]: one for one in found["most"]}
    assert most["category"] == {"name": "category", "own": "Toys", "others": [{"value": "Books", "share": 0.8}, {"value": "Toys", "share": 0.2}]}
    segment = (await ask(shop, "POST", "/segments", {"name": "Women 30-50", "rule": WOMEN}, status=201))["id"]
    man = await ask(shop, "POST", "/relations/beside", {"segment": segment, "customer_id": customer_id(7)})
    assert (man["members"], man["belongs"]) == (5, False)
    assert next(one for one in man["figures"] if one["name"] == "revenue_minor")["share_below"] == 1


async def test_satisfaction_and_profit_by_segment(shop: TestPlatform) -> None:
    """A21: profit is 1,000 a number (margin 1), scores 1 + number % 5."""
    found = await ask(shop, "GET", "/relations/satisfaction-profit", scopes=["analytics:read"])
    everybody = found["data"][0]
    assert (everybody["answers"], everybody["correlation"]["n"], everybody["correlation"]["reason"]) == (12, 12, None)
    scores, profits = [1 + number % 5 for number in range(1, 13)], list(range(1, 13))
    mean_x, mean_y = sum(scores) / 12, sum(profits) / 12
    top = sum((x - mean_x) * (y - mean_y) for x, y in zip(scores, profits, strict=True))
    below = (sum((x - mean_x) ** 2 for x in scores) * sum((y - mean_y) ** 2 for y in profits)) ** 0.5
    assert everybody["correlation"]["pearson"] == pytest.approx(top / below)
    low, high = everybody["correlation"]["pearson_interval"]
    assert low < top / below < high
    assert [(one["score"], one["n"], one["mean"]) for one in everybody["curve"]] == [(1, 2, 7500), (2, 3, 6000), (3, 3, 7000), (4, 2, 5500), (5, 2, 6500)]
    women = (await ask(shop, "POST", "/segments", {"name": "Women", "rule": {"trait": "gender", "op": "eq", "value": "woman"}}, status=201))["id"]
    few = await ask(shop, "GET", f"/relations/satisfaction-profit?segment={women}")
    assert (few["data"][1]["name"], few["data"][1]["correlation"]["n"], few["data"][1]["correlation"]["reason"]) == ("Women", 5, "not_enough_data")
    assert (await ask(shop, "GET", f"/relations/satisfaction-profit?segment={uuid.uuid4()}", status=404))["code"] == "segment.unknown"


async def test_friction_of_buying_is_set_against_conversion(shop: TestPlatform) -> None:
    """A22: steps, minutes, faults and abandonment as told, the score by its formula."""
    found = await ask(shop, "GET", "/relations/friction?by=channel", scopes=["analytics:read"])
    total = found["total"]
    assert (total["visits"], total["attempts"], total["purchases"], total["abandoned"], total["faults"]) == (4, 3, 2, 1, 1)
    assert (total["median_steps"], total["median_seconds"], total["conversion"]) == (3.5, 510, 0.5)
    easy, hard, given_up = 30 * 1 / 30, 30 * 3 / 18 + 30 * 16 / 30 + 20 * 1 / 2, 30 * 5 / 30 + 20
    assert total["friction"] == pytest.approx((easy + hard + given_up) / 3)
    groups = {one["key"]: one for one in found["groups"]}
    assert groups["web"]["friction"] == pytest.approx(easy)
    assert (groups["app"]["friction"], groups["app"]["abandonment"]) == (pytest.approx((hard + given_up) / 2), 0.5)
    assert found["with_conversion"]["reason"] == "not_enough_data"
    months = await ask(shop, "GET", "/relations/friction?by=month&calendar=jalali")
    assert sum(one["attempts"] for one in months["groups"]) == 3
    nothing = await ask(shop, "GET", "/relations/friction?from=2020-01-01&to=2020-02-01")
    assert (nothing["total"]["visits"], nothing["total"]["friction"]) == (0, None)


async def test_the_age_of_profiles_segments_and_scores_is_shown_and_told_once(shop: TestPlatform) -> None:
    """D14"""
    segment = (await ask(shop, "POST", "/segments", {"name": "Aged", "rule": {"orders": {"value": 1}}}, status=201))["id"]
    service = shop["analytics"].service

    async def evaluated() -> bool:
        return (await ask(shop, "GET", f"/segments/{segment}"))["evaluated_at"] is not None and service.resources.scored[1] > 0

    await until(evaluated)
    found = await ask(shop, "GET", "/freshness", scopes=["analytics:read"])
    shown = {(one["kind"], one["name"]): one for one in found["data"]}
    assert shown["segment", "Aged"]["over"] is False
    assert 0 <= shown["segment", "Aged"]["age_s"] < 60
    assert shown["score", "rfm"]["age_s"] < 60
    assert (found["profiles"]["customers"], found["profiles"]["over"]) == (12, 0)
    assert found["profiles"]["median_s"] == pytest.approx(86400, rel=0.01)
    own = (await ask(shop, "GET", f"/customers/{customer_id(1)}/scores"))["profile"]
    assert (own["over"], own["age_s"]) == (False, pytest.approx(86400, rel=0.01))

    old = Age("segment", "Aged", 7200.0, 3600.0)
    assert [await aging.note_ages(service, found=[one]) for one in (old, old, old._replace(age_s=1.0), old._replace(age_s=1.0))] == [1, 0, 1, 0]
    async with service.transaction() as tx:
        await tx.db.execute("UPDATE segment SET evaluated_at = now() - interval '2 hours' WHERE segment_id = $1", uuid.UUID(segment))
    before = await ask(shop, "GET", "/freshness")
    assert next(one for one in before["data"] if one["name"] == "Aged")["limit_s"] == 3600
    await shop.drain()
    told = [one for one in await heard(shop.log, "ecrm.analytics.knowledge_aged.v1") if one["name"] == "Aged"]
    assert [(one["over"], one["age_s"]) for one in told] == [(True, 7200), (False, 1)]


async def test_load_of_staff(shop: TestPlatform) -> None:
    """D20: cases handed to a team and still open count as its load, also when none was solved yet."""
    for number in range(1, 7):
        await tell(
            shop.log, CaseOpened(case_id=f"w{number}", number=number, team_id="load", kind="billing", priority="normal", channel="email", customer_id=customer_id(number), opened_at=NOW - DAY),
            CaseAssigned(case_id=f"w{number}", team_id="load", employee_id="e", reason="rule", channel="email", assigned_at=NOW - DAY, waited_s=1.0),
        )
    await shop.drain()
    found = await ask(shop, "GET", "/staff?by=team")
    assert [(one["key"], one["cases"], one["assigned"], one["open"]) for one in found["data"]] == [("load", 0, 6, 6)]


async def test_bad_requests(shop: TestPlatform) -> None:
    for body, code, status in (
        ({"customer_id": customer_id(1)}, "request.invalid", 422), ({"customer_id": customer_id(1), "rule": WOMEN, "segment": str(uuid.uuid4())}, "request.invalid", 422),
        ({"customer_id": customer_id(1), "rule": {"nothing": 1}}, "segment.bad_rule", 422), ({"customer_id": str(uuid.uuid4()), "rule": WOMEN}, "customer.unknown", 404),
        ({"customer_id": customer_id(1), "segment": str(uuid.uuid4())}, "segment.unknown", 404),
    ):
        assert (await ask(shop, "POST", "/relations/beside", body, status=status))["code"] == code, body
    assert (await ask(shop, "GET", "/relations/friction?from=2026-02-01&to=2026-01-01", status=422))["code"] == "metric.bad_window"
    assert (await ask(shop, "GET", "/relations/friction?by=shoe", status=422))["code"] == "request.invalid"
    assert (await ask(shop, "GET", "/relations/satisfaction-profit?scale=luck", status=422))["code"] == "request.invalid"
