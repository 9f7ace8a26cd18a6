"""R3: no covert collection. Every field that is stored stands on the public list, and of a strict source nothing else is stored."""

from __future__ import annotations

import re
from typing import Any

import pytest

from gateway.domain.routes import find_route
from launcher.embedded_postgres import PrivateCluster
from services.interaction.commands import disclosing
from tests.integration.interaction.sources.support import source, track
from tests.integration.interaction.support import published, settle
from tests.support.platform import TestPlatform, started

pytestmark = pytest.mark.asyncio(loop_scope="function")


async def listed(platform: TestPlatform, name: str) -> dict[str, dict[str, Any]]:
    """The public list of one source by place, asked for without a key."""
    await settle(platform)
    answer = await platform["consent"].call("GET", "/api/v1/disclosures", scopes=None)
    assert answer.status == 200, answer.body
    return {each["place"]: each for each in answer.json()["data"] if each["source"] == name}


async def test_what_is_collected_is_on_the_public_list_and_strict_collects_nothing_else(cluster: PrivateCluster) -> None:
    """R3"""
    async with started(cluster, "consent", "interaction") as platform:
        # open: a new field comes on the list as it comes, with what is known of its purpose
        shop = await source(platform, kind="browser", disclosed={"properties.price": "analytics", "context.*": "service"})
        more: dict[str, Any] = {"context": {"page": {"path": "/a"}, "gpc": False, "consent": {}, "traits": {"plan": "gold"}}, "weather": "fine"}
        await shop.send([track("Seen", {"price": 3, "colour": "red"}, **more), {"type": "identify", "userId": "u1", "messageId": "m-i", "traits": {"city": "Yazd"}}])
        found = await listed(platform, shop.id)
        assert {place: each["purpose"] for place, each in found.items()} == {
            "properties.price": "analytics", "properties.colour": None, "context.*": "service", "context.page": "service", "traits.plan": None, "traits.city": None, "fields.weather": None,
        }
        first = found["properties.price"]
        assert (first["mode"], first["legal_basis"], first["purpose_title"]["fa"] != "") == ("open", "legitimate_interest", True)
        await shop.send([track("Seen", {"price": 4, "size": "l"})])
        again = await listed(platform, shop.id)
        assert set(again) - set(found) == {"properties.size"}
        assert again["properties.price"]["first_seen"] == first["first_seen"], "told once, as of its first time"

        # strict: what is not on the list is gone before anything is stored, wherever it stands, and counted
        form = await source(platform, disclosure="strict", disclosed={"properties.price": "analytics", "traits.email": "marketing", "context.page": "analytics", "properties.never_sent": "service"})
        await form.send(
            [
                track("Seen", {"Price": 3, "secret": "mark"}, user="u2", context={"page": {"path": "/b"}, "device": "mark", "gpc": True, "traits": {"secret": "mark"}}, hidden="mark"),
                {"type": "identify", "userId": "u2", "messageId": "m2", "traits": {"email": "u2@example.com", "secret": "mark", "nested": {"x": "mark"}}},
            ],
            context={"library": {"name": "mark"}, "ip": "10.0.0.1"},
        )
        answer = await form.post(
            b'{"specversion": "1.0", "id": "c1", "source": "/x", "type": "com.example.seen", "subject": "user:u2", "data": {"price": 1, "secret": "mark"}}',
            path="/v1/events", headers={"content-type": "application/cloudevents+json"},
        )
        assert answer.status in (200, 202), answer.body
        found = await listed(platform, form.id)
        assert {place: each["first_seen"] is not None for place, each in found.items()} == {
            "properties.Price": True, "properties.price": True, "traits.email": True, "context.page": True, "properties.never_sent": False,
            "context.cloudevent": True,  # the envelope of one: the protocol's own attributes
        }
        assert {each["mode"] for each in found.values()} == {"strict"}
        told = [fact for fact in await published(platform.log) if fact.source == form.id]
        assert len(told) == 3 and told[0].gpc, "the events are there, and what a person says of consent is no field"
        async with platform["interaction"].service.read() as db:
            assert await db.fetchval("SELECT count(*) FROM interaction WHERE record::text LIKE '%mark%'") == 0
            counted = await db.fetchval("SELECT sum(count) FROM collection_drop WHERE source = $1 AND reason = 'undisclosed'", form.id)
        records = [record for record in await log_values(platform) if b"mark" in record]
        assert not records, "not even the log of collection has it"
        assert counted == 4 + 2 + 2 + 1

        # the page for everybody, in both languages and without a script
        for language, words in (("en", "What we collect"), ("fa", "آنچه گردآوری می‌کنیم")):
            page = (await platform["consent"].call("GET", f"/disclosures?lang={language}", scopes=None)).body.decode()
            assert words in page and "properties.colour" in page and "<script" not in page
        assert re.search(r'<html lang="fa" dir="rtl">', page)
        for path in ("/disclosures", "/api/v1/disclosures"):
            route = find_route(path)
            assert route is not None and (route.service, route.open) == ("consent", True)


async def test_somebody_who_makes_up_names_does_not_fill_the_list(cluster: PrivateCluster) -> None:
    """Beyond its most the further fields of a source are one line."""
    first = [f"first{number}" for number in range(disclosing.MOST_FIELDS)]
    async with started(cluster, "consent", "interaction") as platform:
        shop = await source(platform, kind="browser")
        await shop.send([track("Seen", dict.fromkeys(first[begin:begin + 100], 1)) for begin in range(0, len(first), 100)])
        await settle(platform)
        await shop.send([track("Seen", {f"more{number}": 1 for number in range(50)})])
        found = await listed(platform, shop.id)
        assert sorted(found) == sorted(["properties.*", *(f"properties.{name}" for name in first)])


async def log_values(platform: TestPlatform) -> list[bytes]:
    from contracts import collected
    from tests.integration.interaction.support import read_all

    return [(record.value or b"") + b"".join(value for _, value in record.headers) for record in await read_all(platform.log, collected.TOPIC)]
