"""Positions, dead letters and parking on Kafka where the records of a transaction lie in one pack."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import pytest
from sqlalchemy import MetaData

from chassis import runtime
from chassis.eventlog import EventLog, Partition, Stored, Topic
from chassis.eventlog.kafka import KafkaEventLog, packing
from chassis.manifest import Manifest
from chassis.reacting import Subscription
from chassis.runtime import Running
from chassis.settings import ServiceSettings
from chassis.unit_of_work import Transaction
from contracts.consent import ConsentGranted
from contracts.envelope import Envelope
from launcher import wiring
from launcher.embedded_postgres import PrivateCluster
from tests.integration.chassis.test_reacting import Sample, caught_up, effects, granted, until
from tests.support.broker import Broker, broker
from tests.support.platform import new_database, platform_settings

pytestmark = [pytest.mark.real, pytest.mark.asyncio, pytest.mark.timeout(180)]

TOPIC = "ecrm.consent"


@pytest.fixture
def kafka() -> Iterator[Broker]:
    """A broker with nothing in it."""
    with broker() as running:
        yield running


@asynccontextmanager
async def packed_log(kafka: Broker) -> AsyncIterator[EventLog]:
    """A client that packs the topic of these tests, which has one partition."""
    log = KafkaEventLog(kafka.bootstrap, partitions=1, packed={TOPIC})
    await log.start()
    try:
        await log.create_topics([Topic(TOPIC)])
        yield log
    finally:
        await log.close()


@asynccontextmanager
async def sample(cluster: PrivateCluster, log: EventLog, subscription: Subscription, *, run: str) -> AsyncIterator[Running]:
    """A running service on the database of this run."""
    async with AsyncExitStack() as stack:
        url = await new_database(cluster, stack, f"sample_{run}", "tests.support.sample", keep=True)
        manifest = Manifest(
            name="consent", settings=ServiceSettings, migrations="tests.support.sample", tables=MetaData(), subscriptions=(subscription,)
        )
        service = wiring.service(manifest, platform=platform_settings("consent"), log=log, transports={}, database_url=url)
        yield await stack.enter_async_context(runtime.running(manifest, service))


async def tell(running: Running, *customers: str) -> None:
    """One transaction, so one row of the outbox, so one pack; each customer's versions count from 1."""
    versions: dict[str, int] = {}
    async with running.service.transaction() as tx:
        for customer in customers:
            versions[customer] = versions.get(customer, 0) + 1
            tx.tell(granted(customer, versions[customer]))


async def stored(log: EventLog) -> list[Stored]:
    """What the topic holds; all of it lies in one Kafka record."""
    found = await log.read(Partition(TOPIC, 0), 0)
    assert {packing.holder(record.offset) for record in found} == {0}
    return found


async def record_effect(tx: Transaction, customer: str, version: int) -> None:
    await tx.db.execute("INSERT INTO effect (customer_id, purpose, version) VALUES ($1, 'marketing', $2)", customer, version)


async def test_a_crash_between_two_batches_of_one_pack(cluster: PrivateCluster, kafka: Broker) -> None:
    """P2: what was applied stays, what was not comes again, though the log keeps both in one record."""
    run, stuck = uuid.uuid4().hex[:8], asyncio.Event()
    lives = 0

    async def batch(service: Sample, tx: Transaction, records: list[Stored]) -> None:
        for record in records:
            await record_effect(tx, record.key.decode(), record.offset)
        if lives < 3 and records[-1].offset >= 17 * (lives + 1):
            stuck.set()
            await asyncio.sleep(60)  # until it is killed, with the transaction open

    subscription = Subscription(reader="batcher", topics=(TOPIC,), batch=batch, max_records=7)
    for lives in range(4):
        async with packed_log(kafka) as log, sample(cluster, log, subscription, run=run) as running:
            if lives == 0:
                await tell(running, *(f"c{number}" for number in range(100)))
            if lives < 3:
                await asyncio.wait_for(stuck.wait(), 30)
                stuck.clear()
                continue
            await until(partial(caught_up, running), seconds=30)
            assert await effects(running.service) == [(f"c{number}", number) for number in range(100)]
            found = await stored(log)
            position = await running.service.database.fetch_value("SELECT next FROM consumer_offset WHERE reader = 'consent.batcher'")
            assert position == found[-1].next == packing.start(1)


async def test_dead_letters_parking_and_replay_name_the_right_record(cluster: PrivateCluster, kafka: Broker) -> None:
    mended = False

    async def handler(service: Sample, tx: Transaction, fact: ConsentGranted, envelope: Envelope) -> None:
        if fact.customer_id == "poison" and fact.version == 2 and not mended:
            raise ValueError("not yet")
        await record_effect(tx, fact.customer_id, fact.version)

    subscription = Subscription(reader="counter", topics=(TOPIC,), facts={ConsentGranted: handler}, max_records=11)
    async with packed_log(kafka) as log, sample(cluster, log, subscription, run=uuid.uuid4().hex[:8]) as running:
        told = [f"c{number % 5}" if number % 6 else "poison" for number in range(60)]
        await tell(running, *told)
        await until(lambda: caught_up(running), seconds=30)
        found = await stored(log)
        poisoned = [record for record in found if record.key == b"poison"]
        async with running.service.read() as db:
            letter = await db.fetchrow("SELECT * FROM dead_letter")
            parked = await db.fetch("SELECT * FROM parked ORDER BY record_offset")
        assert letter is not None
        assert (letter["record_offset"], letter["value"]) == (poisoned[1].offset, poisoned[1].value)
        assert (await log.read(Partition(TOPIC, 0), letter["record_offset"], max_records=1))[0].value == letter["value"]
        assert [(row["record_offset"], row["value"]) for row in parked] == [(record.offset, record.value) for record in poisoned[2:]]
        assert sorted(await effects(running.service)) == sorted([("poison", 1), *_versions(told, without="poison")])
        mended = True
        await running.replay(letter["id"])
        assert sorted(await effects(running.service)) == sorted(_versions(told))
        of_the_key = [version for customer, version in await effects(running.service) if customer == "poison"]
        assert of_the_key == sorted(of_the_key)


async def test_a_replay_from_the_middle_of_a_pack(cluster: PrivateCluster, kafka: Broker) -> None:
    """F14: an operator sets the position back; what was applied is recognised, what was not is applied."""
    run = uuid.uuid4().hex[:8]

    async def handler(service: Sample, tx: Transaction, fact: ConsentGranted, envelope: Envelope) -> None:
        await record_effect(tx, fact.customer_id, fact.version)

    subscription = Subscription(reader="counter", topics=(TOPIC,), facts={ConsentGranted: handler})
    async with packed_log(kafka) as log, sample(cluster, log, subscription, run=run) as running:
        await tell(running, *(["c1"] * 50))
        await until(lambda: caught_up(running), seconds=30)
        async with running.service.read() as db:
            await db.execute("UPDATE consumer_offset SET next = $1", (await stored(log))[20].offset)
            await db.execute("DELETE FROM effect WHERE version > 30")
    async with packed_log(kafka) as log, sample(cluster, log, subscription, run=run) as running:
        await until(lambda: caught_up(running), seconds=30)
        assert await effects(running.service) == [("c1", version) for version in range(1, 31)]  # the inbox knows all fifty
        async with running.service.read() as db:
            await db.execute("DELETE FROM inbox")
            await db.execute("UPDATE consumer_offset SET next = $1", (await stored(log))[30].offset)
    async with packed_log(kafka) as log, sample(cluster, log, subscription, run=run) as running:
        await until(lambda: caught_up(running), seconds=30)
        assert await effects(running.service) == [("c1", version) for version in range(1, 51)]


def _versions(told: list[str], *, without: str = "") -> list[tuple[str, int]]:
    seen: dict[str, int] = {}
    found = []
    for customer in told:
        seen[customer] = seen.get(customer, 0) + 1
        if customer != without:
            found.append((customer, seen[customer]))
    return found


async def test_what_nobody_wants_is_passed_over_and_nothing_wanted_is_missed(cluster: PrivateCluster, kafka: Broker) -> None:
    """A reader whose service wants nothing moves on without reading; from the moment of the want on every record counts, once."""
    wanted, asked = False, 0

    async def wants(service: Sample, tx: Transaction) -> bool:
        nonlocal asked
        asked += 1
        return wanted

    async def batch(service: Sample, tx: Transaction, records: list[Stored]) -> None:
        for record in records:
            assert record.value is not None
            await record_effect(tx, record.key.decode(), record.offset)

    subscription = Subscription(reader="picky", topics=(TOPIC,), batch=batch, wanted=wants)
    async with packed_log(kafka) as log, sample(cluster, log, subscription, run=uuid.uuid4().hex[:8]) as running:
        for turn in range(4):
            await tell(running, *(f"before{turn}" for _ in range(50)))
            await until(partial(caught_up, running), seconds=30)
        assert await effects(running.service) == []
        assert asked >= 1
        wanted = True
        for turn in range(4):
            await tell(running, *(f"after{turn}-{number}" for number in range(50)))
        await until(partial(caught_up, running), seconds=30)
        assert {name for name, _ in await effects(running.service)} == {f"after{turn}-{number}" for turn in range(4) for number in range(50)}
        wanted = False
        for _ in range(2):
            await tell(running, *(f"later{number}" for number in range(50)))
            await until(partial(caught_up, running), seconds=30)
        found = await effects(running.service)
        assert len(found) == len(set(found)) == 200
        position = await running.service.database.fetch_value("SELECT next FROM consumer_offset WHERE reader = 'consent.picky'")
        assert position == (await log.bounds(Partition(TOPIC, 0)))[1]
