"""What a person's data can do to their own message: the table of bad inputs in the README, message by message."""

from __future__ import annotations

from typing import Any

import pytest

from launcher.embedded_postgres import PrivateCluster
from tests.integration.campaign.mailbox import content
from tests.integration.campaign.stage import BODY, Stage, stage

pytestmark = pytest.mark.asyncio

#: Who -> what stands in the traits `word`, `link` and `times`.
PEOPLE: dict[str, dict[str, Any]] = {
    "good": {},
    "newline": {"word": "a\r\nBcc: all@x.example"},
    "separator": {"word": "a\u2028b"},
    "encoded": {"word": "=?utf-8?q?a=0D=0ABcc:_all=40x.example?="},
    "endless": {"times": 9_000},
    "script": {"word": "<script>alert(1)</script>"},
    "javascript": {"link": "javascript:alert(1)"},
    "nowhere": {"link": "//evil.example"},
    "control": {"word": "a\x07b"},
}
LOOP = "{% for a in (1..customer.times) %}{% for b in (1..customer.times) %}x{% endfor %}{% endfor %}"
TEMPLATE = BODY.replace("Hello", f"Hello {{{{ customer.word }}}} {LOOP}").replace("https://shop.example/more", "{{ customer.link }}")


async def listed(play: Stage, campaign: str, state: str) -> dict[str, str]:
    """Customer -> reason, of the messages of a campaign in a state, as the API lists them."""
    answer = await play.http.call("GET", f"/api/v1/campaigns/{campaign}/messages?state={state}", scopes=["campaigns:read"])
    assert answer.status == 200, answer.body
    return {one["customer_id"]: one["reason"] for one in answer.json()["data"]}


async def test_a_fault_costs_only_its_own_message(cluster: PrivateCluster) -> None:
    async with stage(cluster) as play:
        known = {"word": "you", "link": "https://shop.example/x", "times": 2}
        ids = {name: await play.customer(f"{name}@x.example", traits={**known, **traits}) for name, traits in PEOPLE.items()}
        ids["address"] = await play.customer("two@x.example, three@x.example")
        campaign = await play.launched(template_id=await play.template(subject="Hello {{ customer.word }}", body=TEMPLATE))
        await play.send_all()
        failed, suppressed = await listed(play, campaign, "failed"), await listed(play, campaign, "suppressed")
        unsafe = dict.fromkeys((ids[name] for name in ("newline", "separator", "encoded", "control")), "header_unsafe")
        assert failed == {**unsafe, ids["endless"]: "template_limit"}
        assert suppressed == {ids["address"]: "address_invalid"}
        assert sorted(play.box.recipients()) == sorted(f"{name}@x.example" for name in ("good", "script", "javascript", "nowhere"))
        assert "&lt;script&gt;" in content(play.box.message("script@x.example"), "html")
        for name in ("javascript", "nowhere"):
            html = content(play.box.message(f"{name}@x.example"), "html")
            assert 'href="#"' in html
            assert "javascript:" not in html
            assert "evil.example" not in html


async def test_what_nobody_knows_the_end_of_is_listed_and_never_repeated(cluster: PrivateCluster) -> None:
    async with stage(cluster) as play:
        ids = {name: await play.customer(f"{name}@x.example") for name in ("ok", "lost")}
        play.box.drop_reply = {"lost@x.example"}
        campaign = await play.launched()
        await play.send_all()
        assert await listed(play, campaign, "unknown") == {ids["lost"]: "reply_lost"}
        await play.sql("UPDATE message SET retry_at = now(), lease_until = now()")
        await play.send_all()
        assert await listed(play, campaign, "unknown") == {ids["lost"]: "reply_lost"}
        assert play.box.recipients().count("lost@x.example") == 1
