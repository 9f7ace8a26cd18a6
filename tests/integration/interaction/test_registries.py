"""Products, partners and salespeople: kept by people, told by events, joined to customers."""

from __future__ import annotations

from typing import Any

import pytest

from launcher.embedded_postgres import PrivateCluster
from tests.integration.interaction.support import checked, settle, track
from tests.integration.interaction.test_orders import ANNA, BORIS, know
from tests.support.platform import TestPlatform, started

pytestmark = pytest.mark.asyncio

LAMP = {
    "name": "Desk lamp", "category": "Light", "vendor": "Licht AG", "active": True,
    "prices": [
        {"currency": "EUR", "valid_from": "2026-01-01", "price": "25.00"}, {"currency": "EUR", "valid_from": "2026-03-01", "price": "27.50"},
        {"list": "dealers", "currency": "JPY", "valid_from": "2026-01-01", "price": 4000},
    ],
}


async def told(platform: TestPlatform, *events: dict[str, Any]) -> None:
    await platform.log.append(checked(events))
    await settle(platform)


def order(user: str, order_id: str, product: str, price: float, **more: Any) -> dict[str, Any]:
    properties = {"order_id": order_id, "currency": "EUR", "products": [{"product_id": product, "name": "As told", "price": price, "quantity": 2}], **more}
    return track(user, "Order Completed", f"m{order_id}", properties, timestamp="2026-02-01T00:00:00Z")


async def test_a_product_is_created_edited_searched_and_what_people_set_stays(cluster: PrivateCluster) -> None:
    """D9"""
    async with started(cluster, "interaction") as platform:
        service = platform["interaction"]
        created = (await service.call("PUT", "/api/v1/products/light/p1", json=LAMP)).json()
        await told(platform, order("anna", "1", "light/p1", 25), order("anna", "2", "p2", 5))
        shown = (await service.call("GET", "/api/v1/products/light/p1")).json()
        (await service.call("PUT", "/api/v1/products/light/p1", json={"name": None, "active": False, "prices": []})).json()
        await told(platform, track("anna", "Order Updated", "3", {"order_id": "1", "products": [{"product_id": "light/p1", "name": "Newer"}]}))
        freed = (await service.call("GET", "/api/v1/products/light/p1")).json()
        found = {
            query: [row["product_id"] for row in (await service.call("GET", f"/api/v1/products?{query}")).json()["data"]]
            for query in ("q=licht", "q=TOLD", "category=Light", "vendor=Nobody", "active=false", "active=true", "limit=1")
        }
        categories = (await service.call("GET", "/api/v1/product-categories")).json()["data"]
        missing = await service.call("GET", "/api/v1/products/none")
        odd = await service.call("PUT", "/api/v1/products/p3", json={"prices": [{"currency": "XQX", "valid_from": "2026-01-01", "price": 1}]})
        wrong = await service.call("PUT", "/api/v1/products/p3", json={"colour": "red"})
        reader = await service.call("PUT", "/api/v1/products/p3", json={}, scopes=["interactions:read"])
    assert [(price["list"], price["currency"], price["valid_from"], price["price_minor"]) for price in created["prices"]] == [
        ("dealers", "JPY", "2026-01-01", 4000), ("standard", "EUR", "2026-03-01", 2750), ("standard", "EUR", "2026-01-01", 2500),
    ]
    assert (shown["name"], shown["vendor"], shown["held"]) == ("Desk lamp", "Licht AG", ["category", "name", "vendor"])
    assert (freed["name"], freed["active"], freed["prices"], freed["held"]) == ("Newer", False, [], ["category", "vendor"])
    assert found == {
        "q=licht": ["light/p1"], "q=TOLD": ["p2"], "category=Light": ["light/p1"], "vendor=Nobody": [], "active=false": ["light/p1"],
        "active=true": ["p2"], "limit=1": ["light/p1"],
    }
    assert categories == [{"category": "Light", "products": 1, "active": 0}]
    assert (missing.status, missing.json()["code"]) == (404, "product.unknown")
    assert (odd.status, odd.json()["code"], wrong.status, reader.status) == (422, "currency.unknown", 422, 403)


async def test_lists_are_imported_row_by_row_and_twice_is_once(cluster: PrivateCluster) -> None:
    """D9"""
    rows = [{"product_id": "a", "name": "A"}, {"product_id": "b", "colour": "red"}, {"name": "no id"}]
    partners = [{"partner_id": "acme", "name": "Acme", "kind": "dealer", "commission": "0.05"}, {"partner_id": "x", "name": "X", "commission": 7}]
    async with started(cluster, "interaction") as platform:
        service = platform["interaction"]
        for _ in range(2):
            products = (await service.call("POST", "/api/v1/products/import", json={"rows": rows})).json()
            imported = (await service.call("POST", "/api/v1/partners/import", json={"rows": partners})).json()
        listed = (await service.call("GET", "/api/v1/products")).json()["data"]
        dealers = (await service.call("GET", "/api/v1/partners?kind=dealer&q=ACM&active=true")).json()["data"]
        empty = await service.call("POST", "/api/v1/products/import", json={"rows": []})
    assert (products["taken"], [row["index"] for row in products["refused"]], len(listed)) == (1, [1, 2], 1)
    assert "colour" in products["refused"][0]["detail"]
    assert (imported["taken"], [row["index"] for row in imported["refused"]]) == (1, [1])
    assert [(row["partner_id"], row["name"], row["commission"]) for row in dealers] == [("acme", "Acme", "0.05")]
    assert empty.status == 422


async def test_orders_and_contacts_name_their_partner_and_salesperson_and_figures_split(cluster: PrivateCluster) -> None:
    """M19 D9"""
    async with started(cluster, "interaction") as platform:
        service = platform["interaction"]
        await know(platform, {"user:anna": ANNA, "user:boris": BORIS})
        employee = (await service.call("POST", "/api/v1/employees", json={"name": "Sara", "email": "sara@example.com"})).json()["id"]
        await service.call("PUT", "/api/v1/partners/acme", json={"name": "Acme", "kind": "dealer"})
        await told(
            platform, order("anna", "1", "p1", 10), order("anna", "2", "p1", 20, partner_id="acme", employee_id=employee),
            order("boris", "3", "p2", 30, partner_id="other"), order("boris", "4", "p2", 40, partner_id="acme"),
            track("boris", "Order Cancelled", "5", {"order_id": "4"}),
        )
        for number, named in enumerate(({"partner_id": "acme"}, {})):
            body = {"kind": "call", "customer": "user:boris", "initiator": "customer", "answered": True, "duration_s": 9, "purpose": "sales", **named}
            assert (await service.call("POST", "/api/v1/interactions", json={"id": f"c{number}", **body})).status == 202
        await settle(platform)
        figures = (await service.call("GET", "/api/v1/order-figures?by=partner")).json()
        people = (await service.call("GET", "/api/v1/order-figures?by=employee")).json()["rows"]
        later = (await service.call("GET", "/api/v1/order-figures?from=2026-02-02")).json()["rows"]
        through = (await service.call("GET", "/api/v1/partners/acme/customers")).json()["data"]
        buyers = (await service.call("GET", "/api/v1/products/p1/customers")).json()["data"]
        bought = (await service.call("GET", f"/api/v1/customers/{ANNA}/products")).json()["data"]
        came = (await service.call("GET", f"/api/v1/customers/{BORIS}/partners")).json()["data"]
        shown = (await service.call("GET", "/api/v1/orders/2")).json()
        missing = await service.call("GET", "/api/v1/partners/none")
        bad = await service.call("GET", "/api/v1/order-figures?by=weather")
    assert {(row["key"], row["name"]): (row["orders"], row["paid_minor"]) for row in figures["rows"]} == {
        (None, None): (1, 2000), ("acme", "Acme"): (1, 4000), ("other", None): (1, 6000),
    }
    (split,) = figures["split"]
    assert (split["currency"], split["direct"]["paid_minor"], split["indirect"]["paid_minor"]) == ("EUR", 2000, 10_000)
    assert {row["key"]: row["contacts"] for row in figures["contacts"]} == {None: 1, "acme": 1}
    assert {(row["key"], row["name"]): row["orders"] for row in people} == {(employee, "Sara"): 1, (None, None): 2}
    assert later == []
    assert [(row["customer_id"], row["orders"], row["contacts"]) for row in through] == [(ANNA, 1, 0), (BORIS, 0, 1)]
    assert [(row["customer_id"], row["orders"], row["quantity"]) for row in buyers] == [(ANNA, 2, 4)]
    assert [(row["product_id"], row["amount_minor"], row["currency"]) for row in bought] == [("p1", 6000, "EUR")]
    assert {row["partner_id"]: (row["orders"], row["contacts"]) for row in came} == {"other": (1, 0), "acme": (0, 1)}
    assert (shown["partner_id"], shown["employee_id"]) == ("acme", employee)
    assert (missing.status, missing.json()["code"], bad.status) == (404, "partner.unknown", 422)
