"""State made anew from the log beside the live one: the same hash, nothing told, nothing sent; swapped where it was damaged."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from chassis import replaying
from chassis.eventlog import Partition
from chassis.replaying import CannotReplay, Result
from launcher import roster
from launcher.embedded_postgres import PrivateCluster
from tests.integration.campaign.stage import Stage, stage
from tests.integration.customer.asking import owner, registered
from tests.integration.interaction.support import checked, track
from tests.support import templates
from tests.support.platform import IDENTITY_SECRET, KEYS, LINK_SECRET, TestPlatform, platform_settings, started

pytestmark = [pytest.mark.asyncio, pytest.mark.slow]

SERVICES = ("customer", "interaction", "consent", "campaign")
PEOPLE = 8


async def happens(platform: TestPlatform, *, round_: int = 0) -> None:
    """People look around, say who they are, two of them at one address; everybody's visits begin without a name."""
    for person in range(PEOPLE):
        name, device = f"r{person}", f"device-{person}"
        page = {"type": "page", "name": "Home", "properties": {"url": "https://shop.example/"}}
        events = [
            {**page, "anonymousId": device, "messageId": f"{round_}-a{person}", "timestamp": "2026-03-01T10:00:00Z"},
            {**page, "anonymousId": device, "messageId": f"{round_}-b{person}", "timestamp": "2026-03-01T09:50:00Z"},
            {
                "type": "identify", "userId": name, "anonymousId": device, "messageId": f"{round_}-i{person}",
                "traits": {"email": f"{name}@replay.example", "plan": f"p{round_}", "city": "شیراز"},
            },
            track(name, "Viewed", f"{round_}-t{person}"),
        ]
        for event in events:
            await platform.log.append(checked([event]))
        if person == 3:
            await platform.drain()  # the rest is another batch
    await platform.log.append(checked([{"type": "alias", "previousId": "r0", "userId": "r1", "messageId": f"{round_}-alias"}]))
    await platform.drain(timeout=120)


async def replayed(platform: TestPlatform, name: str, *, swap: bool = False) -> list[Result]:
    manifest = roster.manifest(name)
    return [await replaying.replay(manifest, platform[name].service, rebuilt, swap=swap) for rebuilt in manifest.rebuilt]


async def ends(platform: TestPlatform) -> dict[Partition, int]:
    topics = ("ecrm.collected", "ecrm.interaction", "ecrm.interaction.facts", "ecrm.customer", "ecrm.consent", "ecrm.campaign")
    states = ("ecrm.state.identity", "ecrm.state.profile", "ecrm.state.consent")
    found = {}
    for topic in (*topics, *states):
        for number in range(await platform.log.partitions(topic)):
            found[Partition(topic, number)] = (await platform.log.bounds(Partition(topic, number)))[1]
    return found


async def granted(play: Stage) -> None:
    for person in range(2, 5):
        customer = await owner(play.platform, f"user:r{person}")
        assert customer is not None
        play.audience.members.append(customer)
        await play.grant(customer)
    await play.platform.drain(timeout=120)


async def test_empty_shadows_and_the_log_give_the_same_state_and_tell_nothing(cluster: PrivateCluster) -> None:
    """N3: in every service what facts make is made anew with the same hash, customers' ids too; the log takes nothing and no mail goes out."""
    async with stage(cluster, services=SERVICES, read=True) as play:
        await happens(play.platform)
        await granted(play)
        campaign = await play.launched()
        async with asyncio.timeout(60):
            while (await play.report(campaign))["status"] != "finished":
                await asyncio.sleep(0.1)
        await play.platform.drain(timeout=120)
        before = await ends(play.platform)
        assert len(play.box.mails) == 3
        compared = {}
        for name in SERVICES:
            for result in await replayed(play.platform, name):
                assert result.same, (name, result)
                assert result.records > 0
                compared.update({f"{name}.{table.table}": table.live.rows for table in result.tables})
        assert compared["customer.customer"] == PEOPLE - 1
        assert compared["customer.identity"] >= 3 * PEOPLE - 1
        assert compared["interaction.visit"] >= PEOPLE
        assert compared["campaign.recipient"] >= PEOPLE
        assert compared["campaign.said_consent"] >= 3
        assert compared["consent.identity_map"] == compared["interaction.identity_map"] == compared["customer.identity"]
        await play.platform.drain(timeout=120)
        assert await ends(play.platform) == before
        assert len(play.box.mails) == (await play.report(campaign))["accepted"] == 3


async def test_the_command_says_what_it_found(cluster: PrivateCluster) -> None:
    """`ecrm replay`: exit codes and what is said."""
    async with started(cluster, "customer", "consent") as platform:
        service = platform["consent"].service
        await registered(platform, "user:said")
        await platform.drain(timeout=120)
        address = service.database.url
        log = "eventlog_" + address.partition("@/")[2].partition("?")[0].removeprefix("consent_")
        environment = {
            "PATH": os.environ["PATH"], "PYTHONPATH": str(Path.cwd()), "PYTHONUTF8": "1", "ECRM_CONSENT_DATABASE_URL": address,
            "ECRM_LOG_URL": templates.address(cluster, log, kind="eventlog").replace("postgresql://", "postgres-log://", 1),
            "ECRM_IDENTITY_SECRET": IDENTITY_SECRET, "ECRM_LINK_SECRET": LINK_SECRET, "ECRM_SIGNING_KEY": json.dumps(KEYS["consent"]),
            "ECRM_TRUSTED_KEYS": platform_settings("consent").trusted_keys,
        }

        async def said(*arguments: str) -> tuple[int, str]:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "launcher", "replay", *arguments, env=environment, stderr=asyncio.subprocess.PIPE
            )
            _, text = await process.communicate()
            return process.returncode or 0, " ".join(text.decode().split())

        code, text = await said("consent")
        assert code == 0, text
        assert "same" in text
        assert "no message was sent" in text
        async with service.transaction() as tx:
            await tx.db.execute("DELETE FROM identity_map")
        assert (await said("consent"))[0] == 1
        code, text = await said("consent", "--swap")
        assert code == 0, text
        assert "swapped" in text
        assert (await said("analytics"))[0] == (await said("nobody"))[0] == 2


async def test_damage_is_found_and_swapped_away_while_the_readers_go_on(cluster: PrivateCluster) -> None:
    """N3: lost and changed rows are seen, taken over from the log in one transaction, and what comes afterwards is applied to them."""
    async with started(cluster, *SERVICES) as platform:
        await happens(platform)
        harms = {
            "interaction": ("DELETE FROM identity_map WHERE kind = 'anon'", "UPDATE visit SET pages = pages + 1"),
            "campaign": ("UPDATE recipient SET email = 'somebody@else.example'", "DELETE FROM identity_map"),
            "consent": ("UPDATE identity_map SET customer_id = gen_random_uuid()",),
        }
        for name, statements in harms.items():
            async with platform[name].service.transaction() as tx:
                for statement in statements:
                    await tx.db.execute(statement)
            assert sum(not table.same for result in await replayed(platform, name) for table in result.tables) == len(statements)
            assert any(result.swapped for result in await replayed(platform, name, swap=True))
            assert all(result.same for result in await replayed(platform, name))
        await happens(platform, round_=1)
        for name in SERVICES:
            assert all(result.same for result in await replayed(platform, name)), name
        emails = await platform["campaign"].service.database.fetch_value("SELECT count(*) FROM recipient WHERE email = 'r5@replay.example'")
        assert emails == 1


async def test_what_a_person_typed_is_no_fact_and_is_not_swapped_away(cluster: PrivateCluster) -> None:
    """N3: customers registered by hand are in the backup only: the replay shows them as missing and refuses to swap."""
    async with started(cluster, "customer") as platform:
        await registered(platform, "user:typed", plan="gold")
        (result,) = await replayed(platform, "customer")
        assert not result.same
        assert {table.table: (table.live.rows, table.replayed.rows) for table in result.tables}["customer"] == (1, 0)
        with pytest.raises(CannotReplay, match="commands write these tables"):
            await replayed(platform, "customer", swap=True)
        assert await owner(platform, "user:typed") is not None


async def test_a_restored_backup_reads_on_to_the_same_people(cluster: PrivateCluster) -> None:
    """N3: an old copy of the customers' database and the log since then give the same state, the same ids for people who came meanwhile, too."""
    run = "replayrestore"
    names = ("customer", "interaction")

    async def people(platform: TestPlatform) -> dict[str, str | None]:
        return {key: await owner(platform, key) for n in range(PEOPLE) for key in (f"user:r{n}", f"anon:device-{n}", "user:typed", "user:later")}

    async with started(cluster, *names, run=run) as platform:
        await registered(platform, "user:typed", plan="gold")
        await platform.log.append(checked([track("r1", "Viewed", "first")]))
        await platform.drain(timeout=120)
    await templates.cloned(cluster, f"customer_{run}", f"customer_{run}_saved")
    async with started(cluster, *names, run=run) as platform:
        await happens(platform)
        await platform.log.append(checked([track("later", "Viewed", "later")]))
        await platform.drain(timeout=120)
        before = await people(platform)
        live, _ = await replayed(platform, "interaction")
    await templates.dropped(cluster, f"customer_{run}")
    await templates.cloned(cluster, f"customer_{run}_saved", f"customer_{run}")
    async with started(cluster, *names, run=run) as platform:
        await platform.drain(timeout=120)
        assert await people(platform) == before
        assert None not in before.values()
        (again, _) = await replayed(platform, "interaction")
        assert again.same
        # A merge that is decided anew has another number, so it is told once more; who is who has not changed.
        assert [table.live for table in again.tables[:2]] == [table.live for table in live.tables[:2]]
    for name in (f"customer_{run}", f"customer_{run}_saved", f"interaction_{run}", f"eventlog_{run}"):
        await templates.dropped(cluster, name)
