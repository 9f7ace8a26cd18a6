"""D18: a payment card number comes in through no door: what asks is refused, what cannot be refused is kept with the number replaced."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest

from chassis.clock import Clock
from launcher.embedded_postgres import PrivateCluster
from tests.integration.interaction.desks import employee, made
from tests.integration.interaction.front_office.test_forms import hidden, publish, send, show
from tests.integration.interaction.mail import deliver, mail, mail_platform, port_of
from tests.integration.interaction.support import read_all, settle
from tests.support.platform import TestPlatform, TestService

pytestmark = pytest.mark.asyncio

CARD, SPOKEN = "4111111111111111", "4111 1111 1111 1111"
#: As text, and as the hexadecimal digits in which bytes are shown.
PATTERNS = [f"%{each}%" for number in (CARD, SPOKEN) for each in (number, number.encode().hex())]
TOPICS = ("ecrm.collected", "ecrm.interaction", "ecrm.interaction.facts", "ecrm.customer", "ecrm.state.profile")


async def traces(platform: TestPlatform) -> list[str]:
    """Where the number stands in databases and log, whatever the type of the column."""
    found = []
    for name, service in platform.services.items():
        async with service.service.read() as db:
            tables = [row[0] for row in await db.fetch("SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace")]
            found += [f"{name}.{table}" for table in tables if await db.fetchval(f'SELECT EXISTS (SELECT FROM "{table}" t WHERE t::text LIKE ANY($1::text[]))', PATTERNS)]
    for topic in TOPICS:
        records = await read_all(platform.log, topic)
        found += [topic for record in records if any(number.encode() in (record.value or b"") + record.key for number in (CARD, SPOKEN))]
    return found


async def refused(service: TestService, method: str, path: str, body: dict[str, Any], *, pointer: str) -> None:
    answer = await service.call(method, f"/api/v1/{path}", json=body)
    assert (answer.status, answer.json().get("code")) == (422, "request.card_number"), (path, answer.json())
    assert answer.json()["errors"][0]["pointer"] == pointer, path
    assert CARD not in answer.body.decode() and SPOKEN not in answer.body.decode()


async def test_no_door_takes_one(cluster: PrivateCluster) -> None:
    async with mail_platform(cluster, "interaction", "customer", form_seconds=0) as platform:
        service, people = platform["interaction"], platform["customer"]
        sara = await employee(service, "Sara")
        case = await made(service, "cases", {"subject": "A lamp"})
        said = f"my card is {SPOKEN}, please"
        await refused(service, "POST", "cases", {"subject": said}, pointer="/subject")
        await refused(service, "PATCH", f"cases/{case['id']}", {"tags": ["x", CARD]}, pointer="/tags/1")
        await refused(service, "POST", f"cases/{case['id']}/notes", {"content": said}, pointer="/content")
        await refused(service, "POST", f"cases/{case['id']}/replies", {"kind": "call", "text": said, "fields": {"customer": "user:1"}}, pointer="/text")
        await refused(service, "POST", "tasks", {"kind": "call", "title": said}, pointer="/title")
        await refused(service, "PATCH", f"employees/{sara['id']}", {"name": CARD}, pointer="/name")
        await refused(service, "POST", "leads", {"title": "x", "source": "web", "contact": {"name": said}}, pointer="/contact/name")
        await refused(people, "POST", "customers", {"identities": ["user:1"], "traits": {"hints": ["a", {"card": CARD}]}}, pointer="/traits/hints/1/card")
        await refused(people, "POST", "customers", {"identities": [f"user:{CARD}"]}, pointer="/identities/0")
        anna = (await people.call("POST", "/api/v1/customers", json={"identities": ["user:anna"], "traits": {"card_token": "tok_4111", "phone": "+491511234567"}})).json()["id"]
        patched = await people.call("PATCH", f"/api/v1/customers/{anna}", json={"traits": {"remark": said}}, headers={"if-match": "*"})
        assert (patched.status, patched.json()["code"]) == (422, "request.card_number")
        await refused(people, "POST", f"customers/{anna}/needs", {"text": said}, pointer="/text")
        await refused(service, "POST", f"customers/{anna}/notes", {"kind": "habit", "content": said}, pointer="/content")
        touch = await service.call("POST", "/api/v1/interactions", json={"kind": "call", "customer": "user:anna", "initiator": "customer", "transcript": said})
        assert (touch.status, touch.json()["code"]) == (422, "interaction.card_number")
        await publish(service)
        page = hidden(await show(service))
        answer = await send(service, {**page, "name": "Anna", "email": "anna@x.example", "wishes": said})
        assert answer.status == 422 and "card number" in answer.body.decode()
        persian = await send(service, {**page, "name": "Anna", "email": "anna@x.example", "wishes": CARD.translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"))})
        assert persian.status == 422
        await settle(platform)
        assert await traces(platform) == []


async def test_a_mail_is_kept_with_the_number_replaced(cluster: PrivateCluster) -> None:
    async with mail_platform(cluster) as platform:
        boundary = "b1"
        raw = mail(
            f"--{boundary}\r\nContent-Type: text/plain\r\n\r\nPlease take {SPOKEN} for it.\r\n"
            f"--{boundary}\r\nContent-Type: text/csv; name=cards.csv\r\nContent-Disposition: attachment; filename=cards.csv\r\n\r\nname,card\r\nAnn,{CARD}\r\n--{boundary}--",
            subject=f"Card {SPOKEN}",
        ).replace(b"text/plain; charset=utf-8\r\n\r\n--", f'multipart/mixed; boundary="{boundary}"\r\n\r\n--'.encode(), 1)
        assert (await deliver(port_of(platform), raw)).startswith("2.0.0")
        await settle(platform)
        async with platform["interaction"].service.read() as db:
            told = json.loads(await db.fetchval("SELECT record FROM interaction WHERE kind = 'email'"))["personal"]["properties"]
            file = bytes(await db.fetchval("SELECT content FROM attachment"))
        assert told["text"].strip() == "Please take [card …1111] for it."
        assert told["subject"] == "Card [card …1111]"
        assert told["reading_notes"] == ["card_number_masked"]
        assert [each["name"] for each in told["attachments"]] == ["cards.csv"]
        assert file.decode().splitlines() == ["name,card", "Ann,[card …1111]"]
        assert await traces(platform) == []


async def test_a_message_of_a_provider_is_kept_with_the_number_replaced(cluster: PrivateCluster) -> None:
    secret = b"key-of-24-bytes-long"
    async with mail_platform(cluster) as platform:
        service = platform["interaction"]
        await service.call("PUT", "/api/v1/inboxes/chat", json={"provider": "webchat", "secret": "whsec_" + base64.b64encode(secret).decode()})
        body = json.dumps({"id": "m1", "visitor": "anon:v1", "conversation_id": "c1", "text": f"take {SPOKEN}"}).encode()
        moment = str(int(Clock().timestamp()))
        signed = base64.b64encode(hmac.digest(secret, b"m1." + moment.encode() + b"." + body, hashlib.sha256)).decode()
        headers = {"webhook-id": "m1", "webhook-timestamp": moment, "webhook-signature": f"v1,{signed}", "content-type": "application/json"}
        answer = await service.call("POST", "/in/chat", body=body, headers=headers, scopes=None)
        assert answer.status == 200, answer.json()
        await settle(platform)
        async with service.service.read() as db:
            told = json.loads(await db.fetchval("SELECT record FROM interaction"))["personal"]["properties"]
        assert (told["text"], told["card_number_masked"]) == ("take [card …1111]", True)
        assert await traces(platform) == []
