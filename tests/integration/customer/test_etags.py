"""Customers that somebody else changes meanwhile: ETag, If-Match, If-None-Match, merge-patch."""

from __future__ import annotations

import asyncio
import json

import pytest

from chassis.peers import Answer
from launcher.embedded_postgres import PrivateCluster
from tests.integration.customer.asking import ask, registered
from tests.integration.customer.happenings import append, happened
from tests.support.platform import TestPlatform, started

pytestmark = pytest.mark.asyncio


async def patch(platform: TestPlatform, customer: str, traits: dict[str, object], tag: str | None = None) -> Answer:
    return await ask(platform, "PATCH", f"/customers/{customer}", {"traits": traits}, headers={"if-match": tag} if tag else {})


async def test_a_change_counts_only_on_what_was_read(cluster: PrivateCluster) -> None:
    async with started(cluster, "customer", read=False) as platform:
        ada = await registered(platform, "user:1", plan="free")
        tag = (await ask(platform, "GET", f"/customers/{ada}")).headers["etag"]
        assert tag == '"1"'
        first = await patch(platform, ada, {"plan": "gold"}, tag)
        assert (first.status, first.headers["etag"], first.json()["version"]) == (200, '"2"', 2)
        late = await patch(platform, ada, {"plan": "free"}, tag)
        assert (late.status, late.json()["code"], late.json()["version"]) == (412, "customer.changed_meanwhile", 2)
        assert (await patch(platform, ada, {"plan": "free"}, 'W/"2"')).status == 412
        assert (await patch(platform, ada, {"plan": "free"}, '"other", "2"')).status == 200
        assert (await patch(platform, ada, {"plan": "gold"}, "*")).status == 200
        bad = await patch(platform, ada, {"plan": "free"}, "4")
        assert (bad.status, bad.json()["code"]) == (422, "request.bad_condition")
        same = await ask(platform, "GET", f"/customers/{ada}", headers={"if-none-match": '"x", W/"4"'})
        assert (same.status, same.body, same.headers["etag"]) == (304, b"", '"4"')
        assert (await ask(platform, "GET", f"/customers/{ada}", headers={"if-none-match": tag})).status == 200
        nobody = await ask(platform, "PATCH", "/customers/00000000-0000-7000-8000-000000000000", {"traits": {}}, headers={"if-match": tag})
        assert nobody.status == 404


async def test_of_two_changes_at_once_exactly_one_counts(cluster: PrivateCluster) -> None:
    async with started(cluster, "customer", read=False) as platform:
        for round_ in range(5):
            ada = await registered(platform, f"user:p{round_}")
            answers = await asyncio.gather(*(patch(platform, ada, {"winner": number, f"n{number}": 1}, '"1"') for number in range(6)))
            assert sorted(answer.status for answer in answers) == [200] + [412] * 5
            (winner,) = (number for number, answer in enumerate(answers) if answer.status == 200)
            assert (await ask(platform, "GET", f"/customers/{ada}")).json()["traits"] == {"winner": winner, f"n{winner}": 1}


async def test_no_version_comes_twice_under_one_id(cluster: PrivateCluster) -> None:
    """Whatever is merged and parted: an answer with the ETag of an earlier one is the earlier one."""
    async with started(cluster, "customer") as platform:
        one, two = await registered(platform, "user:1", plan="a"), await registered(platform, "user:2", plan="b")
        seen: dict[tuple[str, str], object] = {}

        async def look() -> None:
            for customer in (one, two):
                answer = await ask(platform, "GET", f"/customers/{customer}")
                shown = {name: value for name, value in answer.json().items() if name != "updated_at"}
                assert seen.setdefault((customer, answer.headers["etag"]), shown) == shown

        await look()
        for step in range(3):
            for number in range(step * 2):
                await patch(platform, two, {"plan": f"{step}-{number}"})
                await look()
            merged = (await ask(platform, "POST", "/merges", {"survivor_id": one, "merged_id": two})).json()["merge_id"]
            await look()
            await patch(platform, two, {"plan": f"{step}"})
            await look()
            await append(platform.log, [happened("page", "user:2", f"ext:crm:{step}")])
            await platform.drain()
            await look()
            await append(platform.log, [happened("identify", "user:2", traits={"plan": f"{step}"}, minute=10**7 + step)])
            await platform.drain()
            await look()
            await ask(platform, "POST", f"/merges/{merged}/undo")
            await look()
        assert len(seen) > 20


@pytest.mark.parametrize("kind", ["application/merge-patch+json", "application/json", "application/merge-patch+json; charset=utf-8"])
async def test_a_patch_is_a_merge_patch(cluster: PrivateCluster, kind: str) -> None:
    """RFC 7396, with the objects of its own example."""
    async with started(cluster, "customer", read=False) as platform:
        before = {"title": "Goodbye!", "author": {"givenName": "John", "familyName": "Doe"}, "tags": ["example", "sample"], "content": "Unchanged"}
        change = {"title": "Hello!", "phone_code": "+01-123", "author": {"familyName": None}, "tags": ["example"]}
        after = {"title": "Hello!", "author": {"givenName": "John"}, "tags": ["example"], "content": "Unchanged", "phone_code": "+01-123"}
        ada = await registered(platform, "user:1", **before)
        body = json.dumps({"traits": change}).encode()
        answer = await platform["customer"].call("PATCH", f"/api/v1/customers/{ada}", body=body, headers={"content-type": kind})
        assert (answer.status, answer.json()["traits"]) == (200, after)
        other = await platform["customer"].call("PATCH", f"/api/v1/customers/{ada}", body=body, headers={"content-type": "text/plain"})
        assert (other.status, other.json()["code"]) == (422, "request.invalid")
