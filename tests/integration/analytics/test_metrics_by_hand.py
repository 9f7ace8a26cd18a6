"""Every metric over a shop small enough to count by hand; the rows behind each figure sum to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from chassis.ids import new_text_id
from contracts.campaign import MessageAccepted, MessageSuppressed, RewardEarned, RewardRedeemed
from contracts.consent import ConsentWithdrawn
from contracts.interaction import CaseAssigned, CaseOpened, CaseResolved, ComplaintReceived, SurveyAnswered
from launcher.embedded_postgres import PrivateCluster
from services.analytics.domain import metrics
from tests.integration.analytics.story import DAY, NOW, ask, tell, until
from tests.support.platform import TestPlatform, started
from tests.unit.analytics.shop import belongs, customer_id, event, identity, order, profile

pytestmark = pytest.mark.asyncio(loop_scope="module")

FIRST, LAST = (NOW - 60 * DAY).date(), (NOW + DAY).date()
WINDOW = f"from={FIRST}&to={LAST}"


def day(before: int) -> str:
    return str((NOW - before * DAY).date())


def cost(kind: str | None, channel: str, amount: int, **more: Any) -> dict[str, Any]:
    return {"channel": channel, "amount_minor": amount, "currency": "EUR", "booked_on": day(40), **({"kind": kind} if kind else {}), **more}


def opened(case: str, number: int, kind: str, before: int) -> CaseOpened:
    return CaseOpened(case_id=case, number=1, kind=kind, priority="normal", channel="email", customer_id=customer_id(number), team_id="t1", opened_at=NOW - before * DAY)


def assigned(case: str, seconds: int, before: int) -> CaseAssigned:
    return CaseAssigned(case_id=case, team_id="t1", employee_id="e1", reason="rule", channel="email", assigned_at=NOW - before * DAY, waited_s=seconds)


def message(number: int, message_id: str, before: int) -> MessageAccepted:
    return MessageAccepted(message_id=message_id, campaign_id="spring", customer_id=customer_id(number), channel="email", at=NOW - before * DAY, permit_id="p", consent_version=1)


def earned(number: int, before: int) -> RewardEarned:
    return RewardEarned(transaction_id=f"t{number}", programme_id="club", customer_id=customer_id(number), points=5, cause="earn", balance=5, earned_at=NOW - before * DAY)


def given_back(number: int, before: int) -> RewardRedeemed:
    return RewardRedeemed(
        redemption_id="x", reward_id="r", programme_id="club", customer_id=customer_id(number), points=5, cost_minor=1, currency="EUR", cancelled=True, redeemed_at=NOW - before * DAY,
    )


def said(who: str, question: str, answer: Any, before: int) -> Any:
    return event(who, "survey", kind="survey", at=NOW - before * DAY, event_id=new_text_id(), survey_id="s", question_id=question, answer=answer)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def shop(cluster: PrivateCluster) -> AsyncIterator[TestPlatform]:
    """1 bought before and in the window, 2 and 3 are new (3 came by mail), 4 bought before only."""
    async with started(cluster, "analytics") as platform:
        await tell(
            platform.log, *(profile(number) for number in (1, 2, 3, 4)), *(belongs(name, number) for number, name in enumerate("abcd", 1)),
            order("a", "a0", net=1000, at=NOW - 100 * DAY), order("a", "a1", net=2000, at=NOW - 38 * DAY), order("b", "b1", net=500, at=NOW - 35 * DAY),
            order("b", "b2", net=500, at=NOW - 34 * DAY), order("c", "c1", net=900, at=NOW - 20 * DAY), order("d", "d1", net=700, at=NOW - 90 * DAY),
            message(1, "m1", 50), message(3, "m2", 25), MessageSuppressed(message_id="m3", campaign_id="spring", customer_id=customer_id(4), channel="email", at=NOW - 25 * DAY, reason="holdout"),
            ConsentWithdrawn(customer_id=customer_id(1), purpose="marketing", channel="email", version=2, entry_id="x", effective_at=NOW - 49 * DAY),
            opened("c1", 1, "billing", 10), assigned("c1", 120, 10),
            CaseResolved(case_id="c1", resolution=1, kind="billing", channel="email", customer_id=customer_id(1), team_id="t1", employee_id="e1", opened_at=NOW - 10 * DAY, resolved_at=NOW - 9 * DAY, survey="x"),
            opened("c2", 1, "billing", 5), assigned("c2", 60, 5), opened("c3", 1, "delivery", 4),
            *(SurveyAnswered(case_id="c1", resolution=n, score=score, customer_id=customer_id(1), team_id="t1", employee_id="e1", channel="email", answered_at=NOW - 8 * DAY) for n, score in enumerate((5, 2))),
            said("a", "nps", 10, 3), said("b", "nps", 3, 3), said("c", "nps", 9, 3), said("a", "effort", 2, 3), said("b", "effort", 4, 3),
            said("a", "purchase", 5, 3), said("a", "commitment_1", 4, 3), said("b", "commitment_2", 5, 3), said("a", "emotion", -0.5, 3),
            profile(5), belongs("e", 5), event("b", "Home", kind="page", at=NOW - 36 * DAY, source="shop"),
            event("e", "Home", kind="page", at=NOW - 33 * DAY, source="app", channel="app"),
            event("a", "Programme Joined", at=NOW - 12 * DAY), earned(2, 30), earned(4, 90), given_back(3, 10), ComplaintReceived(identity=identity("nobody"), address=identity("nobody"), channel="email", feedback="abuse", complained_at=NOW, source="s"),
        )
        await platform.drain()
        for body in (
            cost("acquire", "ads", 1001), cost(None, "sales", 100, customer_id=customer_id(2)), cost("acquire", "email", 50, campaign_id="spring"),
            cost("retain", "email", 300, campaign_id="spring"), cost("acquire", "ads", 999, booked_on=day(100)), cost("acquire", "ads", 7, currency="USD"),
        ):
            await ask(platform, "POST", "/costs", body, status=201)
        for number, amount in ((1, 8000), (2, 800)):
            await ask(platform, "POST", "/spendings", {"customer_id": customer_id(number), "amount_minor": amount, "currency": "EUR", "first_day": str(FIRST), "last_day": str(LAST)}, status=201)
        await platform.drain()
        yield platform


async def figure(shop: TestPlatform, name: str, more: str = "") -> dict[str, Any]:
    found: dict[str, Any] = await ask(shop, "GET", f"/metrics/{name}?{WINDOW}{more}")
    return found


BY_HAND: list[tuple[str, float, int, int]] = [
    ("cac", 575.5, 1151, 2), ("crc", 300, 300, 1), ("cost_ratio", 1151 / 600, 1151, 600), ("same_customer_sales", 2000 / 1700 - 1, 2000, 1700),
    ("repeat_rate", 1 / 3, 1, 3), ("retention", 0.5, 1, 2), ("churn", 0.5, 1, 2), ("revenue", 3900, 3900, 4), ("profit", 870, 870, 4),
    ("share_of_customer", 2800 / 8800, 2800, 8800), ("participation", 0.5, 2, 4), ("csat", 2 / 3, 2, 3), ("purchase_satisfaction", 1, 1, 1),
    ("nps", 100 / 3, 1, 3), ("effort", 3, 6, 2), ("commitment", 4.5, 9, 2), ("emotion", -0.5, -500, 1), ("cper", 350, 350, 1),
    ("conversion", 0.5, 1, 2), ("staff_share", 0, 0, 3900), ("unwanted_rate", 0.5, 1, 2), ("return_contacts", 1 / 3, 1, 3), ("time_to_responsible", 90, 180, 2), ("loyal_share", 0, 0, 4),
]


@pytest.mark.parametrize(("name", "value", "numerator", "denominator"), BY_HAND)
async def test_by_hand(shop: TestPlatform, name: str, value: float, numerator: int, denominator: int) -> None:
    """K1, K2, K4, K5, K6, K7, K9, K11, A7, C13: each as defined."""
    found = await figure(shop, name)
    assert (found["numerator"], found["denominator"], found["reason"]) == (numerator, denominator, None)
    assert found["value"] == pytest.approx(value)


async def test_rows_sum_to_every_figure(shop: TestPlatform) -> None:
    """K1: individual figures sum to the ledger; every other figure to its rows."""
    for name in metrics.DEFINITIONS:
        if name in metrics.RATIOS:
            assert (await ask(shop, "GET", f"/metrics/{name}/rows?{WINDOW}", status=422))["code"] == "metric.no_rows"
            continue
        found = await figure(shop, name)
        rows: list[dict[str, Any]] = []
        token = ""
        while True:
            page = await ask(shop, "GET", f"/metrics/{name}/rows?{WINDOW}&limit=2{token}")
            rows += page["data"]
            if page["next_page_token"] is None:
                break
            token = f"&page_token={page['next_page_token']}"
        summed = sum(row["numerator"] or 0 for row in rows)
        denominator = sum(row["denominator"] for row in rows)
        assert denominator == found["denominator"], name
        assert (denominator - summed if name == "churn" else summed) == (found["numerator"] or 0), name
        assert sum(row["open"] for row in rows) == found["open"], name
        assert len({(row["kind"], row["id"]) for row in rows}) == len(rows), name


async def costs_of(shop: TestPlatform, name: str, more: str) -> dict[str, int]:
    rows = (await ask(shop, "GET", f"/metrics/{name}/rows?{WINDOW}{more}"))["data"]
    return {row["customer_id"] or row["kind"]: row["numerator"] for row in rows}


async def test_costs_are_split_by_largest_remainder_and_what_nobody_bears_is_shown(shop: TestPlatform) -> None:
    """K1, N8: direct 100 of 2; 1051 shared by two."""
    assert await costs_of(shop, "cac", "") == {customer_id(2): 626, customer_id(3): 525}
    assert await costs_of(shop, "cac", "&allocation=touches") == {customer_id(2): 100, customer_id(3): 50, "unassigned": 1001}
    assert await costs_of(shop, "cac", "&allocation=responders") == {customer_id(2): 100, customer_id(3): 50, "unassigned": 1001}
    # 1000 : 900 of 1051 = 553.16 : 497.84
    assert await costs_of(shop, "cac", "&allocation=revenue") == {customer_id(2): 653, customer_id(3): 498}


async def test_by_channel_segment_month_and_trend(shop: TestPlatform) -> None:
    """K1, K3, K11: the channel that won a customer, and thirteen months."""
    by_channel = {group["key"]: (group["value"], group["numerator"], group["denominator"]) for group in (await figure(shop, "cac", "&by=channel"))["groups"]}
    assert by_channel == {"ads": (None, 1001, 0), "direct": (None, None, 1), "email": (50, 50, 1), "sales": (None, 100, 0)}
    rates = {group["key"]: group["denominator"] for group in (await figure(shop, "repeat_rate", "&by=channel"))["groups"]}
    assert rates == {"direct": 2, "email": 1}
    segment = await ask(shop, "POST", "/segments", {"name": "One order", "rule": {"orders": {"op": "eq", "value": 1}}}, status=201)
    only = await figure(shop, "revenue", f"&segment={segment['id']}")
    assert (only["numerator"], only["segment_id"]) == (900, segment["id"])
    split = (await figure(shop, "cac", "&by=segment"))["groups"]
    assert [(group["label"], group["numerator"], group["denominator"]) for group in split] == [("One order", 525, 1)]
    months = (await figure(shop, "cac", "&by=month"))["groups"]
    assert sum(group["numerator"] or 0 for group in months) == 1151
    assert sum(group["denominator"] for group in months) == 2
    trend = (await figure(shop, "cper", "&by=channel&trend=13"))["trend"]
    assert len(trend["months"]) == 13
    assert [line["key"] for line in trend["groups"]] == ["email"]
    values = [value for value in trend["groups"][0]["values"] if value is not None]
    assert values
    assert trend["slope"] is None or isinstance(trend["slope"], float)


async def parted(shop: TestPlatform, name: str, more: str) -> dict[str, tuple[float | None, int | None, int]]:
    return {group["label"]: (group["value"], group["numerator"], group["denominator"]) for group in (await figure(shop, name, more))["groups"]}


async def test_every_figure_has_parts_by_segment_and_channel(shop: TestPlatform) -> None:
    """K3, K11: conversion by source, channel and segment; what others lacked."""
    await ask(shop, "POST", "/segments", {"name": "Two orders", "rule": {"orders": {"op": "eq", "value": 2}}}, status=201)
    assert await parted(shop, "conversion", "&by=source") == {"app": (0, 0, 1), "shop": (1, 1, 1)}
    assert await parted(shop, "conversion", "&by=channel") == {"app": (0, 0, 1), "web": (1, 1, 1)}
    assert await parted(shop, "conversion", "&by=segment") == {"One order": (None, None, 0), "Two orders": (1, 1, 1)}
    assert await parted(shop, "revenue", "&by=channel") == {"direct": (3000, 3000, 3), "email": (900, 900, 1)}
    assert await parted(shop, "revenue", "&by=partner") == {"direct": (3900, 3900, 4)}
    # 50 and 300 were spent on two messages of the campaign, one of them to the segment.
    assert await parted(shop, "cper", "&by=segment") == {"One order": (175, 175, 1), "Two orders": (None, 175, 0)}
    ratios = await parted(shop, "cost_ratio", "&by=channel")
    assert ratios["email"] == (None, None, 0)  # nobody whom mail won was kept
    assert set(await parted(shop, "cost_ratio", "&by=segment")) == {"One order", "Two orders"}
    for one in (await ask(shop, "GET", "/metrics"))["data"]:
        assert {"month", "segment", "channel"} <= set(one["by"]), one["name"]


async def test_the_economics_of_each_customer_sum_to_the_ledger(shop: TestPlatform) -> None:
    """N8, A7, K5, K7, K9: each figure is the customer's row, each minor unit of cost an entry; the segment's mean stands beside."""

    async def inside() -> bool:
        return all([(await ask(shop, "GET", f"/customers/{customer_id(number)}/scores"))["segments"] for number in (1, 3)])

    await until(inside, seconds=30)
    found = {number: await ask(shop, "GET", f"/customers/{customer_id(number)}/scores/economics?{WINDOW}") for number in (1, 2, 3, 4)}
    own = {number: {one["metric"]: one for one in view["figures"]} for number, view in found.items()}
    assert {number: view["cac"]["numerator"] for number, view in own.items()} == {1: None, 2: 626, 3: 525, 4: None}
    assert sum(view["cac"]["numerator"] or 0 for view in own.values()) == (await figure(shop, "cac"))["numerator"] == 1151
    profit = await figure(shop, "profit")
    assert sum(view["profit"]["numerator"] for view in own.values()) == profit["numerator"] == found[1]["profit"]["everybody"]["sum_minor"]
    assert found[1]["profit"]["everybody"]["mean_minor"] == profit["value"] / 4
    beside = {one["name"]: one for one in found[3]["profit"]["segments"]}
    assert beside["One order"]["sum_minor"] == own[3]["profit"]["numerator"] + own[4]["profit"]["numerator"]
    assert (own[1]["same_customer_sales"]["value"], own[1]["share_of_customer"]["value"]) == (pytest.approx(1.0), pytest.approx(0.25))
    assert own[4]["share_of_customer"]["reason"]
    assert [(one["kind"], one["amount_minor"]) for one in found[2]["costs"]["own"]] == [("acquire", 100)]
    ledger = {one["cost_id"]: one["amount_minor"] for one in (await ask(shop, "GET", f"/costs?{WINDOW}"))["data"] if one["currency"] == "EUR"}
    shared = found[2]["costs"]["shared"]
    traced = {cost_id for one in shared for cost_id in one["cost_ids"]} | {one["cost_id"] for one in found[2]["costs"]["own"]}
    assert (traced, sum(one["amount_minor"] for one in shared) + 100) == (set(ledger), sum(ledger.values()))
    # answers of 1: 5 and 2 of 5 (8 days old), 10 of 10, effort 2 of 7, 5 of 5 (3 days old); emotion and commitment are scales of their own
    weights = [0.5 ** (age / 180) for age in (8, 8, 3, 3, 3)]
    goods = (1, 0.25, 1, 5 / 6, 1)
    expected = sum(good * weight for good, weight in zip(goods, weights, strict=True)) / sum(weights)
    assert (found[1]["satisfaction"]["value"], found[1]["satisfaction"]["answers"]) == (pytest.approx(expected, abs=1e-3), 5)
    assert (found[1]["tier"], found[1]["lifetime"]) == (None, None)
    narrow = await ask(shop, "GET", f"/customers/{customer_id(1)}/scores/economics?{WINDOW}&market=b2b")
    assert (narrow["figures"], narrow["profit"]["segments"]) == (found[1]["figures"], found[1]["profit"]["segments"])
    assert narrow["profit"]["everybody"]["customers"] < 4, "a market narrows whom the customer stands beside, not its own figures"
    nothing = await ask(shop, "GET", "/models/lifetime/values?by=cohort")
    assert (nothing["customers"], nothing["mean_lcv_minor"], nothing["reason"]) == (0, None, "not enough data: fit the model lifetime first")


async def test_what_stands_beside_a_figure(shop: TestPlatform) -> None:
    """K7, K9, K11, C13: basis, few answers, holdout, kinds of returns, percentiles."""
    assert (await figure(shop, "share_of_customer"))["beside"] == {"declared": 2, "imported": 0, "estimated": 0, "capped": 1}
    assert (await figure(shop, "csat"))["beside"] == {"few": True, "asked": 1, "response_rate": 1.0}
    assert (await figure(shop, "return_contacts"))["beside"] == {"same_problem": 1, "wanted_return": 1, "first_contact": 1}
    waited = (await figure(shop, "time_to_responsible"))
    assert (waited["beside"]["p50_s"], waited["open"]) == (90, 1)
    assert (await figure(shop, "unwanted_rate"))["beside"]["per_1000"] == 500
    holdout = (await figure(shop, "cper"))["beside"]
    assert (holdout["treated"], holdout["held_out"], holdout["lift"]) == (2, 1, 0.5)
    assert holdout["incremental_cost_per_response"] is None  # the interval of the lift holds 0
    assert holdout["verdict"] == "not enough data: at least two on either side are needed"
    by_employee = (await figure(shop, "return_contacts", "&by=employee"))["groups"]
    assert {group["key"]: group["denominator"] for group in by_employee} == {"e1": 2, "nobody": 1}
    index = await ask(shop, "GET", f"/metrics/loyalty_index/rows?{WINDOW}")
    notes = {row["customer_id"]: row["note"] for row in index["data"]}
    assert "share 0.25" in notes[customer_id(1)]
    assert "share unknown" in notes[customer_id(4)]
    assert all(0 <= row["numerator"] <= 10_000 for row in index["data"])


async def test_without_a_grant_nobody_counts_for_a_purpose(shop: TestPlatform) -> None:
    """N9: a figure for a purpose leaves out everyone without it."""
    found = await figure(shop, "revenue", "&purpose=profiling")
    assert (found["value"], found["reason"], found["purpose"]) == (None, "no_orders", "profiling")


FILE = "kind,channel,amount_minor,currency,booked_on,customer_id\nretain,post,10,EUR,2020-01-05,\nretain,post,10,EUR,2020-01-05,\nbribe,post,1,EUR,2020-01-05,\n"


async def test_costs_come_in_by_file_and_twice_is_once(shop: TestPlatform) -> None:
    """K2: two equal lines are two costs, the file again adds nothing, a bad line is named."""
    csv = {"content-type": "text/csv"}
    for booked in (2, 0):
        answer = await shop["analytics"].call("POST", "/api/v1/costs/imports", body=FILE.encode(), headers=csv)
        found = answer.json()
        assert (answer.status, found["rows"], found["booked"], found["known"]) == (200, 3, booked, 2 - booked)
        assert [one["row"] for one in found["refused"]] == [3]
    assert len((await ask(shop, "GET", "/costs?from=2020-01-01&to=2020-02-01"))["data"]) == 2
    for body, code in ((b"\xff\xfe", "import.not_utf8"), (b"kind,channel\n", "import.no_rows")):
        refused = await shop["analytics"].call("POST", "/api/v1/costs/imports", body=body, headers=csv)
        assert (refused.status, refused.json()["code"]) == (422, code)
    stated = (await ask(shop, "GET", f"/spendings?customer_id={customer_id(1)}"))["data"]
    assert [one["amount_minor"] for one in stated] == [8000]


BAD = [
    ("GET", "/metrics/cost_ratio?by=channel&market=b2b", None, 422, "metric.bad_market"),
    ("GET", f"/customers/{uuid4()}/scores/economics", None, 404, "customer.unknown"),
    ("GET", f"/customers/{customer_id(1)}/scores/economics?allocation=luck", None, 422, "request.invalid"),
    ("GET", f"/customers/{customer_id(1)}/scores/economics?from=2026-01-01", None, 422, "metric.bad_window"),
    ("GET", "/models/lifetime/values/rows?by=cohort&group=spring", None, 422, "metric.bad_grouping"),
    ("GET", "/models/lifetime/values/rows?group=spring", None, 422, "metric.bad_grouping"),
    ("GET", "/models/lifetime/values?by=colour", None, 422, "request.invalid"),
    ("GET", "/metrics/cac?by=channel&market=b2c", None, 422, "metric.bad_market"),
    ("GET", f"/metrics/revenue?segment={uuid4()}", None, 404, "segment.unknown"),
    ("GET", "/metrics/revenue/rows?by=month&group=2026-01", None, 422, "metric.bad_grouping"),
    ("GET", "/metrics/revenue/rows?page_token=x", None, 422, "page.bad_token"),
    ("GET", "/metrics/cac?allocation=luck", None, 422, "request.invalid"),
    ("GET", "/metrics/cac?trend=1", None, 422, "request.invalid"),
    ("POST", "/costs", {"channel": "x", "amount_minor": 1, "currency": "EUR", "booked_on": "2026-01-01"}, 422, "request.invalid"),
    ("POST", "/spendings", {"customer_id": str(uuid4()), "amount_minor": -1, "currency": "EUR", "first_day": "2026-01-01", "last_day": "2026-02-01"}, 422, "request.invalid"),
    ("POST", "/spendings", {"customer_id": str(uuid4()), "amount_minor": 1, "currency": "EUR", "first_day": "2026-02-01", "last_day": "2026-01-01"}, 422, "request.invalid"),
]


async def test_bad_requests(shop: TestPlatform) -> None:
    for method, path, body, status, code in BAD:
        assert (await ask(shop, method, path, body, status=status))["code"] == code, path
