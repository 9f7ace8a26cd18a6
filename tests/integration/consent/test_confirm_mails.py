"""Double opt-in to its end: a form, a system or the person's own page asks, the link comes by mail, the person confirms (U41)."""

from __future__ import annotations

import asyncio
import re
from typing import Any
from urllib.parse import urlsplit

import pytest

from contracts import links
from launcher.embedded_postgres import PrivateCluster
from tests.integration.campaign.mailbox import Mailbox, content, mailbox
from tests.integration.consent.centre import Visit, ticked
from tests.integration.interaction.front_office.test_forms import GOOD, hidden, owner, publish, send, show
from tests.support.platform import TestPlatform, started

pytestmark = pytest.mark.asyncio

TITLE = {"en": "Letter", "fa": "نامه"}
WORDING = {"en": "You may write to me.", "fa": "می‌توانید به من بنویسید."}
LETTER = {
    "purpose": "letter", "basis": "double_opt_in", "legal_basis": "consent", "channels": ["email", "sms"], "title": TITLE,
    "wording": WORDING,
}
CONSENTS = [{"purpose": "letter", "channel": "email", "version": 1, "text": {"en": "Send me the letter", "fa": "نامه را بفرستید"}}]


async def ask(platform: TestPlatform, name: str, method: str, path: str, body: Any = None, *, status: int = 200) -> Any:
    answer = await platform[name].call(method, f"/api/v1/{path}", json=body)
    assert answer.status == status, answer.body
    return answer.json() if answer.body else None


async def letter_of(platform: TestPlatform, customer: str, channel: str = "email") -> str:
    await platform.drain()
    found = (await ask(platform, "consent", "GET", f"customers/{customer}/consent"))["purposes"]
    return str(next(one for one in found if one["purpose"] == "letter")["channels"][channel]["state"])


async def mail_to(box: Mailbox, address: str, count: int = 1) -> str:
    """The HTML of the newest of `count` mails."""
    async with asyncio.timeout(60):
        while box.recipients().count(address) < count:
            await asyncio.sleep(0.05)
    return content(box.message(address), "html")


async def follow(platform: TestPlatform, html: str) -> None:
    """What the person's browser does with the link in the mail: it is led on and looks, then the button posts."""
    for place in re.findall(r'href="([^"]+/t/c/[^"]+)"', html):
        led = (await platform["campaign"].call("GET", urlsplit(place).path, scopes=None)).headers.get("location", "")
        if urlsplit(led).path.startswith("/c/"):
            break
    path = urlsplit(led).path
    assert (await platform["consent"].call("GET", path, scopes=None)).status == 200
    assert (await platform["consent"].call("POST", path, scopes=None)).status == 200


async def mails(platform: TestPlatform, state: str) -> list[dict[str, Any]]:
    return list((await ask(platform, "consent", "GET", f"consents/confirmation-mails?state={state}"))["data"])


async def test_from_the_form_the_system_and_the_own_page_to_the_confirmed_consent(cluster: PrivateCluster) -> None:
    """U41"""
    async with mailbox() as box:
        given: dict[str, dict[str, Any]] = {
            "campaign": {"smtp_url": box.url, "smtp_timeout": 5, "from_address": "desk@shop.example"}, "interaction": {"form_seconds": 0},
            "consent": {"barrier_seconds": 0.3},
        }
        async with started(cluster, "customer", "consent", "campaign", "interaction", given=given) as platform:
            await ask(platform, "consent", "POST", "purposes", LETTER, status=201)

            # a form in Persian: the mail is in Persian, and only its button makes the consent count
            service = platform["interaction"]
            await publish(service, consents=CONSENTS)
            fields = {**GOOD, "email": "anna@example.com", "consent.letter.email": "yes"}
            answered = await send(service, {**fields, **hidden(await show(service, "/f/demo?lang=fa"))})
            assert answered.status in (200, 303), answered.body
            html = await mail_to(box, "anna@example.com")
            assert 'dir="rtl"' in html and TITLE["fa"] in html and WORDING["fa"] in html
            anna = (await owner(platform, "email:anna@example.com"))["id"]
            assert await letter_of(platform, anna) == "unspoken"
            await follow(platform, html)
            assert await letter_of(platform, anna) == "granted"
            newest = (await ask(platform, "consent", "GET", f"customers/{anna}/consent"))["data"][0]
            assert (newest["source"], newest["evidence"]["asked_source"]) == ("double_opt_in", "form:demo")

            # a system's grant, twice: one mail; another one where the caller sends the link; none on a channel that is no mail
            bob = (await ask(platform, "customer", "POST", "customers", {"identities": ["email:bob@example.com"], "traits": {"email": "bob@example.com"}}, status=201))["id"]
            await platform.drain()
            grant = {"identity": "email:bob@example.com", "purpose": "letter", "channel": "email", "source": "fair"}
            await ask(platform, "consent", "POST", "consents/grants", grant, status=201)
            html = await mail_to(box, "bob@example.com")
            assert "Please confirm: Letter" in str(box.message("bob@example.com")["Subject"])
            for again in ({**grant}, {**grant, "confirm": "caller"}, {**grant, "channel": "sms"}):
                assert (await ask(platform, "consent", "POST", "consents/grants", again, status=201))["confirm_url"]
            async with asyncio.timeout(60):
                while await mails(platform, "waiting"):
                    await asyncio.sleep(0.05)
            assert [one["reason"] for one in await mails(platform, "skipped")] == ["sent_before"]
            await platform.drain()
            assert box.recipients().count("bob@example.com") == 1
            await follow(platform, html)
            assert (await letter_of(platform, bob), await letter_of(platform, bob, "sms")) == ("granted", "unspoken")

            # the own page, opened by a link that came as a short message: the mail address has still to be proven
            eve = (await ask(platform, "customer", "POST", "customers", {"identities": ["user:eve"], "traits": {"email": "eve@example.com"}}, status=201))["id"]
            await platform.drain()
            visit = Visit(platform, eve)
            consent = platform["consent"].service
            token = links.seal(consent.link_secret, links.PREFERENCES, [eve, "sms", "message-1", str(int(consent.clock.timestamp()) + 3600)])
            visit.path = f"/p/{token}"
            done = await visit.submit("choices", allow=sorted(ticked(await visit.page()) | {"letter/email", "letter/sms"}))
            assert (done.status, done.headers["location"]) == (303, "?done=confirm")
            assert "we have sent you a mail" in await visit.page("?done=confirm")
            assert (await letter_of(platform, eve), await letter_of(platform, eve, "sms")) == ("unspoken", "granted")
            await follow(platform, await mail_to(box, "eve@example.com"))
            assert await letter_of(platform, eve) == "granted"

            # whose mail it is, is what the campaign service was given; both languages' templates are there to be changed
            sent = await mails(platform, "accepted")
            assert len(sent) == 3
            assert (await ask(platform, "campaign", "GET", f"messages/{sent[0]['message_id']}"))["customer_id"] == eve
            templates = (await ask(platform, "consent", "GET", "consents/confirmation-mails/templates"))["data"]
            assert [one["language"] for one in templates] == ["en", "fa"]
            own = await ask(platform, "campaign", "POST", "templates", {
                "name": "Own", "locales": {"en": {"subject": "Own words", "body": "<mjml><mj-body><mj-section><mj-column><mj-text>{{ data.url }}</mj-text></mj-column></mj-section></mj-body></mjml>"}},
            }, status=201)
            await ask(platform, "consent", "PUT", "consents/confirmation-mails/templates/en", {"template_id": own["id"]}, status=204)
            await ask(platform, "customer", "POST", "customers", {"identities": ["user:kim"], "traits": {"email": "kim@example.com"}}, status=201)
            await platform.drain()
            await ask(platform, "consent", "POST", "consents/grants", {"identity": "user:kim", "purpose": "letter", "channel": "email", "language": "en-GB"}, status=201)
            await mail_to(box, "kim@example.com")
            assert str(box.message("kim@example.com")["Subject"]) == "Own words"
            await ask(platform, "consent", "PUT", "consents/confirmation-mails/templates/english", {"template_id": own["id"]}, status=422)
            await ask(platform, "consent", "GET", "consents/confirmation-mails?state=sent", status=422)
