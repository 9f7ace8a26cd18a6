"""Messages of service: answers to cases and messages about orders are handed to the campaign service, once, and what became of them is shown (C14, C1)."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chassis.clock import Clock
from contracts.campaign import MessageAccepted, MessageFailed
from launcher.embedded_postgres import PrivateCluster
from services.interaction.commands import notices
from tests.integration.interaction.desks import contact, employee, team
from tests.integration.interaction.support import checked, settle
from tests.integration.interaction.test_orders import know
from tests.support.platform import TestPlatform, TestService, started

pytestmark = pytest.mark.asyncio

ANNA = uuid.UUID("0193a000-0000-7000-8000-0000000000a1")


async def rule(service: TestService, kind: str, template: uuid.UUID | None = None) -> None:
    put = await service.call("PUT", f"/api/v1/notice-rules/{kind}", json={"template_id": str(template or uuid.uuid4())}, scopes=["interactions:write"])
    assert put.status == 200, put.json()


async def listed(service: TestService, query: str = "") -> list[dict[str, Any]]:
    answer = await service.call("GET", f"/api/v1/notices{query}", scopes=["interactions:read"])
    assert answer.status == 200, answer.json()
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


async def order(platform: TestPlatform, number: str, *, event: str = "Order Completed", at: datetime | None = None, **properties: Any) -> None:
    body = {
        "type": "track", "userId": "anna", "event": event, "messageId": uuid.uuid4().hex, "timestamp": (at or Clock().now()).isoformat(),
        "properties": {"order_id": number, **properties},
    }
    await platform.log.append(checked([body], received_at=Clock().now()))
    await settle(platform)


async def test_an_order_is_confirmed_and_a_moved_arrival_is_told_once(cluster: PrivateCluster) -> None:
    """C14"""
    async with started(cluster, "interaction") as platform:
        service = platform["interaction"]
        await know(platform, {"user:anna": str(ANNA)})
        await rule(service, "order_confirmation")
        await rule(service, "order_promise")
        soon, later = ((datetime.now(UTC) + timedelta(days=days)).date().isoformat() for days in (3, 9))
        goods: dict[str, Any] = {"total": 20, "currency": "EUR", "products": [{"product_id": "lamp", "price": 20, "quantity": 1}]}
        await order(platform, "1", promised_on=soon, **goods)
        await order(platform, "1", promised_on=soon, **goods)  # told again by somebody
        await order(platform, "1", event="Order Updated", promised_on=later)
        await order(platform, "old", at=Clock().now() - timedelta(days=30), promised_on=soon, **goods)  # history that is brought in
        found = await listed(service)
        assert sorted((each["kind"], each["about"]) for each in found) == [("order_confirmation", "1"), ("order_promise", "1")]
        async with service.service.read() as db:
            data = {row["kind"]: json.loads(row["data"]) for row in await db.fetch("SELECT kind, data FROM notice")}
        assert (data["order_confirmation"]["promised_on"], data["order_confirmation"]["paid_minor"]) == (soon, 2000)
        assert (data["order_promise"]["promised_on"], data["order_promise"]["promised_before"]) == (later, soon)
        entry = (await service.call("GET", f"/api/v1/customers/{ANNA}/timeline?kind=order")).json()["data"]
        assert [(each["data"]["order_id"], each["data"]["promised_on"]) for each in entry] == [("1", later), ("old", soon)]


async def test_without_a_rule_nothing_is_sent(cluster: PrivateCluster) -> None:
    async with started(cluster, "interaction") as platform:
        service = platform["interaction"]
        await know(platform, {"user:anna": str(ANNA)})
        await order(platform, "1", total=20, currency="EUR")
        assert await listed(service) == []
        assert (await service.call("PUT", "/api/v1/notice-rules/nonsense", json={"template_id": str(uuid.uuid4())})).status == 422


async def test_an_answer_to_a_case_waits_for_the_campaign_service_and_its_outcome_is_on_the_case(cluster: PrivateCluster) -> None:
    """C1"""
    async with started(cluster, "interaction") as platform:
        service = platform["interaction"]
        await team(service, "Desk")
        sara = await employee(service, "Sara")
        await rule(service, "case_reply")
        await contact(platform, "email", "email:ann@x.example", direction="inbound", **{"from": "ann@x.example", "to": ["help@shop.example"], "rfc_message_id": "<1@x>", "subject": "My order", "text": "Where?"})
        await settle(platform)
        await know(platform, {"email:ann@x.example": str(ANNA)})
        case = (await service.call("GET", "/api/v1/cases")).json()["data"][0]
        replied = await service.call("POST", f"/api/v1/cases/{case['id']}/replies", json={"text": "On its way.", "employee_id": sara["id"]}, scopes=["interactions:write"])
        assert replied.status == 202, replied.json()
        await settle(platform)
        await notices.hand_over(service.service)
        waiting = await listed(service, f"?about={case['id']}")
        assert [(each["kind"], each["state"], each["reason"]) for each in waiting] == [("case_reply", "waiting", "campaign_unavailable")]
        message = uuid.uuid4()
        async with service.service.transaction() as tx:
            await tx.db.execute("UPDATE notice SET state = 'accepted', message_id = $1", message)
            shared: dict[str, Any] = {"message_id": str(message), "campaign_id": str(uuid.uuid4()), "customer_id": str(ANNA), "channel": "email", "origin": "message"}
            tx.tell(MessageAccepted(**shared, at=service.service.clock.now(), permit_id="p", consent_version=1))
        await platform.drain()
        contacts = (await service.call("GET", f"/api/v1/cases/{case['id']}/contacts")).json()["data"]
        assert [(each["initiator"], each["delivery"]) for each in contacts] == [("customer", None), ("company", "sent")]
        async with service.service.transaction() as tx:
            tx.tell(MessageFailed(**shared, at=service.service.clock.now(), reason="mailbox_full"))
        await platform.drain()
        failed = (await listed(service))[0]
        assert (failed["state"], failed["reason"]) == ("failed", "mailbox_full")
        assert (await service.call("POST", f"/api/v1/notices/{failed['id']}/retry", scopes=["interactions:write"])).status == 204
        again = (await listed(service))[0]
        assert (again["state"], again["message_id"]) == ("waiting", None)
        unknown = await service.call("POST", f"/api/v1/notices/{failed['id']}/retry")
        assert (unknown.status, unknown.json()["code"]) == (404, "notice.unknown")
