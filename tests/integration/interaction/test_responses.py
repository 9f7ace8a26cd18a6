"""Whether, when and how customers responded to what we did."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contracts.campaign import CampaignLaunched, MessageAccepted, MessageClicked, MessageOpened
from contracts.customer import CustomersMerged
from launcher.embedded_postgres import PrivateCluster
from tests.integration.interaction.support import checked, settle, track
from tests.integration.interaction.test_orders import ANNA, BORIS, know
from tests.support.platform import TestPlatform, started

pytestmark = pytest.mark.asyncio

NOW = datetime.now(UTC).replace(microsecond=0)


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


async def fill(platform: TestPlatform) -> None:
    service = platform["interaction"]
    await know(platform, {"user:anna": ANNA, "user:boris": BORIS})

    def message(name: str, customer: str, campaign: str = "spring") -> dict[str, Any]:
        return {"message_id": name, "campaign_id": campaign, "customer_id": customer, "channel": "email"}

    async with service.service.transaction() as tx:
        tx.tell(CampaignLaunched(
            campaign_id="spring", name="Spring sale", channel="email", purpose="sales", segment_id="s", planned=3, launched_at=ago(41)
        ))
        for name, customer, days in (("m1", ANNA, 40), ("m2", ANNA, 10), ("m3", BORIS, 40), ("m4", BORIS, 3)):
            tx.tell(MessageAccepted(**message(name, customer), at=ago(days), permit_id="p", consent_version=1))
        tx.tell(MessageOpened(**message("m3", BORIS), at=ago(39), automated=True))
        tx.tell(MessageOpened(**message("m1", ANNA), at=ago(39)))
        tx.tell(MessageClicked(**message("m1", ANNA), at=ago(38.9), url="https://shop.example/"))
    await platform.log.append(checked([
        track("anna", "Order Completed", "1", {"order_id": "o1", "total": 5, "currency": "EUR"}, timestamp=ago(38).isoformat()),
        track("anna", "Order Completed", "2", {"order_id": "o2", "total": 5, "currency": "EUR"}, timestamp=ago(20).isoformat()),
        track("boris", "Order Completed", "3", {"order_id": "o3", "total": 5, "currency": "EUR"}, timestamp=ago(20).isoformat()),
    ], received_at=NOW))
    mail = {
        "kind": "email", "customer": "user:anna", "initiator": "customer", "direction": "inbound", "from": "anna@example.com", "to": ["us@shop.example"],
        "rfc_message_id": "<r@example.com>", "in_reply_to": "m2", "occurred_at": ago(9).isoformat(),
    }
    call = {
        "kind": "call", "customer": "user:boris", "initiator": "company", "answered": True, "duration_s": 60, "purpose": "sales",
        "employee_id": "e1", "occurred_at": ago(2).isoformat(),
    }
    for body in (mail, call):
        assert (await service.call("POST", "/api/v1/interactions", json=body)).status == 202
    await settle(platform)


async def test_each_act_says_whether_when_and_how_it_was_answered(cluster: PrivateCluster) -> None:
    """D4"""
    async with started(cluster, "interaction") as platform:
        await fill(platform)
        service = platform["interaction"]
        anna = (await service.call("GET", f"/api/v1/customers/{ANNA}/responses")).json()["data"]
        boris = (await service.call("GET", f"/api/v1/customers/{BORIS}/responses")).json()["data"]
        short = (await service.call("GET", f"/api/v1/customers/{ANNA}/responses?days=1&limit=1")).json()["data"]
        bad = await service.call("GET", f"/api/v1/customers/{ANNA}/responses?days=0")
    assert [(act["act_id"], act["state"], act["how"]) for act in anna] == [("m2", "responded", "replied"), ("m1", "responded", "ordered")]
    assert [each["how"] for each in anna[1]["responses"]] == ["opened", "clicked", "ordered"]
    assert datetime.fromisoformat(anna[1]["responded_at"]) == ago(39)
    assert (anna[1]["campaign"], anna[1]["purpose"]) == ("Spring sale", "sales")
    assert [(act["kind"], act["state"], act["how"]) for act in boris] == [
        ("call", "responded", "answered"), ("message", "waiting", None), ("message", "no_response", None),
    ]
    assert boris[0]["employee_id"] == "e1"
    assert [(act["act_id"], act["state"]) for act in short] == [("m2", "responded")]
    assert bad.status == 422


async def test_figures_by_campaign_follow_a_merge(cluster: PrivateCluster) -> None:
    """D4"""
    async with started(cluster, "interaction") as platform:
        await fill(platform)
        service = platform["interaction"]
        (figures,) = (await service.call("GET", "/api/v1/responses?campaign_id=spring")).json()["data"]
        (wide,) = (await service.call("GET", "/api/v1/responses?days=30")).json()["data"]
        nothing = (await service.call("GET", "/api/v1/responses?campaign_id=none")).json()["data"]
        await know(platform, {"user:boris": ANNA})
        async with service.service.transaction() as tx:
            tx.tell(CustomersMerged(
                merge_id="merge", survivor_id=ANNA, merged_id=BORIS, reason="same", identities=[], merged_at=NOW
            ))
        await settle(platform)
        (merged,) = (await service.call("GET", "/api/v1/responses?campaign_id=spring&days=30")).json()["data"]
    assert figures == {
        "campaign_id": "spring", "campaign": "Spring sale", "messages": 4, "opened": 1, "clicked": 1, "replied": 1, "ordered": 1,
        "responded": 2, "waiting": 1, "no_response": 1,
    }
    assert (wide["ordered"], wide["no_response"]) == (2, 0)
    assert merged["messages"] == 4
    assert merged["ordered"] == 2
    assert nothing == []
