"""At most one hand-off for each customer and address, whatever is killed, paused, withdrawn or lost, and by however many senders."""

from __future__ import annotations

import asyncio
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
from tests.support import templates
from tests.support.platform import IDENTITY_SECRET, KEYS, LINK_SECRET, platform_settings

pytestmark = pytest.mark.asyncio

FULL = os.environ.get("SCALE") == "full"
KILLS = int(os.environ.get("SEND_KILLS", "100" if FULL else "6"))
MAILS = 10_000 if FULL else 300
OURS = ("send_messages", "HandOff.", "gather", "Renderers.", "_Worker.")


async def senders_killed(play: Stage, *, steps: int, mails: int | None = None) -> None:
    """Two senders at work; after so many turns of the loop everything they run dies in the same instant, as in a killed process.

    With `mails` as soon as the mailbox has taken more than so many, before its answer is read.
    """
    tasks = [asyncio.create_task(commands.send_messages(play.service)) for _ in range(2)]
    for _ in range(steps):
        await asyncio.sleep(0)
        if all(task.done() for task in tasks) or (mails is not None and len(play.box.mails) > mails):
            break
    for _ in range(3):
        dying = [task for task in asyncio.all_tasks() if _ours(task)]
        for task in dying:
            task.cancel()
        if dying:
            await asyncio.wait(dying, timeout=0.5)
    done, pending = await asyncio.wait(tasks, timeout=10)
    assert not pending
    for task in done:
        if not task.cancelled() and task.exception() is not None:
            assert isinstance(task.exception(), (OSError, asyncio.CancelledError)), task.exception()


def _ours(task: asyncio.Task[Any]) -> bool:
    name = getattr(task.get_coro(), "__qualname__", "")
    return not task.done() and name.startswith(OURS)


async def leases_end(play: Stage) -> None:
    async with play.service.transaction() as tx:
        await tx.db.execute("UPDATE message SET lease_until = now() - interval '1 second' WHERE lease_until IS NOT NULL")
        await tx.db.execute("UPDATE message SET retry_at = now() - interval '1 second' WHERE retry_at IS NOT NULL")


async def check(play: Stage, campaign: str, withdrawn: set[str]) -> dict[str, Any]:
    """Nobody got two; who withdrew before anything was handed off got none; the report's sums are exact."""
    twice = [address for address, count in Counter(play.box.recipients()).items() if count > 1]
    assert not twice
    assert not withdrawn & set(play.box.recipients())
    return await play.report(campaign)


async def finish(play: Stage, campaign: str) -> dict[str, Any]:
    for _ in range(20 + MAILS // 500):
        await leases_end(play)
        await commands.sweep(play.service)
        await play.send_all()
        report = await play.report(campaign)
        if report["status"] == "finished":
            return report
    raise AssertionError(report)


@pytest.mark.parametrize("seed", range(4))
async def test_no_interleaving_sends_twice(cluster: PrivateCluster, seed: int) -> None:
    chance = random.Random(seed)
    async with stage(cluster, send_batch=8, smtp_connections=3) as play:
        customers = await play.customers(60)
        addresses = {customer: f"c{number}@x.example" for number, customer in enumerate(customers)}
        for address in chance.sample(sorted(addresses.values()), 12):
            if chance.random() < 0.5:
                play.box.drop_reply.add(address)
            else:
                play.box.refuse_rcpt[address] = "450 later"
        campaign = await play.launched()
        withdrawn: set[str] = set()
        for _ in range(40):
            action = chance.random()
            if action < 0.65:
                await senders_killed(play, steps=chance.randrange(1, 400))
            elif action < 0.75:
                await leases_end(play)
                await commands.sweep(play.service)
            elif action < 0.85:
                customer = chance.choice(customers)
                states = await play.sql("SELECT state FROM message WHERE customer_id = $1", UUID(customer))
                async with play.service.transaction() as tx:
                    await commands.suppress_withdrawn(play.service, tx, customer_id=customer, purpose="marketing", channel="email")
                if states[0]["state"] in ("planned", "permitted") and addresses[customer] not in play.box.recipients():
                    withdrawn.add(addresses[customer])
            else:
                assert (await play.act(campaign, "pause")).status in (200, 409)
                before = len(play.box.mails)
                assert not await commands.send_messages(play.service)
                assert len(play.box.mails) == before
                assert (await play.act(campaign, "resume")).status in (200, 409)
            await check(play, campaign, withdrawn)
        play.box.refuse_rcpt.clear()
        report = await finish(play, campaign)
        await check(play, campaign, withdrawn)
        rows = {row["customer_id"]: row["state"] for row in await play.sql("SELECT customer_id, state FROM message")}
        got = set(play.box.recipients())
        for customer, address in addresses.items():
            state = rows[UUID(customer)]
            assert (address in got) <= (state in ("accepted", "unknown")), (address, state)
            assert (state == "accepted") <= (address in got), (address, state)
        assert report["planned"] == 60
        assert report["accepted"] > 0


async def test_two_senders_share_the_work(cluster: PrivateCluster) -> None:
    async with stage(cluster, send_batch=10) as play:
        await play.customers(100)
        campaign = await play.launched()

        async def send() -> int:
            rounds = 0
            while await commands.send_messages(play.service):
                rounds += 1
            return rounds

        rounds = await asyncio.gather(send(), send())
        await commands.sweep(play.service)
        report = await check(play, campaign, set())
        assert report["accepted"] == 100
        assert min(rounds) > 0


@pytest.mark.parametrize("a_commit", [1, 3])
async def test_no_more_hand_offs_on_record_than_connections_take_up_with_one_commit(cluster: PrivateCluster, a_commit: int) -> None:
    async with stage(cluster, smtp_connections=3, hand_offs_per_commit=a_commit) as play:
        await play.customers(40)
        await play.launched()
        play.box.delay = 0.01
        seen = []

        async def watch() -> None:
            while True:
                seen.append((await play.sql("SELECT count(*) AS n FROM message WHERE state = 'handing_off'"))[0]["n"])
                await asyncio.sleep(0)

        watching = asyncio.create_task(watch())
        await play.send_all()
        watching.cancel()
        assert 0 < max(seen) <= 3 * a_commit


SENDER = """
import asyncio, json, sys
from launcher import wiring
from launcher.roster import manifest
from chassis import runtime
from chassis.peers import Answer
from chassis.settings import PlatformSettings
from services.campaign import commands

async def main():
    given = json.loads(sys.argv[1])
    log = wiring.event_log(given["log"])
    await log.start()
    manifests = {name: manifest(name) for name in ("consent", "campaign")}
    apps, kept = {}, []
    transports = {name: wiring.transport(f"inproc://{name}", apps, None) for name in ("consent", "campaign", "analytics")}
    async def run(name, **values):
        service = wiring.service(manifests[name], platform=PlatformSettings.model_validate(given["platform"][name]), log=log, transports=transports, **values)
        running = runtime.running(manifests[name], service, read=False)
        kept.append(running)
        started = await running.__aenter__()
        apps[name] = started.app
        return service
    await run("consent", database_url=given["consent"])
    service = await run("campaign", database_url=given["campaign"], smtp_url=given["smtp"], send_batch=25, smtp_connections=4)
    sys.stdout.write("ready\\n")
    sys.stdout.flush()
    while True:
        if not await commands.send_messages(service):
            await asyncio.sleep(0.05)

asyncio.run(main())
"""


@pytest.mark.timeout(3600 if FULL else 300)
async def test_a_killed_process_never_makes_a_second_mail(cluster: PrivateCluster, tmp_path: Path) -> None:
    """kill -9 of a sending process at random moments, six times (SCALE=full: 10,000 mails, 100 times; SEND_KILLS: any number); then another finishes."""
    import json

    chance = random.Random(7)
    async with stage(cluster, smtp_connections=4) as play:
        await play.customers(MAILS)
        campaign = await play.launched()
        play.box.delay = 0.005
        platform = {
            name: {
                "identity_secret": IDENTITY_SECRET, "link_secret": LINK_SECRET, "signing_key": json.dumps(KEYS[name]),
                "trusted_keys": platform_settings("test").trusted_keys,
            }
            for name in ("consent", "campaign")
        }
        database = play.service.database.url
        name = database.partition("@/")[2].partition("?")[0].replace("campaign_", "eventlog_")
        log_url = templates.address(cluster, name, kind="eventlog").replace("postgresql://", "postgres-log://", 1)
        given = json.dumps({
            "platform": platform, "campaign": database, "consent": play.platform["consent"].service.database.url, "log": log_url,
            "smtp": play.box.url,
        })
        script = tmp_path / "sender.py"
        script.write_text(SENDER)
        root = str(Path(__file__).resolve().parents[3])
        for _ in range(KILLS):
            process = await asyncio.create_subprocess_exec(
                sys.executable, str(script), given, env={"PYTHONPATH": root, "PYTHONUTF8": "1"}, stdout=asyncio.subprocess.PIPE,
            )
            assert process.stdout is not None
            assert await asyncio.wait_for(process.stdout.readline(), 150) == b"ready\n"
            before = len(play.box.mails)
            async with asyncio.timeout(100):
                while len(play.box.mails) == before:
                    await asyncio.sleep(0.01)
            await asyncio.sleep(chance.uniform(0.0, 0.25))
            os.kill(process.pid, signal.SIGKILL)
            await process.wait()
            await leases_end(play)
            await commands.sweep(play.service)
            await check(play, campaign, set())
        handed_off = len(play.box.mails)
        assert handed_off > 0
        report = await finish(play, campaign)
        await check(play, campaign, set())
        assert report["accepted"] + report["unknown"] == MAILS
        assert report["unknown"] <= KILLS * play.service.settings.smtp_connections * play.service.settings.hand_offs_per_commit
        print(f"\n{KILLS} kills: {handed_off} mails before the last kill, {report['unknown']} unknown, 0 twice")
