"""Forms as visitors meet them (U40): pages, checks, and what a submission becomes."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import html
import re
from typing import Any
from urllib.parse import urlencode

import pytest

from chassis.peers import Answer
from contracts.interaction import ConsentSignalSeen
from launcher.embedded_postgres import PrivateCluster
from tests.integration.interaction.support import facts, settle
from tests.support.platform import TestPlatform, TestService, started

pytestmark = pytest.mark.asyncio

FORM: dict[str, Any] = {
    "title": {"en": "Ask for a demo", "fa": "درخواست نمایش"},
    "intro": {"en": "We call you **within a day**. <script>alert(1)</script>", "fa": "در یک روز با شما تماس می‌گیریم."},
    "thanks": {"en": "Thank you, *really*."},
    "fields": [
        {"name": "name", "type": "text", "label": {"en": "Name", "fa": "نام"}, "trait": "name"},
        {"name": "email", "type": "email", "label": {"en": "E-mail", "fa": "ایمیل"}, "required": True, "help": {"en": "For the answer"}},
        {"name": "phone", "type": "phone", "label": {"en": "Telephone", "fa": "تلفن"}},
        {
            "name": "size", "type": "select", "label": {"en": "Size", "fa": "اندازه"},
            "options": [{"value": "s", "label": {"en": "Small", "fa": "کوچک"}}, {"value": "l", "label": {"en": "Large", "fa": "بزرگ"}}],
        },
        {"name": "wishes", "type": "textarea", "label": {"en": "Wishes", "fa": "خواسته‌ها"}},
    ],
    "consents": [{"purpose": "marketing", "channel": "email", "version": 3, "text": {"en": "Send me news", "fa": "خبرها را بفرستید"}}],
    "lead": {"source": "web", "score": 40},
}
GOOD = {"name": "Anna", "email": "Anna@example.com", "phone": "+49 30 123456", "size": "l", "wishes": "a <b>bold</b> one", "consent.marketing.email": "yes"}
QUICK = {"interaction": {"form_seconds": 0}}


async def publish(service: TestService, slug: str = "demo", **changes: Any) -> None:
    put = await service.call("PUT", f"/api/v1/forms/{slug}", json={**FORM, **changes}, scopes=["interactions:write"])
    assert put.status == 200, put.json()
    done = await service.call("POST", f"/api/v1/forms/{slug}/publish", json={}, scopes=["interactions:write"])
    assert (done.status, done.json()["published"]) == (200, put.json()["version"])


async def show(service: TestService, path: str = "/f/demo", **headers: str) -> Answer:
    return await service.call("GET", path, scopes=None, headers=headers)


def hidden(page: Answer) -> dict[str, str]:
    found = re.search(r'name="page" value="([^"]+)"', page.body.decode())
    assert found is not None
    return {"page": found.group(1)}


async def send(service: TestService, fields: dict[str, str], path: str = "/f/demo", **headers: str) -> Answer:
    return await service.call(
        "POST", path, body=urlencode(fields).encode(), headers={"content-type": "application/x-www-form-urlencoded", **headers}, scopes=None
    )


async def owner(platform: TestPlatform, identity: str) -> dict[str, Any]:
    found = (await platform["customer"].call("GET", f"/api/v1/customers?identity={identity}")).json()["data"]
    assert len(found) == 1
    customer: dict[str, Any] = found[0]
    return customer


async def test_a_submission_becomes_everything_at_once_and_once(cluster: PrivateCluster) -> None:
    """U40: interaction, traits, lead and consent with its text's version; sent twice at the same time it counts once."""
    async with started(cluster, "interaction", "customer", given=QUICK) as platform:
        service = platform["interaction"]
        await publish(service)
        page = await show(service, "/f/demo?utm_campaign=spring", **{"accept-language": "fa;q=0.3, en"})
        fields = {**GOOD, **hidden(page)}
        both = await asyncio.gather(send(service, fields), send(service, fields))
        await settle(platform)
        customer = await owner(platform, "email:anna@example.com")
        timeline = (await service.call("GET", f"/api/v1/customers/{customer['id']}/timeline?kind=form")).json()["data"]
        leads = (await service.call("GET", "/api/v1/leads")).json()["data"]
        told = await facts(platform.log, "ecrm.interaction.consent_signal_seen.v1", ConsentSignalSeen)
        corrected = await send(service, {**fields, "wishes": "none"})
        await settle(platform)
        entries = (await service.call("GET", f"/api/v1/customers/{customer['id']}/timeline?kind=form")).json()["data"]
        leads_after = (await service.call("GET", "/api/v1/leads")).json()["data"]
    assert [(answer.status, answer.headers["location"]) for answer in both] == [(303, "/f/demo/thanks?lang=en")] * 2
    assert len(timeline) == 1
    said = timeline[0]["data"]["properties"]
    assert said["answers"] == {"name": "Anna", "email": "Anna@example.com", "phone": "+4930123456", "size": "l", "wishes": "a <b>bold</b> one"}
    assert (said["campaign_id"], said["language"], timeline[0]["initiator"]) == ("spring", "en", "customer")
    assert [(lead["source"], lead["campaign"], lead["score"], lead["interaction_id"], lead["contact"]["email"]) for lead in leads] == [
        ("web", "spring", 40, timeline[0]["id"], "Anna@example.com")
    ]
    assert [(fact.signal, fact.purpose, fact.channel, fact.wording, fact.language) for fact in told] == [("granted", "marketing", "email", 3, "en")]
    assert told[0].evidence["text_sha256"] == hashlib.sha256(b"Send me news").hexdigest()
    assert customer["traits"]["name"] == "Anna"
    assert (corrected.status, len(entries), len(leads_after)) == (303, 2, 1)


async def test_faults_stand_beside_their_fields_and_nothing_typed_is_lost(cluster: PrivateCluster) -> None:
    """U40: in English and Persian, without a script, escaped."""
    async with started(cluster, "interaction", given=QUICK) as platform:
        service = platform["interaction"]
        await publish(service)
        fa = await show(service, "/f/demo?lang=fa")
        bad = {**GOOD, "email": "nobody", "name": '"><script>x</script>', **hidden(fa)}
        answer = await send(service, bad, "/f/demo?lang=fa")
        text = answer.body.decode()
        mended = await send(service, {**bad, "email": "anna@example.com", **hidden(answer)})
        thanks = await show(service, "/f/demo/thanks?lang=fa")
        english = (await show(service, "/f/demo/thanks?lang=en")).body.decode()
    assert (answer.status, answer.headers["content-language"]) == (422, "fa")
    assert '<html lang="fa" dir="rtl">' in text
    assert re.search(r'id="f-email-fault">این نشانی ایمیل درست نیست', text)
    assert re.search(r'id="f-email"[^>]*value="nobody"[^>]*aria-invalid="true" aria-describedby="f-email-fault"', text)
    assert html.escape('"><script>x</script>', quote=True).replace("&quot;", "&#34;") in text
    assert "<script>x" not in text
    assert '<option value="l" selected>' in text
    assert "a &lt;b&gt;bold" in text
    assert (mended.status, mended.headers["location"]) == (303, "/f/demo/thanks?lang=fa")
    assert "سپاسگزاریم" in thanks.body.decode()
    assert "Thank you, <em>really</em>." in english


async def test_pages_are_strict_and_accessible(cluster: PrivateCluster) -> None:
    """U40: a content security policy with hashes only, a label for each field, both languages, 404 in the reader's own."""
    async with started(cluster, "interaction", given=QUICK) as platform:
        service = platform["interaction"]
        missing = await show(service, "/f/none", **{"accept-language": "fa"})
        await publish(service)
        page = await show(service)
        text = page.body.decode()
        put = await service.call("PUT", "/api/v1/forms/demo", json={**FORM, "title": {"en": "New", "fa": "نو"}})
        unpublished = (await show(service)).body.decode()
        await service.call("POST", "/api/v1/forms/demo/withdraw")
        gone = await show(service)
        sent = await send(service, {**GOOD, **hidden(page)})
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for kind in ("style", "script"):
        content = re.search(rf"<{kind}>(.*?)</{kind}>", text, re.DOTALL)
        assert content is not None
        assert f"sha256-{base64.b64encode(hashlib.sha256(content.group(1).encode()).digest()).decode()}" in policy
    assert "&lt;script&gt;alert(1)" in text
    for name in ("name", "email", "phone", "size", "wishes", "consent-marketing-email"):
        assert f'for="f-{name}"' in text
    assert 'hreflang="fa"' in text
    assert (missing.status, "چنین صفحه‌ای" in missing.body.decode()) == (404, True)
    assert put.json()["version"] == 2
    assert "Ask for a demo" in unpublished
    assert (gone.status, sent.status) == (404, 404)


async def test_programs_are_held_up_and_people_are_told_how_to_go_on(cluster: PrivateCluster) -> None:
    """U40: the trap, the clock, the seal and the number of submissions; each says what to do, and work done in the browser only helps."""
    settings = {"interaction": {"form_seconds": 1, "form_submissions": 2}}
    async with started(cluster, "interaction", given=settings) as platform:
        service = platform["interaction"]
        await publish(service)
        page = await show(service)
        fast = await send(service, {**GOOD, **hidden(page)})
        forged = await send(service, {**GOOD, "page": "AQ"})
        trapped = await send(service, {**GOOD, **hidden(page), "homepage": "https://spam.example"})
        await asyncio.sleep(1.1)
        taken = [(await send(service, {**GOOD, "wishes": str(n), **hidden(page)}, **{"x-ecrm-client-ip": "192.0.2.1"})).status for n in range(4)]
        nonce = re.search(r'data-nonce="([^"]+)" data-bits="16"', page.body.decode())
        assert nonce is not None
        work = next(n for n in range(2_000_000) if hashlib.sha256(f"{nonce.group(1)}:{n}".encode()).digest()[:2] == b"\x00\x00")
        worked = await send(service, {**GOOD, **hidden(page), "work": str(work)}, **{"x-ecrm-client-ip": "192.0.2.1"})
        elsewhere = await send(service, {**GOOD, **hidden(page)}, **{"x-ecrm-client-ip": "192.0.2.2"})
        large = await send(service, {**GOOD, "wishes": "x" * 200_000, **hidden(page)})
    assert [(answer.status, phrase in answer.body.decode()) for answer, phrase in (
        (fast, "wait two seconds"), (forged, "open for long"), (trapped, "Leave this empty"),
    )] == [(422, True)] * 3
    assert 'value="Anna"' in forged.body.decode()
    assert hidden(forged) != {"page": "AQ"}
    assert taken == [303, 303, 429, 429]
    assert (worked.status, elsewhere.status, large.status) == (303, 303, 413)


async def test_bad_definitions_are_refused_with_a_pointer(cluster: PrivateCluster) -> None:
    async with started(cluster, "interaction") as platform:
        service = platform["interaction"]
        for changes, pointer in (
            ({"fields": FORM["fields"][:1]}, "/fields"), ({"title": {"de": "x"}}, "/body/title/de/[key]"), ({"fields": []}, "/body/fields"),
            ({"fields": [{**FORM["fields"][1], "label": {"en": "E"}}]}, "/fields/0/label"), ({"html": "<b>"}, "/body/html"),
        ):
            answer = await service.call("PUT", "/api/v1/forms/demo", json={**FORM, **changes})
            assert (answer.status, answer.json()["errors"][0]["pointer"]) == (422, pointer)
        unknown = [await service.call("GET", "/api/v1/forms/none"), await service.call("POST", "/api/v1/forms/none/publish", json={})]
    assert [(answer.status, answer.json()["code"]) for answer in unknown] == [(404, "form.unknown")] * 2
