"""Orders from events to rows, facts and answers."""

from __future__ import annotations

import random
from typing import Any

import pytest

from contracts.customer import CustomersMerged, CustomersUnmerged, IdentityState
from contracts.gateway import KeyState
from contracts.interaction import CreditNoted, OrderPlaced, OrderRefunded, OrderUpdated
from launcher.embedded_postgres import PrivateCluster
from tests.integration.interaction.support import checked, facts, settle, source, track
from tests.support.platform import TestPlatform, started

pytestmark = pytest.mark.asyncio

ANNA, BORIS = "00000000-0000-7000-8000-00000000000a", "00000000-0000-7000-8000-00000000000b"


async def know(platform: TestPlatform, owners: dict[str, str]) -> None:
    """Let the identity map say whose these identities are."""
    service = platform["interaction"].service
    async with service.transaction() as tx:
        for key, customer_id in owners.items():
            tx.tell(IdentityState(identity=service.hash_identity(key).hex(), kind=key.partition(":")[0], customer_id=customer_id))
    await settle(platform)


def at(day: int) -> dict[str, str]:
    return {"timestamp": f"2026-02-{day:02}T10:00:00Z"}


COMPLETED = {
    "order_id": "o1", "total": 30, "shipping": 5, "currency": "EUR",
    "products": [{"product_id": "p1", "name": "Lamp", "price": 25, "quantity": 1, "category": "Light"}],
}


async def test_an_order_is_told_shown_and_belongs_to_its_customer(cluster: PrivateCluster) -> None:
    async with started(cluster, "interaction") as platform:
        service = platform["interaction"]
        await know(platform, {"user:anna": ANNA})
        await platform.log.append(checked([
            track("anna", "Order Completed", "1", COMPLETED, **at(1)),
            track("anna", "Order Shipped", "2", {"order_id": "o1", "shipped_at": "2026-02-02", "promised_on": "2026-02-03"}, **at(2)),
            track("anna", "Order Refunded", "3", {"order_id": "o1", "total": 10, "refund_id": "r1"}, **at(3)),
            track("anna", "Order Refunded", "4", {"total": 7.5, "currency": "EUR", "refund_id": "c1"}, **at(4)),
            track("anna", "Order Completed", "5", {"total": 1}, **at(5)),
        ]))
        await settle(platform)
        placed = await facts(platform.log, "ecrm.interaction.order_placed.v1", OrderPlaced)
        updated = await facts(platform.log, "ecrm.interaction.order_updated.v1", OrderUpdated)
        refunded = await facts(platform.log, "ecrm.interaction.order_refunded.v1", OrderRefunded)
        credits = await facts(platform.log, "ecrm.interaction.credit_noted.v1", CreditNoted)
        listed = (await service.call("GET", f"/api/v1/customers/{ANNA}/orders")).json()
        shown = (await service.call("GET", "/api/v1/orders/o1")).json()
        noted = (await service.call("GET", f"/api/v1/customers/{ANNA}/credits")).json()["data"]
        products = (await service.call("GET", "/api/v1/products?q=lam")).json()["data"]
        timeline = (await service.call("GET", f"/api/v1/customers/{ANNA}/timeline")).json()["data"]
        missing = await service.call("GET", "/api/v1/orders/none")
    assert [(fact.order_id, fact.paid_minor, fact.net_minor) for fact in placed] == [("o1", 3000, 2500)]
    assert [(fact.status, fact.version) for fact in updated] == [("shipped", 2)]
    assert [(fact.refund_id, fact.refund_minor, fact.refunded_minor) for fact in refunded] == [("r1", 1000, 1000)]
    assert [(fact.credit_id, fact.amount_minor) for fact in credits] == [("c1", 750)]
    assert [order["order_id"] for order in listed["data"]] == ["o1"]
    assert (shown["status"], shown["refunded_minor"], shown["promised_on"]) == ("shipped", 1000, "2026-02-03")
    assert [version["kind"] for version in shown["versions"]] == ["completed", "shipped", "refunded"]
    assert [note["amount_minor"] for note in noted] == [750]
    assert [(product["product_id"], product["category"]) for product in products] == [("p1", "Light")]
    assert [(entry["kind"], entry["notes"]) for entry in timeline if entry["kind"] != "order"] == [("track", ["order_incomplete"]), *([("track", [])] * 4)]
    assert [(entry["message_id"], entry["data"]["status"], entry["data"]["refunded_minor"]) for entry in timeline if entry["kind"] == "order"] == [("o1", "shipped", 1000)]
    assert missing.status == 404


async def test_any_arrival_in_any_batches_gives_the_same_orders(cluster: PrivateCluster) -> None:
    events = []
    for number in range(12):
        order_id = f"o{number}"
        events += [
            track(f"u{number}", "Order Completed", f"{number}a", {**COMPLETED, "order_id": order_id, "total": 30 + number}, **at(1)),
            track(f"u{number}", "Order Updated", f"{number}b", {"order_id": order_id, "coupon": "SPRING", "total": 28 + number}, **at(2)),
            track(f"u{number}", "Order Refunded", f"{number}c", {"order_id": order_id, "total": 4}, **at(3)),
            track(f"u{number}", "Order Refunded", f"{number}d", {"order_id": order_id}, **at(4)),
        ]
    results: list[tuple[list[dict[str, Any]], list[tuple[Any, ...]]]] = []
    for seed in (0, 1):
        shuffled = list(events)
        if seed:
            random.Random(seed).shuffle(shuffled)
        async with started(cluster, "interaction") as platform:
            step = len(shuffled) if not seed else 7
            for begin in range(0, len(shuffled), step):
                await platform.log.append(checked(shuffled[begin : begin + step]))
                if seed:
                    await settle(platform)
            await settle(platform)
            listed = (await platform["interaction"].call("GET", "/api/v1/orders?limit=100")).json()["data"]
            async with platform["interaction"].service.read() as db:
                refunds = await db.fetch("SELECT order_id, refund_id, amount_minor FROM refund ORDER BY 1, 2")
        kept: list[dict[str, Any]] = [
            {name: value for name, value in order.items() if name not in {"version", "updated_at"}} for order in listed
        ]
        results.append((kept, [tuple(row) for row in refunds]))
    assert results[0] == results[1]
    orders, booked = results[0]
    assert len(orders) == 12
    assert all(order["status"] == "refunded" and order["refunded_minor"] == order["paid_minor"] for order in orders)
    assert len(booked) == 24


async def test_orders_are_listed_by_pages_and_told_by_systems(cluster: PrivateCluster) -> None:
    async with started(cluster, "interaction") as platform:
        service = platform["interaction"]
        await know(platform, {"user:anna": ANNA})
        for number in range(5):
            body = {"customer": "user:anna", "order_id": f"o{number}", "total": "9.99", "currency": "USD", "ordered_at": f"2026-01-0{number + 1}"}
            answer = await service.call("POST", "/api/v1/orders", json=body, scopes=["interactions:write"])
            assert answer.status == 202
        incomplete = await service.call("POST", "/api/v1/orders", json={"customer": "user:anna", "order_id": "x"})
        nobody = await service.call("POST", "/api/v1/orders", json={"order_id": "x", "total": 1, "currency": "USD"})
        await settle(platform)
        pages, token = [], ""
        while True:
            answer = (await service.call("GET", f"/api/v1/customers/{ANNA}/orders?limit=2{token}")).json()
            pages.append([order["order_id"] for order in answer["data"]])
            if answer["next_page_token"] is None:
                break
            token = f"&page_token={answer['next_page_token']}"
        bad = await service.call("GET", "/api/v1/orders?page_token=rubbish")
        reader = await service.call("POST", "/api/v1/orders", json={"order_id": "x"}, scopes=["interactions:read"])
        stranger = await service.call("GET", "/api/v1/orders", scopes=None)
    assert pages == [["o4", "o3"], ["o2", "o1"], ["o0"]]
    assert (incomplete.status, incomplete.json()["code"]) == (422, "interaction.invalid_data")
    assert (nobody.status, nobody.json()["errors"][0]["pointer"]) == (422, "/customer")
    assert (bad.status, reader.status, stranger.status) == (422, 403, 401)


async def test_namespace_and_currency_of_the_source_count_and_old_orders_follow_a_merge(cluster: PrivateCluster) -> None:
    shop = source("shop-de", order_namespace="de", default_currency="EUR")
    async with started(cluster, "interaction") as platform:
        service = platform["interaction"]
        service.service.resources.keys.put(KeyState(key_hash="0" * 64, key_id="k", kind="source", source=shop))
        await know(platform, {"user:anna": ANNA, "user:boris": BORIS})
        await platform.log.append(checked([track("boris", "Completed Order", "1", {"orderId": 7, "total": 5})], settings=shop))
        await settle(platform)
        assert [o["order_id"] for o in (await service.call("GET", f"/api/v1/customers/{BORIS}/orders")).json()["data"]] == ["de:7"]
        await know(platform, {"user:boris": ANNA})
        async with service.service.transaction() as tx:
            tx.tell(CustomersMerged(
                merge_id="m", survivor_id=ANNA, merged_id=BORIS, reason="test", identities=[], merged_at=service.service.clock.now(),
            ))
        await settle(platform)
        for customer_id in (ANNA, BORIS):
            listed = (await service.call("GET", f"/api/v1/customers/{customer_id}/orders")).json()["data"]
            assert [(order["order_id"], order["currency"]) for order in listed] == [("de:7", "EUR")]
        await know(platform, {"user:boris": BORIS})
        async with service.service.transaction() as tx:
            tx.tell(CustomersUnmerged(
                merge_id="m", survivor_id=ANNA, restored_id=BORIS, reason="test", identities=[], unmerged_at=service.service.clock.now(),
            ))
        await settle(platform)
        for customer_id, expected in ((ANNA, []), (BORIS, ["de:7"])):
            listed = (await service.call("GET", f"/api/v1/customers/{customer_id}/orders")).json()["data"]
            assert [order["order_id"] for order in listed] == expected
