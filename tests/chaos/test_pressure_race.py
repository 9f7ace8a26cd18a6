"""N10: campaigns fire in the same moment on two sending processes that are killed at random. Nobody is over the cap, nobody gets a message
twice, the message of the highest value wins, and every loser says why. 120 people; SCALE=full: 2,000.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import uuid
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID

import pytest

from chassis.peers import InProcess, Peers
from launcher.embedded_postgres import PrivateCluster
from services.campaign import commands
from tests.chaos.test_consent_race import Door, Senders, Sink, serve
from tests.integration.campaign.stage import Audience, Stage
from tests.support import platform as support
from tests.support.upright import free_port

PEOPLE = 2_000 if os.environ.get("SCALE") == "full" else 120
CAMPAIGNS = 6
KILLS = 20 if os.environ.get("SCALE") == "full" else 4


async def launched_together(play: Stage, template: str) -> list[str]:
    """Campaigns over the same people, the last one worth most; none is sent before all are planned."""
    campaigns = [await play.launched(template_id=template) for _ in range(CAMPAIGNS)]
    for number, campaign in enumerate(campaigns):
        await play.sql("UPDATE message SET value = $2 WHERE origin_id = $1", UUID(campaign), number)
    return campaigns


async def killed_now_and_then(play: Stage, senders: Senders, chance: random.Random) -> None:
    """kill -9 of one of the two until enough have died; leases of the dead end at once, so that the test does."""
    for _ in range(KILLS):
        await asyncio.sleep(chance.uniform(0.3, 2.0))
        senders.kill(chance.randrange(len(senders.running)))
        await play.sql(
            "UPDATE message SET lease_until = now() + interval '2 seconds' WHERE lease_until > now() + interval '2 seconds' AND state <> 'handing_off'"
        )
        await commands.sweep(play.service)


async def settled(play: Stage) -> None:
    async with asyncio.timeout(240):
        while (await play.sql("SELECT count(*) AS n FROM message WHERE state IN ('planned', 'permitted')"))[0]["n"]:
            await play.sql("UPDATE message SET retry_at = now() WHERE state = 'planned' AND retry_at > now()")
            await play.sql("UPDATE message SET lease_until = now() WHERE state IN ('planned', 'permitted') AND lease_until > now() + interval '30 seconds'")
            await commands.sweep(play.service)
            await asyncio.sleep(0.5)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.asyncio
async def test_two_processes_keep_the_cap_whatever_is_killed(cluster: PrivateCluster) -> None:
    """N10"""
    chance, sink = random.Random(10), Sink()
    door = Door(sink, hostname="127.0.0.1", port=free_port())
    door.start()
    async with AsyncExitStack() as stack:
        stack.callback(door.stop)
        log = await support.new_log(cluster, stack, uuid.uuid4().hex[:8])
        smtp = f"smtp://127.0.0.1:{door.port}"
        given: dict[str, dict[str, Any]] = {"campaign": {"smtp_url": smtp}, "consent": {"database_connections": 20}}
        platform = await stack.enter_async_context(support.started(cluster, "consent", "campaign", log=log, given=given, read=False))
        audience, service = Audience(), platform["campaign"].service
        service.peers = Peers(
            {"analytics": InProcess(lambda: audience), "consent": InProcess(lambda: platform["consent"].running.app)}, service.tokens, service.name
        )
        play = Stage(platform, None, audience)  # type: ignore[arg-type]
        await platform["campaign"].call("PUT", "/api/v1/pressure", json={"caps": [{"most": 1, "per": "day"}]}, scopes=["campaigns:send"])
        people = await play.customers(PEOPLE)
        campaigns = await launched_together(play, await play.template())
        secrets = {name: getattr(service.platform, name).get_secret_value() for name in ("identity_secret", "link_secret", "signing_key")}
        settings = {name: getattr(service.platform, name) for name in ("public_url", "trusted_keys")}
        senders = Senders({
            "smtp_url": smtp, "database_url": service.database.url, "consent_url": await serve(platform["consent"].running.app, stack),
            "platform": json.dumps({**settings, **secrets}),
        })
        stack.callback(senders.end)
        await killed_now_and_then(play, senders, chance)
        await settled(play)
        senders.end()
        await play.sql("UPDATE message SET lease_until = now() WHERE state = 'handing_off'")
        await commands.sweep(service)
        reports = [await play.report(campaign) for campaign in campaigns]
        reached = await play.sql("SELECT customer_id, origin_id, state FROM message WHERE state IN ('accepted', 'unknown')")
        loser = await platform["campaign"].call("GET", f"/api/v1/campaigns/{campaigns[0]}/decisions/{people[0]}", scopes=["campaigns:read"])
    twice = [to for to, times in sink.began.items() if len(times) > 1]
    print(f"{PEOPLE} people, {CAMPAIGNS} campaigns, {senders.kills} kills: {len(sink.began)} hand-offs, {len(twice)} twice")
    assert twice == [], "one message a day, whatever was killed"
    assert len(reached) == len({row["customer_id"] for row in reached}) == PEOPLE
    assert {str(row["origin_id"]) for row in reached} == {campaigns[-1]}, "the message of the highest value"
    assert [report["suppressed"] for report in reports] == [PEOPLE] * (CAMPAIGNS - 1) + [0]
    assert all({entry["reason"] for entry in report["reasons"]} == {"capped"} for report in reports[:-1])
    assert "capped" in loser.body.decode()
    assert senders.kills == KILLS
