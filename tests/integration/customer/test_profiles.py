"""Recorded interactions become customers."""

from __future__ import annotations

import random
from typing import Any

import pytest

from launcher.embedded_postgres import PrivateCluster
from services.customer import commands
from tests.integration.customer.happenings import append, happened, hashed, told
from tests.support.platform import TestPlatform, started

pytestmark = pytest.mark.asyncio


async def customer_of(platform: TestPlatform, identity: str) -> dict[str, Any]:
    answer = await platform["customer"].call("GET", f"/api/v1/customers?identity={identity}")
    assert answer.status == 200, answer.body
    (found,) = answer.json()["data"]
    one = await platform["customer"].call("GET", f"/api/v1/customers/{found['id']}")
    assert one.status == 200
    customer: dict[str, Any] = one.json()
    return customer


async def test_a_visitor_becomes_a_known_customer(cluster: PrivateCluster) -> None:
    """U3: what an anonymous visitor did counts for the person they turn out to be."""
    async with started(cluster, "customer") as platform:
        await append(platform.log, [happened("page", "anon:v1", authority="browser"), happened("page", "anon:v1", authority="browser")])
        await platform.drain()
        visitor = await customer_of(platform, "anon:v1")
        assert (visitor["known"], visitor["traits"], visitor["identities"]) == (False, {}, ["anon:v1"])

        await append(
            platform.log,
            [
                happened("identify", "user:42", "anon:v1", authority="browser", traits={"firstName": "Ada", "plan": "free"}, minute=1),
                happened("identify", "user:42", traits={"email": "Ada@Example.com", "lastName": "Lovelace", "plan": "gold"}, minute=2),
                happened("identify", "user:42", authority="browser", traits={"plan": "platinum"}, minute=3),
            ],
        )
        await platform.drain()
        ada = await customer_of(platform, "email:ada@example.com")
        assert ada["known"] is True
        assert sorted(ada["identities"]) == ["anon:v1", "email:ada@example.com", "user:42"]
        assert ada["traits"] == {"email": "Ada@example.com", "given_name": "Ada", "family_name": "Lovelace", "plan": "gold"}
        assert ada["name"] == "Ada Lovelace"
        assert ada["provenance"]["plan"]["authority"] == "server"
        assert ada["merged"] == [visitor["id"]]
        moved = await platform["customer"].call("GET", f"/api/v1/customers/{visitor['id']}")
        assert (moved.json()["id"], moved.json()["requested_id"]) == (ada["id"], visitor["id"])

        owners = {state["identity"]: state["customer_id"] for state in await told(platform.log, "ecrm.state.identity", "ecrm.state.identity.v1")}
        assert owners == {hashed(key): ada["id"] for key in ("user:42", "anon:v1", "email:ada@example.com")}
        profiles = {state["customer_id"]: state for state in await told(platform.log, "ecrm.state.profile", "ecrm.state.profile.v1")}
        assert profiles[visitor["id"]]["merged_into"] == ada["id"]
        assert "personal" not in profiles[visitor["id"]]
        assert profiles[ada["id"]]["personal"]["name"] == "Ada Lovelace"
        assert profiles[ada["id"]]["known"] is True
        merged = await told(platform.log, "ecrm.customer", "ecrm.customer.merged.v1")
        assert [(fact["survivor_id"], fact["merged_id"], fact["identities"]) for fact in merged] == [
            (ada["id"], visitor["id"], [hashed("anon:v1")])
        ]
        registered = await told(platform.log, "ecrm.customer", "ecrm.customer.registered.v1")
        assert {fact["customer_id"] for fact in registered} == {ada["id"], visitor["id"]}


async def test_told_twice_counts_once(cluster: PrivateCluster) -> None:
    events = [happened("identify", f"user:{1 + number % 7}", f"anon:{number}", traits={"n": number}, minute=number) for number in range(50)]
    async with started(cluster, "customer") as platform:
        await append(platform.log, events, origins=False)
        await platform.drain()
        before = await everything(platform)
        facts = await told(platform.log, "ecrm.customer", "ecrm.customer.updated.v1")
        await append(platform.log, events, origins=False)
        await platform.drain()
        assert await everything(platform) == before
        assert await told(platform.log, "ecrm.customer", "ecrm.customer.updated.v1") == facts
        assert len(before) == 7


async def everything(platform: TestPlatform) -> dict[frozenset[str], dict[str, Any]]:
    """All customers: identities -> traits."""
    found, token = {}, ""
    while True:
        answer = await platform["customer"].call("GET", f"/api/v1/customers?limit=20{token and f'&page_token={token}'}")
        for row in answer.json()["data"]:
            one = (await platform["customer"].call("GET", f"/api/v1/customers/{row['id']}")).json()
            found[frozenset(one["identities"])] = one["traits"]
        if not answer.json()["next_page_token"]:
            return found
        token = answer.json()["next_page_token"]


async def test_the_order_of_arrival_decides_nothing(cluster: PrivateCluster) -> None:
    events = []
    for person in range(1, 7):
        keys = [f"anon:{person}a", f"anon:{person}b", f"user:{person}"]
        for step in range(6):
            primary = keys[step % 3]
            links = [keys[2]] if step in {1, 4} else []
            traits = {"city": f"city-{step}", f"trait-{step % 2}": step}
            if step == 3:
                traits["email"] = f"p{person}@example.com"
            if step in {2, 5}:
                traits["emailAddress"] = f"P{person}@example.com"
            events.append(happened("identify", primary, *links, traits=traits, minute=step))
        events.append(happened("identify", f"user:{person}", f"anon:{person}a", minute=9))
    results = []
    for seed in (1, 2):
        random.Random(seed).shuffle(events)
        async with started(cluster, "customer", given={"customer": {"database_connections": 4}}) as platform:
            await append(platform.log, events)
            await platform.drain()
            results.append(await everything(platform))
    assert results[0] == results[1]
    assert len(results[0]) == 6


async def test_a_conflict_is_noted_for_people(cluster: PrivateCluster) -> None:
    async with started(cluster, "customer") as platform:
        await append(
            platform.log,
            [happened("identify", f"user:{number}", traits={"email": "family@example.com"}, minute=number) for number in (1, 2, 2)],
        )
        await platform.drain()
        first, second = await customer_of(platform, "user:1"), await customer_of(platform, "user:2")
        assert first["id"] != second["id"]
        assert (await customer_of(platform, "email:family@example.com"))["id"] == first["id"]
        assert second["email"] == "family@example.com"
        noted = (await platform["customer"].call("GET", "/api/v1/identity-reviews")).json()["data"]
        assert [(row["customer_id"], row["other_id"], row["reason"], row["kind"]) for row in noted] == [
            (first["id"], second["id"], "two_user_ids", "email")
        ]


async def test_a_bad_record_is_set_aside_and_costs_no_other(cluster: PrivateCluster) -> None:
    broken = happened("identify", "user:1", "anon:1")
    broken.personal.keys.pop()
    events = [happened("page", f"anon:v{number}") for number in range(10)]
    async with started(cluster, "customer") as platform:
        await append(platform.log, [*events[:5], broken, *events[5:]])
        await platform.drain()
        assert len(await everything(platform)) == 10
        letters = (await platform["customer"].call("GET", "/internal/dead-letters")).json()["data"]
        assert len(letters) == 1


async def test_known_events_cost_no_lookup(cluster: PrivateCluster) -> None:
    async with started(cluster, "customer") as platform:
        await append(platform.log, [happened("page", "user:1", "anon:1") for _ in range(3)])
        await platform.drain()
        service = platform["customer"].service
        assert hashed("user:1") in service.resources.settled
        async with service.transaction() as tx:
            await commands.resolve_interactions(service, tx, records=[])
        before = await service.database.fetch_value("SELECT sum(idx_scan) FROM pg_stat_user_indexes WHERE indexrelname = 'identity_pkey'")
        await append(platform.log, [happened("page", "user:1", "anon:1") for _ in range(100)])
        await platform.drain()
        after = await service.database.fetch_value("SELECT sum(idx_scan) FROM pg_stat_user_indexes WHERE indexrelname = 'identity_pkey'")
        assert after == before


async def test_two_processes_agree(cluster: PrivateCluster) -> None:
    """Two processes of the service, a partition each, meet at the same people."""
    events = []
    for number in range(300):
        person = 1 + number % 20
        events.append(happened("identify", f"anon:v{number}", f"user:{person}", traits={"n": number}, minute=number))
        events.append(happened("identify", f"user:{person}", traits={"email": f"p{person}@example.com", "m": number}, minute=number))
    random.Random(7).shuffle(events)
    async with started(cluster, "customer", run="twins") as one, started(cluster, "customer", run="twins", log=one.log) as two:
        for start in range(0, len(events), 60):
            await append(one.log, events[start : start + 60])
        await one.drain(timeout=60)
        await two.drain(timeout=60)
        people = await everything(one)
    assert len(people) == 20
    assert all(len(identities) == 17 for identities in people)
    for person in range(1, 21):
        (traits,) = (told for keys, told in people.items() if f"user:{person}" in keys)
        assert traits == {"email": f"p{person}@example.com", "m": 279 + person, "n": 279 + person}
