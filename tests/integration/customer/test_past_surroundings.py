"""Accounts, addresses, choices and needs: as they were known at any time, and guarded by the customer's ETag."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime
from typing import Any

import pytest

from launcher.embedded_postgres import PrivateCluster
from tests.integration.customer.asking import ask, got, registered
from tests.support.platform import TestPlatform, started

pytestmark = pytest.mark.asyncio

PARTS = ("accounts", "contact-points", "preferences", "needs")


async def account(platform: TestPlatform, name: str) -> str:
    answer = await ask(platform, "POST", "/accounts", {"type": "organisation", "identities": [f"account:{name}"], "traits": {"name": name}})
    assert answer.status == 201, answer.body
    return str(answer.json()["id"])


async def shown(platform: TestPlatform, customers: list[str], suffix: str = "") -> dict[str, Any]:
    """Everything that surrounds the customers, and the part of it that their own view has."""
    found: dict[str, Any] = {}
    for customer in customers:
        for part in PARTS:
            found[f"{customer}/{part}"] = await got(platform, f"/customers/{customer}/{part}{suffix}")
        view = await got(platform, f"/customers/{customer}{suffix}")
        found[customer] = {name: view[name] for name in ("accounts", "needs", "traits")}
    return found


async def step(platform: TestPlatform, chance: random.Random, people: list[str], accounts: list[str], merges: list[str]) -> None:
    one, firm = chance.choice(people), chance.choice(accounts)
    match chance.randrange(8):
        case 0:
            await ask(platform, "POST", f"/accounts/{firm}/members", {"customer_id": one, "role": chance.choice(["buyer", "boss"]), "primary": True})
        case 1:
            await ask(platform, "DELETE", f"/accounts/{firm}/members/{one}")
        case 2:
            point = {"kind": "email", "value": f"{one[-4:]}{chance.randrange(2)}@x.example", "state": chance.choice(["verified", "bouncing"])}
            await ask(platform, "PUT", f"/customers/{one}/contact-points", {"contact_points": [{**point, "preferred": chance.random() < 0.5}]})
        case 3:
            chosen = {"language": chance.choice(["fa", "en"]), "channels": chance.choice([{}, {"*": "sms"}, {"newsletter": "email"}])}
            await ask(platform, "PUT", f"/customers/{one}/preferences", chosen)
        case 4:
            await ask(platform, "POST", f"/customers/{one}/needs", {"text": f"need {chance.randrange(100)}"})
        case 5:
            needs = (await got(platform, f"/customers/{one}/needs?open=true"))["data"]
            if needs:
                await ask(platform, "POST", f"/customers/{one}/needs/{chance.choice(needs)['id']}/met")
        case 6:
            done = await ask(platform, "POST", "/merges", {"survivor_id": one, "merged_id": chance.choice(people)})
            merges += [done.json()["merge_id"]] if done.status == 201 else []
        case _ if merges:
            assert (await ask(platform, "POST", f"/merges/{merges.pop()}/undo")).status == 200
        case _:
            await ask(platform, "PATCH", f"/accounts/{firm}", {"traits": {"name": f"Firm {chance.randrange(9)}"}})


@pytest.mark.parametrize("seed", [1, 2])
async def test_the_past_is_what_was_answered_then(cluster: PrivateCluster, seed: int) -> None:
    """D5: accounts, contact points, preferences and needs `as_of` any moment, over merges and their undoing."""
    chance = random.Random(seed)
    async with started(cluster, "customer", read=False) as platform:
        people = [await registered(platform, f"user:p{number}") for number in range(3)]
        accounts = [await account(platform, name) for name in ("acme", "bolt")]
        merges: list[str] = []
        seen = []
        for _ in range(20):
            await step(platform, chance, people, accounts, merges)
            now = await shown(platform, people)
            seen.append((datetime.now(UTC).isoformat().replace("+00:00", "Z"), now))
            await asyncio.sleep(0.005)
        for moment, then in seen:
            assert await shown(platform, people, f"?as_of={moment}") == then


async def test_changes_raise_the_version_and_count_only_on_what_was_read(cluster: PrivateCluster) -> None:
    """U1: If-Match on memberships, addresses, choices and needs, with the customer's own ETag."""
    async with started(cluster, "customer", read=False) as platform:
        ada, firm = await registered(platform, "user:1"), await account(platform, "acme")
        need = (await ask(platform, "POST", f"/customers/{ada}/needs", {"text": "A stroller"})).json()["id"]
        changes: list[tuple[str, str, Any, int]] = [
            ("POST", f"/accounts/{firm}/members", {"customer_id": ada, "role": "buyer"}, 201),
            ("PUT", f"/customers/{ada}/contact-points", {"contact_points": [{"kind": "email", "value": "ada@x.example", "state": "verified"}]}, 200),
            ("PUT", f"/customers/{ada}/preferences", {"channels": {"*": "sms"}}, 200),
            ("PUT", f"/customers/{ada}/preferences", {"language": "fa"}, 200),
            ("POST", f"/customers/{ada}/needs", {"text": "A cradle"}, 201),
            ("POST", f"/customers/{ada}/needs/{need}/met", None, 200),
            ("DELETE", f"/accounts/{firm}/members/{ada}", None, 204),
        ]
        for method, path, body, status in changes:
            tag = (await ask(platform, "GET", f"/customers/{ada}")).headers["etag"]
            stale = await ask(platform, method, path, body, headers={"if-match": '"77"'})
            assert (stale.status, stale.json()["code"]) == (412, "customer.changed_meanwhile"), path
            assert (await ask(platform, method, path, body, headers={"if-match": "7"})).json()["code"] == "request.bad_condition"
            assert (await ask(platform, "GET", f"/customers/{ada}")).headers["etag"] == tag
            done = await ask(platform, method, path, body, headers={"if-match": tag})
            assert done.status == status, done.body
            after = (await ask(platform, "GET", f"/customers/{ada}")).headers["etag"]
            assert after != tag, path
            assert done.headers.get("etag", after) == after, path
        for part in PARTS:
            assert (await ask(platform, "GET", f"/customers/{ada}/{part}")).headers["etag"] == after
            early = await ask(platform, "GET", f"/customers/{ada}/{part}?as_of=2020-01-01T00:00:00Z")
            assert (early.status, early.json()["code"]) == (404, "customer.not_yet_known")
            late = await ask(platform, "GET", f"/customers/{ada}/{part}?as_of=2999-01-01T00:00:00Z")
            assert (late.status, late.json()["code"]) == (422, "customer.bad_as_of")
        firms = (await ask(platform, "GET", f"/accounts/{firm}")).headers["etag"]
        assert (await ask(platform, "PATCH", f"/accounts/{firm}", {"type": "household"}, headers={"if-match": '"77"'})).status == 412
        changed = await ask(platform, "PATCH", f"/accounts/{firm}", {"type": "household"}, headers={"if-match": firms})
        assert (changed.status, changed.headers["etag"] != firms) == (200, True)
