"""Erasing a person in the customer service: nothing of them stays, nobody else loses anything, and late events bring nothing back."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import pytest

from chassis.ids import new_id
from contracts.consent import ErasureRequested
from launcher.embedded_postgres import PrivateCluster
from services.customer.store import erasures
from tests.integration.customer.asking import ask, got, owner, registered
from tests.integration.customer.happenings import append, happened, hashed, told
from tests.support.platform import TestPlatform, started
from tests.support.scanning import tables_with

pytestmark = pytest.mark.asyncio(loop_scope="function")

MARKS = ("Zarrinkelkxq", "vcanary7731", "9121230987")


async def requested(platform: TestPlatform, customer_id: str) -> str:
    """The consent service tells that a person asks to be forgotten."""
    request_id = str(new_id())
    service = platform["consent"].service
    async with service.transaction() as tx:
        tx.tell(ErasureRequested(request_id=request_id, customer_id=customer_id, requested_at=service.clock.now()))
    await platform.drain()
    return request_id


async def marked_person(platform: TestPlatform) -> str:
    """Somebody with a mark in everything that can be told of a person."""
    one = await registered(
        platform, "user:vcanary7731", name="Leila Zarrinkelkxq", email="vcanary7731@shop.example", phone="+989121230987", city="vcanary7731"
    )
    two = await registered(platform, "user:vcanary7731-too", nickname="vcanary7731")
    made = await ask(platform, "POST", "/accounts", {"type": "organisation", "identities": ["account:acme"], "traits": {"name": "Acme"}})
    account = made.json()["id"]
    for method, path, body in (
        ("POST", f"/customers/{one}/needs", {"text": "wants vcanary7731"}),
        ("PUT", f"/customers/{one}/preferences", {"channels": {"*": "email"}}),
        ("POST", f"/accounts/{account}/members", {"customer_id": one, "role": "buyer vcanary7731"}),
        ("POST", "/merges", {"survivor_id": one, "merged_id": two, "reason": "same vcanary7731"}),
        ("POST", "/exports", {"format": "csv"}),
    ):
        answer = await ask(platform, method, path, body)
        assert answer.status < 300, (path, answer.body)
    await append(platform.log, [
        happened("identify", "anon:vcanary7731-a", "user:vcanary7731", traits={"hobby": "vcanary7731"}),
        happened("identify", "user:vcanary7731", traits={"phone": "no number vcanary7731"}),
    ])
    await platform.drain()
    return one


async def test_nothing_of_the_person_stays_and_nobody_else_loses_anything(cluster: PrivateCluster) -> None:
    """U43, N4: the scan finds the marks before and not after; ids and identities answer no more."""
    async with started(cluster, "customer", "consent") as platform:
        service = platform["customer"].service
        other = await registered(platform, "user:other", name="Leila Other", email="other@shop.example")
        person = await marked_person(platform)
        before = await got(platform, f"/customers/{other}")
        async with service.read() as db:
            found = await tables_with(db, MARKS)
        assert {"customer", "identity", "trait_value", "need", "membership", "search_word", "merge"} <= found
        request_id = await requested(platform, person)
        async with service.read() as db:
            assert await tables_with(db, MARKS) == set()
        assert (await ask(platform, "GET", f"/customers/{person}")).status == 404
        assert await owner(platform, "user:vcanary7731") is None
        assert (await got(platform, "/customers?q=Zarrinkelkxq"))["data"] == []
        after = await got(platform, f"/customers/{other}")
        assert after == before
        assert [one["id"] for one in (await got(platform, "/customers?q=leila"))["data"]] == [other]
        acknowledged = await told(platform.log, "ecrm.customer", "ecrm.customer.erasure_acknowledged.v1")
        assert [(one["request_id"], one["customer_id"]) for one in acknowledged] == [(request_id, person)]
        assert acknowledged[0]["erased"]["customer"] == 3
        assert acknowledged[0]["erased"]["identity"] >= 4
        (state,) = await told(platform.log, "ecrm.state.erasure", "ecrm.state.erasure.v1")
        assert hashed("user:vcanary7731") in state["identities"]
        assert person in state["customer_ids"]


async def test_late_events_bring_nothing_back_until_the_person_registers_again(cluster: PrivateCluster) -> None:
    async with started(cluster, "customer", "consent") as platform:
        person = await registered(platform, "user:u1", name="Mina")
        await requested(platform, person)
        await append(platform.log, [happened("identify", "user:u1", traits={"name": "Mina"}), happened("track", "anon:a1", "user:u1")])
        await platform.drain()
        assert await owner(platform, "user:u1") is None
        (state,) = await told(platform.log, "ecrm.state.erasure", "ecrm.state.erasure.v1")
        assert state["identities"] == [hashed("user:u1")]
        again = await registered(platform, "user:u1", name="Mina, again")
        assert again != person
        await asyncio.sleep(erasures.FRESH)
        await append(platform.log, [happened("identify", "user:u1", traits={"city": "Yazd"})])
        await platform.drain()
        assert (await got(platform, f"/customers/{again}"))["traits"]["city"] == "Yazd"
        states = await told(platform.log, "ecrm.state.erasure", "ecrm.state.erasure.v1")
        assert states[-1]["identities"] == []


async def test_asked_twice_or_of_nobody(cluster: PrivateCluster) -> None:
    async with started(cluster, "customer", "consent") as platform:
        person = await registered(platform, "user:u1")
        nobody = str(uuid.uuid4())
        await requested(platform, person)
        await requested(platform, person)
        await requested(platform, nobody)
        acknowledged = await told(platform.log, "ecrm.customer", "ecrm.customer.erasure_acknowledged.v1")
        rows: list[Any] = [one["erased"].get("customer", 0) for one in sorted(acknowledged, key=lambda one: one["request_id"])]
        assert rows == [1, 0, 0]


async def test_every_table_that_names_a_customer_or_identity_is_erased(cluster: PrivateCluster) -> None:
    """Who adds a table with a person in it hears of it here."""
    about_nobody = {"erasure", "erased_identity", "account_change"}
    async with started(cluster, "customer", "consent") as platform, platform["customer"].service.read() as db:
        rows = await db.fetch(
            """
            SELECT DISTINCT table_name FROM information_schema.columns WHERE table_schema = 'public'
              AND column_name IN ('customer_id', 'home_id', 'identity', 'user_identity', 'account_id', 'low_id', 'high_id', 'merged_id', 'root_id')
            """
        )
    assert {row["table_name"] for row in rows} - about_nobody <= erasures.ERASED
