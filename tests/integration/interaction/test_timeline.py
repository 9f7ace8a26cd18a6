"""The timeline over identities, channels and messages; touch points of every kind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contracts import collection_schemas
from contracts.campaign import CampaignLaunched, MessageAccepted, MessageOpened
from launcher.embedded_postgres import PrivateCluster
from tests.integration.interaction.support import checked, settle, track
from tests.integration.interaction.test_orders import ANNA, know
from tests.support.platform import started

pytestmark = pytest.mark.asyncio

#: One valid touch point of each kind, without the common fields.
TOUCHPOINTS: dict[str, dict[str, Any]] = {
    "call": {"answered": True, "duration_s": 95, "purpose": "service"},
    "email": {"direction": "inbound", "from": "a@example.com", "to": ["shop@example.com"], "rfc_message_id": "<1@example.com>"},
    "fax": {"direction": "inbound", "number": "+4930123456", "pages": 2},
    "letter": {"direction": "outbound", "letter_date": "2026-01-05"},
    "face_to_face": {"place": "Shiraz", "duration_s": 600},
    "chat": {"direction": "inbound", "conversation_id": "c1", "text": "سلام"},
    "sms": {"direction": "outbound", "phone": "+989121234567", "text": "hello"},
    "social": {"direction": "inbound", "network": "mastodon", "handle": "@anna", "visibility": "public", "text": "nice"},
    "partner": {"partner_id": "p1", "action": "referral"},
    "salesperson": {"employee_id": "e1", "action": "visit", "learned": {"traits": {"colour": "blue"}}},
    "survey": {"survey_id": "s1", "question_id": "q1", "answer": 9, "scale": "nps"},
    "case_note": {"case_id": "k1", "note": "called back", "visibility": "internal"},
    "meeting": {"duration_s": 1800, "place": "online"},
    "form": {"form": "demo", "answers": {"name": "Anna"}},
    "lead": {"lead_id": "l1", "source": "fair"},
    "room_post": {"room": "cafe", "post_id": "p1", "text": "hello"},
    "board_post": {"room": "help", "post_id": "p2", "text": "how?"},
    "bid": {"auction_id": "a1", "amount_minor": 500, "currency": "EUR"},
    "question": {"other": "user:boris", "role": "author", "text": "does it fit?"},
    "answer": {"other": "user:boris", "role": "recipient", "text": "yes", "in_reply_to": "x1"},
    "recommendation": {"other": "user:boris", "role": "author", "text": "buy it"},
    "website": {"direction": "inbound", "page_url": "https://shop.example/help", "text": "where is my order?"},
    "other": {"direction": "inbound", "text": "a note under the door"},
    "call_centre": {"direction": "inbound", "phone": "+982112345678", "duration_s": 30},
    "marketer": {"direction": "outbound", "text": "shown the new collection"},
    "internal_system": {"direction": "inbound", "system": "warehouse"},
    "in_person": {"place": "Tabriz"},
    "catalogue": {"direction": "inbound", "catalogue": "spring"},
    "telemarketing": {"direction": "outbound", "phone": "+982112345678"},
    "direct_mail": {"direction": "outbound", "letter_date": "2026-01-05"},
    "fax_order": {"direction": "inbound", "number": "+4930123456", "order_id": "f1"},
    "web_shop": {"direction": "inbound", "order_id": "w1"},
}


async def test_every_kind_of_touch_point_is_taken_and_shown(cluster: PrivateCluster) -> None:
    """D2: purpose and initiator are stored with each, and filter."""
    assert set(TOUCHPOINTS) == set(collection_schemas.TOUCHPOINT_KINDS)
    async with started(cluster, "interaction") as platform:
        service = platform["interaction"]
        await know(platform, {"user:anna": ANNA})
        ids = {}
        for kind, fields in TOUCHPOINTS.items():
            body = {"kind": kind, "customer": "user:anna", "initiator": "customer", "sensitive": True, **fields}
            answer = await service.call("POST", "/api/v1/interactions", json=body, scopes=["interactions:write"])
            assert answer.status == 202, (kind, answer.json())
            ids[kind] = answer.json()["id"]
        by_id = {"kind": "call", "customer_id": ANNA, "initiator": "company", "answered": False, "duration_s": 0}
        await settle(platform)
        again = await service.call("POST", "/api/v1/interactions", json=by_id)
        await settle(platform)
        listed = (await service.call("GET", f"/api/v1/customers/{ANNA}/timeline?limit=100")).json()["data"]
        call = (await service.call("GET", f"/api/v1/interactions/{ids['call']}")).json()
        service_only = (await service.call("GET", f"/api/v1/customers/{ANNA}/timeline?purpose=service")).json()["data"]
        ours = (await service.call("GET", f"/api/v1/customers/{ANNA}/timeline?initiator=company")).json()["data"]
    assert {entry["id"]: entry["kind"] for entry in listed if entry["kind"] not in {"case", "order"}} == {**{id_: kind for kind, id_ in ids.items()}, again.json()["id"]: "call"}
    assert (call["channel"], call["initiator"], call["identity"], call["purpose"]) == ("call", "customer", "user:anna", "service")
    assert call["data"]["properties"]["duration_s"] == 95
    assert [entry["id"] for entry in service_only] == [ids["call"]]
    assert [entry["id"] for entry in ours] == [again.json()["id"]]


async def test_a_customer_without_events_is_found_by_id_through_the_customer_service(cluster: PrivateCluster) -> None:
    async with started(cluster, "interaction", "customer") as platform:
        made = await platform["customer"].call("POST", "/api/v1/customers", json={"identities": ["user:cleo"], "traits": {}})
        body = {"kind": "case_note", "customer_id": made.json()["id"], "initiator": "customer", **TOUCHPOINTS["case_note"]}
        answer = await platform["interaction"].call("POST", "/api/v1/interactions", json=body)
        assert answer.status == 202, answer.json()
        await settle(platform)
        listed = (await platform["interaction"].call("GET", f"/api/v1/customers/{made.json()['id']}/timeline")).json()["data"]
    assert [(entry["id"], entry["identity"]) for entry in listed] == [(answer.json()["id"], "user:cleo")]


async def test_bad_touch_points_are_refused_with_a_pointer(cluster: PrivateCluster) -> None:
    async with started(cluster, "interaction", "customer") as platform:
        service = platform["interaction"]
        cases = [
            ({"kind": "call", "customer": "user:1", "initiator": "customer", "duration_s": 1}, 422, "/answered"),
            ({"kind": "call", "customer": "user:1", "answered": True, "duration_s": 1}, 422, "/initiator"),
            ({"kind": "call", "initiator": "customer", "answered": True, "duration_s": 1}, 422, "/customer"),
            ({"kind": "call", "customer": "nobody", "initiator": "customer", "answered": True, "duration_s": 1}, 422, "/customer"),
        ]
        for body, status, pointer in cases:
            answer = await service.call("POST", "/api/v1/interactions", json=body)
            assert (answer.status, answer.json()["errors"][0]["pointer"]) == (status, pointer)
        unknown_kind = await service.call("POST", "/api/v1/interactions", json={"kind": "telepathy", "customer": "user:1"})
        unknown_customer = await service.call("POST", "/api/v1/interactions", json={"kind": "call", "customer_id": ANNA})
        no_object = await service.call("POST", "/api/v1/interactions", json=["call"])
    assert (unknown_kind.status, unknown_kind.json()["code"]) == (422, "interaction.unknown_reserved_type")
    assert (unknown_customer.status, unknown_customer.json()["code"]) == (404, "customer.unknown")
    assert no_object.status == 422


async def test_a_touch_point_posted_twice_with_its_own_id_is_one(cluster: PrivateCluster) -> None:
    body = {"id": "crm-17", "kind": "call", "customer": "user:anna", "initiator": "customer", "answered": True, "duration_s": 1}
    async with started(cluster, "interaction") as platform:
        service = platform["interaction"]
        await know(platform, {"user:anna": ANNA})
        answers = [await service.call("POST", "/api/v1/interactions", json=body) for _ in range(2)]
        await settle(platform)
        listed = (await service.call("GET", f"/api/v1/customers/{ANNA}/timeline?kind=call")).json()["data"]
    assert [entry["id"] for entry in listed] == [answers[0].json()["id"]] == [answers[1].json()["id"]]


async def test_pages_run_over_all_identities_and_messages_newest_first(cluster: PrivateCluster) -> None:
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    async with started(cluster, "interaction") as platform:
        service = platform["interaction"]
        await know(platform, {"user:anna": ANNA, "anon:a1": ANNA})
        events = [
            {**track("anna", "Seen", f"m{number}", {"n": number}), "timestamp": (begin + timedelta(hours=number)).isoformat()}
            for number in range(0, 20, 2)
        ]
        events += [
            {"type": "page", "anonymousId": "a1", "messageId": f"m{number}", "timestamp": (begin + timedelta(hours=number)).isoformat()}
            for number in range(1, 20, 2)
        ]
        await platform.log.append(checked(events))
        message: dict[str, Any] = {"message_id": "x1", "campaign_id": "c1", "customer_id": ANNA, "channel": "email"}
        async with service.service.transaction() as tx:
            tx.tell(CampaignLaunched(
                campaign_id="c1", name="Spring", channel="email", purpose="marketing", segment_id="s", planned=1, launched_at=begin,
            ))
            tx.tell(MessageAccepted(**message, at=begin + timedelta(minutes=90), permit_id="p", consent_version=1))
            tx.tell(MessageOpened(**message, at=begin + timedelta(minutes=150)))
        await settle(platform)
        seen: list[dict[str, Any]] = []
        token = ""
        while True:
            answer = (await service.call("GET", f"/api/v1/customers/{ANNA}/timeline?limit=6{token}")).json()
            seen += answer["data"]
            if answer["next_page_token"] is None:
                break
            token = f"&page_token={answer['next_page_token']}"
        between = (
            await service.call("GET", f"/api/v1/customers/{ANNA}/timeline?from=2026-01-01T01:00:00&to=2026-01-01T02:30:00Z")
        ).json()["data"]
        web = (await service.call("GET", f"/api/v1/customers/{ANNA}/timeline?kind=page&channel=web&limit=2")).json()["data"]
        nobody = await service.call("GET", "/api/v1/customers/00000000-0000-7000-8000-0000000000ff/timeline")
    moments = [entry["occurred_at"] for entry in seen]
    assert len(seen) == 22
    assert moments == sorted(moments, reverse=True)
    assert [(e["name"], e["purpose"], e["data"]["campaign"]) for e in seen if e["kind"] == "message"] == [
        ("Message opened", "marketing", "Spring"), ("Message accepted", "marketing", "Spring"),
    ]
    assert [entry["kind"] for entry in between] == ["track", "message", "page"]
    assert [entry["message_id"] for entry in web] == ["m19", "m17"]
    assert (nobody.status, nobody.json()) == (200, {"data": [], "next_page_token": None})


async def test_cases_and_orders_are_entries_too(cluster: PrivateCluster) -> None:
    """U11: one for each, at its time, filtered by kind, in pages with all else."""
    async with started(cluster, "interaction") as platform:
        service = platform["interaction"]
        await know(platform, {"user:anna": ANNA})
        goods = {"total": 20, "currency": "EUR", "products": [{"product_id": "lamp", "price": 20, "quantity": 1}]}
        await platform.log.append(checked([
            track("anna", "Order Completed", f"m{number}", {"order_id": f"o{number}", **goods}, timestamp=f"2026-02-0{number}T10:00:00Z") for number in (1, 2, 3)
        ]))
        for subject in ("A lamp is broken", "Where is it?"):
            opened = await service.call("POST", "/api/v1/cases", json={"subject": subject, "customer": "user:anna"})
            assert opened.status == 201, opened.json()
        await settle(platform)

        async def all_pages(query: str) -> list[dict[str, Any]]:
            found, token = [], ""
            while True:
                page = (await service.call("GET", f"/api/v1/customers/{ANNA}/timeline?limit=2&{query}{token}")).json()
                found += page["data"]
                if not page["next_page_token"]:
                    return found
                token = f"&page_token={page['next_page_token']}"

        everything = await all_pages("")
        assert sorted(entry["kind"] for entry in everything) == ["case"] * 2 + ["order"] * 3 + ["track"] * 3
        assert [entry["occurred_at"] for entry in everything] == sorted((entry["occurred_at"] for entry in everything), reverse=True)
        assert len({entry["id"] for entry in everything}) == 8
        assert {entry["data"]["subject"] for entry in await all_pages("kind=case")} == {"A lamp is broken", "Where is it?"}
        assert [entry["data"]["order_id"] for entry in await all_pages("kind=order")] == ["o3", "o2", "o1"]
        assert [entry["data"]["order_id"] for entry in await all_pages("kind=order&from=2026-02-02&to=2026-02-03")] == ["o2"]
        assert await all_pages("kind=order&initiator=company") == await all_pages("kind=case&purpose=sales") == []
        assert {entry["kind"] for entry in await all_pages("channel=web")} <= {"track"}
