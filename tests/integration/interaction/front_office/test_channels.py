"""The smaller channels over HTTP: rooms and boards (C7), composed orders (C8), auctions and agents (C9), exchanges (C10), inboxes (U13)."""

from __future__ import annotations

import asyncio
import base64
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from contracts.interaction import AuctionClosed
from launcher.embedded_postgres import PrivateCluster
from services.interaction import commands
from tests.integration.interaction.front_office.test_sales import ask
from tests.integration.interaction.support import facts, settle
from tests.integration.interaction.test_orders import ANNA, BORIS, know
from tests.support.platform import TestPlatform, TestService, started
from tests.unit.interaction.front_office.test_inbound_messages import SAMPLES, SECRETS

pytestmark = pytest.mark.asyncio

CLEO = "00000000-0000-7000-8000-00000000000c"


async def meet(platform: TestPlatform) -> TestService:
    """Three customers with an event each, so that they can be spoken of by their ids; and products with prices."""
    service = platform["interaction"]
    names = {"user:anna": ANNA, "user:boris": BORIS, "user:cleo": CLEO}
    await know(platform, names)
    for customer in names:
        await ask(service, "POST", "/interactions", {"kind": "meeting", "customer": customer, "initiator": "customer", "duration_s": 1}, status=202)
    async with service.service.transaction() as tx:
        for product, price in (("lamp", 1999), ("bulb", 350), ("old", 10)):
            await tx.db.execute(
                "INSERT INTO product (product_id, name, told_at, active) VALUES ($1, initcap($1), now(), $2)", product, product != "old"
            )
            for day, minor in ((date(2020, 1, 1), price), (date(2999, 1, 1), 1)):
                await tx.db.execute(
                    "INSERT INTO product_price (product_id, list, currency, valid_from, price_minor) VALUES ($1, 'standard', 'EUR', $2, $3)", product, day, minor
                )
    await settle(platform)
    return service


async def timeline(service: TestService, customer: str, kind: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await ask(service, "GET", f"/customers/{customer}/timeline?kind={kind}"))["data"]
    return found


async def test_posts_in_rooms_and_on_boards_are_interactions(cluster: PrivateCluster) -> None:
    """C7: threads, pages, hidden posts, closed rooms."""
    async with started(cluster, "interaction") as platform:
        service = await meet(platform)
        await ask(service, "PUT", "/rooms/cafe", {"kind": "room", "title": "Café"})
        await ask(service, "PUT", "/rooms/help", {"kind": "board", "title": "Help"})
        other = await ask(service, "PUT", "/rooms/help", {"kind": "room", "title": "Help"}, status=409)
        first = await ask(service, "POST", "/rooms/help/posts", {"customer_id": ANNA, "text": "How do I return it?"}, status=201)
        answer = await ask(service, "POST", "/rooms/help/posts", {"customer_id": BORIS, "text": "By post.", "in_reply_to": first["id"]}, status=201)
        await ask(service, "POST", "/rooms/help/posts", {"customer_id": CLEO, "text": "spam"}, status=201)
        await ask(service, "POST", "/rooms/cafe/posts", {"customer_id": ANNA, "text": "Good morning"}, status=201)
        page = await ask(service, "GET", "/rooms/help/posts?limit=2")
        last = (await ask(service, "GET", f"/rooms/help/posts?limit=2&page_token={page['next_page_token']}"))["data"][0]
        hidden = await ask(service, "POST", f"/rooms/help/posts/{last['id']}/hide")
        thread = (await ask(service, "GET", f"/rooms/help/posts?thread={first['id']}"))["data"]
        await ask(service, "POST", "/rooms/cafe/close")
        closed = await ask(service, "POST", "/rooms/cafe/posts", {"customer_id": ANNA, "text": "anybody?"}, status=409)
        wrong_room = await ask(service, "POST", "/rooms/help/posts", {"customer_id": ANNA, "text": "x", "in_reply_to": str(UUID(int=1))}, status=404)
        await settle(platform)
        entries = [await timeline(service, ANNA, "board_post"), await timeline(service, ANNA, "room_post"), await timeline(service, BORIS, "board_post")]
    assert (other["code"], closed["code"], wrong_room["code"]) == ("room.other_kind", "room.closed", "post.unknown")
    assert [post["id"] for post in thread] == [first["id"], answer["id"]]
    assert (hidden["text"], hidden["hidden"]) == ("", True)
    assert [len(each) for each in entries] == [1, 1, 1]
    said = entries[2][0]["data"]["properties"]
    assert (said["thread"], said["in_reply_to"], said["text"]) == (first["id"], first["id"], "By post.")


async def test_an_order_is_priced_by_the_catalogue_alone(cluster: PrivateCluster) -> None:
    """C8: a price from outside is refused, tomorrow's price does not count, the same order id is one order."""
    async with started(cluster, "interaction") as platform:
        service = await meet(platform)
        body = {"customer_id": ANNA, "currency": "EUR", "lines": [{"product_id": "lamp", "quantity": 2}, {"product_id": "bulb", "quantity": 3}], "order_id": "w1"}
        asked = await ask(service, "POST", "/orders/compose", {**body, "place": False})
        placed = [await ask(service, "POST", "/orders/compose", body) for _ in range(2)]
        await settle(platform)
        orders = (await ask(service, "GET", f"/customers/{ANNA}/orders"))["data"]
        for lines, currency, pointer in (
            ([{"product_id": "lamp", "price_minor": 1}], "EUR", "/body/lines/0/price_minor"), ([{"product_id": "old"}], "EUR", "/lines/0/product_id"),
            ([{"product_id": "lamp"}, {"product_id": "none"}], "EUR", "/lines/1/product_id"), ([{"product_id": "lamp"}], "USD", "/lines/0/product_id"),
            ([{"product_id": "lamp"}], "ZZZ", "/currency"), ([{"product_id": "lamp", "quantity": 0}], "EUR", "/body/lines/0/quantity"),
        ):
            refused = await ask(service, "POST", "/orders/compose", {**body, "lines": lines, "currency": currency}, status=422)
            assert refused["errors"][0]["pointer"] == pointer
    assert (asked["total_minor"], asked["event_id"]) == (5048, None)
    assert [line["amount_minor"] for line in asked["lines"]] == [3998, 1050]
    assert placed[0]["total_minor"] == 5048
    assert [(order["order_id"], order["paid_minor"], order["currency"]) for order in orders] == [("w1", 5048, "EUR")]


async def opened(service: TestService, **given: Any) -> dict[str, Any]:
    body = {"title": "Lamp", "currency": "EUR", "start_minor": 1000, "increment_minor": 100, "closes_at": "2999-01-01T00:00:00Z", **given}
    return await ask(service, "POST", "/auctions", body, status=201)


async def end(service: TestService, auction: str) -> None:
    async with service.service.transaction() as tx:
        await tx.db.execute("UPDATE auction SET closes_at = now() - interval '1 second' WHERE id = $1", UUID(auction))


async def test_an_auction_has_rules_and_one_winner(cluster: PrivateCluster) -> None:
    """C9: increments, no bid of the seller or upon one's own, the clock, two closers at the same time, the reserve."""
    async with started(cluster, "interaction") as platform:
        service = await meet(platform)
        auction = await opened(service, seller_id=CLEO)

        async def bid(customer: str, amount: int, status: int = 201, of: str = auction["id"]) -> dict[str, Any]:
            return await ask(service, "POST", f"/auctions/{of}/bids", {"customer_id": customer, "amount_minor": amount}, status=status)

        assert (await bid(ANNA, 999, 409))["least_minor"] == 1000
        await bid(ANNA, 1000)
        codes = [(await bid(*each, 409))["code"] for each in ((BORIS, 1099), (ANNA, 5000), (CLEO, 9000))]
        both = await asyncio.gather(*(service.call("POST", f"/api/v1/auctions/{auction['id']}/bids", json={"customer_id": BORIS, "amount_minor": 1100}) for _ in range(2)))
        kept = await opened(service, reserve_minor=5000)
        await bid(ANNA, 1000, of=kept["id"])
        later = await opened(service, opens_at=(datetime.now(UTC) + timedelta(days=1)).isoformat())
        early = await bid(ANNA, 1000, 409, of=later["id"])
        for each in (auction, kept):
            await end(service, each["id"])
        late = await bid(ANNA, 9000, 409)
        await asyncio.gather(*(commands.auctions.close_auctions(service.service) for _ in range(3)))
        sold, unsold = [await ask(service, "GET", f"/auctions/{each['id']}") for each in (auction, kept)]
        await settle(platform)
        told = await facts(platform.log, "ecrm.interaction.auction_closed.v1", AuctionClosed)
        bids = await timeline(service, BORIS, "bid")
        past = await ask(service, "POST", "/auctions", {"title": "x", "currency": "EUR", "closes_at": "2020-01-01T00:00:00Z"}, status=422)
    assert codes == ["auction.bid_too_low", "auction.own_bid", "auction.own"]
    assert sorted(answer.status for answer in both) == [201, 409]
    assert (early["code"], late["code"], past["errors"][0]["pointer"]) == ("auction.not_open", "auction.not_open", "/closes_at")
    assert (sold["state"], sold["winner_id"], sold["price_minor"]) == ("sold", BORIS, 1100)
    assert (unsold["state"], unsold["winner_id"], unsold["price_minor"]) == ("unsold", None, None)
    assert sorted((fact.auction_id, fact.sold) for fact in told) == sorted([(auction["id"], True), (kept["id"], False)])
    assert sorted(entry["data"]["properties"]["won"] for entry in bids) == [False, True]


async def test_an_agent_acts_within_its_limits_until_it_is_revoked(cluster: PrivateCluster) -> None:
    """C9: budget for orders and for bids that may win, allowed actions, expiry, revocation; orders at the same time never exceed the budget."""
    async with started(cluster, "interaction") as platform:
        service = await meet(platform)
        until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        agent = await ask(service, "POST", "/deputies", {
            "customer_id": ANNA, "name": "Bot", "actions": ["order", "bid"], "currency": "EUR", "budget_minor": 5000, "expires_at": until,
        }, status=201)

        async def act(path: str, body: Any = None, key: str = agent["key"], method: str = "POST") -> tuple[int, dict[str, Any]]:
            answer = await service.call(method, f"/deputy/{path}", json=body, headers={"x-deputy-key": key}, scopes=None)
            return answer.status, answer.json()

        lamp = {"lines": [{"product_id": "lamp"}], "currency": "EUR"}
        several = await asyncio.gather(*(act("orders", {**lamp, "order_id": str(n)}) for n in range(4)))
        auction = await opened(service)
        too_much, fits = [await act("bids", {"auction_id": auction["id"], "amount_minor": amount}) for amount in (1100, 1000)]
        promised = await act("orders", {"lines": [{"product_id": "bulb"}], "currency": "EUR"})
        await end(service, auction["id"])
        await commands.auctions.close_auctions(service.service)
        limits = await act("limits", method="GET")
        only_orders = await ask(service, "POST", "/deputies", {
            "customer_id": ANNA, "name": "Bot 2", "actions": ["order"], "currency": "USD", "budget_minor": 10, "expires_at": until,
        }, status=201)
        other = await opened(service)
        not_allowed = await act("bids", {"auction_id": other["id"], "amount_minor": 1000}, only_orders["key"])
        currency = await act("orders", lamp, only_orders["key"])
        await ask(service, "POST", f"/deputies/{agent['id']}/revoke")
        refused = [await act("orders", lamp), await act("limits", method="GET", key=agent["key"][:-1] + "x"), await act("limits", method="GET", key="nonsense")]
        listed = (await ask(service, "GET", f"/deputies?customer_id={ANNA}"))["data"]
        await settle(platform)
        orders = (await ask(service, "GET", f"/customers/{ANNA}/orders"))["data"]
    assert sorted(status for status, _ in several) == [200, 200, 403, 403]
    assert {answer["code"] for status, answer in several if status == 403} == {"deputy.over_budget"}
    assert (too_much[1]["code"], too_much[1]["left_minor"], fits[0]) == ("deputy.over_budget", 1002, 201)
    assert promised[1]["code"] == "deputy.over_budget"
    assert limits[1]["spent_minor"] == 2 * 1999 + 1000
    assert (not_allowed[1]["code"], currency[1]["code"]) == ("deputy.not_allowed", "deputy.other_currency")
    assert [(status, answer["code"]) for status, answer in refused] == [(403, "deputy.bad_key")] * 3
    assert all("key" not in each and "key_hash" not in each for each in listed)
    assert [(order["paid_minor"], order["affiliation"]) for order in orders] == [(1999, f"deputy:{agent['id']}")] * 2


async def test_customers_speak_to_each_other_on_both_timelines(cluster: PrivateCluster) -> None:
    """C10: question, answer and recommendation with both parties; told twice they are stored once."""
    async with started(cluster, "interaction") as platform:
        service = await meet(platform)
        asked = {"kind": "question", "author": "user:anna", "recipient": "user:boris", "text": "Is it bright?", "product_id": "lamp", "id": "q1"}
        first = [await ask(service, "POST", "/exchanges", asked, status=202) for _ in range(2)]
        await ask(service, "POST", "/exchanges", {"kind": "answer", "author": "user:boris", "recipient": "user:anna", "text": "Yes", "in_reply_to": "q1"}, status=202)
        await ask(service, "POST", "/exchanges", {"kind": "recommendation", "author": "user:boris", "recipient": "user:cleo", "text": "Buy it"}, status=202)
        await settle(platform)
        found = {(name, kind): await timeline(service, who, kind) for name, who in (("anna", ANNA), ("boris", BORIS), ("cleo", CLEO)) for kind in ("question", "answer", "recommendation")}
        alone = await ask(service, "POST", "/exchanges", {**asked, "recipient": "user:anna"}, status=422)
        no_question = await ask(service, "POST", "/exchanges", {**asked, "kind": "answer"}, status=422)
    assert first[0] == first[1]
    shown = {key: [(entry["data"]["properties"]["role"], entry["data"]["properties"]["other"]) for entry in entries] for key, entries in found.items() if entries}
    assert shown == {
        ("anna", "question"): [("author", "user:boris")], ("boris", "question"): [("recipient", "user:anna")],
        ("boris", "answer"): [("author", "user:anna")], ("anna", "answer"): [("recipient", "user:boris")],
        ("boris", "recommendation"): [("author", "user:cleo")], ("cleo", "recommendation"): [("recipient", "user:boris")],
    }
    assert [each["errors"][0]["pointer"] for each in (alone, no_question)] == ["/recipient", "/in_reply_to"]


async def test_signed_deliveries_become_contacts_once(cluster: PrivateCluster) -> None:
    """U13: each provider through its door; a repeated delivery is stored once, an unsigned one is refused, secrets are never shown."""
    async with started(cluster, "interaction") as platform:
        service = platform["interaction"]
        taken = {}
        for provider, sample in SAMPLES.items():
            body = {"provider": provider, "secret": SECRETS[provider], "verify_token": "vt"}
            put = await service.call("PUT", f"/api/v1/inboxes/{provider}", json=body)
            assert put.status == 200, put.json()
            assert SECRETS[provider] not in put.body.decode()
            url = put.json()["data"][0]["url"]
            headers = sign(provider, url)
            for _ in range(2):
                answer = await service.call("POST", f"/in/{provider}", body=sample.body, headers=headers, scopes=None)
                assert answer.status == 200, answer.json()
            bad = await service.call("POST", f"/in/{provider}", body=sample.body + b" ", headers=headers, scopes=None)
            assert (bad.status, bad.json()["code"]) == (403, "inbox.bad_signature")
        await settle(platform)
        async with service.service.read() as db:
            for row in await db.fetch("SELECT kind, count(*) AS count FROM interaction GROUP BY kind"):
                taken[row["kind"]] = row["count"]
        shaken = await service.call("GET", "/in/whatsapp?hub.mode=subscribe&hub.verify_token=vt&hub.challenge=42", scopes=None)
        wrong = await service.call("GET", "/in/whatsapp?hub.verify_token=no&hub.challenge=42", scopes=None)
        unknown = await service.call("POST", "/in/none", body=b"{}", scopes=None)
        writer = await service.call("PUT", "/api/v1/inboxes/x", json={"provider": "sms", "secret": "12345678"}, scopes=["interactions:write"])
        off = await service.call("PUT", "/api/v1/inboxes/sms", json={"provider": "sms", "secret": SECRETS["sms"], "active": False})
        closed = await service.call("POST", "/in/sms", body=b"", scopes=None)
    assert taken == {"chat": 2, "sms": 1, "social": 1}
    assert (shaken.status, shaken.body, wrong.status) == (200, b"42", 403)
    assert (unknown.status, writer.status, off.status, closed.status) == (404, 403, 200, 404)


def sign(provider: str, url: str) -> dict[str, str]:
    """The provider's headers for its sample, now and for the door's address."""
    from tests.unit.interaction.front_office import test_inbound_messages as samples

    body, secret = SAMPLES[provider].body, SECRETS[provider]
    if provider == "webchat":
        return samples.webchat(body, secret, datetime.now(UTC))
    if provider == "sms":
        import hashlib
        import hmac
        from urllib.parse import parse_qsl

        fields = "".join(name + value for name, value in sorted(parse_qsl(body.decode())))
        digest = hmac.new(secret.encode(), (url + fields).encode(), hashlib.sha1).digest()
        return {"x-twilio-signature": base64.b64encode(digest).decode(), "content-type": "application/x-www-form-urlencoded"}
    return samples.meta(body, secret)
