"""Recording: each event once, in order, whatever comes twice; what was refused stands apart; everything is counted."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from contracts.consent import ConsentState
from contracts.customer import IdentityState
from contracts.envelope import ORIGIN, header
from contracts.gateway import KeyState
from contracts.interaction import ConsentSignalSeen
from launcher.embedded_postgres import PrivateCluster
from services.interaction import queries
from services.interaction.store import interactions, replicas
from tests.integration.interaction.support import (
    RECEIVED,
    checked,
    facts,
    published,
    read_all,
    settle,
    source,
    stamp_of,
    track,
)
from tests.support.platform import TestPlatform, started

pytestmark = pytest.mark.asyncio(loop_scope="function")


async def rows(platform: TestPlatform, sql: str, *arguments: Any) -> list[Any]:
    async with platform["interaction"].service.read() as db:
        return await db.fetch(sql, *arguments)


async def wait_for_rows(platform: TestPlatform, expected: int) -> None:
    async with asyncio.timeout(20):
        while (await rows(platform, "SELECT count(*) AS n FROM interaction"))[0]["n"] < expected:
            await asyncio.sleep(0.05)


async def test_every_event_is_stored_and_published_once_in_the_order_of_the_collected_log(cluster: PrivateCluster) -> None:
    events = [track(f"u{number % 7}", "Product Viewed", f"m{number}", {"n": number}) for number in range(300)]
    async with started(cluster, "interaction") as platform:
        records = checked(events)
        await platform.log.append(records)
        await platform.log.append(records[:50])  # a client that posts again
        await settle(platform)
        told = await read_all(platform.log, "ecrm.interaction")
        stored = await rows(platform, "SELECT * FROM interaction")
        counted = await rows(platform, "SELECT sum(stored) AS stored, sum(duplicate) AS duplicate FROM intake")
        heard = await published(platform.log)
    assert len(stored) == len(told) == 300
    assert sorted(fact.id for fact in heard) == sorted(f"m{number}" for number in range(300))
    assert dict(counted[0]) == {"stored": 300, "duplicate": 50}
    for number in range(4):
        origins = [int(header(record.headers, ORIGIN) or b"") for record in told if record.partition == number]
        assert origins == sorted(set(origins))
        assert origins == sorted(row["collected_offset"] for row in stored if row["collected_partition"] == number)
    by_id = {str(row["id"]): row for row in stored}
    for record in told:
        row = by_id[(header(record.headers, "ce_id") or b"").decode()]
        assert record.value == row["record"].encode()
        assert record.key == row["identity"].hex().encode()
        assert header(record.headers, "ce_type") == b"ecrm.interaction.recorded.v1"


async def test_the_same_id_with_other_content_goes_to_quarantine_and_is_released_under_an_id_of_its_own(cluster: PrivateCluster) -> None:
    async with started(cluster, "interaction") as platform:
        service = platform["interaction"]
        await platform.log.append(checked([track("u1", "A", "m1", {"n": 1})]))
        await settle(platform)
        await platform.log.append(checked([track("u1", "A", "m1", {"n": 2}), track("u1", "A", "m1", {"n": 2})]))
        await settle(platform)
        listed = (await service.call("GET", "/api/v1/quarantine")).json()["data"]
        assert [entry["code"] for entry in listed] == ["id_conflict", "id_conflict"]
        shown = (await service.call("GET", f"/api/v1/quarantine/{listed[0]['id']}")).json()
        assert '"n":2' in shown["payload"]
        answer = await service.call("POST", f"/api/v1/quarantine/{listed[0]['id']}/release")
        assert (answer.status, answer.json()) == (200, {"state": "released"})
        again = await service.call("POST", f"/api/v1/quarantine/{listed[0]['id']}/release")
        assert (again.status, again.json()["code"]) == (409, "quarantine.closed")
        assert (await service.call("POST", f"/api/v1/quarantine/{listed[1]['id']}/discard")).status == 200
        await settle(platform)
        heard = await published(platform.log)
        left = await rows(platform, "SELECT payload FROM quarantine WHERE state = 'discarded'")
    assert [bytes(fact.personal.properties) for fact in heard] == [b'{"n":1}', b'{"n":2}']
    assert heard[1].notes == ["released"]
    assert [bytes(row["payload"]) for row in left] == [b""]


async def test_a_refused_event_is_kept_corrected_and_released_through_the_same_checks(cluster: PrivateCluster) -> None:
    async with started(cluster, "interaction") as platform:
        service = platform["interaction"]
        await platform.log.append(checked([{"type": "track", "userId": "u1", "messageId": "m1"}, track("u1", "Fine", "m2")]))
        await settle(platform)
        entry = (await service.call("GET", "/api/v1/quarantine")).json()["data"][0]
        assert (entry["code"], entry["message_id"], entry["source"]) == ("missing_event", "m1", "shop")
        still_bad = await service.call("POST", f"/api/v1/quarantine/{entry['id']}/release")
        assert (still_bad.status, still_bad.json()["code"]) == (422, "interaction.missing_event")
        corrected = {"payload": {"type": "track", "userId": "u1", "messageId": "m1", "event": "Now named"}}
        assert (await service.call("POST", f"/api/v1/quarantine/{entry['id']}/release", json=corrected)).status == 200
        await settle(platform)
        assert sorted(fact.name for fact in await published(platform.log)) == ["Fine", "Now named"]
        unknown = await service.call("GET", "/api/v1/quarantine/00000000-0000-7000-8000-000000000000")
    assert unknown.status == 404


async def test_quarantine_is_bounded_and_beyond_it_only_counts(cluster: PrivateCluster) -> None:
    async with started(cluster, "interaction", given={"interaction": {"quarantine_per_hour": 5}}) as platform:
        service = platform["interaction"].service
        await platform.log.append(checked([{"type": "track", "userId": "u"}] * 12, received_at=service.clock.now()))
        await settle(platform)
        kept = await rows(platform, "SELECT count(*) AS n FROM quarantine")
        counted = await rows(platform, "SELECT sum(refused) AS n FROM intake")
    assert (kept[0]["n"], counted[0]["n"]) == (5, 12)


async def test_a_crash_between_commit_and_publishing_leaves_no_gap(cluster: PrivateCluster) -> None:
    async with started(cluster, "interaction", run="leftover", read=False) as platform:
        service = platform["interaction"].service
        await asyncio.sleep(0.05)  # the publisher listens to its queue by now
        service.resources.publishing.waiting = asyncio.Queue()  # what is handed over now is lost, as by a kill
        await platform.log.append(checked([track(f"u{number}", "Before", f"a{number}") for number in range(40)]))
        recorder = asyncio.create_task(platform["interaction"].running.loops[0].run())
        await wait_for_rows(platform, 40)
        recorder.cancel()
        await asyncio.wait([recorder])
        assert await read_all(platform.log, "ecrm.interaction") == []
    async with started(cluster, "interaction", run="leftover") as platform:
        await platform.log.append(checked([track("u1", "After", "b1")]))
        async with asyncio.timeout(20):
            while len(await read_all(platform.log, "ecrm.interaction")) < 41:
                await asyncio.sleep(0.1)
        await settle(platform)
        told = await read_all(platform.log, "ecrm.interaction")
        stored = await rows(platform, "SELECT collected_partition, collected_offset FROM interaction ORDER BY 1, 2")
    seen: list[tuple[int, int]] = []
    last: dict[int, int] = {}
    for record in told:
        origin = int(header(record.headers, ORIGIN) or b"")
        if origin > last.get(record.partition, -1):  # as every reader skips what it has had
            last[record.partition] = origin
            seen.append((record.partition, origin))
    assert sorted(seen) == [(row["collected_partition"], row["collected_offset"]) for row in stored]
    assert len(stored) == 41


async def test_a_record_nobody_can_read_costs_nobody_else(cluster: PrivateCluster) -> None:
    good = checked([track(f"u{number}", "Fine", f"m{number}") for number in range(20)])
    broken = good[3]._replace(value=b'{"half":')
    async with started(cluster, "interaction") as platform:
        await platform.log.append([*good[:10], broken, *good[10:]])
        await settle(platform)
        assert len(await published(platform.log)) == 20
        letters = (await platform["interaction"].call("GET", "/api/v1/dead-letters")).json()["data"]
    assert [(letter["reader"], letter["cause"]) for letter in letters] == [("interaction.recorder", "DecodeError")]


async def test_events_of_people_without_the_purpose_are_counted_and_not_stored(cluster: PrivateCluster) -> None:
    strict = source("strict", require_consent="analytics")
    async with started(cluster, "interaction") as platform:
        service = platform["interaction"].service
        service.resources.keys.put(KeyState(key_hash="0" * 64, key_id="k", kind="source", source=strict))
        customers = {"yes": "00000000-0000-7000-8000-000000000001", "no": "00000000-0000-7000-8000-000000000002"}
        async with service.transaction() as tx:
            for name, customer_id in customers.items():
                tx.tell(IdentityState(identity=service.hash_identity(f"user:{name}").hex(), kind="user", customer_id=customer_id))
                said = "granted" if name == "yes" else "withdrawn"
                tx.tell(ConsentState(customer_id=customer_id, purposes={"analytics": {"web": said}}, version=1))
        await settle(platform)
        async with service.read() as db:
            assert await replicas.list_granting(db, [service.hash_identity("user:yes")])
        await platform.log.append(
            checked([track("yes", "A", "1"), track("no", "A", "2"), track("nobody", "A", "3")], settings=strict)
        )
        await settle(platform)
        heard = await published(platform.log)
        counted = await rows(platform, "SELECT stored, dropped FROM intake WHERE source = 'strict'")
    assert [fact.id for fact in heard] == ["1"]
    assert [dict(row) for row in counted] == [{"stored": 1, "dropped": 2}]


async def test_signals_of_refusal_are_told_once_a_day_and_only_by_those_who_can_know(cluster: PrivateCluster) -> None:
    browser = source("site", kind="browser")
    async with started(cluster, "interaction") as platform:
        await platform.log.append([
            *checked([track("u1", "Seen", "1"), track("u1", "Seen", "2")], gpc=True),
            *checked([track("u2", "Email Unsubscribed", "3", {"email_id": "e1"}), track("u2", "Email Marked as Spam", "4")]),
            *checked([track("u3", "Email Unsubscribed", "5")], settings=browser),
        ])
        await settle(platform)
        told = await facts(platform.log, "ecrm.interaction.consent_signal_seen.v1", ConsentSignalSeen)
    assert sorted((fact.signal, fact.channel) for fact in told) == [("gpc", None), ("spam", "email"), ("unsubscribed", "email")]
    assert next(fact for fact in told if fact.signal == "unsubscribed").evidence == {"id": "3", "email_id": "e1"}


async def test_the_counters_carry_the_xor_of_all_receipts(cluster: PrivateCluster) -> None:
    records = checked([track("u1", "A", f"m{number}") for number in range(9)])
    async with started(cluster, "interaction") as platform:
        await platform.log.append(records)
        await settle(platform)
        counted = await queries.list_intake(
            platform["interaction"].service, since=RECEIVED.replace(hour=0), until=RECEIVED.replace(hour=23)
        )
    expected = 0
    for record in records:
        expected ^= int(stamp_of(record).receipt_id.replace("-", ""), 16)
    assert [(entry["accepted"], int(entry["receipts"], 16)) for entry in counted] == [(9, expected)]


async def test_duplicates_are_known_over_generations_until_one_is_given_to_a_new_week(cluster: PrivateCluster) -> None:
    events = [track("u1", "A", "old", {"n": 1})]
    async with started(cluster, "interaction") as platform:
        service = platform["interaction"].service
        week = int(service.clock.timestamp()) // (7 * 86_400)
        await platform.log.append(checked(events))
        await settle(platform)
        async with service.transaction() as tx:  # three weeks later
            await tx.db.execute("UPDATE seen SET slot = $1::int", (week - 3) % 6)
            await tx.db.execute("UPDATE seen_generation SET slot = $1::int, week = $2::int", (week - 3) % 6, week - 3)
        await platform.log.append(checked(events))
        await settle(platform)
        assert len(await published(platform.log)) == 1
        async with service.transaction() as tx:
            await interactions.begin_generation(tx.db, (week - 3) % 6, week + 3)
        assert (await rows(platform, "SELECT count(*) AS n FROM seen WHERE slot = $1::int", (week - 3) % 6))[0]["n"] == 0
        await platform.log.append(checked([track("u1", "A", "new")]))
        await settle(platform)
        kept = await rows(platform, "SELECT slot FROM seen")
    assert [row["slot"] for row in kept] == [week % 6]


async def test_a_dead_letter_that_is_replayed_reaches_everybody(cluster: PrivateCluster) -> None:
    good = checked([track("u1", "Fine", f"m{number}") for number in range(3)])
    async with started(cluster, "interaction") as platform:
        service = platform["interaction"]
        await platform.log.append([good[0], good[1]._replace(value=b"{"), good[2]])
        await settle(platform)
        letter = (await service.call("GET", "/api/v1/dead-letters")).json()["data"][0]
        async with service.service.transaction() as tx:  # the fault is mended
            await tx.db.execute("UPDATE dead_letter SET value = $1", good[1].value)
        answer = await service.call("POST", f"/internal/dead-letters/{letter['id']}/replay")
        assert answer.status == 200, answer.json()
        await settle(platform)
        heard = await published(platform.log)
        told = await read_all(platform.log, "ecrm.interaction")
    assert [fact.id for fact in heard] == ["m0", "m2", "m1"]
    origins = [int(header(record.headers, ORIGIN) or b"") for record in told]
    assert origins == sorted(origins)
