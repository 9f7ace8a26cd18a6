"""The checks must be able to fail: each of eleven seeded bugs is reported by the scenario that guards against it, and by none without a bug.

Every scenario brings a fault (an answer of the log that is lost, a connection that breaks, somebody who was replaced and does not know) and then
asks by SQL or of the raw log only.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final

import pytest

from chassis.eventlog import Partition, Record, Stored
from chassis.positions import StaleOffset
from chassis.reacting import ReaderLoop, Subscription
from chassis.unit_of_work import Transaction
from contracts.consent import ConsentGranted
from contracts.customer import IdentityState
from contracts.envelope import Envelope
from launcher.embedded_postgres import PrivateCluster
from tests.chaos import seeding
from tests.integration.campaign.stage import stage
from tests.integration.chassis.test_reacting import Sample, caught_up, effects, granted, record_effect, sample, until
from tests.integration.interaction import support, test_erasing
from tests.integration.interaction.collecting.support import open_door
from tests.support import proofs
from tests.support.platform import started

PEOPLE: Final = 5
VERSIONS: Final = 8
TOPIC: Final = "ecrm.consent"


async def facts(cluster: PrivateCluster, bug: seeding.Patch | None) -> list[str]:
    """Facts through outbox, relay, log and reader, with lost answers and connections, and one who commits late."""
    broken: set[str] = set()

    async def effect(service: Sample, tx: Transaction, fact: ConsentGranted, envelope: Envelope) -> None:
        await record_effect(service, tx, fact, envelope)
        if fact.customer_id == "c0" and fact.version % 3 == 0 and envelope.id not in broken:
            broken.add(envelope.id)
            raise ConnectionResetError("lost")

    heard = Subscription(reader="counter", topics=(TOPIC,), facts={ConsentGranted: effect})
    async with sample(cluster, heard) as running:
        service = running.service
        with seeding.unreliable(service.log), seeding.seeded(bug):
            await told(service)
            await asyncio.sleep(1.5)  # a look of the relay at least, whatever woke it
            await settled(running, bug)
        found = Counter(await effects(service))
        order = await effects(service)
    expected = {(f"c{person}", version) for person in range(PEOPLE) for version in range(1, VERSIONS + 1)} | {("late", 1)}
    problems = [f"lost {one}" for one in sorted(expected - set(found))] + [f"{times} times {one}" for one, times in found.items() if times > 1]
    for person in range(PEOPLE):
        versions = [version for customer, version in order if customer == f"c{person}"]
        if versions != sorted(versions):
            problems.append(f"out of order: c{person} {versions}")
    return problems


async def told(service: Sample) -> None:
    """Each fact in a transaction of its own; one transaction begins first and commits last."""
    async with service.database.connection() as db, db.transaction():
        late = Transaction(db, service="consent", clock=service.clock)
        late.tell(granted("late"))
        await late.flush()
        for version in range(1, VERSIONS + 1):
            for person in range(PEOPLE):
                async with service.transaction() as tx:
                    tx.tell(granted(f"c{person}", version))
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.5)


async def settled(running: Any, bug: seeding.Patch | None) -> None:
    """All is applied; with a bug that may never be: then after a while."""
    if bug is None:
        await until(lambda: caught_up(running), seconds=60)
        return
    with suppress(TimeoutError):
        await until(lambda: caught_up(running), seconds=6)


async def moves(cluster: PrivateCluster, bug: seeding.Patch | None) -> list[str]:
    """Batches whose position is all that keeps them from being applied twice; connections break, and a replaced member goes on."""

    async def count(_service: Sample, tx: Transaction, records: list[Stored]) -> None:
        await tx.db.executemany(
            "INSERT INTO effect (customer_id, purpose, version) VALUES ($1, 'x', $2)", [(record.key.decode(), record.offset) for record in records]
        )

    heard = Subscription(reader="mover", topics=(TOPIC,), batch=count)
    async with sample(cluster, heard) as running:
        service = running.service
        with seeding.losing_connections((0, 2, 3)), seeding.seeded(bug):
            for number in range(6):
                await service.log.append([Record(TOPIC, f"k{number}-{place}".encode(), b"{}", (("ce_type", b"x"),)) for place in range(5)])
                await asyncio.sleep(0.1)
            await settled(running, bug)
        with seeding.seeded(bug):
            replaced = ReaderLoop(service, heard)
            for number in range(await service.log.partitions(TOPIC)):
                partition = Partition(TOPIC, number)
                records = await service.log.read(partition, 0)
                if records:
                    try:
                        await replaced._apply({partition: records})
                    except StaleOffset:
                        continue
        found = Counter(customer for customer, _ in await effects(service))
    expected = {f"k{number}-{place}" for number in range(6) for place in range(5)}
    return [f"lost {one}" for one in sorted(expected - set(found))] + [f"{times} times {one}" for one, times in found.items() if times > 1]


async def letters(cluster: PrivateCluster, bug: seeding.Patch | None) -> list[str]:
    """A record that cannot be applied until the cause is gone, and a connection that breaks before it is set aside for good."""
    tries = 0

    async def effect(service: Sample, tx: Transaction, fact: ConsentGranted, envelope: Envelope) -> None:
        nonlocal tries
        if fact.customer_id == "odd":
            tries += 1
            if tries <= 4:  # once in the quick way, three times in the careful one
                raise ValueError("cannot be applied")
        if fact.customer_id.startswith("next") and tries == 4:
            tries += 1
            raise ConnectionResetError("lost")
        await record_effect(service, tx, fact, envelope)

    heard = Subscription(reader="counter", topics=(TOPIC,), facts={ConsentGranted: effect})
    async with sample(cluster, heard) as running:
        service = running.service
        with seeding.seeded(bug):
            async with service.transaction() as tx:  # one batch: the next one breaks after the first was set aside
                for customer in ("odd", *(f"next{number}" for number in range(12))):
                    tx.tell(granted(customer))
            await until(lambda: caught_up(running), seconds=30)
        applied = {customer for customer, _ in await effects(service)}
        aside = await service.database.fetch_value("SELECT count(*) FROM dead_letter")
    return [f"set aside and applied: {sorted(applied)}"] if "odd" in applied and aside else [] if "odd" in applied or aside else ["lost"]


async def answers(cluster: PrivateCluster, bug: seeding.Patch | None) -> list[str]:
    """What was answered 200 while the log was away now and then stands in the log."""
    posted: dict[str, int] = {}
    async with open_door(cluster) as door:
        with seeding.unreliable(door.log), seeding.seeded(bug):
            for number in range(30):
                reply = await door.post("/v1/track", support.track("u", "Seen", f"m{number}"))
                posted[f"m{number}"] = reply.status
        stored = {event.stamp.id for event in await door.events()}
    assert 200 in posted.values()
    return [f"answered 200 and lost: {one}" for one, status in posted.items() if status == 200 and one not in stored]


async def withdrawals(cluster: PrivateCluster, bug: seeding.Patch | None) -> list[str]:
    """Whoever withdraws between planning and sending gets nothing."""
    async with stage(cluster) as play:
        stays = await play.customer("stays@shop.example")
        leaves = await play.customer("leaves@shop.example")
        await play.launched()
        answer = await play.platform["consent"].call(
            "POST", "/api/v1/consents/withdrawals", json={"customer_id": leaves, "purpose": "marketing", "channel": "email"}
        )
        assert answer.status in {200, 201}, answer.body
        with seeding.seeded(bug):
            await play.send_all()
        states = {str(row["customer_id"]): row["state"] for row in await play.sql("SELECT customer_id, state FROM message")}
    assert states[stays] == "accepted"
    return [f"sent after the withdrawal: {states[leaves]}"] if states[leaves] != "suppressed" else []


async def recorded(cluster: PrivateCluster, bug: seeding.Patch | None) -> list[str]:
    """Events posted again and events of somebody erased."""
    person = "0197a000-0000-7000-8000-000000000001"
    async with started(cluster, "interaction") as platform:
        await test_erasing.tell(platform, IdentityState(identity=test_erasing.hashed(platform, "user:gone"), kind="user", customer_id=person))
        await test_erasing.erase(platform, person, "user:gone")
        with seeding.seeded(bug):
            for again in range(3):
                batch = [support.track("stays", "Seen", f"s{number}") for number in range(10)]
                await platform.log.append(support.checked([*batch, support.track("gone", "Late", f"g{again}")]))
                await support.settle(platform)
        rows = await platform["interaction"].service.database.fetch_value("SELECT count(*) FROM interaction WHERE record::json->>'event' = 'Seen' OR record::json->>'name' = 'Seen'")
        late = await platform["interaction"].service.database.fetch_value("SELECT count(*) FROM interaction WHERE record::text LIKE '%Late%'")
    return ([f"10 events stand {rows} times"] if rows != 10 else []) + ([f"{late} events of somebody erased"] if late else [])


Scenario = Callable[[PrivateCluster, seeding.Patch | None], Awaitable[list[str]]]
GUARDS: Final[list[tuple[Scenario, list[seeding.Patch]]]] = [
    (facts, [seeding.no_inbox, seeding.commit_before_effects, seeding.relay_with_cursor, seeding.relay_deletes_first]),
    (moves, [seeding.position_outside, seeding.fence_unchecked]),
    (letters, [seeding.dead_letter_outside]),
    (answers, [seeding.answer_before_confirmation]),
    (withdrawals, [seeding.permit_unchecked]),
    (recorded, [seeding.no_mark_of_erasure, seeding.no_table_of_duplicates]),
]


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.asyncio
@pytest.mark.parametrize(("guard", "bugs"), GUARDS, ids=lambda one: getattr(one, "__name__", ""))
async def test_each_seeded_bug_is_reported(cluster: PrivateCluster, guard: Scenario, bugs: list[seeding.Patch]) -> None:
    assert await guard(cluster, None) == [], "nothing is reported without a bug"
    found = {bug.__name__: await guard(cluster, bug) for bug in bugs}
    proofs.keep(f"seeded_{getattr(guard, '__name__', '')}", {"bugs": len(bugs), "caught": sum(map(bool, found.values())), "first_reports": {name: said[:1] for name, said in found.items()}})
    assert {name for name, said in found.items() if not said} == set(), "a bug nobody sees"


def test_there_are_at_least_ten() -> None:
    assert sum(len(bugs) for _, bugs in GUARDS) >= 10
