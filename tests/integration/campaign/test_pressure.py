"""Contact pressure over the API and under concurrency: caps hold, the best message wins, losers know why, quiet time waits."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from launcher.embedded_postgres import PrivateCluster
from services.campaign import commands
from services.consent import commands as consent
from tests.integration.campaign.stage import Stage, stage

pytestmark = pytest.mark.asyncio
DAILY = {"caps": [{"most": 1, "per": "day"}]}


async def put(play: Stage, policy: dict[str, Any], **headers: str) -> Any:
    return await play.http.call("PUT", "/api/v1/pressure", json=policy, scopes=["campaigns:send"], headers=headers)


async def settle(play: Stage) -> None:
    """Send, and ask again at once for those who wait for a competitor."""
    for _ in range(4):
        await play.send_all()
        async with play.service.transaction() as tx:
            await tx.db.execute("UPDATE message SET retry_at = NULL WHERE state = 'planned'")


async def value(play: Stage, campaign: str, amount: int) -> None:
    async with play.service.transaction() as tx:
        await tx.db.execute("UPDATE message SET value = $2 WHERE origin_id = $1", UUID(campaign), amount)


async def test_many_campaigns_at_once_and_nobody_over_the_cap(cluster: PrivateCluster) -> None:
    """N10, U32: ten campaigns, four senders at once, at most two messages a day each."""
    async with stage(cluster, send_batch=40) as play:
        await put(play, {"caps": [{"most": 2, "per": "day"}, {"most": 1, "per": "week", "channel": "sms"}]})
        people = await play.customers(25)
        template = await play.template()
        campaigns = [await play.launched(template_id=template) for _ in range(10)]
        for number, campaign in enumerate(campaigns):
            await value(play, campaign, number)

        async def sender() -> None:
            for _ in range(60):
                await commands.send_messages(play.service)

        await asyncio.gather(*(sender() for _ in range(4)))
        await settle(play)
        received = play.box.recipients()
        assert len(received) == 50
        assert all(received.count(address) == 2 for address in set(received))
        assert len(set(received)) == len(people)
        reports = [await play.report(campaign) for campaign in campaigns]
        assert [report["accepted"] for report in reports] == [0] * 8 + [25, 25], "the two of the highest value"
        assert {entry["reason"] for report in reports[:8] for entry in report["reasons"]} == {"capped"}


async def test_senders_that_are_killed_leave_the_cap_whole(cluster: PrivateCluster) -> None:
    """N10"""
    async with stage(cluster, send_batch=7) as play:
        await put(play, DAILY)
        await play.customers(20)
        template = await play.template()
        for _ in range(4):
            await play.launched(template_id=template)
        for step in range(40):
            running = [asyncio.create_task(commands.send_messages(play.service)) for _ in range(3)]
            await asyncio.sleep(0.004 * (step % 10))
            for each in running:
                each.cancel()
            await asyncio.wait(running)
        async with play.service.transaction() as tx:
            await tx.db.execute("UPDATE message SET lease_until = now() - interval '1 second' WHERE lease_until IS NOT NULL")
        await commands.sweep(play.service)
        for _ in range(30):
            await commands.send_messages(play.service)
        received = play.box.recipients()
        assert len(received) == len(set(received)), "nobody got two"
        held = await play.sql(
            "SELECT customer_id, count(*) AS n FROM message WHERE admitted_at IS NOT NULL AND state NOT IN ('suppressed', 'failed') GROUP BY 1"
        )
        assert all(row["n"] == 1 for row in held)


async def test_the_loser_is_explained_and_a_denied_winner_gives_its_place_back(cluster: PrivateCluster) -> None:
    """N5, N10"""
    async with stage(cluster) as play:
        await put(play, DAILY)
        template = await play.template()
        eve = await play.customer("eve@x.example", granted=False)
        other, denied = [await play.launched(template_id=template) for _ in range(2)]
        await value(play, denied, 900)
        await consent.withdraw_consent(
            play.platform["consent"].service, subject=consent.Subject(UUID(eve)), purpose="marketing", channel="email", source="test", evidence={},
            actor="test",
        )
        await settle(play)
        assert {(await play.report(each))["reasons"][0]["reason"] for each in (other, denied)} == {"withdrawn"}
        room = await play.http.call("GET", f"/api/v1/pressure/customers/{eve}", scopes=["campaigns:read"])
        assert room.json()["rooms"][0]["used"] == 0
        play.audience.members.clear()

        ann = await play.customer("ann@x.example")
        cheap, dear = [await play.launched(template_id=template) for _ in range(2)]
        await value(play, dear, 900)
        await settle(play)
        assert (await play.report(dear))["accepted"] == 1
        row = (await play.sql("SELECT state, reason, refusal FROM message WHERE origin_id = $1", UUID(cheap)))[0]
        assert (row["state"], row["reason"]) == ("suppressed", "capped")
        winner = (await play.sql("SELECT id FROM message WHERE origin_id = $1", UUID(dear)))[0]["id"]
        assert str(winner) in row["refusal"]
        room = await play.http.call("GET", f"/api/v1/pressure/customers/{ann}", scopes=["campaigns:read"])
        assert (room.json()["rooms"][0]["used"], room.json()["rooms"][0]["most"]) == (1, 1)


async def test_quiet_time_waits_in_the_persons_own_zone_and_a_policy_that_waits_sends_later(cluster: PrivateCluster) -> None:
    """U32, N11"""
    async with stage(cluster) as play:
        await play.customer("ann@x.example")
        now = play.service.clock.now()
        around = [(now + timedelta(hours=shift)).strftime("%H:00") for shift in (-2, 3)]
        await put(play, {"quiet_hours": [{"since": around[0], "until": around[1]}], "time_zone": "UTC"})
        campaign = await play.launched()
        await play.send_all(rounds=3)
        report = await play.report(campaign)
        assert (report["open"]["planned"], play.box.mails) == (1, [])
        until = datetime.fromisoformat(report["waiting_until"])
        assert now + timedelta(hours=1) < until <= now + timedelta(hours=4)
        assert until.astimezone(UTC).strftime("%H:%M") == around[1]
        await put(play, {"quiet_days": [{"on": str(now.date())}, {"on": str((now + timedelta(days=1)).date())}], "time_zone": "UTC"})
        async with play.service.transaction() as tx:
            await tx.db.execute("UPDATE message SET retry_at = NULL")
        await play.send_all(rounds=3)
        assert (await play.report(campaign))["open"]["planned"] == 1
        await put(play, {"caps": [{"most": 0, "per": "day"}], "wait_hours": 0})
        async with play.service.transaction() as tx:
            await tx.db.execute("UPDATE message SET retry_at = NULL")
        await play.send_all(rounds=3)
        assert (await play.report(campaign))["reasons"] == [{"state": "suppressed", "reason": "capped", "messages": 1}]


async def test_programmes_have_caps_of_their_own(cluster: PrivateCluster) -> None:
    async with stage(cluster) as play:
        await put(play, {"caps": [{"most": 1, "per": "week", "programme": "win-back"}]})
        await play.customer("ann@x.example")
        template = await play.template()
        campaigns = [await play.launched(template_id=template) for _ in range(3)]
        for campaign in campaigns[:2]:
            answer = await play.http.call(
                "PUT", f"/api/v1/pressure/programmes/{campaign}", json={"programme": "win-back"}, scopes=["campaigns:send"]
            )
            assert answer.status == 204
        await settle(play)
        assert sorted([(await play.report(campaign))["accepted"] for campaign in campaigns[:2]]) == [0, 1]
        assert (await play.report(campaigns[2]))["accepted"] == 1


async def test_policies_have_versions_and_annoyance_has_figures(cluster: PrivateCluster) -> None:
    """R5"""
    async with stage(cluster) as play:
        first = await play.http.call("GET", "/api/v1/pressure", scopes=["campaigns:read"])
        assert (first.json()["version"], first.json()["policy"]["caps"]) == (0, [])
        assert (await put(play, DAILY)).json()["version"] == 1
        before = play.service.clock.now()
        stale = await put(play, {"caps": []}, **{"if-match": '"0"'})
        assert (stale.status, stale.json()["code"]) == (409, "pressure.version_moved")
        assert (await put(play, {"caps": []}, **{"if-match": '"1"'})).json()["version"] == 2
        then = await play.http.call("GET", f"/api/v1/pressure?as_of={before.isoformat().replace('+', '%2B')}", scopes=["campaigns:read"])
        assert then.json()["version"] == 1
        for bad in ({"caps": [{"most": 1, "per": "hour"}]}, {"time_zone": "Mars/Base"}, {"nonsense": 1}):
            assert (await put(play, bad)).status == 422
        assert (await play.http.call("PUT", "/api/v1/pressure", json=DAILY, scopes=["campaigns:read"])).status == 403

        people = await play.customers(4)
        campaign = await play.launched()
        await play.send_all()
        assert (await play.report(campaign))["accepted"] == 4
        async with play.service.transaction() as tx:
            await commands.suppress_withdrawn(play.service, tx, customer_id=people[0], purpose="marketing", channel="email")
            message = await tx.db.fetchval("SELECT id FROM message LIMIT 1")
            await commands.note_complaint(tx, address=None, message_id=str(message), at=play.service.clock.now())
        figures = await play.http.call("GET", "/api/v1/pressure/figures", scopes=["campaigns:read"])
        email = figures.json()["channels"][0]
        assert (email["messages"], email["unsubscribes_per_1000"], email["complaints_per_1000"], email["ignored_per_1000"]) == (4, 250, 250, None)
        async with play.service.transaction() as tx:
            await tx.db.execute("UPDATE message SET finished_at = finished_at - interval '8 days'")
        figures = await play.http.call("GET", "/api/v1/pressure/figures", scopes=["campaigns:read"])
        assert figures.json()["channels"][0]["ignored_per_1000"] == 1000


async def test_the_best_time_is_the_persons_own(cluster: PrivateCluster) -> None:
    """U32"""
    from services.campaign.commands import arbiter

    async with stage(cluster) as play:
        ann, bob = await play.customer("ann@x.example"), await play.customer("bob@x.example")
        await play.launched()
        await play.send_all()
        for day in range(20):
            at = (play.service.clock.now() - timedelta(days=day + 1)).replace(hour=6, minute=10)
            async with play.service.transaction() as tx:
                await tx.db.execute(
                    "INSERT INTO engagement SELECT id, 'click', $2, false, 1, $3, $3 FROM message WHERE customer_id = $1", UUID(ann), day, at
                )
        async with play.service.transaction() as tx:
            best = await arbiter.best_times(play.service, tx, [UUID(ann), UUID(bob)])
        assert best[UUID(ann)].hour == 6
        assert best[UUID(ann)] - play.service.clock.now() < timedelta(days=1)
        seen = await play.http.call("GET", f"/api/v1/pressure/customers/{ann}", scopes=["campaigns:read"])
        assert (seen.json()["best_hour"], seen.json()["responses"]) == (6, 20)
