"""The tables of bad input in docs/experiments.md and docs/sending.md, as far as no other test asks them: what is answered, and that nothing is kept."""

from __future__ import annotations

from typing import Any

import pytest

from chassis.ids import new_id
from launcher.embedded_postgres import PrivateCluster
from tests.integration.campaign.stage import Stage, stage

pytestmark = pytest.mark.asyncio
SITE: dict[str, Any] = {"name": "Free delivery", "placement": "basket", "locales": {"en": {"title": "Only a little more"}}}
NOWHERE = str(new_id())


async def answered(play: Stage, method: str, path: str, body: Any = None) -> tuple[int, str]:
    answer = await play.http.call(method, f"/api/v1{path}", json=body, scopes=["campaigns:read", "campaigns:write", "campaigns:send"])
    return answer.status, answer.json().get("code", "") if answer.body else ""


async def test_tests_that_cannot_be(cluster: PrivateCluster) -> None:
    async with stage(cluster, smtp=False, services=("campaign",)) as play:
        template, campaign = await play.template(), ""
        campaign = await play.campaign(template)

        def test(*names: str) -> dict[str, Any]:
            return {"name": "Subject", "campaign_id": campaign, "arms": [{"name": name, "template_id": template} for name in names]}

        invalid = 422, "request.invalid"
        for names in (("a",), ("a", "a"), ("a", "rest"), ("a", "holdout"), ("a", "control_group")):
            assert await answered(play, "POST", "/experiments", test(*names)) == invalid, names
        assert await play.sql("SELECT * FROM experiment") == []
        assert (await answered(play, "POST", "/experiments", test("a", "b")))[0] == 201
        assert await answered(play, "POST", "/experiments", test("a", "b")) == (409, "experiment.there")
        assert await answered(play, "GET", f"/experiments/{NOWHERE}") == (404, "experiment.unknown")
        assert await answered(play, "POST", f"/experiments/{NOWHERE}/decide", {"winner": "a"}) == (404, "experiment.unknown")
        for baseline, effect in (("0", "0.1"), ("1.2", "0.1"), ("0.1", "0.95"), ("x", "0.1")):
            status, code = await answered(play, "GET", f"/experiments/sample-size?baseline={baseline}&effect={effect}")
            assert (status, code) in (invalid, (422, "experiment.impossible")), (baseline, effect)
        assert await answered(play, "GET", f"/campaigns/{campaign}/report?response=smile") == (422, "report.response_unknown")


async def test_decisions_that_cannot_be(cluster: PrivateCluster) -> None:
    async with stage(cluster, smtp=False, services=("consent", "campaign")) as play:
        for link in ("javascript:alert(1)", "data:text/html,x", "ftp://shop.example/"):
            body = {**SITE, "locales": {"en": {"title": "x", "link": link}}}
            assert await answered(play, "POST", "/site-messages", body) == (422, "request.invalid"), link
        assert await answered(play, "POST", "/site-messages", {**SITE, "fallback": ["fa"]}) == (422, "request.invalid")
        assert await play.sql("SELECT * FROM site_message") == []
        for identity in ("nonsense", "email:", "unknown:x"):
            status = await answered(play, "POST", "/decisions", {"placement": "basket", "identities": [identity]})
            assert status == (422, "decision.bad_identity"), identity
        assert await answered(play, "POST", f"/decisions/{NOWHERE}/click") == (404, "decision.unknown")
        for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/figures")):
            assert await answered(play, method, f"/site-messages/{NOWHERE}{path}") == (404, "site_message.unknown"), path


async def test_what_is_not_there(cluster: PrivateCluster) -> None:
    async with stage(cluster, smtp=False, services=("campaign",)) as play:
        for path, code in (
            (f"/lists/{NOWHERE}", "list.unknown"), ("/content-blocks/nowhere", "block.unknown"), ("/feeds/nowhere", "feed.unknown"),
            (f"/messages/{NOWHERE}", "message.unknown"), (f"/templates/{NOWHERE}", "template.unknown"), (f"/campaigns/{NOWHERE}", "campaign.unknown"),
        ):
            assert await answered(play, "GET", path) == (404, code)
