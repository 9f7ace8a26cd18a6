"""Replies count as responses; what follows the link nobody sees is a machine, before and after it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest

from contracts import links
from launcher.embedded_postgres import PrivateCluster
from services.campaign import commands
from tests.integration.campaign.stage import stage

pytestmark = pytest.mark.asyncio

BROWSER = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}


async def test_what_follows_the_hidden_link_is_a_machine(cluster: PrivateCluster) -> None:
    """U38: a scanner that looks like a browser, comes late and follows every link: its clicks are taken out again, later ones never count."""
    async with stage(cluster) as play:
        await play.customer("ann@x.example")
        campaign = await play.launched()
        await play.send_all()
        body: Any = play.box.message("ann@x.example").get_body(("html",))
        html = body.get_content()
        paths = [urlsplit(url).path for url in re.findall(r'https?://[^"]*/t/c/[\w-]+', html)]
        numbers = {path: links.open_link(play.service.link_secret, commands.CLICK, path.rpartition("/")[2])[1] for path in paths}
        hidden = next(path for path, number in numbers.items() if number == "-9")
        assert re.search(rf'<a href="[^"]*{hidden}" style="display:none" aria-hidden="true" tabindex="-1"></a>', html)
        async with play.service.transaction() as tx:
            await tx.db.execute("UPDATE message SET handed_off_at = handed_off_at - interval '1 hour'")
        real = [path for path in paths if path != hidden]
        await play.http.call("GET", real[0], headers=BROWSER, scopes=None)
        assert (await play.report(campaign))["clicks"]["messages"] == 1
        await play.http.call("GET", hidden, headers=BROWSER, scopes=None)
        await play.http.call("GET", real[1], headers=BROWSER, scopes=None)
        report = await play.report(campaign)
        assert (report["clicks"]["messages"], report["clicks"]["automated_visits"], report["responded"]) == (0, 2, 0)
        async with play.service.transaction() as tx:
            await tx.db.execute("UPDATE engagement SET last_at = last_at - interval '10 minutes'")
        await play.http.call("GET", real[1], headers=BROWSER, scopes=None)
        assert (await play.report(campaign))["clicks"]["messages"] == 1


async def test_a_reply_is_a_response(cluster: PrivateCluster) -> None:
    """U38, C11: answers to a campaign's mail are counted once."""
    async with stage(cluster) as play:
        await play.customer("ann@x.example")
        await play.customer("bob@x.example")
        campaign = await play.launched()
        await play.send_all()
        ids = [str(row["id"]) for row in await play.sql("SELECT id FROM message ORDER BY id")]
        for message_id in (ids[0], ids[0], str(UUID(int=5))):
            async with play.service.transaction() as tx:
                await commands.note_reply(tx, message_id=message_id, at=datetime.now(UTC))
        report = await play.report(campaign)
        assert (report["outcome"]["channels"][0]["responders"]["reply"], report["responded"]) == (1, 1)
        answer = await play.http.call("GET", f"/api/v1/campaigns/{campaign}/report?response=reply", scopes=["campaigns:read"])
        assert answer.json()["outcome"]["effective"] == 1
