"""When something is away, slow or too much."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from chassis.clock import Clock
from chassis.eventlog import Partition, Record
from chassis.keys import TOPIC, KeyTable, key_hash
from contracts.envelope import header
from launcher.embedded_postgres import PrivateCluster
from services.interaction.api import collector
from services.interaction.api.collector_receiving import MAX_IN_FLIGHT_BYTES, Flight
from services.interaction.domain import collecting
from tests.integration.interaction.collecting.support import (
    KEY,
    Door,
    basic,
    new_log,
    open_door,
    refusal_of,
    test_tokens,
)
from tests.support.cluster import running_cluster
from tests.support.platform import platform_settings

pytestmark = pytest.mark.asyncio

BATCH = {"batch": [{"type": "track", "userId": "u", "event": "e"}]}
SERVICE_UNAVAILABLE = 503


@pytest.fixture
def own_cluster() -> Iterator[PrivateCluster]:
    """A cluster that the test may stop."""
    with running_cluster() as cluster:
        yield cluster


async def test_a_log_that_is_away_is_a_503_in_time_and_opens_the_circuit(own_cluster: PrivateCluster) -> None:
    async with open_door(own_cluster) as door:
        assert (await door.post("/v1/batch", BATCH)).status == 200
        await own_cluster.stop()
        try:
            began = time.monotonic()
            replies = await asyncio.gather(*(door.post("/v1/batch", BATCH) for _ in range(3)))
            assert time.monotonic() - began < 6
            for reply in replies:
                assert (reply.status, reply.json["code"], reply.json["success"]) == (SERVICE_UNAVAILABLE, "not_confirmed", False)
                assert 1 <= int(reply.headers["retry-after"]) <= 10
            began = time.monotonic()
            refused = await door.ask("POST", "/v1/batch", [b"never read"], headers=basic(), disconnect=True)
            assert (refused.status, time.monotonic() - began < 0.5) == (SERVICE_UNAVAILABLE, True)  # refused before the body
        finally:
            await own_cluster.start()
        async with asyncio.timeout(20):
            while (await door.post("/v1/batch", BATCH)).status != 200:
                await asyncio.sleep(0.2)
        assert len(await door.events()) >= 2  # what was not confirmed may be there as well


async def test_keys_that_are_not_loaded_are_a_503_never_a_401(cluster: PrivateCluster) -> None:
    async with new_log(cluster) as log:
        app = collector.Collector(log=log, tokens=test_tokens(), clock=Clock(), keys=KeyTable())
        reply = await Door(app, log, test_tokens()).post("/v1/batch", BATCH)
        assert (reply.status, reply.json["code"]) == (SERVICE_UNAVAILABLE, "starting")
        assert 1 <= int(reply.headers["retry-after"]) <= 10


async def test_the_key_table_follows_its_topic(cluster: PrivateCluster) -> None:
    async with new_log(cluster) as log:
        keys = KeyTable()
        await keys.start(log)
        found = keys.find(KEY)
        assert found is not None
        assert found.source == keys.source("shop")
        assert keys.find("revoked-key") is None
        assert keys.find("") is None
        assert {source.source_id for source in keys.sources()} == {"shop", "web", "off", "partner"}
        await log.append([Record(TOPIC, b"broken", b"{"), Record(TOPIC, key_hash(KEY).encode(), None)])
        async with asyncio.timeout(10):
            while keys.find(KEY) is not None:
                await asyncio.sleep(0.05)
        await keys.close()


async def test_slow_and_broken_off_bodies(door: Door) -> None:
    body = json.dumps(BATCH).encode()
    slow, gone = await asyncio.gather(
        door.ask("POST", "/v1/batch", [body[:10], body[10:]], headers=basic(), pause=5.5),
        door.ask("POST", "/v1/batch", [body[:10]], headers=basic(), disconnect=True),
    )
    assert (slow.status, slow.json["code"]) == (408, "slow_body")
    assert gone.status == 0
    assert (await door.ask("POST", "/v1/batch", [body[:10], body[10:]], headers=basic(), pause=0.2)).status == 200


async def test_more_requests_than_can_be_worked_on_are_shed(door: Door) -> None:
    body = json.dumps(BATCH).encode()
    waiting = [asyncio.create_task(door.ask("POST", "/v1/batch", [body, b" "], headers=basic(), pause=2)) for _ in range(256)]
    await asyncio.sleep(0.5)
    reply = await door.post("/v1/batch", BATCH)
    assert (reply.status, reply.json["code"]) == (SERVICE_UNAVAILABLE, "overloaded")
    assert {reply.status for reply in await asyncio.gather(*waiting)} == {200}
    assert (await door.post("/v1/batch", BATCH)).status == 200


async def test_bytes_in_flight_are_counted_and_given_back() -> None:
    flight = Flight()
    with flight.hold(MAX_IN_FLIGHT_BYTES) as held:
        with pytest.raises(collecting.RequestRefused) as refused, flight.hold(1):
            raise AssertionError
        assert refused.value.code == "overloaded"
        with pytest.raises(collecting.RequestRefused):
            held.grow_to(MAX_IN_FLIGHT_BYTES + 1)
    assert (flight.size, flight.requests) == (0, 0)


async def test_no_source_takes_more_than_half_while_others_ask() -> None:
    flight = Flight()
    with ExitStack() as stack:
        for _ in range(200):
            stack.enter_context(flight.share("greedy"))  # alone it may
        with flight.share("other"), pytest.raises(collecting.RequestRefused), flight.share("greedy"):
            raise AssertionError
        with flight.share("greedy"):
            pass


async def test_quarantine_has_a_quota_and_the_answer_does_not_change(cluster: PrivateCluster) -> None:
    async with open_door(cluster, quarantine_per_hour=3) as door:
        bad = {"batch": [{"type": "track", "userId": "u"}] * 2}
        for _ in range(3):
            reply = await door.post("/v1/batch", bad)
            assert (reply.status, len(reply.json["rejected"])) == (200, 2)
        assert len(await door.appended()) == 3
        assert (await door.ask("POST", "/v1/batch", b"{", headers=basic())).status == 400
        assert await door.appended() == []
        assert (await door.post("/v1/batch", bad, resolved="partner")).status == 200  # another source has its own
        assert len(await door.appended()) == 2


async def test_a_large_payload_is_kept_as_far_as_64_kib(door: Door) -> None:
    large = {"type": "track", "userId": "u", "event": "e", "properties": {"x": "y" * 200_000}}
    assert (await door.post("/v1/batch", {"batch": [large]})).json["rejected"][0]["code"] == "event_too_large"
    [record] = await door.appended()
    assert len(record.value or b"") == 64 * 1024
    assert refusal_of(record).size == len(json.dumps(large))


async def test_as_a_process_of_its_own(cluster: PrivateCluster) -> None:
    async with new_log(cluster) as log, collector.standing_alone(log=log, tokens=test_tokens(), platform=platform_settings("collector")) as app:
        door = Door(app, log, test_tokens())
        ready: Any = (await door.ask("GET", "/readyz")).json
        assert ready == {"status": "ready", "missing": []}
        assert (await door.ask("GET", "/healthz")).status == 200
        assert (await door.post("/v1/batch", BATCH)).json["accepted"] == 1
        assert b'ecrm_collected_events_total{outcome="accepted",source_id="shop"}' in (await door.ask("GET", "/metrics")).body


async def test_two_requests_of_one_key_keep_their_order(door: Door) -> None:
    for number in range(20):
        assert (await door.post("/v1/batch", {"batch": [{**BATCH["batch"][0], "messageId": f"{number}-{part}"} for part in range(5)]})).status == 200
    records = await door.appended()
    assert len({record.partition for record in records}) == 1
    assert [header(record.headers, "ce_id") for record in records] == [f"{number}-{part}".encode() for number in range(20) for part in range(5)]
    assert Partition("ecrm.collected", records[0].partition)
