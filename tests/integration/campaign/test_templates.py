"""Templates over HTTP: versions, previews, refusals."""

from __future__ import annotations

from typing import Any

import pytest

from launcher.embedded_postgres import PrivateCluster
from tests.integration.campaign.stage import BODY, FA_BODY, stage

pytestmark = pytest.mark.asyncio

WRITE = ["campaigns:write"]


def document(**locales: Any) -> dict[str, Any]:
    return {"name": "T", "locales": locales, "fallback": list(locales)[:1]}


async def test_templates_are_written_versioned_and_previewed(cluster: PrivateCluster) -> None:
    async with stage(cluster, smtp=False) as play:
        made = await play.http.call(
            "POST", "/api/v1/templates", scopes=WRITE,
            json=document(en={"subject": "Hi {{ customer.name }}", "body": BODY}, fa={"subject": "سلام {{ customer.name }}", "body": FA_BODY}),
        )
        assert made.status == 201, made.body
        path = f"/api/v1/templates/{made.json()['id']}"
        sara = await play.customer("sara@x.example", name="سارا", language="fa")
        preview = await play.http.call("POST", path + "/preview", json={"customer_id": sara}, scopes=["campaigns:read"])
        assert preview.status == 200, preview.body
        assert (preview.json()["locale"], preview.json()["subject"]) == ("fa", "سلام سارا")
        assert "۱٬۲۹۹" in preview.json()["html"]
        sample = await play.http.call("POST", path + "/preview", json={"data": {"name": "<Bob>", "id": 7}, "locale": "en"}, scopes=WRITE)
        assert sample.json()["subject"] == "Hi <Bob>"
        assert "&lt;Bob&gt;" in sample.json()["html"]

        changed = await play.http.call("PUT", path, json=document(en={"subject": "New {{ customer.town }}", "body": BODY}), scopes=WRITE)
        assert changed.json()["version"] == 2
        strict = await play.http.call("POST", path + "/preview", json={"data": {"name": "Bob"}}, scopes=WRITE)
        assert (strict.status, strict.json()["code"]) == (422, "template.error")
        assert "town" in strict.json()["detail"]
        old = await play.http.call("GET", path + "?version=1", scopes=WRITE)
        assert sorted(old.json()["locales"]) == ["en", "fa"]
        listed = await play.http.call("GET", "/api/v1/templates?limit=1", scopes=WRITE)
        assert (len(listed.json()["data"]), listed.json()["next_page_token"]) == (1, None)


@pytest.mark.parametrize(
    ("subject", "body", "code", "pointer"),
    [
        ("s", "<html>", "template.invalid", "/locales/en/body"),
        ("{{ x", BODY, "template.invalid", "/locales/en/subject"),
        ("s", BODY.replace("Hello", '{{ "a"' + " | upcase" * 30 + " }}"), "template.limit", "/locales/en/body"),
        ("s", BODY.replace("Hello", "<script>x</script>"), "template.invalid", "/locales/en/body"),
    ],
)
async def test_bad_templates_say_where(cluster: PrivateCluster, subject: str, body: str, code: str, pointer: str) -> None:
    async with stage(cluster, smtp=False, services=("campaign",)) as play:
        answer = await play.http.call("POST", "/api/v1/templates", json=document(en={"subject": subject, "body": body}), scopes=WRITE)
        assert (answer.status, answer.json()["code"], answer.json()["errors"][0]["pointer"]) == (422, code, pointer), answer.body
        assert not await play.sql("SELECT FROM template")


async def test_who_may_what(cluster: PrivateCluster) -> None:
    async with stage(cluster, smtp=False) as play:
        campaign = await play.campaign()
        unknown = "0191b000-0000-7000-8000-000000000000"
        cases = [
            ("POST", "/api/v1/templates", ["campaigns:read"], 403), ("GET", "/api/v1/templates", ["customers:read"], 403),
            ("GET", "/api/v1/templates", None, 401), ("POST", f"/api/v1/campaigns/{campaign}/launch", ["campaigns:write"], 403),
            ("GET", f"/api/v1/campaigns/{unknown}", ["campaigns:read"], 404), ("GET", f"/api/v1/campaigns/{unknown}/report", ["campaigns:read"], 404),
            ("GET", "/api/v1/campaigns/nonsense", ["campaigns:read"], 422), ("GET", f"/api/v1/templates/{unknown}", ["campaigns:read"], 404),
            ("GET", "/api/v1/campaigns?page_token=zzz", ["campaigns:read"], 422),
            ("GET", f"/api/v1/customers/{unknown}/messages", ["campaigns:read"], 200),
        ]
        for method, path, scopes, status in cases:
            answer = await play.http.call(method, path, scopes=scopes, json={} if method == "POST" else None)
            assert answer.status == status, (method, path, answer.body)


@pytest.mark.parametrize(
    "change",
    [
        {"from_address": "nobody"}, {"from_address": "a@b.example\nBcc: x@y.example"}, {"reply_to": "x, y@z.example"},
        {"from_name": "=?utf-8?q?=0ABcc:_x?="}, {"from_name": "a\nb"}, {"name": "a\x00b"}, {"segment_id": "../x"}, {"utm": {"evil": "x"}},
        {"channel": "pigeon"}, {"extra": 1}, {"launch_at": "2026-01-01T00:00:00"}, {"max_lateness_seconds": 0},
    ],
)
async def test_bad_campaigns_are_refused(cluster: PrivateCluster, change: dict[str, Any]) -> None:
    async with stage(cluster, smtp=False, services=("campaign",)) as play:
        template = await play.template()
        body = {"name": "C", "template_id": template, "segment_id": "all", "from_address": "shop@x.example", **change}
        answer = await play.http.call("POST", "/api/v1/campaigns", json=body, scopes=["campaigns:write", "campaigns:send"])
        assert answer.status == 422, answer.body
        assert b"Bcc" not in answer.body


async def test_a_campaign_for_a_segment_that_is_not_there(cluster: PrivateCluster) -> None:
    async with stage(cluster, smtp=False) as play:
        campaign = await play.campaign(segment_id="unknown")
        answer = await play.act(campaign, "launch")
        assert (answer.status, answer.json()["code"]) == (422, "campaign.segment_unknown")
        play.audience.away = True
        other = await play.campaign()
        assert (await play.act(other, "launch")).status == 503


async def test_decisions_say_why(cluster: PrivateCluster) -> None:
    async with stage(cluster) as play:
        ann = await play.customer("ann@x.example")
        bob = await play.customer("bob@x.example", granted=False)
        campaign = await play.launched()
        await play.send_all()
        for customer, receives, state in ((ann, True, "accepted"), (bob, False, "suppressed")):
            answer = await play.http.call("GET", f"/api/v1/campaigns/{campaign}/decisions/{customer}", scopes=["campaigns:read"])
            assert answer.status == 200, answer.body
            checks = {check["check"]: check["holds"] for check in answer.json()["checks"]}
            assert (answer.json()["receives"], answer.json()["message"]["state"], checks["consent"]) == (receives, state, receives)
