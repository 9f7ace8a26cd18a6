"""A4, A19: visits as they are asked for: late events, identities of one person, merges, figures, and who is here for the first time."""

from __future__ import annotations

import csv
import gzip
import random
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chassis.eventlog import Record
from contracts.customer import IdentityState
from launcher.embedded_postgres import PrivateCluster
from services.interaction.domain import visits
from tests.integration.interaction.sources.support import Source, source
from tests.integration.interaction.support import settle
from tests.support.platform import TestPlatform, started

pytestmark = pytest.mark.asyncio(loop_scope="function")

START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
NAMES = {
    "product_view": "Product Viewed", "add_to_cart": "Product Added", "cart": "Cart Viewed", "shipping_details": "Checkout Step Viewed",
    "payment_details": "Payment Info Entered", "purchase": "Order Completed",
}


def at(minutes: float) -> str:
    return (START + timedelta(minutes=minutes)).isoformat()


def page(visitor: str, path: str, minutes: float, **more: Any) -> dict[str, Any]:
    kind = {"userId": visitor} if visitor.startswith("u") else {"anonymousId": visitor}
    context = {"page": {"path": path, "url": f"https://shop.example{path}", **more.pop("page", {})}}
    return {"type": "page", "timestamp": at(minutes), "messageId": uuid.uuid4().hex, "context": context, **kind, **more}


def track(visitor: str, event: str, minutes: float) -> dict[str, Any]:
    return {**page(visitor, "/x", minutes), "type": "track", "event": event, "context": {}}


async def own(platform: TestPlatform, customer: uuid.UUID, *keys: str) -> None:
    """Tell whose these identities are."""
    service = platform["interaction"].service
    states = [
        IdentityState(identity=service.hash_identity(key).hex(), kind=key.partition(":")[0], customer_id=str(customer)) for key in keys
    ]
    await platform.log.append([Record("ecrm.state.identity", state.identity.encode(), msgspec.json.encode(state)) for state in states])
    await settle(platform)


async def sessions(platform: TestPlatform, customer: uuid.UUID, query: str = "") -> Any:
    answer = await platform["interaction"].call("GET", f"/api/v1/customers/{customer}/sessions{query}", scopes=["interactions:read"])
    assert answer.status == 200, answer.body
    return answer.json()


async def figures(platform: TestPlatform, since: str = "2026-01-01", until: str = "2027-01-01", more: str = "") -> Any:
    answer = await platform["interaction"].call("GET", f"/api/v1/sessions/figures?since={since}&until={until}{more}", scopes=["interactions:read"])
    assert answer.status == 200, answer.body
    return answer.json()


async def web(platform: TestPlatform) -> Source:
    return await source(platform, kind="browser")


async def test_a_visit_from_the_advertisement_to_the_order(cluster: PrivateCluster) -> None:
    async with started(cluster, "interaction") as platform:
        shop, customer = await web(platform), uuid.uuid4()
        campaign = {"search": "?utm_source=news&utm_campaign=spring&gclid=g1", "referrer": "https://www.search.example/q"}
        await shop.send([
            page("u1", "/landing", 0, page=campaign), track("u1", "Product Viewed", 1), page("u1", "/cart", 2), track("u1", "Product Added", 3),
            track("u1", "Checkout Started", 4), track("u1", "Order Completed", 20), page("u1", "/thanks", 21), page("u1", "/", 120),
        ])
        await own(platform, customer, "user:u1")
        await settle(platform)
        found = await sessions(platform, customer)
        assert [(s["entry"], s["exit"], s["events"], s["pages"]) for s in found["data"]] == [("/", "/", 1, 1), ("/landing", "/thanks", 7, 3)]
        first = found["data"][1]
        assert (first["campaign"], first["referrer"]) == ({"source": "news", "name": "spring", "gclid": "g1"}, "www.search.example")
        assert (first["reached"], first["steps"], first["seconds"]) == ("order", ["view", "cart", "checkout", "order"], 21 * 60)
        paged = await sessions(platform, customer, "?limit=1")
        rest = await sessions(platform, customer, f"?limit=1&page_token={paged['next_page_token']}")
        assert [*paged["data"], *rest["data"]] == found["data"]
        assert rest["next_page_token"] is None
        told = await figures(platform)
        assert (told["visits"], told["visitors"], told["first_visits"], told["returning_visits"], told["bounces"]) == (2, 1, 1, 1, 1)
        assert [(step["step"], step["visits"], step["dropped"]) for step in told["steps"]] == [("view", 1, 1), ("cart", 1, 0), ("checkout", 1, 0), ("order", 1, 0)]
        assert told["campaigns"] == [{"name": {"source": "news", "name": "spring", "gclid": "g1"}, "visits": 1}]
        assert {place["name"] for place in told["entries"]} == {"/landing", "/"}


async def test_what_servers_tell_is_no_visit(cluster: PrivateCluster) -> None:
    async with started(cluster, "interaction") as platform:
        server, customer = await source(platform), uuid.uuid4()
        await server.send([track("u1", "Invoice Paid", 0)])
        await own(platform, customer, "user:u1")
        await settle(platform)
        assert (await sessions(platform, customer))["data"] == []


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_any_order_of_arrival_gives_the_same_visits(cluster: PrivateCluster, seed: int) -> None:
    chance = random.Random(seed)
    events = []
    for visitor in ("u1", "u2", "anon-3"):
        minute = 0.0
        for number in range(40):
            minute += chance.choice([0, 0.5, 1, 5, 29, 31, 200])
            kind = chance.choice(["page", "page", "Product Viewed", "Product Added", "Checkout Started", "Order Completed"])
            event = page(visitor, f"/{number % 5}", minute) if kind == "page" else track(visitor, kind, minute)
            events.append({**event, "messageId": f"{visitor}-{number:03d}"})
    chance.shuffle(events)
    async with started(cluster, "interaction") as platform:
        shop = await web(platform)
        while events:
            size = chance.randint(1, 30)
            await shop.send(events[:size])
            if chance.random() < 0.5:
                await settle(platform)
            events = events[size:]
        await settle(platform)
        async with platform["interaction"].service.read() as db:
            rows = await db.fetch("SELECT * FROM visit ORDER BY identity, started_at")
            records = await db.fetch("SELECT identity, record FROM interaction")
        clicks: dict[bytes, list[visits.Click]] = {}
        for row in records:
            told = visits.read_click(msgspec.json.decode(row["record"], type=visits.Told))
            assert told is not None
            clicks.setdefault(row["identity"], []).append(told)
        expected = [(identity, visit) for identity in sorted(clicks) for visit in visits.fold(clicks[identity])]
        assert len(expected) > 10
        assert [(row["identity"], row["started_at"], row["ended_at"], row["events"], row["pages"], row["entry"], row["exit"], list(row["reach"]), row["seen"]) for row in rows] == [
            (identity, v.started_at, v.ended_at, v.events, v.pages, v.entry, v.exit, v.reach, v.seen) for identity, v in expected
        ]


async def test_identities_of_one_person_make_one_visit_and_an_unmerge_parts_them_again(cluster: PrivateCluster) -> None:
    async with started(cluster, "interaction") as platform:
        shop, ann, bob = await web(platform), uuid.uuid4(), uuid.uuid4()
        await shop.send([
            page("a-1", "/in", 0), track("a-1", "Product Viewed", 1), page("u1", "/me", 10), track("u1", "Product Added", 11), page("a-1", "/more", 12),
            page("u2", "/bob", 20), page("u2", "/bob2", 300),
        ])
        await own(platform, ann, "anon:a-1", "user:u1")
        await own(platform, bob, "user:u2")
        await settle(platform)
        mine = (await sessions(platform, ann))["data"]
        assert [(s["entry"], s["exit"], s["events"], s["reached"]) for s in mine] == [("/in", "/more", 5, "cart")]
        told = await figures(platform)
        assert (told["visits"], told["visitors"], told["first_visits"]) == (3, 2, 2)
        await own(platform, ann, "user:u2")
        both = (await sessions(platform, ann))["data"]
        assert [(s["entry"], s["events"]) for s in both] == [("/bob2", 1), ("/in", 6)]
        told = await figures(platform)
        assert (told["visits"], told["visitors"], told["first_visits"]) == (2, 1, 1)
        await own(platform, bob, "user:u2")
        assert (await sessions(platform, ann))["data"] == mine
        assert len((await sessions(platform, bob))["data"]) == 2


async def test_the_visitor_of_this_moment(cluster: PrivateCluster) -> None:
    """A19: at request time, before and after what was seen."""
    async with started(cluster, "interaction") as platform:
        shop, customer = await web(platform), uuid.uuid4()
        service = platform["interaction"]

        async def who(identity: str) -> dict[str, Any]:
            answer = await service.call("GET", f"/api/v1/visitors?identity={identity}", scopes=["interactions:read"])
            assert answer.status == 200, answer.body
            found: dict[str, Any] = answer.json()
            return found

        now = datetime.now(UTC)
        assert (await who("anon:nobody"))["status"] == "first_time"
        here = {**page("a-new", "/", 0), "timestamp": now.isoformat()}
        earlier = {**page("a-old", "/", 0), "timestamp": (now - timedelta(days=3)).isoformat()}
        ordered = {**page("u-cust", "/", 0), "timestamp": (now - timedelta(days=9)).isoformat()}
        order = {**ordered, "type": "track", "event": "Order Completed", "messageId": "o1", "properties": {"order_id": "1", "total": 5, "currency": "EUR"}}
        await shop.send([here, earlier, {**earlier, "messageId": "again", "timestamp": now.isoformat()}, ordered, order])
        await settle(platform)
        new, old, loyal = await who("anon:a-new"), await who("anon:a-old"), await who("user:u-cust")
        assert (new["status"], new["first_time"], new["visits"], new["present"]["entry"]) == ("first_time", True, 1, "/")
        assert (old["status"], old["first_time"], old["visits"]) == ("returning", False, 2)
        assert (loyal["status"], loyal["orders"], loyal["present"]) == ("customer", 1, None)
        await own(platform, customer, "anon:a-new", "anon:a-old")
        known = await who("anon:a-new")
        assert (known["status"], known["customer_id"]) == ("returning", str(customer))
        assert (await service.call("GET", "/api/v1/visitors?identity=nonsense")).json()["code"] == "interaction.bad_identity"
        assert (await service.call("GET", "/api/v1/visitors?identity=anon:x", scopes=["customers:read"])).status == 403
        assert (await service.call("GET", "/api/v1/sessions/figures?since=2026-01-02&until=2026-01-01")).json()["code"] == "sessions.bad_time"
        assert (await service.call("GET", "/api/v1/sessions/figures?since=x&until=2026-01-01")).json()["code"] == "request.invalid"


async def test_the_published_figures_of_the_shop_through_the_whole_service(cluster: PrivateCluster, example_file: Callable[[str], Path]) -> None:
    with gzip.open(example_file("clickstream/ecom.csv.gz"), "rt") as file:
        rows = list(csv.DictReader(file))
    events = [
        {"type": "track", "anonymousId": row["user_id"], "event": NAMES.get(row["event"], row["event"]), "messageId": f"{number:06d}", "channel": "web",
         "timestamp": row["timestamp"] + "Z"}
        for number, row in enumerate(rows)
    ]
    random.Random(7).shuffle(events)
    async with started(cluster, "interaction") as platform:
        shop = await web(platform)
        for begin in range(0, len(events), 2500):
            await shop.send(events[begin : begin + 2500])
        await settle(platform)
        told = await figures(platform, "2024-01-01", "2025-01-01")
    assert (told["visits"], told["visitors"], told["first_visits"], told["returning_visits"]) == (3605, 600, 600, 3005)
    happened = {step["step"]: step["happened"] for step in told["steps"]}
    assert happened["order"] == 470
    assert told["steps"][0]["visits"] == 2868
    assert told["events_per_visit"] == pytest.approx(31_106 / 3605, abs=1e-6)

