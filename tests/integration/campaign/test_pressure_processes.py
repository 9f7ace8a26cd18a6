"""N10: several campaigns at the same moment, two sending processes that are killed in turn: nobody over the cap, the most valuable win, nothing twice."""

from __future__ import annotations

import asyncio
import email
import json
import os
import random
import signal
import sys
from collections import Counter
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from launcher.embedded_postgres import PrivateCluster
from services.campaign import commands
from tests.integration.campaign.stage import Stage, stage
from tests.integration.campaign.test_ledger import SENDER, leases_end
from tests.support import templates
from tests.support.platform import IDENTITY_SECRET, KEYS, LINK_SECRET, platform_settings

pytestmark = [pytest.mark.asyncio, pytest.mark.slow, pytest.mark.timeout(600)]

FULL = os.environ.get("SCALE") == "full"
PEOPLE, CAMPAIGNS, MOST, KILLS = (400, 10, 2, 40) if FULL else (40, 6, 2, 4)


class Senders:
    """Sending processes of the same service, as replicas are."""

    def __init__(self, play: Stage, cluster: PrivateCluster, folder: Path) -> None:
        database = play.service.database.url
        name = database.partition("@/")[2].partition("?")[0].replace("campaign_", "eventlog_")
        self.given = json.dumps({
            "platform": {
                name: {
                    "identity_secret": IDENTITY_SECRET, "link_secret": LINK_SECRET, "signing_key": json.dumps(KEYS[name]),
                    "trusted_keys": platform_settings("test").trusted_keys,
                }
                for name in ("consent", "campaign")
            },
            "campaign": database, "consent": play.platform["consent"].service.database.url, "smtp": play.box.url,
            "log": templates.address(cluster, name, kind="eventlog").replace("postgresql://", "postgres-log://", 1),
        })
        self.script = folder / "sender.py"
        self.script.write_text(SENDER)
        self.running: list[asyncio.subprocess.Process] = []

    async def start(self) -> None:
        root = str(Path(__file__).resolve().parents[3])
        process = await asyncio.create_subprocess_exec(
            sys.executable, str(self.script), self.given, env={"PYTHONPATH": root, "PYTHONUTF8": "1"}, stdout=asyncio.subprocess.PIPE,
        )
        self.running.append(process)
        assert process.stdout is not None
        assert await asyncio.wait_for(process.stdout.readline(), 60) == b"ready\n"

    async def kill(self, number: int) -> None:
        process = self.running.pop(number)
        os.kill(process.pid, signal.SIGKILL)
        await process.wait()


async def test_caps_hold_over_processes_that_are_killed(cluster: PrivateCluster, tmp_path: Path) -> None:
    """N10, U32"""
    chance = random.Random(11)
    async with stage(cluster, smtp_connections=4) as play:
        await play.http.call("PUT", "/api/v1/pressure", json={"caps": [{"most": MOST, "per": "day"}]}, scopes=["campaigns:send"])
        people = await play.customers(PEOPLE)
        template = await play.template()
        campaigns = [await play.launched(template_id=template) for _ in range(CAMPAIGNS)]
        async with play.service.transaction() as tx:
            for worth, campaign in enumerate(campaigns):
                await tx.db.execute("UPDATE message SET value = $2 WHERE origin_id = $1", UUID(campaign), worth)
        play.box.delay = 0.1
        senders = Senders(play, cluster, tmp_path)
        try:
            for _ in range(KILLS // 2):
                await asyncio.gather(senders.start(), senders.start())
                for left in (2, 1):  # both die while mails are under way, one after the other
                    before = len(play.box.mails)
                    async with asyncio.timeout(60):
                        while len(play.box.mails) == before and await open_messages(play):
                            await asyncio.sleep(0.01)
                    await asyncio.sleep(chance.uniform(0.0, 0.1))
                    await senders.kill(chance.randrange(left))
                await leases_end(play)
                await commands.sweep(play.service)
        finally:
            while senders.running:
                await senders.kill(0)
        play.box.delay = 0
        async with asyncio.timeout(120):
            while await open_messages(play):
                await leases_end(play)
                await commands.sweep(play.service)
                while await commands.send_messages(play.service):
                    pass
        await check(play, people, campaigns)


async def open_messages(play: Stage) -> bool:
    return bool(await play.sql("SELECT FROM message WHERE state IN ('planned', 'permitted', 'handing_off') LIMIT 1"))


async def check(play: Stage, people: list[str], campaigns: list[str]) -> None:
    received = play.box.recipients()
    assert max(Counter(received).values()) <= MOST, "nobody got more than the cap allows"
    ids = [email.message_from_bytes(raw)["Message-ID"] for _, raw in play.box.mails]
    assert len(ids) == len(set(ids)), "no second hand-off"
    rows: list[Any] = await play.sql("SELECT customer_id, value, state, reason, refusal, handed_off_at FROM message")
    by_person: dict[UUID, list[Any]] = {}
    for row in rows:
        by_person.setdefault(row["customer_id"], []).append(row)
    assert len(by_person) == len(people)
    for mine in by_person.values():
        went = sorted(row["value"] for row in mine if row["state"] in ("accepted", "unknown"))
        assert went == list(range(len(campaigns) - MOST, len(campaigns))), "the most valuable won"
        losers = [row for row in mine if row["state"] == "suppressed"]
        assert len(losers) == len(campaigns) - MOST
        assert all(row["reason"] == "capped" and json.loads(row["refusal"])["holders"] for row in losers), "each loser says to whom it lost"
    unknown = sum(row["state"] == "unknown" for row in rows)
    assert 0 < unknown <= KILLS * 4 * 4, "mails were under way when a sender died: no more than its connections had taken up, four each"
    print(f"\n{KILLS} kills of two senders, {len(campaigns)} campaigns, {len(people)} people: {len(received)} mails, {unknown} unknown, 0 over the cap, 0 twice")
