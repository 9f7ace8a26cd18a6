"""Lifetime value over the public surface."""

from __future__ import annotations

from typing import Any

import pytest

from launcher.embedded_postgres import PrivateCluster
from tests.integration.analytics.models import market
from tests.integration.analytics.story import ask, heard, until
from tests.support.platform import TestPlatform, started
from tests.unit.analytics.shop import customer_id

pytestmark = pytest.mark.asyncio


async def test_fit_score_compare_and_rank(cluster: PrivateCluster) -> None:
    """K8, A6, A10, A15: fitted in a process of its own, kept as a version, compared before it replaces, told per customer with reasons."""
    async with started(cluster, "analytics") as platform:
        few = await market.fitted(platform, "lifetime")
        assert (few["state"], few["error"]) == ("failed", "not enough data: 0 customers bought on a second day, 200 are needed")
        await market.told(platform, market.buyers(900))

        first = await market.fitted(platform, "lifetime")
        assert (first["state"], first["version"], first["in_use"], first["error"]) == ("done", 1, True, "")
        assert first["quality"]["purchase_model"]["r"] == pytest.approx(0.6, rel=0.4)
        assert first["explanation"]["margin"] == pytest.approx(0.3, abs=1e-3)
        assert first["explanation"]["months"] == 36
        assert first["comparison"]["old"] is None
        assert first["quality"]["held_out_forecast"] == pytest.approx(first["quality"]["held_out_purchases"], rel=0.3)

        ranking = (await ask(platform, "GET", "/models/lifetime/ranking?limit=50"))["data"]
        values = [one["number"] for one in ranking]
        assert values == sorted(values, reverse=True)
        assert [one["rank"] for one in ranking] == list(range(1, 51))
        best = ranking[0]
        parts = best["parts"]
        assert parts["lcv_minor"] == pytest.approx(parts["past_minor"] + parts["future_minor"], abs=1)
        assert parts["low_minor"] <= parts["lcv_minor"] <= parts["high_minor"]
        assert len(parts["reasons"]) == 3
        own = await market.scores(platform, next(number for number in range(900) if customer_id(number) == best["customer_id"]))
        assert own["lifetime"]["parts"] == parts

        await platform.drain()
        told = [one for one in await heard(platform.log, "ecrm.analytics.score_changed.v1") if one["score"] == "lifetime"]
        assert len({one["customer_id"] for one in told}) == first["scored"] == len(told)

        await _sums(platform)
        second = await market.fitted(platform, "lifetime", {"months": 12, "method": "pareto_nbd"})
        assert (second["state"], second["version"]) == ("done", 2)
        assert second["comparison"]["old"] == pytest.approx(first["comparison"]["new"], rel=0.05)
        versions = (await ask(platform, "GET", "/models/lifetime/versions"))["data"]
        assert [one["version"] for one in versions] == [2, 1]
        assert [one["in_use"] for one in versions].count(True) == 1
        forced = await market.fitted(platform, "lifetime", {"months": 12, "replace": "always"})
        assert forced["in_use"]
        shorter = (await ask(platform, "GET", "/models/lifetime/ranking?limit=1"))["data"][0]
        assert shorter["parts"]["months"] == 12
        assert shorter["parts"]["future_minor"] < parts["future_minor"]
        moved = (await ask(platform, "GET", f"/customers/{best['customer_id']}/scores/history?score=lifetime"))["data"]
        assert len(moved) >= 2
        assert moved[-1]["previous"] is None
        assert moved[0]["previous"] == moved[1]["value"]

        await _invest(platform)


async def _sums(platform: TestPlatform) -> None:
    """K8, U25, N8: the sums by segment, cohort and channel are those of the customers; the next order has a date; tier and value stand in the economics."""
    everybody = (await ask(platform, "GET", "/models/lifetime/ranking?limit=1000"))["data"]
    parts = {one["customer_id"]: one["parts"] for one in everybody}
    whole = await ask(platform, "GET", "/models/lifetime/values?by=cohort")
    assert (whole["customers"], whole["model_version"], whole["reason"]) == (900, 1, None)
    assert whole["lcv_minor"] == sum(one["lcv_minor"] for one in parts.values())
    assert whole["mean_lcv_minor"] == whole["lcv_minor"] / 900
    months = {group["key"]: group for group in whole["groups"]}
    assert len(months) > 5
    for key, group in months.items():
        own = [one for one in parts.values() if one["first_day"].startswith(key)]
        assert (group["customers"], group["lcv_minor"], group["future_minor"]) == (len(own), sum(one["lcv_minor"] for one in own), sum(one["future_minor"] for one in own))
    jalali = await ask(platform, "GET", "/models/lifetime/values?by=cohort&calendar=jalali")
    assert sum(group["lcv_minor"] for group in jalali["groups"]) == whole["lcv_minor"]
    first = jalali["groups"][0]
    rows = (await ask(platform, "GET", f"/models/lifetime/values/rows?by=cohort&calendar=jalali&group={first['key']}&limit=1000"))["data"]
    assert (len(rows), sum(one["lcv_minor"] for one in rows)) == (first["customers"], first["lcv_minor"])
    channels = (await ask(platform, "GET", "/models/lifetime/values?by=channel"))["groups"]
    assert [(one["key"], one["lcv_minor"]) for one in channels] == [("direct", whole["lcv_minor"])]
    segment = await ask(platform, "POST", "/segments", {"name": "Often", "rule": {"orders": {"value": 4}}}, status=201)
    groups: list[dict[str, Any]] = []

    async def filled() -> bool:
        groups[:] = (await ask(platform, "GET", "/models/lifetime/values?by=segment"))["groups"]
        return bool(groups)

    await until(filled, seconds=30)
    inside = (await ask(platform, "GET", f"/models/lifetime/values/rows?by=segment&group={segment['id']}&limit=1000"))["data"]
    assert (groups[0]["label"], groups[0]["customers"], groups[0]["lcv_minor"]) == ("Often", len(inside), sum(one["lcv_minor"] for one in inside))
    assert all(one["net_minor"] == parts[one["customer_id"]]["net_minor"] for one in inside)

    dated = [one for one in parts.values() if one["next_order_on"]]
    assert len(dated) > 450
    for one in dated:
        assert one["data_until"] <= one["next_order_from"] <= one["next_order_on"]
        assert one["next_order_until"] is None or one["next_order_on"] <= one["next_order_until"]
    best = everybody[0]
    own = await ask(platform, "GET", f"/customers/{best['customer_id']}/scores/economics")
    assert own["lifetime"] == best["parts"]
    assert own["tier"]["value"] == "high"
    assert own["tier"]["parts"]["future_minor"] >= own["tier"]["parts"]["high_from_minor"]
    assert own["tier"]["rule"].startswith("none = future value not above 0")


async def _invest(platform: TestPlatform) -> None:
    """A8, A14, M3, K12: tiers by a rule that can be checked by hand, stages and cut points that can be set, the value of the base."""
    everybody = (await ask(platform, "GET", "/models/lifetime/ranking?limit=1000"))["data"]
    futures = {one["customer_id"]: one["parts"]["future_minor"] for one in everybody}
    counts = {one["value"]: one["customers"] for one in (await ask(platform, "GET", "/models/tier/counts"))["groups"]}
    assert sum(counts.values()) == len(futures) == 900
    assert counts["high"] == pytest.approx(180, abs=3)
    touch = sorted(futures.values())[450]
    rules = await ask(platform, "PUT", "/models/tier/rules", {"high_share": 0.1, "touch_cost_minor": touch})
    assert (rules["version"], rules["rules"]["high_share"]) == (1, 0.1)
    cut = sorted(futures.values(), reverse=True)[89]
    tiers = {one["customer_id"]: one for value in ("high", "medium", "none") for one in (await ask(platform, "GET", f"/models/tier/ranking?value={value}&limit=1000"))["data"]}
    for customer, future in futures.items():
        if abs(future - cut) > 1 and abs(future - touch) > 1:
            assert tiers[customer]["value"] == ("none" if future <= 0 or future < touch else "high" if future >= cut else "medium")
        assert tiers[customer]["parts"]["reasons"]
    moved = (await ask(platform, "GET", "/models/tier/counts"))["transitions"]
    assert any((one["previous"], one["value"]) == ("medium", "none") for one in moved)
    await platform.drain()
    told = [one for one in await heard(platform.log, "ecrm.analytics.score_changed.v1") if one["score"] == "tier"]
    assert {one["value"] for one in told} == {"high", "medium", "none"}

    base = await ask(platform, "GET", "/models/lifetime/base?retention_points=1&margin_percent=10&acquisition_percent=-1")
    assert base["value_minor"] == pytest.approx(sum(futures.values()), rel=1e-6)
    assert base["what_if"]["margin"]["value_minor"] == pytest.approx(1.1 * base["value_minor"], rel=1e-6)
    assert base["what_if"]["retention"]["value_minor"] > base["value_minor"]

    async def shares() -> dict[str, int]:
        return {one["value"]: one["customers"] for one in (await ask(platform, "GET", "/models/stage/counts"))["groups"]}

    async def staged() -> bool:
        return sum((await shares()).values()) == 900

    await until(staged, seconds=30)
    before = await shares()
    await ask(platform, "PUT", "/models/stage/rules", {"least_orders": 1, "profit_quantile": 0.0})

    async def all_stay() -> bool:
        return (await shares()).get("retain", 0) > before.get("retain", 0)

    await until(all_stay, seconds=30)
    moves = (await ask(platform, "GET", "/models/stage/counts"))["transitions"]
    assert any((one["previous"], one["value"]) == ("enhance", "retain") for one in moves)

    cuts = {"recency_days": [300, 200, 100, 50], "frequency": [2, 3, 4, 5], "monetary_minor": [100, 1000, 5000, 20000]}
    await ask(platform, "PUT", "/models/rfm/rules", cuts)

    async def cut_anew() -> bool:
        found = (await ask(platform, "GET", "/models/rfm/ranking?limit=1000"))["data"]
        return all(
            one["value"] == "".join(str(1 + reached) for reached in (
                sum(one["parts"]["recency_days"] <= cut for cut in cuts["recency_days"]), sum(one["parts"]["purchase_days"] >= cut for cut in cuts["frequency"]),
                sum(one["parts"]["monetary_minor"] >= cut for cut in cuts["monetary_minor"]),
            )) for one in found
        )

    await until(cut_anew, seconds=30)
