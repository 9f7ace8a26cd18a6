"""Purchase patterns, opportunities, and the road from target to satisfied, over a shop that is counted by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import pytest
import pytest_asyncio

from contracts.campaign import MessageAccepted
from contracts.interaction import CaseResolved, OrderLine, SurveyAnswered
from launcher.embedded_postgres import PrivateCluster
from tests.integration.analytics.story import DAY, NOW, ask, tell
from tests.support.platform import TestPlatform, started
from tests.unit.analytics.shop import NOW as shop_day
from tests.unit.analytics.shop import belongs, customer_id, event, order, profile

pytestmark = pytest.mark.asyncio(loop_scope="module")

WINDOW = f"from={(NOW - 150 * DAY).date()}&to={(NOW + DAY).date()}"
REGISTERED = shop_day - 100 * DAY
KNOWN = f"from={REGISTERED.date()}&to={(REGISTERED + DAY).date()}"
CUPS, CAKES, BUYERS = 30, 10, 60


def lines(*products: str) -> list[OrderLine]:
    return [OrderLine(product_id=one, category={"tea": "Drinks", "cup": "Home", "cake": "Food", "soap": "Care"}[one], amount_minor=1000) for one in products]


def basket(number: int, name: str, at: datetime, *products: str) -> Any:
    return order(f"u{number}", f"{name}{number}", net=1000 * len(products), at=at, lines=lines(*products))


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def shop(cluster: PrivateCluster) -> AsyncIterator[TestPlatform]:
    """60 buy tea (10 of them with cake); 30 of these later a cup; 40 others soap alone. Two more never bought."""
    facts: list[Any] = []
    for number in range(102):
        facts += [profile(number), belongs(f"u{number}", number)]
    for number in range(BUYERS):
        facts.append(basket(number, "a", NOW - 60 * DAY, *(("tea", "cake") if number < CAKES else ("tea",))))
        if number < CUPS:
            facts.append(basket(number, "b", NOW - 40 * DAY, "cup"))
    facts += [basket(number, "c", NOW - 50 * DAY, "soap") for number in range(BUYERS, 100)]
    facts += [
        MessageAccepted(message_id="m0", campaign_id="spring", customer_id=customer_id(0), channel="email", at=NOW - 120 * DAY, permit_id="p", consent_version=1),
        event("u0", "Home", kind="page", at=NOW - 90 * DAY), event("u100", "Home", kind="page", at=NOW - 10 * DAY),
        CaseResolved(
            case_id="c0", resolution=1, kind="billing", channel="email", customer_id=customer_id(0), team_id="t", employee_id="e", opened_at=NOW - 9 * DAY,
            resolved_at=NOW - 8 * DAY, survey="s",
        ),
        SurveyAnswered(case_id="c0", resolution=1, score=5, customer_id=customer_id(0), team_id="t", employee_id="e", channel="email", answered_at=NOW - 7 * DAY),
    ]
    async with started(cluster, "analytics") as platform:
        await tell(platform.log, *facts)
        await platform.drain()
        yield platform


def pair(found: dict[str, Any], has: str, wants: str) -> dict[str, Any]:
    return next(one for one in found["data"] if (one["has"], one["wants"]) == (has, wants))


async def test_bought_together_and_in_sequence(shop: TestPlatform) -> None:
    """A5: support, confidence and lift as counted."""
    together = await ask(shop, "GET", f"/patterns?{WINDOW}")
    assert {(one["has"], one["wants"]) for one in together["data"]} == {("tea", "cake"), ("cake", "tea")}
    cake = pair(together, "cake", "tea")
    assert (cake["both"], cake["with_has"], cake["with_wants"], cake["units"]) == (10, 10, 60, 130)
    assert (cake["support"], cake["confidence"], cake["lift"]) == (10 / 130, 1, pytest.approx(130 / 60))
    assert cake["lift_low"] < cake["lift"] < cake["lift_high"]

    later = await ask(shop, "GET", f"/patterns?{WINDOW}&kind=sequence")
    cup = pair(later, "tea", "cup")
    assert (cup["both"], cup["with_has"], cup["with_wants"], cup["units"], cup["median_days"]) == (30, 60, 30, 100, 20)
    assert (cup["support"], cup["confidence"], cup["lift"]) == (0.3, 0.5, pytest.approx(0.5 / 0.3))
    assert {(one["has"], one["wants"]) for one in later["data"]} == {("tea", "cup"), ("cake", "cup")}  # never the other way round
    assert (await ask(shop, "GET", f"/patterns?{WINDOW}&kind=sequence&within_days=19"))["data"] == []
    near = await ask(shop, "GET", f"/patterns?{WINDOW}&kind=sequence&within_days=20")
    assert pair(near, "tea", "cup")["both"] == 30
    by_category = await ask(shop, "GET", f"/patterns?{WINDOW}&by=category&kind=sequence&least_support=20")
    assert [(one["has"], one["wants"]) for one in by_category["data"]] == [("Drinks", "Home")]


async def test_opportunities_with_size_value_and_evidence(shop: TestPlatform) -> None:
    """M6: 30 have tea and no cup; half of those with tea buy a cup, for 1000 at a margin of 0.3."""
    found = await ask(shop, "GET", f"/patterns/opportunities?{WINDOW}")
    (best,) = found["data"]
    assert (best["rank"], best["has"], best["wants"], best["size"], best["expected_buyers"], best["value_minor"]) == (1, "tea", "cup", 30, 15, 4500)
    assert best["evidence"]["confidence"] == 0.5
    assert best["evidence"]["lift_low"] > 1
    assert best["reason"].startswith("30 of 60 customers with tea later bought cup (50%, 1.7 times as many as of all); 30 have not yet")
    behind = await ask(shop, "GET", f"/patterns/opportunities/customers?{WINDOW}&has=tea&wants=cup&limit=20")
    rest = await ask(shop, "GET", f"/patterns/opportunities/customers?{WINDOW}&has=tea&wants=cup&limit=20&page_token={behind['next_page_token']}")
    assert [one["customer_id"] for one in [*behind["data"], *rest["data"]]] == [customer_id(number) for number in range(CUPS, BUYERS)]
    assert (await ask(shop, "POST", "/segments/preview", {"rule": best["rule"]}))["count"] == best["size"]
    # Drinks -> Home is the same, Food -> Home has nobody left who has the one and not the other.
    categories = (await ask(shop, "GET", f"/patterns/opportunities?{WINDOW}&by=category&least_support=5"))["data"]
    assert [(one["has"], one["wants"], one["size"]) for one in categories] == [("Drinks", "Home", 30)]
    segment = await ask(shop, "POST", "/segments", {"name": "Cake", "rule": {"orders": {"value": 1, "product": "cake"}}}, status=201)
    assert (await ask(shop, "GET", f"/patterns/opportunities?{WINDOW}&segment={segment['id']}&least_support=1"))["data"] == []


async def test_the_road_from_target_to_satisfied(shop: TestPlatform) -> None:
    """M20: counts and drop-off in total, the dated position of each customer."""
    found = await ask(shop, "GET", f"/funnels/relationship?{KNOWN}")
    steps = {one["step"]: one for one in found["steps"]}
    assert [(name, steps[name]["reached"], steps[name]["here"], steps[name]["lost"]) for name in ("target", "attract", "capture", "serve", "satisfy")] == [
        ("target", 102, 1, 0), ("attract", 101, 1, 1), ("capture", 100, 99, 1), ("serve", 1, 0, 99), ("satisfy", 1, 1, 0),
    ]
    assert (steps["capture"]["share"], steps["capture"]["of_previous"]) == (100 / 102, 100 / 101)
    (here,) = (await ask(shop, "GET", f"/funnels/relationship/customers?{KNOWN}&position=attract"))["data"]
    assert (here["customer_id"], here["position"]) == (customer_id(100), "attract")
    own = await ask(shop, "GET", f"/customers/{customer_id(0)}/scores/relationship")
    assert own["position"] == "satisfy"
    days = [(NOW - datetime.fromisoformat(one["at"])).days for one in own["steps"]]
    assert days == [(NOW - REGISTERED).days, 90, 60, 8, 7]
    nowhere = await ask(shop, "GET", f"/customers/{customer_id(101)}/scores/relationship")
    assert (nowhere["position"], [one["at"] is None for one in nowhere["steps"]]) == ("target", [False, True, True, True, True])


async def test_a_rule_is_tested_on_history(shop: TestPlatform) -> None:
    """A16: versions of a rule, each asked of days of the past by what was known then, beside everybody else."""

    def had(product: str) -> dict[str, Any]:
        return {"orders": {"value": 1, "product": product}}

    segment = await ask(shop, "POST", "/segments", {"name": "Past", "rule": had("tea")}, status=201)
    await ask(shop, "PUT", f"/segments/{segment['id']}", {"name": "Past", "rule": had("cup")})
    days = [str((NOW - before * DAY).date()) for before in (70, 55, 5)]
    found = await ask(shop, "POST", "/segments/backtests", {"segment_id": segment["id"], "version": 1, "at": days, "outcome_days": 30})
    early, then, late = found["data"]
    assert (early["members"]["customers"], early["reason"], early["others"]["customers"]) == (0, "not enough data: nobody on one side", 102)
    # 60 had tea by then; 30 of them bought a cup after it, of the 42 others 40 bought soap.
    assert (then["members"]["customers"], then["members"]["buyers"], then["members"]["revenue_minor"], then["members"]["rate"]) == (60, 30, 30_000, 0.5)
    assert (then["others"]["customers"], then["others"]["buyers"], then["open"]) == (42, 40, False)
    assert then["difference"] == pytest.approx(0.5 - 40 / 42)
    assert then["low"] < then["difference"] < then["high"] < 0
    assert (late["members"]["customers"], late["members"]["buyers"], late["open"]) == (60, 0, True)
    newest = await ask(shop, "POST", "/segments/backtests", {"segment_id": segment["id"], "at": days})
    assert ([one["members"]["customers"] for one in newest["data"]], newest["rule"]) == ([0, 0, 30], had("cup"))
    window = await ask(shop, "POST", "/segments/backtests", {"rule": {"orders": {"value": 1, "within_days": 10}}, "at": days})
    assert ([one["members"]["customers"] for one in window["data"]], window["as_now"]) == ([0, 60, 0], [])
    traits = await ask(shop, "POST", "/segments/backtests", {"rule": {"trait": "city", "op": "eq", "value": "Qom"}, "at": days[:1]})
    assert traits["as_now"] == ["traits"]


BAD_BACKTESTS: list[tuple[dict[str, Any], int, str]] = [
    ({"at": ["2026-01-01"]}, 422, "request.invalid"), ({"rule": {"luck": 1}, "at": ["2026-01-01"]}, 422, "segment.bad_rule"),
    ({"rule": {"orders": {"value": 1}}, "at": ["2026-13-01"]}, 422, "metric.bad_window"), ({"rule": {"orders": {"value": 1}}, "at": ["2100-01-01"]}, 422, "metric.bad_window"),
    ({"segment_id": customer_id(1), "at": ["2026-01-01"]}, 404, "segment.unknown"), ({"rule": {"orders": {"value": 1}}, "version": 1, "at": ["2026-01-01"]}, 422, "request.invalid"),
]

BAD = [
    ("/patterns?by=colour", 422, "request.invalid"), ("/patterns?kind=luck", 422, "request.invalid"), ("/patterns?from=2026-01-01", 422, "metric.bad_window"),
    ("/patterns/opportunities?least_support=0", 422, "request.invalid"), ("/patterns/opportunities/customers?has=tea", 422, "request.invalid"),
    ("/patterns/opportunities/customers?has=tea&wants=cup&page_token=x", 422, "page.bad_token"),
    ("/funnels/relationship?from=2026-02-01&to=2026-01-01", 422, "metric.bad_window"), ("/funnels/relationship/customers?position=luck", 422, "request.invalid"),
    (f"/patterns?segment={customer_id(1)}", 404, "segment.unknown"), (f"/customers/{customer_id(500)}/scores/relationship", 404, "customer.unknown"),
]


async def test_bad_requests(shop: TestPlatform) -> None:
    for path, status, code in BAD:
        assert (await ask(shop, "GET", path, status=status))["code"] == code, path
    for body, status, code in BAD_BACKTESTS:
        assert (await ask(shop, "POST", "/segments/backtests", body, status=status))["code"] == code, body
    await ask(shop, "GET", "/patterns", status=403, scopes=["customers:read"])
