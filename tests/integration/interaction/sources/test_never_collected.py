"""R8, R1: what the rules of a source keep out leaves nothing but its count; consent and shortened addresses at the door."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from chassis.eventlog import Partition
from contracts.gateway import CollectionRules
from launcher import wiring
from launcher.embedded_postgres import PrivateCluster
from tests.integration.gateway.visiting import administrator
from tests.integration.interaction.sources.support import source, track
from tests.integration.interaction.support import settle
from tests.support.platform import TestPlatform, started

pytestmark = pytest.mark.asyncio(loop_scope="function")

PLANTED = "planted-9c41e7d2"
FOUND = "harmless-41bb90aa"

RULES = CollectionRules(paths=["/health/*"], events=["Therapy *"], categories=["adult"], fields=["properties.diagnosis", "traits.email"])


async def everything(platform: TestPlatform) -> bytes:
    """All rows of the service and all records of the log."""
    parts: list[bytes] = []
    async with platform["interaction"].service.read() as db:
        tables = [row[0] for row in await db.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'")]
        assert len(tables) > 20
        for table in tables:
            for row in await db.fetch(f"SELECT * FROM {table}"):
                parts.extend(value if isinstance(value, bytes) else str(value).encode() for value in row.values())
    for topic in wiring.topics():
        for number in range(await platform.log.partitions(topic.name)):
            offset = 0
            while records := await platform.log.read(Partition(topic.name, number), offset):
                offset = records[-1].next
                for record in records:
                    parts.extend((record.key, record.value or b"", *(value for _, value in record.headers)))
    return b"\n".join(parts)


def traces(data: bytes, planted: str) -> list[str]:
    """The forms in which a planted text is there."""
    forms = {"plain": planted.encode(), "hex": planted.encode().hex().encode(), "utf-16": planted.encode("utf-16-le")}
    forms |= {f"base64 {shift}": base64.b64encode(b" " * shift + planted.encode())[4:-4] for shift in range(3)}
    return [name for name, form in forms.items() if form in data]


async def test_nothing_of_it_is_kept_but_its_count(cluster: PrivateCluster, capfd: pytest.CaptureFixture[str]) -> None:
    async with started(cluster, "interaction") as platform:
        shop = await source(platform, kind="browser", never=RULES)
        sent = [
            track("Product Viewed", {"title": FOUND}),
            track(f"Therapy {PLANTED}", {"x": PLANTED}),
            {"type": "page", "anonymousId": f"a-{PLANTED}", "context": {"page": {"url": f"https://shop.example/health/{PLANTED}", "title": PLANTED}}},
            track("Product Viewed", {"category": "adult", "name": PLANTED}, messageId=PLANTED),
            track("Form Filled", {"diagnosis": {"code": PLANTED}, "title": "kept"}, context={"page": {"referrer": f"/health/{PLANTED}"}}),
            {"type": "identify", "userId": "u1", "traits": {"email": f"{PLANTED}@x.example"}},
            {"type": "nonsense", "userId": "u1", "properties": {"diagnosis": PLANTED}},
            {"type": "track", "userId": "u1", "event": "", "properties": {"url": f"/health/{PLANTED}"}},
        ]
        answer = await shop.send(sent)
        assert answer["accepted"] == 7, "to the sender what is dropped counts as taken, or it would send it again"
        assert [event["code"] for event in answer["rejected"]] == ["unknown_type"]
        assert (await shop.send([track(f"Therapy {PLANTED}")]))["accepted"] == 1  # a request of which nothing is left
        unreadable = await shop.post(b'{"batch":[{"type":"track","userId":"u","event":"E","properties":{"diagnosis":"' + PLANTED.encode() + b'\\ud83d"}}]}')
        assert unreadable.status in {200, 400}
        broken = await shop.post(b'{"batch":[' + PLANTED.encode())
        assert broken.status == 400
        pixel = await platform["interaction"].call(
            "GET", f"/pixel/v1/page?writeKey={shop.key}&anonymousId=a&properties.path=/health/{PLANTED}", scopes=None,
            headers={"x-ecrm-internal": platform.tokens.mint("collector", _nobody())},
        )
        assert pixel.status == 200
        await settle(platform)
        data = await everything(platform)
        assert traces(data, FOUND), "the scan sees what is there"
        assert traces(data, PLANTED) == []
        told = capfd.readouterr()
        assert PLANTED not in told.out + told.err
        drops = (await platform["interaction"].call("GET", f"/api/v1/sources/{shop.id}/drops", scopes=["interactions:read"])).json()["data"]
        assert {drop["reason"]: drop["count"] for drop in drops} == {"event": 2, "path": 3, "category": 1, "field": 4}
        metrics = (await platform["interaction"].call("GET", "/metrics", scopes=None)).body
        assert PLANTED.encode() not in metrics
        assert f'ecrm_collected_events_total{{outcome="dropped",source_id="{shop.id}"}} 6.0'.encode() in metrics


def _nobody() -> Any:
    from chassis.identity import Caller

    return Caller(subject="", kind="source", source_id=None)


async def test_touch_points_and_corrections_are_held_against_the_rules_too(cluster: PrivateCluster) -> None:
    async with started(cluster, "interaction") as platform:
        shop = await source(platform, never=CollectionRules(events=["Therapy *"], fields=["diagnosis"]))
        service = platform["interaction"]
        call = {"kind": "call", "customer": "user:1", "initiator": "customer", "answered": True, "duration_s": 5, "diagnosis": PLANTED, "summary": FOUND}
        assert (await service.call("POST", "/api/v1/interactions", json=call, source_id=shop.id)).status == 202
        await shop.send([{"type": "track", "userId": "u1", "event": ""}])
        await settle(platform)
        entry = (await service.call("GET", "/api/v1/quarantine")).json()["data"][0]
        released = await service.call("POST", f"/api/v1/quarantine/{entry['id']}/release", json={"payload": track(f"Therapy {PLANTED}")})
        assert (released.status, released.json()["code"]) == (422, "interaction.not_collected")
        data = await everything(platform)
        assert (traces(data, PLANTED), bool(traces(data, FOUND))) == ([], True)


async def test_rules_are_set_at_the_gateway_and_count_at_once(cluster: PrivateCluster) -> None:
    async with started(cluster, "gateway", "interaction") as platform:
        admin = await administrator(platform)
        made = (await admin.ask("POST", "/api/v1/sources", {"name": "shop", "never": {"paths": ["/health/*"]}})).json()
        assert made["never"] == {"paths": ["/health/*"], "events": [], "categories": [], "fields": [], "gpc": "record"}
        changed = await admin.ask("PATCH", f"/api/v1/sources/{made['id']}", {"never": {"fields": ["properties.iban"], "gpc": "drop"}})
        assert changed.json()["never"]["fields"] == ["properties.iban"]
        cleared = await admin.ask("PATCH", f"/api/v1/sources/{made['id']}", {"never": None})
        assert cleared.json()["never"] is None
        for never, pointer in (
            ({"fields": ["userId"]}, "/body/never/fields"), ({"fields": ["person.name"]}, "/body/never/fields"), ({"fields": ["a..b"]}, "/body/never/fields"),
            ({"paths": [""]}, "/body/never/paths/0"), ({"gpc": "ask"}, "/body/never/gpc"), ({"urls": []}, "/body/never/urls"),
        ):
            refused = await admin.ask("PATCH", f"/api/v1/sources/{made['id']}", {"never": never})
            assert (refused.status, refused.json()["errors"][0]["pointer"]) == (422, pointer), never
        for path, scope_needed in ((f"/api/v1/sources/{made['id']}/events", 200), (f"/api/v1/sources/{made['id']}/plan", 404)):
            assert (await admin.ask("GET", path)).status == scope_needed


async def test_no_event_is_kept_without_the_consent_its_source_asks_for(cluster: PrivateCluster) -> None:
    async with started(cluster, "interaction") as platform:
        shop = await source(platform, require_consent="analytics")
        await shop.send([track("Seen", {"x": PLANTED}, user="nobody")])
        await settle(platform)
        async with platform["interaction"].service.read() as db:
            assert await db.fetchval("SELECT count(*) FROM interaction") == 0
            assert await db.fetchval("SELECT sum(dropped) FROM intake") == 1
            rows = [str(dict(row)) for table in ("interaction", "quarantine", "event_name", "intake", "seen") for row in await db.fetch(f"SELECT * FROM {table}")]
        assert PLANTED not in "".join(rows)


@pytest.mark.parametrize(("rule", "kept"), [("keep", "203.0.113.77"), ("truncate", "203.0.113.0"), ("drop", None)])
async def test_addresses_are_shortened_before_anything_is_written(cluster: PrivateCluster, rule: str, kept: str | None) -> None:
    async with started(cluster, "interaction") as platform:
        shop = await source(platform, kind="browser", ip=rule)
        await shop.send(
            [track("Seen", context={"ip": "203.0.113.77"})], headers={"x-ecrm-client-ip": "203.0.113.77", "sec-gpc": "1"}, context={"ip": "203.0.113.77"}
        )
        await settle(platform)
        data = await everything(platform)
        assert (b"203.0.113.77" in data) is (rule == "keep")
        async with platform["interaction"].service.read() as db:
            record = json.loads(await db.fetchval("SELECT record FROM interaction"))
        assert record["gpc"] is True, "the signal of the browser is recorded"
        assert record["personal"]["context"].get("ip") == kept
