"""Grants, withdrawals, merges, signals and identities, on a real database and log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from chassis.ids import new_text_id
from contracts.consent import ConsentState, ConsentWithdrawn
from contracts.customer import CustomersMerged, CustomersUnmerged, IdentityState
from contracts.fact import Fact
from contracts.interaction import ConsentSignalSeen
from launcher.embedded_postgres import PrivateCluster
from tests.support.platform import TestPlatform, started

pytestmark = pytest.mark.asyncio

FAST = {"consent": {"barrier_seconds": 0.3}}


async def tell(platform: TestPlatform, *facts: Fact) -> None:
    """As if another service had told it, through the outbox and the log."""
    async with platform["consent"].service.transaction() as tx:
        for fact in facts:
            tx.tell(fact)
    await platform.drain()


async def standing(platform: TestPlatform, customer: str, purpose: str = "marketing", channel: str = "email") -> dict[str, Any]:
    answer = await platform["consent"].call("GET", f"/api/v1/customers/{customer}/consent", scopes=["consent:read"])
    assert answer.status == 200, answer.body
    found = {one["purpose"]: one for one in answer.json()["purposes"]}
    return dict(found[purpose]["channels"][channel])


async def grant(platform: TestPlatform, **said: Any) -> dict[str, Any]:
    body = {"purpose": "marketing", "channel": "email", "source": "form", **said}
    answer = await platform["consent"].call("POST", "/api/v1/consents/grants", json=body, scopes=["consent:write"])
    assert answer.status == 201, answer.body
    return dict(answer.json())


async def withdraw(platform: TestPlatform, **said: Any) -> dict[str, Any]:
    body = {"purpose": "marketing", **said}
    answer = await platform["consent"].call("POST", "/api/v1/consents/withdrawals", json=body, scopes=["consent:write"])
    assert answer.status == 200, answer.body
    return dict(answer.json())


async def published(platform: TestPlatform, fact: type[Fact]) -> list[Any]:
    """All facts of one kind on the log, in order of their partitions."""
    from chassis.eventlog import Partition
    from contracts import catalogue, decoding
    from contracts.envelope import header

    await platform.drain()
    entry = catalogue.entry_of(fact)
    found: list[Any] = []
    for number in range(await platform.log.partitions(entry.topic)):
        partition = Partition(entry.topic, number)
        first, _ = await platform.log.bounds(partition)
        found += [
            decoding.decode(fact, record.value)
            for record in await platform.log.read(partition, first)
            if record.value is not None and header(record.headers, "ce_type") == entry.wire.encode()
        ]
    return found


async def test_what_was_said_is_kept_and_the_latest_counts(cluster: PrivateCluster) -> None:
    async with started(cluster, "consent", given=FAST) as platform:
        customer = new_text_id()
        before = await standing(platform, customer)
        assert before == {"state": "unspoken", "allowed": False, "reason": "no_grant", "since": None, "until": None, "entry_id": None}
        assert (await standing(platform, customer, "service"))["allowed"]

        given = await grant(platform, customer_id=customer, evidence={"form": "footer"}, language="fa", wording_version=1)
        assert given["state"] == "granted"
        assert given["version"] == 1
        assert not given["waiting"]
        assert (await standing(platform, customer))["allowed"]

        begin = datetime.now(UTC)
        gone = await withdraw(platform, customer_id=customer)
        assert gone["channels"] == ["email", "sms", "phone", "post", "push"]
        assert begin <= datetime.fromisoformat(gone["effective_at"]) <= begin + timedelta(seconds=5)
        assert (await standing(platform, customer))["reason"] == "withdrawn"

        again = await withdraw(platform, customer_id=customer, channel="email")
        assert again["entry_ids"] == [gone["entry_ids"][0]], "withdrawing again adds nothing"
        answer = await platform["consent"].call("GET", f"/api/v1/customers/{customer}/consent?limit=2", scopes=["consent:read"])
        assert len(answer.json()["data"]) == 2
        rest = await platform["consent"].call(
            "GET", f"/api/v1/customers/{customer}/consent?limit=50&page_token={answer.json()['next_page_token']}", scopes=["consent:read"]
        )
        entries = answer.json()["data"] + rest.json()["data"]
        assert [entry["state"] for entry in entries] == ["withdrawn"] * 5 + ["granted"]
        assert entries[-1] | {"evidence": {"form": "footer"}, "language": "fa", "actor": "key:test", "source": "form"} == entries[-1]

        states = await published(platform, ConsentState)
        assert [state.version for state in states][-1:] == [2]
        assert states[-1].purposes["marketing"]["email"] == "withdrawn"
        assert len(await published(platform, ConsentWithdrawn)) == 5


async def test_the_ledger_refuses_change(cluster: PrivateCluster) -> None:
    async with started(cluster, "consent", given=FAST) as platform:
        await grant(platform, customer_id=new_text_id())
        async with platform["consent"].service.read() as db:
            for statement in ("UPDATE entry SET state = 'granted'", "DELETE FROM entry", "DELETE FROM purpose", "UPDATE permit_key SET kid = 'x'"):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await db.execute(statement)


async def test_refusals_name_what_is_wrong(cluster: PrivateCluster) -> None:
    async with started(cluster, "consent", given=FAST) as platform:
        consent, customer = platform["consent"], new_text_id()

        async def code(path: str, body: Any, scopes: tuple[str, ...] = ("consent:write",), method: str = "POST") -> tuple[int, str]:
            answer = await consent.call(method, path, json=body, scopes=scopes)
            return answer.status, answer.json()["code"]

        grants = "/api/v1/consents/grants"
        assert await code(grants, {"customer_id": customer, "purpose": "gifts", "channel": "email"}) == (404, "consent.unknown_purpose")
        assert await code(grants, {"customer_id": customer, "purpose": "marketing", "channel": "fax"}) == (422, "consent.unknown_channel")
        assert await code(grants, {"customer_id": customer, "purpose": "marketing"}) == (422, "consent.channel_needed")
        assert await code(grants, {"purpose": "marketing", "channel": "email"}) == (422, "consent.bad_subject")
        assert await code(grants, {"identity": "mail:x", "purpose": "marketing", "channel": "email"}) == (422, "consent.bad_subject")
        assert await code(grants, {"customer_id": customer, "purpose": "marketing", "channel": "email", "state": "x"}) == (422, "request.invalid")
        future = {"customer_id": customer, "purpose": "marketing", "channel": "email", "said_at": "2999-01-01T00:00:00Z"}
        assert await code(grants, future) == (422, "consent.said_in_future")
        assert await code(grants, [future], ("consent:read",)) == (403, "auth.scope_missing")
        assert await code("/permits", {"members": []}, ("campaigns:send",)) == (403, "consent.inside_only")
        one_bad = [{"customer_id": customer, "purpose": "marketing", "channel": "email"}, {"customer_id": customer, "purpose": "gifts", "channel": "x"}]
        assert await code(grants, one_bad) == (404, "consent.unknown_purpose")
        assert (await standing(platform, customer))["state"] == "unspoken", "all or none"
        assert (await consent.call("GET", "/api/v1/purposes", scopes=None)).status == 401


async def test_purposes_have_versions(cluster: PrivateCluster) -> None:
    async with started(cluster, "consent", given=FAST) as platform:
        consent = platform["consent"]
        listed = (await consent.call("GET", "/api/v1/purposes", scopes=["consent:read"])).json()["data"]
        assert {one["purpose"]: one["basis"] for one in listed} == {
            "marketing": "opt_in", "analytics": "opt_out", "profiling": "opt_out", "sharing": "opt_in", "service": "opt_out",
        }
        assert all({"en", "fa"} <= set(one["title"]) and {"en", "fa"} <= set(one["wording"]) for one in listed)
        body = {"basis": "opt_in", "legal_basis": "consent", "channels": ["email"], "title": {"en": "Gifts"}, "wording": {"en": "You may."}}
        made = await consent.call("POST", "/api/v1/purposes", json={"purpose": "gifts", **body}, scopes=["consent:write"])
        assert (made.status, made.json()["version"]) == (201, 1)
        assert (await consent.call("POST", "/api/v1/purposes", json={"purpose": "gifts", **body})).status == 409
        changed = await consent.call("PUT", "/api/v1/purposes/gifts", json=body | {"wording": {"en": "You may, please."}})
        assert changed.json()["version"] == 2
        assert (await consent.call("PUT", "/api/v1/purposes/none", json=body)).status == 404
        versions = (await consent.call("GET", "/api/v1/purposes/gifts")).json()["data"]
        assert [one["wording"]["en"] for one in versions] == ["You may, please.", "You may."]


async def test_a_thousand_grants_at_once(cluster: PrivateCluster) -> None:
    async with started(cluster, "consent", given=FAST) as platform:
        customers = [new_text_id() for _ in range(1000)]
        body = [{"customer_id": one, "purpose": "marketing", "channel": "email", "said_at": "2024-05-01T10:00:00Z"} for one in customers]
        answer = await platform["consent"].call("POST", "/api/v1/consents/grants", json=body)
        assert answer.status == 201
        assert [one["customer_id"] for one in answer.json()["data"]] == customers
        assert (await platform["consent"].call("POST", "/api/v1/consents/grants", json=[*body, body[0]])).status == 422
        assert len(await published(platform, ConsentState)) == 1000
        assert (await standing(platform, customers[500]))["since"] == "2024-05-01T10:00:00Z"


async def test_nothing_said_under_an_unknown_identity_is_lost(cluster: PrivateCluster) -> None:
    async with started(cluster, "consent", given=FAST) as platform:
        customer, other = new_text_id(), new_text_id()
        waiting = await grant(platform, identity="email:Ada@Example.com")
        assert waiting["waiting"]
        assert waiting["customer_id"] is None
        await withdraw(platform, identity="email:bob@example.com", channel="email")
        hashed = platform["consent"].service.hash_identity
        await tell(
            platform,
            IdentityState(identity=hashed("email:ada@example.com").hex(), kind="email", customer_id=customer),
            IdentityState(identity=hashed("email:bob@example.com").hex(), kind="email", customer_id=other),
        )
        assert (await standing(platform, customer))["allowed"]
        assert (await standing(platform, other))["reason"] == "withdrawn"
        known = await withdraw(platform, identity="email:ada@example.com", channel="email")
        assert known["customer_id"] == customer
        assert (await standing(platform, customer))["reason"] == "withdrawn"
        entries = (await platform["consent"].call("GET", f"/api/v1/customers/{customer}/consent")).json()["data"]
        assert [entry["state"] for entry in entries] == ["withdrawn", "linked", "granted"]
        assert entries[1]["refers"] == [entries[2]["entry_id"]]


async def test_a_merge_takes_the_stricter_until_something_is_said_later(cluster: PrivateCluster) -> None:
    async with started(cluster, "consent", given=FAST) as platform:
        survivor, merged = new_text_id(), new_text_id()
        await grant(platform, customer_id=survivor)
        await withdraw(platform, customer_id=merged, channel="email")
        now = platform["consent"].service.clock.now()
        merge = CustomersMerged(merge_id=new_text_id(), survivor_id=survivor, merged_id=merged, reason="email", identities=[], merged_at=now)
        await tell(platform, merge)
        assert (await standing(platform, survivor))["reason"] == "withdrawn"
        assert (await standing(platform, merged))["reason"] == "withdrawn"
        unmerge = CustomersUnmerged(
            merge_id=merge.merge_id, survivor_id=survivor, restored_id=merged, reason="", identities=[], unmerged_at=now
        )
        await tell(platform, unmerge)
        assert (await standing(platform, survivor))["allowed"], "undone, each speaks for itself"
        assert (await standing(platform, merged))["reason"] == "withdrawn"
        await tell(platform, merge)
        assert not (await standing(platform, survivor))["allowed"]
        await grant(platform, customer_id=merged)
        assert (await standing(platform, survivor))["allowed"], "said after the merge, under either id"
        newest = {state.customer_id: state for state in await published(platform, ConsentState)}
        assert newest[survivor].purposes["marketing"]["email"] == "granted"


async def test_signals_only_narrow(cluster: PrivateCluster) -> None:
    async with started(cluster, "consent", given=FAST) as platform:
        customer = new_text_id()
        identity = platform["consent"].service.hash_identity("user:1").hex()
        await tell(platform, IdentityState(identity=identity, kind="user", customer_id=customer))
        await grant(platform, customer_id=customer)
        now = platform["consent"].service.clock.now()

        def signal(kind: str, minutes: int, channel: str | None = None) -> ConsentSignalSeen:
            return ConsentSignalSeen(
                identity=identity, signal=kind, channel=channel, seen_at=now + timedelta(minutes=minutes), source="web", evidence={"id": "m1"}
            )

        await tell(platform, signal("gpc", 0))
        for purpose in ("sharing", "profiling", "analytics"):
            assert (await standing(platform, customer, purpose, "data"))["reason"] == "withdrawn"
        assert (await standing(platform, customer))["allowed"], "the signal does not speak of mails asked for"
        await tell(platform, signal("unsubscribed", -600, "email"))
        assert (await standing(platform, customer))["allowed"], "the grant was given later than the signal"
        await tell(platform, signal("spam", 0, "email"))
        assert (await standing(platform, customer))["reason"] == "withdrawn"
        await tell(platform, signal("smoke", 0))
        assert await platform["consent"].service.database.fetch_value("SELECT count(*) FROM dead_letter") == 1
