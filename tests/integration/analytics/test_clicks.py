"""Funnels, paths, attribution and cohorts over the public surface, against figures counted by hand and published with the data."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from contracts.campaign import MessageAccepted
from launcher.embedded_postgres import PrivateCluster
from services.analytics.domain import journeys
from services.analytics.store import decoding, loading
from tests.integration.analytics.story import DAY, NOW, ask, tell
from tests.support.platform import TestPlatform, started
from tests.unit.analytics.shop import belongs, customer_id, event, order, profile, stored

pytestmark = pytest.mark.asyncio(loop_scope="module")

WINDOW = f"from={(NOW - 60 * DAY).date()}&to={(NOW + DAY).date()}"
MINUTE = timedelta(minutes=1)


def visited(who: str, name: str, at: datetime, medium: str | None = None, **properties: Any) -> Any:
    told = event(who, name, at=at, **properties)
    if medium is None:
        return told
    context = msgspec.Raw(json.dumps({"campaign": {"source": medium, "medium": medium, "name": "spring"}}).encode())
    return msgspec.structs.replace(told, personal=msgspec.structs.replace(told.personal, context=context))


def mailed(number: int, message_id: str, at: datetime) -> MessageAccepted:
    return MessageAccepted(message_id=message_id, campaign_id="spring", customer_id=customer_id(number), channel="email", at=at, permit_id="p", consent_version=1)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def shop(cluster: PrivateCluster) -> AsyncIterator[TestPlatform]:
    """a: ads, then e-mail, then orders 1000 and comes back; b: ads, e-mail ten days later, orders 501; c: e-mail, no order; d: orders 300 by itself."""
    async with started(cluster, "analytics") as platform:
        t = NOW - 20 * DAY
        await tell(
            platform.log, *(profile(number) for number in (1, 2, 3, 4)), *(belongs(name, number) for number, name in enumerate("abcd", 1)),
            visited("a", "View", t - 7 * DAY, "ads"), visited("a", "Cart", t - 7 * DAY + 5 * MINUTE), visited("a", "View", t - DAY), visited("a", "Cart", t - DAY + MINUTE),
            visited("a", "Buy", t - DAY + 3 * MINUTE), mailed(1, "m1", t - DAY), order("a", "a1", net=1000, at=t),
            visited("b", "View", t - 12 * DAY, "ads"), mailed(2, "m2", t - 2 * DAY), visited("b", "Buy", t - DAY), order("b", "b1", net=501, at=t), order("b", "b2", net=99, at=t + 35 * DAY - 20 * DAY),
            mailed(3, "m3", t), visited("c", "Cart", t), visited("c", "View", t + MINUTE), order("d", "d1", net=300, at=t),
        )
        await platform.drain()
        yield platform


async def funnel(shop: TestPlatform, steps: list[Any], **more: Any) -> Any:
    body = {"steps": [{"event": one} if isinstance(one, str) else one for one in steps], "from": str((NOW - 60 * DAY).date()), "to": str((NOW + DAY).date()), **more}
    return await ask(shop, "POST", "/funnels", body)


async def test_a_funnel_is_ordered_has_a_window_and_branches(shop: TestPlatform) -> None:
    """U23, A4: by customer and by visit, with drop-off, times and breakdown."""

    async def counts(steps: list[Any], **more: Any) -> list[int]:
        return [step["count"] for step in (await funnel(shop, steps, **more))["steps"]]

    assert await counts(["View", "Cart", "Buy"]) == [3, 1, 1]
    assert await counts(["View", "Buy"]) == [3, 2]
    assert await counts(["View", "Buy"], within_minutes=60) == [3, 1]
    assert await counts(["View", "Cart", "Buy"], per="visit") == [4, 2, 1]
    assert await counts(["View", {"event": "Cart", "where": [{"property": "x", "op": "exists"}]}]) == [3, 0]
    found = await funnel(shop, ["View", "Buy"], by="medium")
    assert {one["key"]: [step["count"] for step in one["steps"]] for one in found["branches"]} == {"ads": [2, 2], "none": [1, 0]}
    assert (found["steps"][1]["lost"], found["steps"][1]["share"]) == (1, pytest.approx(2 / 3))
    visits = await funnel(shop, ["View"], per="visit", by="visitor")
    assert {one["key"]: one["steps"][0]["count"] for one in visits["branches"]} == {"first": 3, "returning": 1}
    assert (await funnel(shop, ["View", "Cart", "Buy"], per="visit"))["steps"][2]["median_s"] == 120


async def test_paths_are_a_matrix_with_times_of_first_and_returning_visits(shop: TestPlatform) -> None:
    """U23, A4, A19: every subject begins and ends once."""
    found = await ask(shop, "GET", f"/paths?{WINDOW}")
    assert (found["visits"], found["people"], found["first_visits"], found["returning_visits"]) == (5, 3, 3, 2)
    moves = {(one["here"], one["there"]): one for one in found["moves"]}
    assert moves["View", "Cart"]["count"] == 2
    assert moves["View", "Cart"]["median_s"] == 180  # 300 and 60
    assert (moves["View", "Cart"]["first_time"], moves["View", "Cart"]["returning"]) == (1, 1)
    assert sum(one["count"] for (here, _), one in moves.items() if here == "(start)") == 5 == sum(one["count"] for (_, there), one in moves.items() if there == "(end)")
    for name in ("View", "Cart", "Buy", "(start)"):
        assert sum(one["share"] for (here, _), one in moves.items() if here == name) == pytest.approx(1)
    assert sorted((tuple(one["path"]), one["count"]) for one in found["paths"]) == [(("Buy",), 1), (("Cart", "View"), 1), (("View",), 1), (("View", "Cart"), 1), (("View", "Cart", "Buy"), 1)]


async def test_attribution_reconciles_in_every_model(shop: TestPlatform) -> None:
    """U24: credits and direct sum to all orders and to their revenue, to the minor unit; UTM is captured."""
    by_model: dict[str, dict[str, tuple[float, int]]] = {}
    for model in journeys.MODELS:
        found = await ask(shop, "GET", f"/attributions?{WINDOW}&model={model}")
        assert (found["orders"], found["revenue_minor"]) == (4, 1900)
        everything = [*found["credits"], found["direct"]]
        assert sum(one["orders"] for one in everything) == pytest.approx(4)
        assert sum(one["revenue_minor"] for one in everything) == 1900
        assert (found["direct"]["orders"], found["direct"]["revenue_minor"]) == (1, 300)
        by_model[model] = {one["key"]: (round(one["orders"], 4), one["revenue_minor"]) for one in found["credits"]}
    assert by_model["first"] == {"ads": (3, 1600), "email": (0, 0)}
    assert by_model["last"] == {"ads": (0, 0), "email": (3, 1600)}
    assert by_model["linear"] == {"ads": (1.5, 800), "email": (1.5, 800)} == by_model["position"]
    ads = sum(0.5 ** (old / 7) / (0.5 ** (old / 7) + 0.5 ** (new / 7)) for old, new in ((7, 1), (12, 2), (27, 17)))
    assert by_model["time_decay"]["ads"][0] == pytest.approx(ads, abs=1e-3)
    markov = await ask(shop, "GET", f"/attributions?{WINDOW}&model=markov")
    # start -> ads 3/4, email 1/4; ads -> email; email -> order 3/4. Without ads three quarters of the orders are lost, without e-mail all.
    assert markov["removal_effects"] == {"ads": pytest.approx(0.75), "email": pytest.approx(1)}
    campaign = await ask(shop, "GET", f"/attributions?{WINDOW}&by=campaign&days=3")
    assert {one["key"]: one["orders"] for one in campaign["credits"]} == {"spring": 2}
    assert campaign["direct"]["orders"] == 2


async def test_cohorts_of_revenue(shop: TestPlatform) -> None:
    """U23: what each month's new customers brought, month by month."""
    found = await ask(shop, "GET", "/cohorts")
    assert sum(sum(row["revenue_minor"]) for row in found["data"]) == 1900
    assert found["currency"] == "EUR"
    assert all(len(row["revenue_minor"]) == len(row["active"]) for row in found["data"])


async def test_bad_requests(shop: TestPlatform) -> None:
    step = {"event": "A"}
    for method, path, body, code in (
        ("POST", "/funnels", {"steps": []}, "request.invalid"), ("POST", "/funnels", {"steps": [step] * 13}, "request.invalid"),
        ("POST", "/funnels", {"steps": [step | {"where": [{"property": "p", "op": "like", "value": 1}]}]}, "funnel.bad_step"),
        ("POST", "/funnels", {"steps": [step], "from": "2026-02-02", "to": "2026-01-01"}, "metric.bad_window"),
        ("POST", "/funnels", {"steps": [step], "by": "shoe"}, "request.invalid"), ("GET", "/paths?per=planet", None, "request.invalid"),
        ("GET", "/attributions?model=luck", None, "request.invalid"), ("GET", "/attributions?days=0", None, "request.invalid"),
    ):
        assert (await ask(shop, method, path, body, status=422))["code"] == code, (path, body)


FUNNEL = ["product_view", "add_to_cart", "cart", "shipping_details", "payment_details", "purchase"]


async def test_the_ecom_clickstream_gives_the_published_counts(cluster: PrivateCluster, example_file: Callable[[str], Path]) -> None:
    """U23, A4: 3,605 visits at a gap of 30 minutes; the funnel by visit and by person, exactly."""
    path = example_file("clickstream/ecom.csv.gz")
    async with started(cluster, "analytics") as platform:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        facts = [
            stored(event(row["user_id"], row["event"], at=datetime.fromisoformat(row["timestamp"]).replace(tzinfo=UTC), event_id=str(number)), offset=number)
            for number, row in enumerate(rows)
        ]
        warehouse = platform["analytics"].service.resources
        for start in range(0, len(facts), 8000):
            await warehouse.write(lambda c, part=facts[start : start + 8000]: loading.store(c, decoding.read_records(part)))
        days = sorted(row["timestamp"][:10] for row in rows)
        window = {"from": days[0], "to": str((datetime.fromisoformat(days[-1]) + DAY).date())}
        for per, expected in (("visit", [2868, 944, 477, 194, 72, 15]), ("customer", [598, 517, 429, 329, 222, 114])):
            found = await ask(platform, "POST", "/funnels", {"steps": [{"event": one} for one in FUNNEL], "per": per, **window})
            assert [step["count"] for step in found["steps"]] == expected
        paths = await ask(platform, "GET", f"/paths?from={window['from']}&to={window['to']}")
        assert (paths["events"], paths["visits"], paths["people"]) == (31_106, 3_605, 600)
        buyers = await ask(platform, "POST", "/funnels", {"steps": [{"event": "purchase"}], "per": "visit", **window})
        assert buyers["steps"][0]["count"] == 470
