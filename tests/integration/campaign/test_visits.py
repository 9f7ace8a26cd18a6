"""Opens and clicks: led to the right place only, counted for people and machines apart."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import pytest

from contracts import links
from launcher.embedded_postgres import PrivateCluster
from services.campaign import commands
from tests.integration.campaign.stage import Stage, stage

pytestmark = pytest.mark.asyncio

BROWSER = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}


async def sent(play: Stage) -> tuple[str, str, list[str], str]:
    """A sent message: campaign, customer, its click paths, its open path."""
    customer = await play.customer("ann@x.example")
    campaign = await play.launched(utm={"source": "mail"})
    await play.send_all()
    body: Any = play.box.message("ann@x.example").get_body(("html",))
    paths = [urlsplit(url).path for url in re.findall(r'https?://[^"]*/t/[co]/[\w-]+', body.get_content())]
    async with play.service.transaction() as tx:
        await tx.db.execute("UPDATE message SET handed_off_at = handed_off_at - interval '1 minute'")
    return campaign, customer, [path for path in paths if "/t/c/" in path], next(path for path in paths if "/t/o/" in path)


async def test_visits_are_counted_and_told_apart(cluster: PrivateCluster) -> None:
    async with stage(cluster) as play:
        campaign, customer, clicks, opened = await sent(play)
        await play.customer("bob@x.example")
        answer = await play.http.call("GET", clicks[0], headers=BROWSER, scopes=None)
        assert (answer.status, answer.headers["location"]) == (302, f"https://shop.example/offer?c={customer}&utm_source=mail")
        for path, headers, method in (
            (clicks[0], BROWSER, "GET"), (clicks[1], BROWSER, "GET"), (clicks[0], {"user-agent": "Barracuda"}, "GET"), (clicks[0], BROWSER, "HEAD"),
        ):
            assert (await play.http.call(method, path, headers=headers, scopes=None)).status == 302
        for headers in (BROWSER, BROWSER, {"user-agent": "GoogleImageProxy"}):
            picture = await play.http.call("GET", opened, headers=headers, scopes=None)
            assert (picture.status, picture.headers["content-type"]) == (200, "image/gif")
        report = await play.report(campaign)
        assert report["clicks"] == {"messages": 1, "visits": 3, "automated_messages": 1, "automated_visits": 2}
        assert report["opens"] == {"messages": 1, "visits": 2, "automated_messages": 1, "automated_visits": 1}
        assert (report["responded"], report["responded_automated_only"], report["click_through_rate"]) == (1, 0, 1.0)
        listed = await play.http.call("GET", f"/api/v1/customers/{customer}/messages", scopes=["campaigns:read"])
        assert [(one["opened"], one["clicked"]) for one in listed.json()["data"]] == [(True, True)]


async def test_links_lead_nowhere_else(cluster: PrivateCluster) -> None:
    async with stage(cluster) as play:
        campaign, customer, clicks, opened = await sent(play)
        secret = play.service.link_secret
        message = links.open_link(secret, commands.OPEN, opened.rpartition("/")[2])[0]
        token = clicks[0].rpartition("/")[2]
        bad = [
            token[:-2] + ("AA" if token[-2:] != "AA" else "BB"), token[:-4], "x", "A" * 5000,
            links.seal(secret, commands.OPEN, [message]),
            links.seal(secret, links.UNSUBSCRIBE, [customer, "email", "marketing", message]),
            links.seal(secret, commands.CLICK, [message, "0", "javascript:alert(1)"]),
            links.seal(secret, commands.CLICK, [message, "0", "//evil.example"]),
            links.seal(secret, commands.CLICK, [message, "0"]),
            links.seal(b"\x07" * 32, commands.CLICK, [message, "0", "https://evil.example"]),
        ]
        for each in bad:
            answer = await play.http.call("GET", f"/t/c/{each}", headers=BROWSER, scopes=None)
            assert (answer.status, answer.json()["code"]) == (410, "link.bad"), each
            assert "location" not in answer.headers
        assert (await play.http.call("GET", "/t/o/nonsense", headers=BROWSER, scopes=None)).status == 200
        report = await play.report(campaign)
        assert (report["clicks"]["visits"], report["opens"]["visits"]) == (0, 0)


async def test_a_scanner_neither_scores_nor_unsubscribes(cluster: PrivateCluster) -> None:
    """Right after the hand-off something follows every link, the unsubscribe link included."""
    async with stage(cluster) as play:
        campaign, _, clicks, opened = await sent(play)
        async with play.service.transaction() as tx:
            await tx.db.execute("UPDATE message SET handed_off_at = now()")
        for path in (*clicks, opened):
            await play.http.call("GET", path, headers=BROWSER, scopes=None)
        unsubscribe = urlsplit(play.box.message("ann@x.example")["List-Unsubscribe"].strip("<>")).path
        for method in ("GET", "HEAD"):
            await play.platform["consent"].call(method, unsubscribe, headers=BROWSER, scopes=None)
        report = await play.report(campaign)
        assert (report["responded"], report["responded_automated_only"]) == (0, 1)
        await play.launched()
        await play.send_all()
        assert len(play.box.mails) == 2
