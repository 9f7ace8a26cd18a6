"""An answer to a case and messages about an order go out through the campaign service, and what the customer writes back finds its case (C1, C14)."""

from __future__ import annotations

import asyncio
import email
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.policy import default
from typing import Any

import pytest

from chassis.clock import Clock
from launcher.embedded_postgres import PrivateCluster
from tests.integration.campaign.mailbox import Mailbox, mailbox
from tests.integration.interaction.desks import employee, team
from tests.integration.interaction.mail import DOMAIN, KNOBS, deliver, mail, port_of
from tests.integration.interaction.support import checked
from tests.support.platform import TestPlatform, started

pytestmark = pytest.mark.asyncio

TEXT = "<mjml><mj-body><mj-section><mj-column><mj-text>{{ data.text }}{% if data.order_id %}Order {{ data.order_id }} arrives on {{ data.promised_on }}{% if data.promised_before %} instead of {{ data.promised_before }}{% endif %}.{% endif %}</mj-text></mj-column></mj-section></mj-body></mjml>"


@asynccontextmanager
async def company(cluster: PrivateCluster) -> AsyncIterator[tuple[TestPlatform, Mailbox]]:
    async with mailbox() as box:
        given = {"campaign": {"smtp_url": box.url, "smtp_timeout": 5, "from_address": "desk@shop.example"}, "interaction": KNOBS}
        async with started(cluster, "customer", "consent", "campaign", "interaction", given=given, shared={"mail_domain": DOMAIN}) as platform:
            made = await platform["campaign"].call(
                "POST", "/api/v1/templates",
                json={"name": "Service", "locales": {"en": {"subject": "{{ data.subject | default: 'Your order' }}", "body": TEXT}}},
            )
            assert made.status == 201, made.json()
            for kind in ("case_reply", "order_confirmation", "order_promise"):
                put = await platform["interaction"].call("PUT", f"/api/v1/notice-rules/{kind}", json={"template_id": made.json()["id"]})
                assert put.status == 200, put.json()
            yield platform, box


async def ann(platform: TestPlatform) -> str:
    answer = await platform["customer"].call("POST", "/api/v1/customers", json={"identities": ["user:ann", "email:ann@x.example"], "traits": {"email": "ann@x.example"}})
    assert answer.status == 201, answer.body
    await platform.drain()
    return str(answer.json()["id"])


async def came(box: Mailbox, count: int) -> None:
    async with asyncio.timeout(30):
        while len(box.mails) < count:
            await asyncio.sleep(0.05)


def text_of(box: Mailbox, number: int) -> str:
    """The plain text of a mail, its lines joined."""
    part = email.message_from_bytes(box.mails[number][1], policy=default).get_body(("plain",))
    assert part is not None
    return " ".join(str(part.get_content()).split())


async def test_an_answer_goes_out_and_what_is_written_back_belongs_to_the_case(cluster: PrivateCluster) -> None:
    """C1, C11"""
    async with company(cluster) as (platform, box):
        service = platform["interaction"]
        await team(service, "Desk")
        sara = await employee(service, "Sara")
        await ann(platform)
        await deliver(port_of(platform), mail("Where is my order?", subject="My order"))
        await platform.drain()
        case = (await service.call("GET", "/api/v1/cases")).json()["data"][0]
        replied = await service.call("POST", f"/api/v1/cases/{case['id']}/replies", json={"text": "It is on its way.", "employee_id": sara["id"]})
        assert replied.status == 202, replied.json()
        await came(box, 1)
        sent = box.message("ann@x.example")
        assert f"[#{case['number']}]" in str(sent["Subject"])
        assert "It is on its way." in text_of(box, 0)
        assert str(sent["Reply-To"]) == "help@shop.example"
        await platform.drain()
        contacts = (await service.call("GET", f"/api/v1/cases/{case['id']}/contacts")).json()["data"]
        assert [(each["initiator"], each["delivery"]) for each in contacts] == [("customer", None), ("company", "sent")]
        answer = mail("Thank you", subject=f"Re: {sent['Subject']}", message_id="<2@x.example>", In_Reply_To=str(sent["Message-ID"]))
        await deliver(port_of(platform), answer)
        await platform.drain()
        contacts = (await service.call("GET", f"/api/v1/cases/{case['id']}/contacts")).json()["data"]
        assert sorted(each["initiator"] for each in contacts) == ["company", "customer", "customer"]
        assert len((await service.call("GET", "/api/v1/cases")).json()["data"]) == 1
        assert len(box.mails) == 1


async def test_a_web_order_from_the_goods_to_the_moved_arrival(cluster: PrivateCluster) -> None:
    """C14: see the goods, order, get the confirmation, know the day of arrival, be told when it changes."""
    async with company(cluster) as (platform, box):
        service = platform["interaction"]
        customer = await ann(platform)
        put = await service.call("PUT", "/api/v1/products/lamp", json={"name": "Lamp", "prices": [{"currency": "EUR", "valid_from": "2026-01-01", "price": "25.00"}]})
        assert put.status == 200, put.json()
        goods = (await service.call("GET", "/api/v1/products?q=lamp")).json()["data"]
        assert [(each["product_id"], each["name"]) for each in goods] == [("lamp", "Lamp")]
        soon, later = ((datetime.now(UTC) + timedelta(days=days)).date().isoformat() for days in (3, 9))

        async def tell(event: str, **properties: Any) -> None:
            body = {"type": "track", "userId": "ann", "event": event, "messageId": uuid.uuid4().hex, "timestamp": Clock().now().isoformat(), "properties": {"order_id": "4711", **properties}}
            await platform.log.append(checked([body], received_at=Clock().now()))
            await platform.drain()

        await tell("Order Completed", total=25, currency="EUR", products=[{"product_id": "lamp", "price": 25, "quantity": 1}], promised_on=soon)
        await came(box, 1)
        assert f"Order 4711 arrives on {soon}." in text_of(box, 0)
        shown = (await service.call("GET", "/api/v1/orders/4711")).json()
        assert shown["promised_on"] == soon
        await tell("Order Updated", promised_on=later)
        await came(box, 2)
        assert f"Order 4711 arrives on {later} instead of {soon}." in text_of(box, 1)
        await platform.drain()
        entries = (await service.call("GET", f"/api/v1/customers/{customer}/timeline")).json()["data"]
        assert {"order", "message"} <= {entry["kind"] for entry in entries}
        states = {(each["kind"], each["state"]) for each in (await service.call("GET", "/api/v1/notices?about=4711")).json()["data"]}
        assert states == {("order_confirmation", "sent"), ("order_promise", "sent")}
