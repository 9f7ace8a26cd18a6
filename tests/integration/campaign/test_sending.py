"""From a launched campaign to the mailbox, and what the report says about it."""

from __future__ import annotations

import asyncio
import re
import time
from datetime import timedelta
from uuid import UUID

import pytest

from chassis.peers import InProcess, Peers
from contracts import links
from launcher.embedded_postgres import PrivateCluster
from services.campaign import commands
from tests.integration.campaign.stage import BODY, FA_BODY, profile, stage

pytestmark = pytest.mark.asyncio


async def test_a_campaign_reaches_those_who_agreed(cluster: PrivateCluster) -> None:
    async with stage(cluster) as play:
        ann = await play.customer("ann@x.example", name="Ann <b>")
        await play.customer("sara@x.example", name="سارا", language="fa-IR")
        await play.customer("no@x.example", granted=False)
        await play.customer(None)
        await play.customer("not an address")
        await play.customer("Ann@X.example", name="Ann's twin")
        template = await play.template(fa={"subject": "سلام {{ customer.name }}", "body": FA_BODY})
        campaign = await play.launched(template_id=template, utm={"source": "mail"})
        planned = await play.report(campaign)
        assert (planned["planned"], planned["open"]["planned"], planned["suppressed"]) == (6, 3, 3)

        await play.send_all()
        report = await play.report(campaign)
        assert (report["accepted"], report["suppressed"], report["status"]) == (2, 4, "finished")
        reasons = {entry["reason"]: entry["messages"] for entry in report["reasons"]}
        assert reasons == {"no_grant": 1, "no_address": 1, "address_invalid": 1, "duplicate_address": 1}

        mail = play.box.message("ann@x.example")
        assert mail["Subject"] == "Hello Ann <b>"
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        row = (await play.sql("SELECT * FROM message WHERE customer_id = $1", UUID(ann)))[0]
        assert mail["X-Ecrm-Permit"] == row["permit_id"]
        assert row["consent_version"] == 1
        html = mail.get_body(("html",)).get_content()  # type: ignore[union-attr]
        assert "Ann &lt;b&gt;" in html
        assert "€1,299.00" in html
        token = re.search(r"/u/([\w-]+)>", mail["List-Unsubscribe"]).group(1)  # type: ignore[union-attr]
        assert links.open_link(play.service.link_secret, links.UNSUBSCRIBE, token) == [ann, "email", "marketing", str(row["id"])]
        assert f"/u/{token}" in html
        fa = play.box.message("sara@x.example")
        assert fa["Subject"] == "سلام سارا"
        assert 'dir="rtl"' in fa.get_body(("html",)).get_content()  # type: ignore[union-attr]


async def test_an_unsubscribe_link_withdraws_at_the_real_consent_service(cluster: PrivateCluster) -> None:
    async with stage(cluster) as play:
        await play.customer("ann@x.example")
        await play.launched()
        await play.send_all()
        url = play.box.message("ann@x.example")["List-Unsubscribe"].strip("<>")
        path = "/u/" + url.rpartition("/u/")[2]
        answer = await play.platform["consent"].call(
            "POST", path, body=b"List-Unsubscribe=One-Click", headers={"content-type": "application/x-www-form-urlencoded"}, scopes=None
        )
        assert answer.status == 200, answer.body
        second = await play.launched()
        await play.send_all()
        report = await play.report(second)
        assert (report["suppressed"], report["reasons"][0]["reason"]) == (1, "withdrawn")
        assert len(play.box.mails) == 1


async def test_refusals_losses_and_retries(cluster: PrivateCluster) -> None:
    async with stage(cluster) as play:
        for name in ("ok", "later", "never", "lost", "content"):
            await play.customer(f"{name}@x.example")
        play.box.refuse_rcpt = {"later@x.example": "451 come again", "never@x.example": "550 no such user"}
        play.box.refuse_data = {"content@x.example": "554 spam"}
        play.box.drop_reply = {"lost@x.example"}
        campaign = await play.launched()
        await play.send_all()
        report = await play.report(campaign)
        assert (report["accepted"], report["failed"], report["unknown"], report["open"]["planned"]) == (1, 2, 1, 1)
        assert report["waiting_until"] is not None
        assert report["status"] == "sending"

        play.box.refuse_rcpt.clear()
        async with play.service.transaction() as tx:
            await tx.db.execute("UPDATE message SET retry_at = now() WHERE state = 'planned'")
        await play.send_all()
        report = await play.report(campaign)
        assert (report["accepted"], report["unknown"], report["status"]) == (2, 1, "finished")
        assert sorted(play.box.recipients()) == ["later@x.example", "lost@x.example", "ok@x.example"]
        first, second = [row["reply_code"] for row in await play.sql("SELECT reply_code FROM message WHERE state = 'failed' ORDER BY reply_code")]
        assert (first, second) == (550, 554)


async def test_without_a_mail_server_messages_wait_and_the_report_says_why(cluster: PrivateCluster) -> None:
    async with stage(cluster, smtp=False) as play:
        await play.customer("ann@x.example")
        campaign = await play.launched()
        await play.send_all()
        report = await play.report(campaign)
        assert report["open"]["planned"] == 1
        assert report["delivery"]["code"] == "delivery.not_configured"
        assert (await play.http.call("GET", "/readyz", scopes=None)).status == 200


async def test_no_consent_service_no_sends(cluster: PrivateCluster) -> None:
    async with stage(cluster) as play:
        await play.customer("ann@x.example")
        campaign = await play.launched()
        peers = play.service.peers
        play.service.peers = Peers({"consent": InProcess(lambda: None)}, play.service.tokens, "campaign")
        assert not await commands.send_messages(play.service)
        assert not play.box.mails
        assert (await play.report(campaign))["open"]["planned"] == 1
        play.service.peers = peers
        async with play.service.transaction() as tx:
            await tx.db.execute("UPDATE message SET retry_at = now()")
        await play.send_all()
        assert (await play.report(campaign))["accepted"] == 1


async def test_a_permit_that_is_too_old_is_not_used(cluster: PrivateCluster) -> None:
    async with stage(cluster, smtp_connections=1) as play:
        for number in range(4):
            await play.customer(f"c{number}@x.example")
        campaign = await play.launched()
        play.box.delay = 2.5
        assert await commands.send_messages(play.service)
        assert len(play.box.mails) == 2
        report = await play.report(campaign)
        assert (report["accepted"], report["open"]["planned"]) == (2, 2)
        play.box.delay = 0
        await play.send_all()
        assert sorted(play.box.recipients()) == [f"c{number}@x.example" for number in range(4)]


async def test_pause_resume_cancel(cluster: PrivateCluster) -> None:
    async with stage(cluster, send_batch=5) as play:
        await play.customers(20)
        campaign = await play.launched()
        assert await commands.send_messages(play.service)
        assert (await play.act(campaign, "pause")).json()["status"] == "paused"
        assert not await commands.send_messages(play.service)
        assert len(play.box.mails) == 5
        assert (await play.act(campaign, "resume")).json()["status"] == "sending"
        assert await commands.send_messages(play.service)
        assert (await play.act(campaign, "cancel")).json()["status"] == "cancelled"
        assert (await play.act(campaign, "resume")).status == 409
        await play.send_all()
        report = await play.report(campaign)
        assert (report["accepted"], report["suppressed"]) == (10, 10)
        assert report["reasons"] == [{"state": "suppressed", "reason": "cancelled", "messages": 10}]


async def test_a_late_campaign_does_not_start_by_itself(cluster: PrivateCluster) -> None:
    async with stage(cluster) as play:
        late = (play.service.clock.now() - timedelta(hours=2)).isoformat()
        campaign = await play.campaign(launch_at=late)
        await commands.plan_audiences(play.service)
        assert (await play.report(campaign))["status"] == "missed"
        soon = await play.campaign(launch_at=(play.service.clock.now() + timedelta(hours=1)).isoformat())
        await commands.plan_audiences(play.service)
        assert (await play.report(soon))["status"] == "scheduled"


async def test_planning_resumes_where_it_was_killed(cluster: PrivateCluster) -> None:
    async with stage(cluster, plan_chunk=7) as play:
        await play.customers(40)
        campaign = await play.campaign()
        await play.act(campaign, "launch")
        for step in range(60):
            planner = asyncio.create_task(commands.plan_audiences(play.service))
            await asyncio.sleep(0.002 * (step % 8))
            planner.cancel()
            await asyncio.wait([planner])
            if (await play.report(campaign))["status"] == "sending":
                break
        while await commands.plan_audiences(play.service):
            pass
        assert (await play.report(campaign))["planned"] == 40


async def test_merged_customers_get_one_message(cluster: PrivateCluster) -> None:
    async with stage(cluster) as play:
        survivor = await play.customer("ann@x.example")
        merged = await play.customer("old@x.example")
        await play.profile(merged, merged_into=survivor, version=2)
        campaign = await play.launched()
        await play.send_all()
        assert (await play.report(campaign))["planned"] == 1
        answer = await play.http.call("GET", f"/api/v1/customers/{merged}/messages", scopes=["campaigns:read"])
        assert [message["state"] for message in answer.json()["data"]] == ["accepted"]


async def test_a_withdrawal_ends_what_is_planned(cluster: PrivateCluster) -> None:
    async with stage(cluster, smtp=False, read=True) as play:
        ann = await play.customer("ann@x.example")
        bob = await play.customer("bob@x.example")
        async with play.service.transaction() as tx:
            tx.tell(profile("0191b000-0000-7000-8000-000000000001", email="z@x.example"))
        campaign = await play.launched()
        answer = await play.platform["consent"].call(
            "POST", "/api/v1/consents/withdrawals", json={"customer_id": ann, "purpose": "marketing", "channel": "email"}
        )
        assert answer.status == 200, answer.body
        await play.platform.drain()
        report = await play.report(campaign)
        assert (report["suppressed"], report["open"]["planned"]) == (1, 1)
        assert report["reasons"][0]["reason"] == "withdrawn"
        assert [row["customer_id"] for row in await play.sql("SELECT customer_id FROM message WHERE state = 'planned'")] == [UUID(bob)]
        assert len(await play.sql("SELECT * FROM recipient WHERE email = 'z@x.example'")) == 1


async def test_mails_a_second(cluster: PrivateCluster) -> None:
    async with stage(cluster) as play:
        await play.customers(400)
        campaign = await play.launched(template_id=await play.template(body=BODY))
        started, used = time.perf_counter(), time.process_time()
        await play.send_all()
        # on a busy machine the clock on the wall measures the neighbours, the process's own time does not
        rate = 400 / min(time.perf_counter() - started, time.process_time() - used)
        report = await play.report(campaign)
        assert report["accepted"] == 400
        assert len(set(play.box.recipients())) == 400
        print(f"\n{rate:.0f} mails/s, {play.box.connections} connections")
        assert rate > 50
