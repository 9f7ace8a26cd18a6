"""Lifetime value over the public surface."""

from __future__ import annotations

import pytest

from launcher.embedded_postgres import PrivateCluster
from tests.integration.analytics.models import market
from tests.integration.analytics.story import ask, heard
from tests.support.platform import started
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
