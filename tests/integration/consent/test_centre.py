"""The preference centre over HTTP: what is shown, what is done, what is refused. In a browser: tests/e2e/test_centre.py."""

from __future__ import annotations

import re
from typing import Any

import pytest

from chassis.ids import new_text_id
from contracts import links
from launcher.embedded_postgres import PrivateCluster
from tests.integration.consent.centre import form_of, ticked, visiting

pytestmark = pytest.mark.asyncio


async def test_choices_are_seen_granted_and_withdrawn(cluster: PrivateCluster) -> None:
    """U41, R4, R6: per purpose and channel; only what was changed on the page changes."""
    async with visiting(cluster) as visit:
        page = await visit.page()
        assert 'lang="en" dir="ltr"' in page
        assert ticked(page) == {"analytics/data", "profiling/data", *(f"service/{channel}" for channel in ("email", "sms", "phone", "post", "push"))}
        before = await visit.standing()
        assert not before["marketing/email"] and not before["marketing/sms"]
        answer = await visit.submit("choices", allow=[*ticked(page), "marketing/email", "marketing/sms"])
        assert (answer.status, answer.headers["location"]) == (303, "?done=choices")
        assert (await visit.standing())["marketing/email"]
        page = await visit.page("?done=choices")
        assert "in force from now on" in page
        # While the page was open something else was said elsewhere: it stays.
        form, seen = form_of(page), ticked(page)
        await visit.platform["consent"].call(
            "POST", "/api/v1/consents/withdrawals", json={"customer_id": visit.customer, "purpose": "marketing", "channel": "sms"}
        )
        await visit.submit("choices", form=form, allow=[*(seen - {"marketing/email"})])
        standing = await visit.standing()
        assert (standing["marketing/email"], standing["marketing/sms"], standing["service/email"]) == (False, False, True)
        lines = (await visit.platform["consent"].call("GET", f"/api/v1/customers/{visit.customer}/consent")).json()["data"]
        assert (lines[0]["source"], lines[0]["actor"], lines[0]["evidence"]["message_id"]) == ("preference_centre", "customer", "message-1")
        assert (await visit.submit("choices", allow=[*ticked(await visit.page())])).headers["location"] == "?done=same"


async def test_everything_or_a_channel_is_stopped_and_allowed_again(cluster: PrivateCluster) -> None:
    async with visiting(cluster) as visit:
        await visit.submit("choices", allow=[*ticked(await visit.page()), "marketing/email", "marketing/sms"])
        assert (await visit.submit("stop_channel", channel="sms")).headers["location"] == "?done=stop"
        assert ((await visit.standing())["marketing/sms"], (await visit.standing())["marketing/email"]) == (False, True)
        await visit.submit("stop")
        page = await visit.page()
        assert "Everything is stopped since" in page
        assert not (await visit.standing())["marketing/email"]
        # What is covered by the stop cannot be ticked, and is not taken for a refusal.
        await visit.submit("choices", allow=[one for one in ticked(page) if one.startswith("service/")])
        await visit.submit("lift", channel="*")
        await visit.submit("lift", channel="sms")
        standing = await visit.standing()
        assert (standing["marketing/email"], standing["marketing/sms"], standing["analytics/data"]) == (True, True, True)


async def test_channel_and_language_go_to_the_customer_service(cluster: PrivateCluster) -> None:
    """C5, U41: the chosen language is that of the page, too."""
    async with visiting(cluster) as visit:
        path = f"/api/v1/customers/{visit.customer}/preferences"
        await visit.platform["customer"].call("PUT", path, json={"channels": {"newsletter": "post"}})
        assert (await visit.submit("preferences", channel="sms", language="fa")).headers["location"] == "?done=preferences"
        found = (await visit.platform["customer"].call("GET", path)).json()
        assert (found["language"], found["channels"]) == ("fa", {"*": "sms", "newsletter": "post"})
        page = await visit.page(**{"accept-language": "en"})
        assert 'lang="fa" dir="rtl"' in page
        assert 'value="sms" selected' in page
        assert 'lang="en"' in await visit.page("?lang=en")
        await visit.submit("preferences", channel="", language="")
        found = (await visit.platform["customer"].call("GET", path)).json()
        assert (found["language"], found["channels"]) == (None, {"newsletter": "post"})


async def test_own_data_are_seen_with_their_origin_and_corrected(cluster: PrivateCluster) -> None:
    """R6: what is held, from where, what for; a correction is told as the person's own word; an emptied field is taken away."""
    async with visiting(cluster) as visit:
        body = {"schema": {"type": "string", "maxLength": 20}, "title": "City", "purpose": "delivery"}
        assert (await visit.platform["customer"].call("PUT", "/api/v1/traits/city", json=body)).status in (200, 201)
        page = await visit.page()
        assert "ada@example.com" in page
        assert "شیراز" in page
        assert "from our own systems" in page
        assert "delivery" in page
        version = re.search(r'name="version" value="(\d+)"', page)
        assert version
        fields: dict[str, Any] = {"trait.given_name": "Ada <b>", "trait.city": "", "trait.shoe": "39", "trait.family_name": "Lovelace", "trait.tags": "x", "trait.owner": "me"}
        answer = await visit.submit("correct", version=version.group(1), **fields)
        assert answer.headers["location"] == "?done=correct"
        profile = await visit.profile()
        assert {name: profile["traits"].get(name) for name in ("given_name", "family_name", "city", "shoe", "tags", "owner")} == {
            "given_name": "Ada <b>", "family_name": "Lovelace", "city": None, "shoe": 39, "tags": ["a"], "owner": None,
        }
        assert profile["provenance"]["given_name"]["source"] == "api:person"
        page = await visit.page()
        assert "told by you" in page
        assert "Ada &lt;b&gt;" in page
        stale = await visit.submit("correct", version=version.group(1), **dict[str, Any]({"trait.given_name": "Eve"}))
        assert stale.status == 409
        assert "changed in the meantime" in stale.body.decode()
        now = re.search(r'name="version" value="(\d+)"', await visit.page())
        assert now
        await visit.platform["customer"].call("PUT", "/api/v1/traits/family_name", json={"schema": {"type": "string", "maxLength": 10}, "title": "x"})
        bad = await visit.submit("correct", version=now.group(1), **dict[str, Any]({"trait.family_name": "x" * 30}))
        assert (bad.status, "could not take over" in bad.body.decode()) == (422, True)


async def test_a_copy_or_erasure_is_asked_for_and_has_its_day(cluster: PrivateCluster) -> None:
    """R6: kept as a request with a deadline; asking twice is asking once; the page says by when it is answered."""
    async with visiting(cluster, answer_days=30) as visit:
        assert (await visit.submit("ask_copy")).headers["location"] == "?done=asked"
        await visit.submit("ask_copy")
        unsure = await visit.submit("ask_erasure")
        assert (unsure.status, "tick that you are sure" in unsure.body.decode()) == (422, True)
        await visit.submit("ask_erasure", sure="yes")
        async with visit.platform["consent"].service.read() as db:
            rows = await db.fetch("SELECT kind, state, due_at - asked_at AS wait FROM privacy_request ORDER BY kind")
        assert [(row["kind"], row["state"], row["wait"].days) for row in rows] == [("access", "received", 30), ("erasure", "received", 30)]
        page = await visit.page()
        assert page.count("received on") == 2
        assert page.count("answered by") == 2


async def test_double_opt_in_is_proven_by_the_link_on_its_own_channel(cluster: PrivateCluster) -> None:
    async with visiting(cluster) as visit:
        body = {
            "purpose": "letter", "basis": "double_opt_in", "legal_basis": "consent", "channels": ["email", "sms"], "title": {"en": "Letter"},
            "wording": {"en": "You may."},
        }
        assert (await visit.platform["consent"].call("POST", "/api/v1/purposes", json=body)).status == 201
        page = await visit.page()
        assert re.search(r'value="letter/sms" disabled', page)
        await visit.submit("choices", allow=[*ticked(page), "letter/email", "letter/sms"])
        standing = await visit.standing()
        assert (standing["letter/email"], standing["letter/sms"]) == (True, False)


async def test_nobody_else_can_use_it(cluster: PrivateCluster) -> None:
    """Links end, forms belong to one person and one page, browsers are told to keep everything else out."""
    async with visiting(cluster) as visit:
        consent, other = visit.platform["consent"], new_text_id()
        answer = await consent.call("GET", visit.path, scopes=None)
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "script-src" not in policy
        assert (answer.headers["cache-control"], answer.headers["referrer-policy"], answer.headers["x-frame-options"]) == ("no-store", "no-referrer", "DENY")
        page = answer.body.decode()
        assert "<script" not in page
        assert "http" not in re.sub(r'value="[^"]*"', "", page), "nothing from elsewhere"
        assert "set-cookie" not in answer.headers
        assert (await consent.call("HEAD", visit.path, scopes=None)).status == 200
        cases = {
            visit.token(visit.customer, seconds=-1): 410, visit.token(visit.customer, kind=links.UNSUBSCRIBE): 404, visit.path[3:-4] + "aaaa": 404,
            links.seal(b"\x00" * 32, links.PREFERENCES, [visit.customer, "email", "m", "99999999999"]): 404, "x": 404,
        }
        for token, status in cases.items():
            for method in ("GET", "POST"):
                assert (await consent.call(method, f"/p/{token}", scopes=None)).status == status
        good = form_of(page)
        foreign = links.seal(consent.service.link_secret, "preferences form", [other, "99999999999"])
        old = links.seal(consent.service.link_secret, "preferences form", [visit.customer, "1"])
        for form in ("", "x", foreign, old):
            refused = await visit.submit("stop", form=form)
            assert (refused.status, "open for too long" in refused.body.decode()) == (409, True)
        assert (await visit.submit("stop", form=good, headers={"sec-fetch-site": "cross-site"})).status == 409
        assert (await visit.submit("none-of-these", form=good)).headers["location"] == "?done=same"
        assert (await visit.standing())["analytics/data"], "none of it did anything"


async def test_without_the_customer_service_choices_still_work(cluster: PrivateCluster) -> None:
    async with visiting(cluster) as visit:
        from chassis.peers import InProcess, Peers

        service = visit.platform["consent"].service
        service.peers = Peers({"customer": InProcess(lambda: None)}, service.tokens, service.name)
        page = await visit.page()
        assert "cannot be shown at the moment" in page
        await visit.submit("choices", allow=[*ticked(page), "marketing/email"])
        assert (await visit.standing())["marketing/email"]
        assert (await visit.submit("preferences", channel="sms")).status == 503


async def test_persons_nobody_knows_have_choices_too(cluster: PrivateCluster) -> None:
    async with visiting(cluster) as visit:
        visit.customer = new_text_id()
        visit.path = "/p/" + visit.token(visit.customer)
        page = await visit.page("?lang=fa")
        assert "جز انتخاب‌هایتان داده‌ای از شما نداریم" in page
        assert "هنوز هیچ" in page
        await visit.submit("choices", allow=[*ticked(page), "marketing/email"])
        assert (await visit.standing())["marketing/email"]
