"""U11, U47, R8: the live view, replays and rules with a real Kafka broker as the log and the services behind sockets."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from chassis.eventlog import Partition
from chassis.settings import SettingsError
from contracts.gateway import CollectionRules
from launcher import wiring
from launcher.embedded_postgres import PrivateCluster
from tests.integration.gateway.test_network import apart
from tests.integration.interaction.sources.support import source, track
from tests.integration.interaction.sources.test_live import key, watching
from tests.integration.interaction.sources.test_replays import count, replayed
from tests.integration.interaction.support import settle
from tests.support.broker import Broker, broker
from tests.support.platform import started

pytestmark = [pytest.mark.asyncio(loop_scope="function"), pytest.mark.real]


@pytest.fixture(scope="module")
def kafka() -> Iterator[Broker]:
    with broker() as running:
        yield running


async def test_live_view_replay_and_rules_on_the_broker(cluster: PrivateCluster, kafka: Broker) -> None:
    log = wiring.event_log(f"kafka://{kafka.bootstrap}")
    await log.start()
    try:
        await log.create_topics(wiring.topics())
        async with started(cluster, "gateway", "interaction", log=log, run=None) as platform:
            shop = await source(platform, kind="browser", never=CollectionRules(events=["Therapy *"]))
            reader = await key(platform, "interactions:read", "customers:read")
            async with apart(platform, "interaction") as (url, client):
                async with watching(client, url, reader) as first:
                    await shop.send([track("A", {"n": 1}), track(f"Therapy {uuid.uuid4()}")])
                    assert (await first.until(1, seconds=20))[0]["name"] == "A"
                    last = first.last_id
                await shop.send([track("A", {"n": number}, user=f"u{number}") for number in range(2, 22)])
                await settle(platform)
                async with watching(client, url, reader, after=last) as again:
                    found = await again.until(20, seconds=20)
                    assert sorted(event["personal"]["properties"]["n"] for event in found) == list(range(2, 22))
            done = await replayed(platform, "collected", shop)
            assert (done["found"], done["sent"]) == (21, 21)
            assert await count(platform) == 21
            assert await count(platform, "SELECT sum(duplicate) FROM intake") == 21
            assert await count(platform, "SELECT count FROM collection_drop") == 1
            assert await count(platform, "SELECT sum(events) FROM visit") == 21
    finally:
        await log.close()


async def test_two_organisations_share_one_broker(cluster: PrivateCluster, kafka: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    """U48: the same event ids for both, in topics and reader groups of their own; each has its own and nothing of the other's."""
    logs = {}
    for name in ("north", "south"):
        monkeypatch.setenv("ECRM_LOG_TOPIC_PREFIX", f"{name}.")
        logs[name] = wiring.event_log(f"kafka://{kafka.bootstrap}")
    monkeypatch.delenv("ECRM_LOG_TOPIC_PREFIX")
    plain = wiring.event_log(f"kafka://{kafka.bootstrap}")
    opened = [*logs.values(), plain]
    try:
        for log in opened:
            await log.start()
        for log in logs.values():
            await log.create_topics(wiring.topics())
        async with started(cluster, "gateway", "interaction", log=logs["north"], run=None) as north, started(cluster, "gateway", "interaction", log=logs["south"], run=None) as south:
            for platform, events in ((north, 30), (south, 7)):
                shop = await source(platform, kind="browser")
                await shop.send([track("Seen", {"n": number}, user=f"u{number}", message_id=f"same-{number}") for number in range(events)])
            for platform, events in ((north, 30), (south, 7)):
                await settle(platform)
                assert await count(platform) == events
                assert await count(platform, "SELECT sum(duplicate) FROM intake") == 0
            for name, expected in (("north", 30), ("south", 7)):
                found = 0
                for number in range(await plain.partitions(f"{name}.ecrm.interaction")):
                    partition = Partition(f"{name}.ecrm.interaction", number)
                    offset = (await plain.bounds(partition))[0]
                    while records := await plain.read(partition, offset):
                        found, offset = found + len(records), records[-1].next
                assert found == expected, name
    finally:
        for log in opened:
            await log.close()


async def test_a_prefix_that_no_broker_takes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECRM_LOG_TOPIC_PREFIX", "North/")
    with pytest.raises(SettingsError, match="ECRM_LOG_TOPIC_PREFIX"):
        wiring.event_log("kafka://127.0.0.1:1")
