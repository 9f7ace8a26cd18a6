"""Blocks, product feeds, names of senders, Jalali days, checks and test mails (U33, U34, P3, P4, C6)."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web

from launcher.embedded_postgres import PrivateCluster
from services.campaign import commands
from tests.integration.campaign.mailbox import content
from tests.integration.campaign.stage import Stage, stage

pytestmark = pytest.mark.asyncio

LOOPBACK = {"private_networks": "127.0.0.0/8"}


def mjml(text: str) -> str:
    return f"<mjml><mj-body><mj-section><mj-column><mj-text>{text}</mj-text></mj-column></mj-section></mj-body></mjml>"


async def put(play: Stage, path: str, body: Any) -> Any:
    return await play.http.call("PUT", f"/api/v1/{path}", json=body, scopes=["campaigns:write"])


async def test_blocks_and_feeds_are_filled_in_when_a_mail_is_made(cluster: PrivateCluster) -> None:
    """U34: a block in the recipient's language, offers of a feed chosen by the recipient's own profile."""
    async with stage(cluster, smtp=True) as play:
        block = await put(play, "content-blocks/greeting", {"locales": {"en": "Dear {{ customer.name }}", "fa": "{{ customer.name }} گرامی"}})
        assert (block.status, block.json()["version"]) == (200, 1)
        items = [{"name": name, "kind": kind, "url": f"https://shop.example/{name}"} for name, kind in (("Tent", "camp"), ("Pen", "desk"), ("Stove", "camp"))]
        assert (await put(play, "feeds/offers", {"items": items})).status == 200
        body = mjml(
            "{% render 'greeting' %}: {% if customer.kind == 'camp' %}outdoors{% else %}indoors{% endif %}, "
            "{% assign mine = feeds.offers | where: 'kind', customer.kind %}{% for one in mine limit: 2 %}<a href=\"{{ one.url }}\">{{ one.name }}</a> {% endfor %}"
        )
        template = await play.template(body=body, fa={"subject": "سلام", "body": body})
        await play.customer("ann@x.example", traits={"kind": "camp"})
        await play.customer("sara@x.example", name="سارا", language="fa-IR", traits={"kind": "desk"})
        await play.launched(template_id=template)
        await play.send_all()
        ann = content(play.box.message("ann@x.example"), "plain")
        sara = content(play.box.message("sara@x.example"), "html")
        assert ann.startswith("Dear Ann: outdoors, Tent")
        assert "Stove" in ann
        assert "Pen" not in ann
        assert "سارا گرامی" in sara
        assert "Pen" in sara
        assert 'dir="rtl"' in sara

        changed = await put(play, "content-blocks/greeting", {"locales": {"en": "Hi {{ customer.name }}"}})
        assert changed.json()["templates_changed"] == 1
        shown = await play.http.call("POST", f"/api/v1/templates/{template}/preview", json={"data": {"name": "Bo", "kind": "desk"}, "locale": "en"})
        assert "Hi Bo" in shown.json()["text"]
        assert "Pen" in shown.json()["text"]
        broken = await put(play, "content-blocks/greeting", {"locales": {"en": "{{ x | nothing }}"}})
        assert (broken.status, broken.json()["code"]) == (422, "template.invalid")
        assert (await play.http.call("GET", "/api/v1/content-blocks/greeting")).json()["version"] == 2
        looped = await put(play, "content-blocks/greeting", {"locales": {"en": "{% render 'greeting' %}"}})
        assert (looped.status, looped.json()["code"]) == (422, "template.block_unknown")


async def test_a_feed_is_fetched_and_keeps_its_items_when_the_shop_is_away(cluster: PrivateCluster) -> None:
    answers: list[Any] = [web.json_response([{"name": "Tent"}]), web.Response(status=500), web.Response(text="{}"), web.Response(text="[1]")]

    async def shop(_request: web.Request) -> Any:
        return answers.pop(0)

    app = web.Application()
    app.router.add_get("/offers", shop)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert site._server is not None
    url = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}/offers"  # type: ignore[attr-defined]
    try:
        async with stage(cluster, smtp=False, services=("campaign",), shared=LOOPBACK) as play:
            assert (await put(play, "feeds/offers", {"url": url, "refresh_seconds": 60})).status == 200
            for problem in (None, "status_500", "not_a_list_of_objects", "not_a_list_of_objects"):
                await commands.fetch_feeds(play.service)
                feed = (await play.http.call("GET", "/api/v1/feeds/offers")).json()
                assert (feed["items"], feed["problem"]) == ([{"name": "Tent"}], problem)
                async with play.service.transaction() as tx:
                    await tx.db.execute("UPDATE product_feed SET tried_at = NULL")
    finally:
        await runner.cleanup()


async def test_sender_offer_and_day_are_each_recipients_own(cluster: PrivateCluster) -> None:
    """P3, P4, C6: one broadcast, everything in it from the recipient's profile, in the recipient's language."""
    async with stage(cluster) as play:
        body = mjml("{{ customer.offer }} {{ customer.since | jalali }}")
        template = await play.template(subject="{{ customer.name }}: {{ customer.offer }}", body=body, fa={"subject": "{{ customer.name }}", "body": body})
        await play.customer("ann@x.example", traits={"offer": "Tent", "clerk": "Mina", "since": "2026-11-23"})
        await play.customer("sara@x.example", name="سارا", language="fa", traits={"offer": "خیمه", "clerk": "رضا", "since": "2026-03-21T10:00:00Z"})
        await play.customer("juan@x.example", name="Juan", language="es", traits={"offer": "Pen"})
        await play.launched(template_id=template, from_name="{{ customer.clerk | default: 'Shop' }} of Peyvand")
        await play.send_all()
        ann, sara, juan = (play.box.message(f"{name}@x.example") for name in ("ann", "sara", "juan"))
        assert (ann["Subject"], ann["From"].addresses[0].display_name) == ("Ann: Tent", "Mina of Peyvand")
        assert "Tent 2 Azar 1405" in content(ann, "plain")
        assert (sara["Subject"], sara["From"].addresses[0].display_name) == ("سارا", "رضا of Peyvand")
        assert "خیمه ۱ فروردین ۱۴۰۵" in content(sara, "plain")
        assert (juan["Subject"], juan["From"].addresses[0].display_name) == ("Juan: Pen", "Shop of Peyvand")


async def test_a_check_says_what_is_missing(cluster: PrivateCluster) -> None:
    """U33: variables nobody fills in, dead links, no unsubscribe link, languages nobody wrote for."""
    async with stage(cluster, smtp=False, shared=LOOPBACK) as play:
        await play.customer("ann@x.example", traits={"town": "Yazd"})
        await play.customer("bob@x.example", language="de")
        template = await play.template(body=mjml('{{ customer.town }} {{ custmer.name }} <a href="http://127.0.0.1:9/gone">x</a> {{ unsubscribe_url }}'))
        answer = await play.http.call("POST", f"/api/v1/templates/{template}/check", json={}, scopes=["campaigns:read"])
        assert answer.status == 200, answer.body
        found = {(one["check"], one["level"]): one["detail"] for one in answer.json()["findings"]}
        assert answer.json()["ok"] is False
        assert found["variable", "error"] == "custmer.name is never filled in"
        assert found["variable", "warning"].startswith("customer.town is empty for 1 of 2")
        assert "no answer" in found["link", "error"]
        assert found["language", "warning"].startswith("1 of 2 people looked at speak de")
        assert ("unsubscribe", "ok") in found
        assert ("plain_text", "ok") in found
        short = await play.http.call(
            "POST", "/api/v1/templates", json={"name": "SMS", "format": "text", "locales": {"en": {"subject": "s", "body": "Hello"}}}
        )
        answer = await play.http.call("POST", f"/api/v1/templates/{short.json()['id']}/check")
        assert ("unsubscribe", "error") in {(one["check"], one["level"]) for one in answer.json()["findings"]}


async def test_a_test_mail_goes_to_its_author_alone(cluster: PrivateCluster) -> None:
    """U33: test send."""
    async with stage(cluster, from_address="shop@peyvand.example") as play:
        template = await play.template()
        ann = await play.customer("ann@x.example")
        play.box.refuse_rcpt["full@x.example"] = "452 full"
        answer = await play.http.call(
            "POST", f"/api/v1/templates/{template}/test", json={"customer_id": ann, "to": ["me@peyvand.example", "full@x.example"]}, scopes=["campaigns:send"]
        )
        assert answer.json() == [
            {"to": "me@peyvand.example", "state": "accepted", "reason": ""}, {"to": "full@x.example", "state": "failed", "reason": "recipient_refused"}
        ]
        assert play.box.recipients() == ["me@peyvand.example"]
        assert play.box.message("me@peyvand.example")["Subject"] == "[Test] Hello Ann"
        assert await play.sql("SELECT * FROM message") == []
        many = await play.http.call("POST", f"/api/v1/templates/{template}/test", json={"to": [f"a{n}@x.example" for n in range(6)]})
        assert (many.status, many.json()["code"]) == (422, "request.invalid")
        bad = await play.http.call("POST", f"/api/v1/templates/{template}/test", json={"customer_id": ann, "to": ["nobody"]})
        assert (bad.status, bad.json()["code"]) == (422, "campaign.bad_address")


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("content-blocks/Bad Name", {"locales": {"en": "x"}}, 422, "request.invalid"),
        ("content-blocks/x", {"locales": {}}, 422, "request.invalid"),
        ("feeds/x", {}, 422, "request.invalid"),
        ("feeds/x", {"url": "http://169.254.169.254/latest"}, 422, "url.not_allowed"),
        ("feeds/x", {"url": "https://user:pass@shop.example/"}, 422, "url.not_allowed"),
    ],
)
async def test_bad_blocks_and_feeds(cluster: PrivateCluster, path: str, body: Any, status: int, code: str) -> None:
    async with stage(cluster, smtp=False, services=("campaign",)) as play:
        answer = await put(play, path.replace(" ", "%20"), body)
        assert (answer.status, answer.json()["code"]) == (status, code)
