"""One service as processes of its own for HTTP and for readers; what an operator sees of them; older code on a newer schema."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from chassis import measuring, migrating, runtime, telemetry
from chassis.eventlog import EventLog
from chassis.runtime import NotReady, Part, Running
from contracts.customer import CustomerRegistered
from launcher import roster, wiring
from launcher.embedded_postgres import PrivateCluster
from tests.support.platform import new_database, new_log, platform_settings

pytestmark = pytest.mark.asyncio
MANIFEST = roster.manifest("customer")


@asynccontextmanager
async def ground(cluster: PrivateCluster) -> AsyncIterator[tuple[AsyncExitStack, EventLog, str]]:
    async with AsyncExitStack() as stack:
        suffix = uuid.uuid4().hex[:8]
        log = await new_log(cluster, stack, suffix)
        yield stack, log, await new_database(cluster, stack, f"customer_{suffix}", MANIFEST.migrations)


async def begun(stack: AsyncExitStack, log: EventLog, url: str, part: Part = "all") -> Running:
    service = wiring.service(MANIFEST, platform=platform_settings("customer"), log=log, transports={}, database_url=url)
    return await stack.enter_async_context(runtime.running(MANIFEST, service, part=part))


async def until(found: Any, *, seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not await found():
            await asyncio.sleep(0.02)


def gauge(name: str, **labels: str) -> float | None:
    return telemetry.REGISTRY.get_sample_value(name, labels)


async def test_http_and_readers_apart_do_together_what_one_does(cluster: PrivateCluster) -> None:
    async with ground(cluster) as (stack, log, url):
        http = await begun(stack, log, url, "http")
        async with http.service.transaction() as tx:
            tx.tell(CustomerRegistered(customer_id=str(uuid.uuid4()), registered_at=datetime(2026, 1, 1, tzinfo=UTC), source="test"))
        everywhere = {f"customer.{job.name}" for job in MANIFEST.jobs if job.everywhere}
        assert {task.get_name() for task in http._tasks} == everywhere != set()
        http.loops[0].last_progress -= 1000  # it does not read, so it cannot stand still
        assert await http.missing() == []
        await asyncio.sleep(0.3)
        assert await http.service.database.fetch_value("SELECT count(*) FROM outbox") == 1  # nobody relays yet
        readers = await begun(stack, log, url, "readers")

        async def relayed() -> bool:
            return not await readers.service.database.fetch_value("SELECT count(*) FROM outbox")

        await until(relayed)
        assert await log.behind({}) == 0
        told = [record for number in range(await log.partitions("ecrm.customer")) for record in await log.read(_at(number), 0)]
        assert len(told) == 1


def _at(number: int) -> Any:
    from chassis.eventlog import Partition

    return Partition("ecrm.customer", number)


async def test_what_waits_is_measured_and_told(cluster: PrivateCluster) -> None:
    async with ground(cluster) as (stack, log, url):
        running = await begun(stack, log, url, "http")  # nobody reads or relays, so it stays as it is made here
        service = running.service
        async with service.transaction() as tx:
            tx.tell(CustomerRegistered(customer_id=str(uuid.uuid4()), registered_at=datetime(2026, 1, 1, tzinfo=UTC), source="test"))
        async with service.transaction() as tx:
            await tx.db.execute("UPDATE outbox SET created_at = now() - interval '100 s'")
            await tx.db.execute(
                "INSERT INTO dead_letter (id, reader, topic, partition, record_offset, key, headers, appended_at, cause, place, parks) "
                "VALUES (gen_random_uuid(), 'customer.bounces', 'ecrm.campaign', 0, 1, '', '', now(), 'ValueError', 'x:1', true)"
            )
        await measuring.measure(service, running.loops)
        assert gauge("ecrm_outbox_pending", service="customer") == 1
        assert 100 <= (gauge("ecrm_outbox_oldest_seconds", service="customer") or 0) < 200
        assert gauge("ecrm_dead_letters", service="customer", state="open") == 1
        assert gauge("ecrm_reader_lag", service="customer", reader="profiles") == 0
        assert abs(gauge("ecrm_clock_off_seconds", service="customer") or 9) < 1
        state = await measuring.state(service, MANIFEST, running.loops)
        assert state["schema"] == state["schema_needed"] == migrating.head(MANIFEST.migrations)
        assert state["outbox"]["rows"] == state["dead_letters"]["open"] == 1
        assert {line["reader"]: line["behind"] for line in state["readers"]} == {loop.group: 0 for loop in running.loops}
        assert service.link_secret.hex() not in str(state)


async def test_older_code_works_on_a_newer_schema_that_serves_it_and_refuses_another(cluster: PrivateCluster) -> None:
    """U50 (rollback): an older process starts, and `migrate` of the older version changes nothing, while nothing it needs was taken away."""
    head = migrating.head(MANIFEST.migrations)
    async with ground(cluster) as (_, log, url):
        owner = url.replace("_app@", "_owner@").replace("_app:", "_owner:")
        db = await asyncpg.connect(owner)
        try:
            assert (await migrating.schema(db)).serves(head)
            await db.execute("UPDATE alembic_version SET version_num = '9999'")  # a later version has migrated
            async with AsyncExitStack() as stack:
                with pytest.raises(NotReady, match="9999"):
                    await begun(stack, log, url, "http")
            with pytest.raises(RuntimeError, match="newer version"):
                await migrating.upgrade(owner, MANIFEST.migrations)
            await db.execute(f"COMMENT ON TABLE alembic_version IS '[\"{head}\"]'")
            async with AsyncExitStack() as stack:
                assert await (await begun(stack, log, url, "http")).missing() == []
            assert await migrating.upgrade(owner, MANIFEST.migrations) == ("9999", "9999")
        finally:
            await db.close()


async def test_each_migration_writes_down_whom_it_still_serves(cluster: PrivateCluster) -> None:
    async with ground(cluster) as (_, _, url):
        db = await asyncpg.connect(url)
        try:
            found = await migrating.schema(db)
        finally:
            await db.close()
        script = migrating._script(MANIFEST.migrations)
        assert found.revision == script.get_current_head()
        assert found.older == {revision.revision for revision in script.walk_revisions()} - {found.revision}
