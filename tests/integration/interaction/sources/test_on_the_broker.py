"""U11, U47, R8: the live view, replays and rules with a real Kafka broker as the log and the services behind sockets."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

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


async def test_a_prefix_that_no_broker_takes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ECRM_LOG_TOPIC_PREFIX", "North/")
    with pytest.raises(SettingsError, match="ECRM_LOG_TOPIC_PREFIX"):
        wiring.event_log("kafka://127.0.0.1:1")
