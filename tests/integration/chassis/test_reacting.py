"""Outbox, inbox, positions, dead letters and parking on a real PostgreSQL and the PostgreSQL log."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest
from sqlalchemy import MetaData

from chassis import runtime
from chassis.eventlog import Partition, Record, Stored
from chassis.manifest import Manifest
from chassis.reacting import Subscription
from chassis.runtime import Running
from chassis.service import Service
from chassis.settings import ServiceSettings
from chassis.unit_of_work import Transaction
from contracts.consent import ConsentGranted
from contracts.envelope import Envelope
from launcher import wiring
from launcher.embedded_postgres import PrivateCluster
from tests.support.platform import new_database, new_log, platform_settings

Sample = Service[ServiceSettings, None]
AT = datetime(2026, 3, 21, tzinfo=UTC)


def granted(customer: str, version: int = 1) -> ConsentGranted:
    return ConsentGranted(customer_id=customer, purpose="marketing", channel="email", version=version, entry_id=f"{customer}/{version}", granted_at=AT)


async def record_effect(service: Sample, tx: Transaction, fact: ConsentGranted, envelope: Envelope) -> None:
    if fact.customer_id == "poison":
        raise ValueError("cannot be applied")
    await tx.db.execute("INSERT INTO effect (customer_id, purpose, version) VALUES ($1, $2, $3)", fact.customer_id, fact.purpose, fact.version)


@asynccontextmanager
async def sample(cluster: PrivateCluster, *subscriptions: Subscription, run: str | None = None) -> AsyncIterator[Running]:
    """A running service with these subscriptions and a table `effect`."""
    async with AsyncExitStack() as stack:
        suffix = run or uuid.uuid4().hex[:8]
        log = await new_log(cluster, stack, suffix, keep=run is not None)
        url = await new_database(cluster, stack, f"sample_{suffix}", "tests.support.sample", keep=run is not None)
        manifest = Manifest(
            name="consent", settings=ServiceSettings, migrations="tests.support.sample", tables=MetaData(), subscriptions=subscriptions
        )
        service = wiring.service(manifest, platform=platform_settings("consent"), log=log, transports={}, database_url=url)
        yield await stack.enter_async_context(runtime.running(manifest, service))


async def until(check: Callable[[], Any], *, seconds: float = 10) -> Any:
    async with asyncio.timeout(seconds):
        while not (found := await check()):
            await asyncio.sleep(0.02)
    return found


async def effects(service: Sample) -> list[tuple[str, int]]:
    async with service.read() as db:
        return [(row["customer_id"], row["version"]) for row in await db.fetch("SELECT customer_id, version FROM effect ORDER BY seq")]


async def caught_up(running: Running) -> bool:
    return not await running.service.database.fetch_value("SELECT count(*) FROM outbox") and all(
        reader["behind"] == 0 for reader in await running.readers()
    )


FACTS = Subscription(reader="counter", topics=("ecrm.consent",), facts={ConsentGranted: record_effect})


@pytest.mark.asyncio
async def test_what_is_told_in_a_transaction_is_applied_once_and_in_order(cluster: PrivateCluster) -> None:
    async with sample(cluster, FACTS) as running:
        for version in range(1, 21):
            async with running.service.transaction() as tx:
                tx.tell(granted("c1", version))
        await until(lambda: caught_up(running))
        assert await effects(running.service) == [("c1", version) for version in range(1, 21)]


@pytest.mark.asyncio
async def test_nothing_is_told_when_the_transaction_rolls_back(cluster: PrivateCluster) -> None:
    async with sample(cluster, FACTS) as running:
        with pytest.raises(RuntimeError, match="changed my mind"):
            async with running.service.transaction() as tx:
                tx.tell(granted("ghost"))
                raise RuntimeError("changed my mind")
        async with running.service.transaction() as tx:
            tx.tell(granted("c1"))
        await until(lambda: caught_up(running))
        assert await effects(running.service) == [("c1", 1)]


@pytest.mark.asyncio
async def test_a_record_published_twice_has_its_effect_once(cluster: PrivateCluster) -> None:
    async with sample(cluster, FACTS) as running:
        async with running.service.transaction() as tx:
            tx.tell(granted("c1"))
        await until(lambda: caught_up(running))
        partition = next(iter(await _all(running, "ecrm.consent")))
        again = Record(partition.topic, partition.key, partition.value, partition.headers)
        await running.service.log.append([again, again])
        await until(lambda: caught_up(running))
        assert await effects(running.service) == [("c1", 1)]


async def _all(running: Running, topic: str) -> list[Stored]:
    found: list[Stored] = []
    for number in range(await running.service.log.partitions(topic)):
        found.extend(await running.service.log.read(Partition(topic, number), 0))
    return found


@pytest.mark.asyncio
async def test_a_record_that_cannot_be_applied_parks_its_own_key_only(cluster: PrivateCluster) -> None:
    async with sample(cluster, FACTS) as running:
        async with running.service.transaction() as tx:
            tx.tell(granted("poison", 1))
            tx.tell(granted("c1", 1))
        await until(lambda: caught_up(running))
        async with running.service.transaction() as tx:
            tx.tell(granted("poison", 2))
            tx.tell(granted("c1", 2))
        await until(lambda: caught_up(running))
        assert await effects(running.service) == [("c1", 1), ("c1", 2)]
        async with running.service.read() as db:
            letters = await db.fetch("SELECT id, cause FROM dead_letter WHERE state = 'open'")
            assert [letter["cause"] for letter in letters] == ["ValueError"]
            assert await db.fetchval("SELECT count(*) FROM parked") == 1


@pytest.mark.asyncio
async def test_a_dead_letter_is_replayed_with_what_waited_behind_it(cluster: PrivateCluster) -> None:
    mended = False

    async def handler(service: Sample, tx: Transaction, fact: ConsentGranted, envelope: Envelope) -> None:
        if fact.customer_id == "poison" and not mended:
            raise ValueError("not yet")
        await tx.db.execute("INSERT INTO effect (customer_id, purpose, version) VALUES ($1, $2, $3)", fact.customer_id, fact.purpose, fact.version)

    async with sample(cluster, Subscription(reader="counter", topics=("ecrm.consent",), facts={ConsentGranted: handler})) as running:
        for version in (1, 2, 3):
            async with running.service.transaction() as tx:
                tx.tell(granted("poison", version))
            await until(lambda: caught_up(running))
        async with running.service.read() as db:
            letter = await db.fetchval("SELECT id FROM dead_letter")
        mended = True
        await running.replay(letter)
        assert await effects(running.service) == [("poison", 1), ("poison", 2), ("poison", 3)]
        async with running.service.read() as db:
            assert await db.fetchval("SELECT count(*) FROM parked") == 0
            assert await db.fetchval("SELECT state FROM dead_letter") == "replayed"


@pytest.mark.asyncio
async def test_a_batch_is_narrowed_down_to_its_culprit(cluster: PrivateCluster) -> None:
    async def batch(service: Sample, tx: Transaction, records: list[Stored]) -> None:
        for record in records:
            if b"poison" in record.key:
                raise KeyError("poison")
            await tx.db.execute("INSERT INTO effect (customer_id, purpose, version) VALUES ($1, 'p', 1)", record.key.decode())

    async with sample(cluster, Subscription(reader="batcher", topics=("ecrm.consent",), batch=batch)) as running:
        async with running.service.transaction() as tx:
            for number in range(40):
                tx.tell(granted("poison" if number == 17 else f"c{number}"))
        await until(lambda: caught_up(running))
        assert sorted(name for name, _ in await effects(running.service)) == sorted(f"c{number}" for number in range(40) if number != 17)
        async with running.service.read() as db:
            assert await db.fetchval("SELECT count(*) FROM dead_letter") == 1


@pytest.mark.asyncio
async def test_killed_connections_lose_and_double_nothing(cluster: PrivateCluster) -> None:
    async with sample(cluster, FACTS) as running:
        for version in range(1, 31):
            try:
                async with running.service.transaction() as tx:
                    tx.tell(granted("c1", version))
                    if version % 7 == 0:
                        await tx.db.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = current_user AND pid <> pg_backend_pid()")
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                async with running.service.transaction() as tx:
                    tx.tell(granted("c1", version))
        await until(lambda: caught_up(running), seconds=30)
        assert await effects(running.service) == [("c1", version) for version in range(1, 31)]
        async with running.service.read() as db:
            assert await db.fetchval("SELECT count(*) FROM dead_letter") == 0


@pytest.mark.asyncio
async def test_later_records_of_a_key_wait_also_when_they_come_in_the_same_batch(cluster: PrivateCluster) -> None:
    mended = False

    async def handler(service: Sample, tx: Transaction, fact: ConsentGranted, envelope: Envelope) -> None:
        if fact.customer_id == "poison" and fact.version == 2 and not mended:
            raise ValueError("not yet")
        await tx.db.execute("INSERT INTO effect (customer_id, purpose, version) VALUES ($1, $2, $3)", fact.customer_id, fact.purpose, fact.version)

    async with sample(cluster, Subscription(reader="counter", topics=("ecrm.consent",), facts={ConsentGranted: handler})) as running:
        async with running.service.transaction() as tx:
            for version in (1, 2, 3):
                tx.tell(granted("poison", version))
            tx.tell(granted("c1"))
        await until(lambda: caught_up(running))
        assert sorted(await effects(running.service)) == [("c1", 1), ("poison", 1)]
        mended = True
        async with running.service.read() as db:
            letter = await db.fetchval("SELECT id FROM dead_letter")
        await running.replay(letter)
        assert [effect for effect in await effects(running.service) if effect[0] == "poison"] == [("poison", 1), ("poison", 2), ("poison", 3)]


@pytest.mark.asyncio
async def test_a_batch_is_refused_when_somebody_else_moved_the_position(cluster: PrivateCluster) -> None:
    """Another process applied records 5 and 6 while this one held its positions: it goes on behind them."""
    async with sample(cluster, FACTS) as running:
        for version in range(1, 5):
            async with running.service.transaction() as tx:
                tx.tell(granted("c1", version))
            await until(lambda: caught_up(running))
        async with running.service.read() as db:
            await db.execute("UPDATE consumer_offset SET next = next + 2 WHERE next > 0")
        for version in range(5, 9):
            async with running.service.transaction() as tx:
                tx.tell(granted("c1", version))
        await until(lambda: caught_up(running))
        assert await effects(running.service) == [("c1", version) for version in (1, 2, 3, 4, 7, 8)]
