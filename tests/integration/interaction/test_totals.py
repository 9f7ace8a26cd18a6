"""Sums by currency, and in a home currency by rates that somebody told."""

from __future__ import annotations

from typing import Any

import pytest

from launcher.embedded_postgres import PrivateCluster
from tests.integration.interaction.support import checked, settle, track
from tests.integration.interaction.test_orders import ANNA, BORIS, know
from tests.support.platform import TestPlatform, started

pytestmark = pytest.mark.asyncio


def bought(order_id: str, total: Any, currency: str, day: int, **more: Any) -> dict[str, Any]:
    return track(
        "anna", "Order Completed", f"m{order_id}", {"order_id": order_id, "total": total, "currency": currency, **more},
        timestamp=f"2026-02-{day:02}T10:00:00Z",
    )


async def fill(platform: TestPlatform) -> None:
    await know(platform, {"user:anna": ANNA, "email:anna@example.com": ANNA, "user:boris": BORIS})
    await platform.log.append(checked([
        bought("1", "10.01", "EUR", 1, tax="1.01", shipping=2, discount=3),
        bought("2", "20.10", "EUR", 2),
        bought("3", 100, "EUR", 3),
        bought("4", 5000, "JPY", 4),
        bought("5", "7.77", "GBP", 10),
        track("anna", "Order Refunded", "r", {"order_id": "2", "total": "0.10"}, timestamp="2026-02-05T00:00:00Z"),
        track("anna", "Order Cancelled", "c", {"order_id": "3"}, timestamp="2026-02-05T00:00:00Z"),
        track("anna", "Order Refunded", "n", {"total": "1.25", "currency": "EUR", "refund_id": "n1"}, timestamp="2026-02-05T00:00:00Z"),
    ]))
    await settle(platform)


async def test_currencies_are_never_added_and_what_was_cancelled_counts_nothing(cluster: PrivateCluster) -> None:
    """D1"""
    async with started(cluster, "interaction") as platform:
        await fill(platform)
        service = platform["interaction"]
        found = (await service.call("GET", f"/api/v1/customers/{ANNA}/orders/totals")).json()
        first = (await service.call("GET", "/api/v1/order-totals?limit=1")).json()
        second = (await service.call("GET", f"/api/v1/order-totals?limit=1&page_token={first['next_page_token']}")).json()
        bad = await service.call("GET", "/api/v1/order-totals?page_token=rubbish")
    assert [(total["currency"], total["orders"], total["cancelled"], total["credits"]) for total in found["currencies"]] == [
        ("EUR", 3, 1, 1), ("GBP", 1, 0, 0), ("JPY", 1, 0, 0),
    ]
    euro = found["currencies"][0]
    assert (euro["paid_minor"], euro["tax_minor"], euro["shipping_minor"], euro["discount_minor"]) == (3011, 101, 200, 300)
    assert (euro["refunded_minor"], euro["credited_minor"], euro["kept_minor"]) == (10, 125, 2876)
    assert found["home"] is None
    assert first["data"] == [found]
    assert (second["data"], second["next_page_token"]) == ([{"customer_id": BORIS, "currencies": [], "home": None}], None)
    assert (bad.status, bad.json()["code"]) == (422, "page.bad_token")


async def test_the_home_currency_uses_the_rate_of_the_day_and_says_what_has_none(cluster: PrivateCluster) -> None:
    """D1"""
    rates = [
        {"home": "EUR", "currency": "GBP", "day": "2026-02-01", "rate": "1.15", "source": "bank"},
        {"home": "EUR", "currency": "GBP", "day": "2026-02-09", "rate": "1.2", "source": "bank"},
        {"home": "EUR", "currency": "GBP", "day": "2026-02-11", "rate": "9", "source": "bank"},
    ]
    async with started(cluster, "interaction") as platform:
        await fill(platform)
        service = platform["interaction"]
        told = await service.call("PUT", "/api/v1/exchange-rates", json={"rates": rates})
        again = await service.call("PUT", "/api/v1/exchange-rates", json={"rates": rates})
        listed = (await service.call("GET", "/api/v1/exchange-rates?home=EUR")).json()["data"]
        home = (await service.call("GET", f"/api/v1/customers/{ANNA}/orders/totals?home=EUR")).json()["home"]
        unknown = await service.call("PUT", "/api/v1/exchange-rates", json={"rates": [{**rates[0], "currency": "XQX"}]})
        same = await service.call("PUT", "/api/v1/exchange-rates", json={"rates": [{**rates[0], "currency": "EUR"}]})
        zero = await service.call("PUT", "/api/v1/exchange-rates", json={"rates": [{**rates[0], "rate": 0}]})
        reader = await service.call("PUT", "/api/v1/exchange-rates", json={"rates": rates}, scopes=["interactions:read"])
        wrong = await service.call("GET", f"/api/v1/customers/{ANNA}/orders/totals?home=EURO")
    assert (told.json(), again.json(), len(listed)) == ({"count": 3}, {"count": 3}, 3)
    assert home["kept_minor"] == 2876 + 932  # 7.77 x 1.2 = 9.324
    assert [(rate["currency"], rate["day"], rate["rate"], rate["source"]) for rate in home["rates"]] == [("GBP", "2026-02-09", "1.2", "bank")]
    assert home["without_rate"] == [{"currency": "JPY", "kept_minor": 5000}]
    assert (unknown.status, unknown.json()["code"], unknown.json()["errors"][0]["pointer"]) == (422, "currency.unknown", "/rates/0/currency")
    assert (same.json()["code"], zero.status, reader.status, wrong.json()["code"]) == ("currency.same", 422, 403, "currency.unknown")
