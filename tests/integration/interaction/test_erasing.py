"""Erasing a person in the interaction service: contacts go, orders and cases stay for the books without anybody, late events are dropped."""

from __future__ import annotations

from typing import Any

import pytest

from chassis.clock import Clock
from chassis.ids import new_text_id
from contracts.customer import ErasureState, IdentityState
from contracts.interaction import ErasureAcknowledged
from launcher.embedded_postgres import PrivateCluster
from services.interaction.store import erasing
from tests.integration.interaction.support import checked, facts, settle, source, track
from tests.support.platform import TestPlatform, started
from tests.support.scanning import tables_with

pytestmark = pytest.mark.asyncio(loop_scope="function")

MARK = "vcanary7731"
ACKNOWLEDGED = "ecrm.interaction.erasure_acknowledged.v1"


async def ask(platform: TestPlatform, method: str, path: str, body: Any = None, *, status: int = 200) -> Any:
    answer = await platform["interaction"].call(method, f"/api/v1{path}", json=body, scopes=["admin", "interactions:read", "interactions:write"])
    assert answer.status == status, (path, answer.status, answer.body)
    return answer.json() if answer.body else None


def hashed(platform: TestPlatform, key: str) -> str:
    return platform["interaction"].service.hash_identity(key).hex()


async def erase(platform: TestPlatform, customer_id: str, *keys: str, request_id: str | None = None) -> ErasureState:
    """The ledger tells of an erasure."""
    state = ErasureState(
        request_id=request_id or new_text_id(), customer_ids=[customer_id], identities=[hashed(platform, key) for key in keys], erased_at=Clock().now()
    )
    await tell(platform, state)
    return state


async def tell(platform: TestPlatform, *states: Any) -> None:
    async with platform["interaction"].service.transaction() as tx:
        for state in states:
            tx.tell(state)
    await settle(platform)


def events(user: str) -> list[dict[str, Any]]:
    """A life: a click, an order, something refused."""
    order = {"order_id": f"o-{user}", "total": 20, "currency": "EUR", "coupon": "SPRING", "products": [{"product_id": "p1", "price": 20}]}
    return [
        track(user, "Product Viewed", f"view-{user}", {"seen": user}),
        track(user, "Order Completed", f"order-{user}", order),
        {"type": "track", "userId": user, "event": "", "properties": {"why": user}},
    ]


async def test_contacts_go_and_the_books_stay(cluster: PrivateCluster) -> None:
    """U43: everything a person left here is gone, of the other nothing; sums of orders are as before."""
    person, other = new_text_id(), new_text_id()
    async with started(cluster, "interaction") as platform:
        await tell(
            platform, IdentityState(identity=hashed(platform, f"user:{MARK}"), kind="user", customer_id=person),
            IdentityState(identity=hashed(platform, "user:other"), kind="user", customer_id=other),
        )
        await platform.log.append(checked([*events(MARK), *events("other")]))
        await settle(platform)
        case = await ask(platform, "POST", "/cases", {"customer_id": person, "subject": f"About {MARK}", "channel": "call"}, status=201)
        await ask(platform, "POST", f"/cases/{case['id']}/notes", {"content": f"{MARK} is angry"}, status=201)
        await ask(platform, "POST", "/tasks", {"kind": "call", "title": f"Call {MARK}", "customer_id": person}, status=201)
        await settle(platform)
        service = platform["interaction"].service
        async with service.read() as db:
            before = await tables_with(db, [MARK])
            assert {"support_case", "case_note", "task", "quarantine"} <= before
        total = [(one["order_id"], one["paid_minor"]) for one in (await ask(platform, "GET", "/orders"))["data"]]
        kept = await ask(platform, "GET", f"/customers/{other}/timeline")
        state = await erase(platform, person, f"user:{MARK}")
        async with service.read() as db:
            left = await tables_with(db, [MARK, person, state.identities[0]])
        # the mark itself is the hash of the identity; orders and their lines bear the number that the shop gave them
        assert left <= {"erased_identity", "orders", "order_line", "order_version", "outbox"}
        assert [(one["order_id"], one["paid_minor"]) for one in (await ask(platform, "GET", "/orders"))["data"]] == total
        assert await ask(platform, "GET", f"/customers/{other}/timeline") == kept
        assert (await ask(platform, "GET", f"/customers/{person}/orders"))["data"] == []
        assert (await ask(platform, "GET", f"/customers/{person}/timeline"))["data"] == []
        assert (await ask(platform, "GET", f"/cases/{case['id']}"))["subject"] == ""
        (told,) = await facts(platform.log, ACKNOWLEDGED, ErasureAcknowledged)
        assert (told.request_id, told.customer_id) == (state.request_id, person)
        assert {"interaction": 2, "quarantine": 1, "orders": 1, "support_case": 1}.items() <= told.erased.items()


async def test_late_events_are_dropped_and_counted_until_the_person_registers_again(cluster: PrivateCluster) -> None:
    person = new_text_id()
    async with started(cluster, "interaction") as platform:
        state = await erase(platform, person, "user:u1")
        await platform.log.append(checked([track("u1", "Late", "late"), track("u2", "Other", "other")]))
        await settle(platform)
        service = platform["interaction"].service
        async with service.read() as db:
            assert [row["kind"] for row in await db.fetch("SELECT kind FROM interaction")] == ["track"]
            assert [tuple(row) for row in await db.fetch("SELECT stored, erased FROM intake WHERE source = 'shop'")] == [(1, 1)]
        await tell(platform, ErasureState(request_id=state.request_id, customer_ids=[person], identities=[], erased_at=state.erased_at))
        await platform.log.append(checked([track("u1", "Again", "again")], settings=source()))
        await settle(platform)
        async with service.read() as db:
            assert await db.fetchval("SELECT count(*) FROM interaction") == 2


async def test_every_table_that_names_a_person_is_erased(cluster: PrivateCluster) -> None:
    """Who adds a table with a person in it hears of it here."""
    about_nobody = {"erased_identity"}
    async with started(cluster, "interaction") as platform, platform["interaction"].service.read() as db:
        rows = await db.fetch(
            """
            SELECT DISTINCT c.table_name FROM information_schema.columns c JOIN pg_class t ON t.relname = c.table_name
            WHERE c.table_schema = 'public' AND NOT t.relispartition AND c.column_name IN ('customer_id', 'identity', 'merged_id', 'case_id', 'opportunity_id')
            """
        )
    # who worked on it, when, and what it was worth, nothing of the person
    figures = {"case_alarm", "case_assignment", "case_relation", "opportunity_stage", "quote"}
    assert {row["table_name"] for row in rows} - about_nobody - figures <= erasing.ERASED
