"""U47, U10: dead letters are looked at, corrected, replayed and discarded, each act with its name; replays by source and time store once."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from chassis.eventlog import Record
from contracts import collected
from contracts.customer import IdentityState
from launcher.embedded_postgres import PrivateCluster
from tests.integration.gateway.visiting import administrator
from tests.integration.interaction.sources.support import Source, source, track
from tests.integration.interaction.support import settle
from tests.support.platform import TestPlatform, started

pytestmark = pytest.mark.asyncio(loop_scope="function")

ALL = {"since": "2020-01-01T00:00:00Z", "until": "2099-01-01T00:00:00Z"}


async def ask(platform: TestPlatform, method: str, path: str, expect: int = 200, **more: Any) -> Any:
    answer = await platform["interaction"].call(method, path, **more)
    assert answer.status == expect, answer.body
    return answer.json()


async def replayed(platform: TestPlatform, what: str, shop: Source, **more: Any) -> dict[str, Any]:
    begun = await ask(platform, "POST", "/api/v1/replays", 202, json={"what": what, "source": shop.id, **ALL, **more})
    async with asyncio.timeout(30):
        while True:
            found: dict[str, Any] = await ask(platform, "GET", f"/api/v1/replays/{begun['id']}")
            if found["state"] == "done":
                await settle(platform)
                return found
            await asyncio.sleep(0.1)


async def count(platform: TestPlatform, sql: str = "SELECT count(*) FROM interaction") -> int:
    found = await platform["interaction"].service.database.fetch_value(sql)
    return int(found or 0)


async def poison(platform: TestPlatform, shop: Source, payload: bytes) -> None:
    """An accepted event whose content cannot be decoded, as a fault on our side would leave it."""
    stamp = collected.Stamp(
        id="poison-1", type="track", event="E", source=shop.id, receipt_id="01900000-0000-7000-8000-000000000001",
        received_at=platform["interaction"].service.clock.now(), timestamp=platform["interaction"].service.clock.now(), keys=["user:u1"],
    )
    headers = (("ce_id", b"poison-1"), ("ce_source", shop.id.encode()), ("ce_type", b"ecrm.collected.v1"), (collected.STAMP, msgspec.json.encode(stamp)))
    await platform.log.append([Record(collected.TOPIC, b"user:u1", payload, headers)])
    await platform.drain()


async def test_a_dead_letter_is_corrected_and_replayed_once_and_everything_is_noted(cluster: PrivateCluster) -> None:
    async with started(cluster, "interaction") as platform:
        shop = await source(platform)
        await poison(platform, shop, b'{"type":"track","event":"E","userId":"u1","properties":{"price":')
        letter = (await ask(platform, "GET", "/api/v1/dead-letters"))["data"][0]
        path = f"/internal/dead-letters/{letter['id']}"
        assert "payload" not in await ask(platform, "GET", path)
        shown = await ask(platform, "GET", f"{path}?content=true", subject="ann")
        assert (shown["payload"].startswith('{"type":"track"'), shown["cause"]) == (True, "DecodeError")
        refused = await ask(platform, "PUT", f"{path}/payload", 422, json={})
        assert refused["code"] == "dead_letter.no_payload"
        await ask(platform, "PUT", f"{path}/payload", 403, json={"text": "x"}, scopes=["interactions:write"])
        fixed = {"type": "track", "event": "E", "userId": "u1", "properties": {"price": 5}}
        done = await ask(platform, "PUT", f"{path}/payload", json={"payload": fixed}, subject="ann")
        assert done["before"] != done["after"]
        await ask(platform, "POST", f"{path}/replay", subject="bob")
        await ask(platform, "POST", f"{path}/replay", 404, subject="bob")
        await settle(platform)
        assert await count(platform) == 1
        found = await ask(platform, "GET", f"{path}?content=true", subject="ann")
        assert (found["state"], found["correction"]) == ("replayed", msgspec.json.encode(fixed).decode())
        assert [(act["act"], act["actor"]) for act in found["acts"]] == [("shown", "key:ann"), ("corrected", "key:ann"), ("replayed", "key:bob")]
        assert (found["acts"][1]["before"], found["acts"][1]["after"]) == (done["before"], done["after"])
        assert await count(platform, "SELECT count(*) FROM interaction WHERE record LIKE '%\"price\":5%'") == 1


async def test_what_fails_again_stays_and_what_is_discarded_is_noted(cluster: PrivateCluster) -> None:
    async with started(cluster, "gateway", "interaction") as platform:
        shop, admin = await source(platform), await administrator(platform)
        await poison(platform, shop, b"no json")
        listed = (await admin.ask("GET", "/api/v1/dead-letters")).json()["data"]
        path = f"/api/v1/dead-letters/interaction/{listed[0]['id']}"
        assert (await admin.ask("GET", f"{path}?content=true")).json()["payload"] == "no json"
        assert (await admin.ask("PUT", f"{path}/payload", {"text": "still none"})).status == 200
        assert (await admin.ask("POST", f"{path}/replay")).status == 200  # through the log again: a new letter with the new content
        await platform.drain()
        again = (await admin.ask("GET", "/api/v1/dead-letters")).json()["data"]
        assert [letter["id"] == listed[0]["id"] for letter in again] == [False]
        path = f"/api/v1/dead-letters/interaction/{again[0]['id']}"
        assert (await admin.ask("GET", f"{path}?content=true")).json()["payload"] == "still none"
        assert (await admin.ask("POST", f"{path}/discard")).status == 200
        assert (await admin.ask("GET", path)).json()["acts"][-1]["act"] == "discarded"
        assert (await admin.ask("GET", "/api/v1/dead-letters")).json()["data"] == []


async def test_quarantine_is_released_by_source_and_time_after_the_plan_was_corrected(cluster: PrivateCluster) -> None:
    async with started(cluster, "interaction") as platform:
        shop, other = await source(platform), await source(platform)
        for each in (shop, other):
            await ask(platform, "PUT", f"/api/v1/sources/{each.id}/plan", json={"mode": "strict", "events": {"A": {"schema": {"required": ["x"]}}}})
            await each.send([track("A", {"n": n}) for n in range(30)] + [track("B", {"n": n}) for n in range(5)])
        await settle(platform)
        assert await count(platform) == 0
        nothing = await replayed(platform, "quarantine", shop)
        assert (nothing["found"], nothing["sent"], nothing["refused"]) == (35, 0, 35)
        await ask(platform, "PUT", f"/api/v1/sources/{shop.id}/plan", json={"mode": "strict", "events": {"A": {}}})
        done = await replayed(platform, "quarantine", shop, code="plan_violation")
        assert (done["found"], done["sent"], done["requested_by"]) == (30, 30, "key:test")
        assert await count(platform) == 30
        left = (await ask(platform, "GET", "/api/v1/quarantine?limit=500"))["data"]
        assert {(entry["source"], entry["code"]) for entry in left} == {
            (shop.id, "unplanned_event"), (other.id, "plan_violation"), (other.id, "unplanned_event"),
        }
        assert (await replayed(platform, "quarantine", shop, code="plan_violation"))["found"] == 0


async def test_what_was_collected_is_sent_again_and_only_what_got_lost_is_stored(cluster: PrivateCluster) -> None:
    """U10: as after the restore of an older backup: rows and their marks are gone, the log still has the events."""
    async with started(cluster, "interaction") as platform:
        shop, other = await source(platform), await source(platform)
        await shop.send([track("A", {"n": n}, user=f"u{n % 5}") for n in range(40)])
        await other.send([track("A", {"n": n}) for n in range(10)])
        await settle(platform)
        async with platform["interaction"].service.transaction() as tx:
            await tx.db.execute("DELETE FROM interaction")
            await tx.db.execute("DELETE FROM seen")
        done = await replayed(platform, "collected", shop)
        assert (done["found"], done["sent"]) == (40, 40)
        assert await count(platform) == 40
        before = await count(platform, "SELECT sum(duplicate) FROM intake")
        await replayed(platform, "collected", shop)
        assert await count(platform) == 40
        assert await count(platform, "SELECT sum(duplicate) FROM intake") == before + 80, "the first replay lies in the log as well"
        nobody = await ask(platform, "POST", "/api/v1/replays", 422, json={"what": "collected", "source": shop.id, "since": ALL["until"], "until": ALL["since"]})
        assert nobody["code"] == "request.invalid"
        await ask(platform, "POST", "/api/v1/replays", 403, json={"what": "collected", "source": shop.id, **ALL}, scopes=["interactions:write"])
        unknown = await ask(platform, "GET", "/api/v1/replays/01900000-0000-7000-8000-000000000001", 404)
        assert unknown["code"] == "replay.unknown"


async def test_dead_letters_are_replayed_by_source_and_time(cluster: PrivateCluster) -> None:
    async with started(cluster, "interaction") as platform:
        shop, other = await source(platform), await source(platform)
        await poison(platform, shop, b"none")
        letter = (await ask(platform, "GET", "/api/v1/dead-letters"))["data"][0]
        assert (await replayed(platform, "dead_letters", other))["found"] == 0
        await ask(platform, "PUT", f"/internal/dead-letters/{letter['id']}/payload", json={"payload": {"userId": "u1", "event": "E"}})
        assert (await replayed(platform, "dead_letters", shop))["sent"] == 1
        assert await count(platform) == 1
        assert (await ask(platform, "GET", "/api/v1/dead-letters"))["data"] == []


async def test_what_cannot_be_applied_yet_says_so_and_stays_open(cluster: PrivateCluster) -> None:
    async with started(cluster, "interaction") as platform:
        await platform.log.append([Record("ecrm.state.identity", b"00" * 16, b"no json")])
        await platform.drain()
        letters = (await ask(platform, "GET", "/api/v1/dead-letters"))["data"]
        path = f"/internal/dead-letters/{letters[0]['id']}"
        failed = await ask(platform, "POST", f"{path}/replay", 409)
        assert (failed["code"], failed["cause"]) == ("dead_letter.still_fails", "DecodeError")
        shown = await ask(platform, "GET", path)
        assert (shown["state"], shown["acts"][-1]["act"], shown["acts"][-1]["cause"]) == ("open", "replay_failed", "DecodeError")
        state = IdentityState(identity="00" * 16, kind="user", customer_id="01900000-0000-7000-8000-000000000001")
        await ask(platform, "PUT", f"{path}/payload", json={"payload": msgspec.to_builtins(state)})
        await ask(platform, "POST", f"{path}/replay")
        assert await count(platform, "SELECT count(*) FROM identity_map") == 1
