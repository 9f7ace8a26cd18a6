"""Metrics, cohorts, scores and costs, asked over HTTP."""

from __future__ import annotations

from uuid import uuid4

import pytest

from contracts.campaign import MessageAccepted
from launcher.embedded_postgres import PrivateCluster
from tests.integration.analytics.story import DAY, NOW, ask, heard, tell, until
from tests.support.platform import TestPlatform, started
from tests.unit.analytics.shop import belongs, customer_id, event, order, profile

pytestmark = pytest.mark.asyncio

FIRST, LAST = (NOW - 60 * DAY).date(), (NOW + DAY).date()


async def test_figures_of_a_small_shop(cluster: PrivateCluster) -> None:
    """K3, K4, K6, K11, M3, U25 over the public surface."""
    async with started(cluster, "analytics") as platform:
        await tell(
            platform.log, *(profile(number) for number in (1, 2, 3)), belongs("a", 1), belongs("b", 2), belongs("c", 3),
            order("a", "a0", net=1000, at=NOW - 100 * DAY), order("a", "a1", net=2000, at=NOW - 38 * DAY), order("b", "b1", net=500, at=NOW - 35 * DAY),
            order("b", "b2", net=500, at=NOW - 34 * DAY), event("b", "Home", kind="page", at=NOW - 40 * DAY), event("c", "Home", kind="page", at=NOW - 50 * DAY),
            MessageAccepted(message_id="m1", campaign_id="spring", customer_id=customer_id(1), channel="email", at=NOW - 40 * DAY, permit_id="p", consent_version=1),
        )
        await platform.drain()
        body = {"kind": "retain", "channel": "email", "campaign_id": "spring", "amount_minor": 300, "currency": "EUR", "booked_on": str((NOW - 40 * DAY).date()), "reference": "bill-1"}
        booked = await ask(platform, "POST", "/costs", body, status=201)
        assert (await ask(platform, "POST", "/costs", body))["cost_id"] == booked["cost_id"]
        assert (await ask(platform, "POST", "/costs", body | {"amount_minor": 301}, status=409))["code"] == "cost.reference_reused"
        assert [one["cost_id"] for one in (await ask(platform, "GET", f"/costs?from={FIRST}&to={LAST}"))["data"]] == [booked["cost_id"]]
        await platform.drain()

        async def figure(name: str) -> tuple[float | None, int | None, int]:
            answer = await ask(platform, "GET", f"/metrics/{name}?from={FIRST}&to={LAST}")
            assert answer["window"] == {"from": str(FIRST), "to": str(LAST)}
            assert answer["data_age_s"] < 60
            assert answer["definition_version"] == 1
            return answer["value"], answer["numerator"], answer["denominator"]

        assert await figure("conversion") == (0.5, 1, 2)
        assert await figure("retention") == (1.0, 1, 1)
        assert await figure("churn") == (0.0, 0, 1)
        assert await figure("repeat_rate") == (0.5, 1, 2)
        assert await figure("revenue") == (3000.0, 3000, 3)
        assert await figure("cper") == (300.0, 300, 1)

        nothing = await ask(platform, "GET", "/metrics/conversion?from=1404-01-01&to=1404-02-01&calendar=jalali")
        assert (nothing["value"], nothing["reason"], nothing["window"]["from"]) == (None, "no_viewers", "2025-03-21")
        months = await ask(platform, "GET", f"/metrics/revenue?from={FIRST}&to={LAST}&by=month&calendar=jalali")
        assert sum(group["numerator"] or 0 for group in months["groups"]) == 3000
        assert all(len(group["key"]) == 7 and group["key"] < "1700" for group in months["groups"])
        await ask(platform, "POST", "/segments", {"name": "Loyal", "rule": {"orders": {"value": 3}}}, status=201)
        await ask(platform, "POST", "/segments", {"name": "Once", "rule": {"orders": {"op": "eq", "value": 2}}}, status=201)
        split = await ask(platform, "GET", f"/metrics/revenue?from={FIRST}&to={LAST}&by=segment")
        assert {group["label"]: group["numerator"] for group in split["groups"]} == {"Loyal": None, "Once": 3000}

        cohorts = await ask(platform, "GET", "/cohorts?months=6")
        assert sum(row["customers"] for row in cohorts["data"]) == 2

        async def scored() -> bool:
            return bool((await ask(platform, "GET", f"/customers/{customer_id(1)}/scores"))["data"])

        await until(scored, seconds=25)
        scores = await ask(platform, "GET", f"/customers/{customer_id(1)}/scores")
        assert scores["stage"] == "retain"
        rfm = next(one for one in scores["data"] if one["score"] == "rfm")
        assert rfm["parts"]["orders"] == 2
        assert rfm["parts"]["monetary_minor"] == 3000
        assert rfm["value"] == f"{rfm['parts']['r']}{rfm['parts']['f']}{rfm['parts']['m']}"
        looking = await ask(platform, "GET", f"/customers/{customer_id(3)}/scores")
        assert (looking["stage"], looking["data"], looking["known"]) == ("acquire", [], True)
        await platform.drain()
        told = await heard(platform.log, "ecrm.analytics.score_changed.v1")
        assert sorted((one["customer_id"], one["score"]) for one in told) == sorted((customer_id(n), score) for n in (1, 2) for score in ("rfm", "stage"))


BAD: list[tuple[str, str, object, int, str]] = [
    ("GET", "/metrics/luck", None, 404, "metric.unknown"),
    ("GET", "/metrics/revenue?by=colour", None, 422, "metric.bad_grouping"),
    ("GET", "/metrics/revenue?from=2026-01-01", None, 422, "metric.bad_window"),
    ("GET", "/metrics/revenue?from=2026-02-01&to=2026-01-01", None, 422, "metric.bad_window"),
    ("GET", "/metrics/revenue?from=2026-02-30&to=2026-03-01", None, 422, "metric.bad_window"),
    ("GET", "/metrics/revenue?from=0001-01-01&to=9999-12-31", None, 422, "metric.bad_window"),
    ("GET", "/metrics/revenue?from=1404-12-30&to=1405-01-01&calendar=jalali", None, 422, "metric.bad_window"),
    ("GET", "/metrics/revenue?calendar=mayan", None, 422, "request.invalid"),
    ("GET", "/cohorts?months=0", None, 422, "request.invalid"),
    ("GET", "/customers/42/scores", None, 422, "request.invalid"),
    ("GET", "/costs?page_token=xyz", None, 422, "page.bad_token"),
    ("POST", "/costs", {"kind": "bribe", "channel": "x", "amount_minor": 1, "currency": "EUR", "booked_on": "2026-01-01"}, 422, "request.invalid"),
    ("POST", "/costs", {"kind": "retain", "channel": "x", "amount_minor": 1, "currency": "euro", "booked_on": "2026-01-01"}, 422, "request.invalid"),
]


async def test_bad_requests_and_empty_answers(running: TestPlatform) -> None:
    for method, path, body, status, code in BAD:
        assert (await ask(running, method, path, body, status=status))["code"] == code, path
    assert (await ask(running, "GET", "/cohorts"))["data"] == []
    unknown = await ask(running, "GET", f"/customers/{uuid4()}/scores")
    assert (unknown["known"], unknown["stage"], unknown["data"]) == (False, "acquire", [])
    for one in (await ask(running, "GET", "/metrics"))["data"]:
        answer = await ask(running, "GET", f"/metrics/{one['name']}")
        assert answer["value"] is None
        assert answer["reason"]
        assert one["formula"] == answer["formula"]
    await ask(running, "GET", "/metrics", status=403, scopes=["customers:read"])
