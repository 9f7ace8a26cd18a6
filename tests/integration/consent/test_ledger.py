"""The ledger in full: models of purposes, stops, expiry, double opt-in, what counted when, the chain and its keys."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from chassis.ids import new_text_id
from contracts.consent import ConsentState, ConsentWithdrawn, LedgerRootSigned
from contracts.customer import CustomersMerged, CustomersUnmerged
from launcher.embedded_postgres import PrivateCluster
from services.consent import commands, queries
from services.consent.commands.permitting import Member
from services.consent.domain import chain, proofs
from tests.integration.consent.test_statements import FAST, grant, published, standing, tell, withdraw
from tests.support.platform import TestPlatform, started

pytestmark = pytest.mark.asyncio


async def define(platform: TestPlatform, purpose: str, **more: Any) -> None:
    body = {
        "purpose": purpose, "basis": "opt_in", "legal_basis": "consent", "channels": ["email", "sms"], "title": {"en": purpose},
        "wording": {"en": "You may."}, **more,
    }
    answer = await platform["consent"].call("POST", "/api/v1/purposes", json=body, scopes=["consent:write"])
    assert answer.status == 201, answer.body


async def denied(platform: TestPlatform, customer: str, purpose: str, channel: str = "email") -> str | None:
    given = await commands.grant_permits(platform["consent"].service, members=[Member(UUID(customer), purpose, channel, "s", "")])
    if given.batch_id is not None:
        await commands.close_permits(platform["consent"].service, batch_id=given.batch_id, outcomes={})
    return given.denied[0][1] if given.denied else None


async def state(platform: TestPlatform, customer: str, **query: str) -> dict[str, Any]:
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    answer = await platform["consent"].call("GET", f"/api/v1/customers/{customer}/consent?{asked}", scopes=["consent:read"])
    assert answer.status == 200, answer.body
    return dict(answer.json())


async def test_a_stop_covers_all_but_what_contracts_demand(cluster: PrivateCluster) -> None:
    """R2, U41: one stop for everything or for a channel; grants, also later ones, do not count against it until it is lifted."""
    async with started(cluster, "consent", given=FAST) as platform:
        consent, customer = platform["consent"], new_text_id()
        await grant(platform, customer_id=customer)
        await grant(platform, customer_id=customer, channel="sms")

        async def stop(path: str = "", **body: Any) -> dict[str, Any]:
            answer = await consent.call("POST", f"/api/v1/consents/stops{path}", json={"customer_id": customer, **body}, scopes=["consent:write"])
            assert answer.status == 200, answer.body
            return dict(answer.json())

        stopped = await stop(channel="sms")
        assert stopped["purpose"] == "*"
        assert (await denied(platform, customer, "marketing", "sms"), await denied(platform, customer, "marketing")) == ("stopped", None)
        await stop()
        assert await denied(platform, customer, "marketing") == "stopped"
        assert await denied(platform, customer, "service") is None
        assert await denied(platform, customer, "analytics", "data") == "stopped"
        await grant(platform, customer_id=customer)
        assert (await standing(platform, customer))["reason"] == "stopped"
        newest = {one.customer_id: one for one in await published(platform, ConsentState)}[customer]
        assert newest.purposes["marketing"] == dict.fromkeys(("email", "sms", "phone", "post", "push"), "withdrawn")
        assert "service" not in newest.purposes
        told = {(one.purpose, one.channel) for one in await published(platform, ConsentWithdrawn)}
        assert {("marketing", "email"), ("profiling", "data"), ("marketing", "sms")} <= told
        assert not any(purpose in ("service", "*") for purpose, _ in told)
        assert set((await state(platform, customer))["stops"]) == {"*", "sms"}
        await stop("/lift")
        assert (await denied(platform, customer, "marketing", "sms"), await denied(platform, customer, "marketing")) == ("stopped", None)
        bad = await consent.call("POST", "/api/v1/consents/stops", json={"customer_id": customer, "channel": "fax"})
        assert (bad.status, bad.json()["code"]) == (422, "consent.unknown_channel")


async def test_a_stop_under_an_unknown_identity_holds_at_once(cluster: PrivateCluster) -> None:
    async with started(cluster, "consent", given=FAST) as platform:
        consent = platform["consent"]
        answer = await consent.call("POST", "/api/v1/consents/stops", json={"identity": "email:Eve@Example.com"})
        assert answer.status == 200
        hashed = consent.service.hash_identity("email:eve@example.com").hex()
        await define(platform, "tips", basis="opt_out", legal_basis="legitimate_interest")
        members = [Member(UUID(new_text_id()), purpose, "email", "s", hashed) for purpose in ("tips", "service")]
        assert (await commands.grant_permits(consent.service, members=members)).denied == [(0, "stopped")]


async def test_grants_lapse_at_their_time_and_the_ledger_says_so(cluster: PrivateCluster) -> None:
    """U41: expiry counts at once where it matters, whoever is asleep; the job writes it down and tells everybody."""
    async with started(cluster, "consent", given=FAST, read=False) as platform:
        await define(platform, "gifts", expires_after_days=30)
        old, young = new_text_id(), new_text_id()
        now = datetime.now(UTC)
        await grant(platform, customer_id=old, purpose="gifts", said_at=(now - timedelta(days=31)).isoformat())
        await grant(platform, customer_id=young, purpose="gifts", said_at=(now - timedelta(days=29)).isoformat())
        assert (await denied(platform, old, "gifts"), await denied(platform, young, "gifts")) == ("expired", None)
        service = platform["consent"].service
        assert await commands.expire_consents(service) is False
        assert await commands.expire_consents(service) is False
        lines = (await state(platform, old))["data"]
        assert [line["state"] for line in lines] == ["expired", "granted"]
        assert lines[0]["refers"] == [lines[1]["entry_id"]]
        assert (await standing(platform, old, "gifts"))["state"] == "expired"
        assert await denied(platform, young, "gifts") is None
        await grant(platform, customer_id=old, purpose="gifts")
        assert await denied(platform, old, "gifts") is None, "asked again"
        body = {"basis": "opt_out", "legal_basis": "consent", "channels": ["email"], "title": {"en": "x"}, "wording": {"en": "x"}, "expires_after_days": 3}
        bad = await platform["consent"].call("PUT", "/api/v1/purposes/gifts", json=body)
        assert (bad.status, bad.json()["code"]) == (422, "consent.expiry_needs_grants")


async def test_double_opt_in_counts_when_it_is_confirmed(cluster: PrivateCluster) -> None:
    """U41: a pending grant, a page that changes nothing, a click that confirms, with proof."""
    async with started(cluster, "consent", given=FAST) as platform:
        consent, customer = platform["consent"], new_text_id()
        await define(platform, "letter", basis="double_opt_in")
        asked = await grant(platform, customer_id=customer, purpose="letter", evidence={"form": "footer"}, language="fa")
        assert (asked["state"], await denied(platform, customer, "letter")) == ("pending", "no_grant")
        path = asked["confirm_url"].removeprefix("http://127.0.0.1:8080")
        assert customer not in path
        shown = await consent.call("GET", path, scopes=None, headers={"accept-language": "fa"})
        assert shown.status == 200
        assert 'dir="rtl"' in shown.body.decode()
        assert (await consent.call("HEAD", path, scopes=None)).status == 200
        assert await denied(platform, customer, "letter") == "no_grant", "looking changes nothing"
        for _ in range(2):
            done = await consent.call("POST", path, scopes=None, headers={"x-ecrm-client-ip": "192.0.2.7", "user-agent": "Browser"})
            assert done.status == 200, done.body
        assert await denied(platform, customer, "letter") is None
        lines = (await state(platform, customer))["data"]
        assert [line["state"] for line in lines] == ["granted", "pending"]
        proof = lines[0]
        assert (proof["source"], proof["actor"], proof["refers"]) == ("double_opt_in", "customer", [asked["entry_id"]])
        assert proof["evidence"] == {"ip": "192.0.2.7", "user_agent": "Browser", "asked": {"form": "footer"}, "asked_source": "form"}
        assert (await consent.call("POST", path[:-5] + "aaaaa", scopes=None)).status == 404


async def test_a_confirmation_has_its_time(cluster: PrivateCluster) -> None:
    async with started(cluster, "consent", given={"consent": {"barrier_seconds": 0.2, "confirm_hours": 0.0004}}, read=False) as platform:
        consent, customer = platform["consent"], new_text_id()
        await define(platform, "letter", basis="double_opt_in")
        asked = await grant(platform, customer_id=customer, purpose="letter")
        await asyncio.sleep(1.6)
        path = asked["confirm_url"].removeprefix("http://127.0.0.1:8080")
        assert [(await consent.call(method, path, scopes=None)).status for method in ("GET", "POST")] == [410, 410]
        await commands.end_unconfirmed(consent.service)
        assert [line["state"] for line in (await state(platform, customer))["data"]] == ["expired", "pending"]
        assert await denied(platform, customer, "letter") == "no_grant"


async def test_the_state_as_of_any_time(cluster: PrivateCluster) -> None:
    """U42: what counted then, under the merges, purposes and words of then."""
    async with started(cluster, "consent", given=FAST) as platform:
        one, other = new_text_id(), new_text_id()
        clock = platform["consent"].service.clock
        before = clock.now()
        await grant(platform, customer_id=one)
        await withdraw(platform, customer_id=other, channel="email")
        apart = clock.now()
        merge = CustomersMerged(merge_id=new_text_id(), survivor_id=one, merged_id=other, reason="", identities=[], merged_at=clock.now())
        await tell(platform, merge)
        together = clock.now()
        await tell(platform, CustomersUnmerged(merge_id=merge.merge_id, survivor_id=one, restored_id=other, reason="", identities=[], unmerged_at=clock.now()))
        parted = clock.now()
        await withdraw(platform, customer_id=one, channel="email")

        async def at(customer: str, moment: datetime) -> tuple[str, str, int]:
            found = await state(platform, customer, as_of=moment.isoformat().replace("+00:00", "Z"))
            marketing = next(each for each in found["purposes"] if each["purpose"] == "marketing")
            return found["customer_id"], marketing["channels"]["email"]["state"], len(found["data"])

        assert await at(one, before) == (one, "unspoken", 0)
        assert (await state(platform, one, as_of="2001-01-01T00:00:00Z"))["purposes"] == [], "before there was any purpose"
        assert await at(one, apart) == (one, "granted", 1)
        assert await at(other, apart) == (other, "withdrawn", 1)
        assert await at(one, together) == (one, "withdrawn", 3)
        assert await at(other, together) == (one, "withdrawn", 3)
        assert await at(one, parted) == (one, "granted", 1)
        assert (await at(one, clock.now()))[1] == "withdrawn"


async def test_every_line_is_chained_and_signed(cluster: PrivateCluster) -> None:
    """U42: append-only for everybody, chained each second, a root signed and told; personal parts can be erased and the chain still holds."""
    async with started(cluster, "consent", given={"consent": {"barrier_seconds": 0.2, "root_seconds": 0.2}}, read=False) as platform:
        service, customer, other = platform["consent"].service, new_text_id(), new_text_id()
        await grant(platform, customer_id=customer, evidence={"form": "x", "n": 1.50})
        await grant(platform, customer_id=other)
        await withdraw(platform, customer_id=customer, channel="email")
        assert await commands.seal(service) is False
        await commands.sign_root(service)
        links = await queries.page_links(service, after=0, limit=100)
        assert [one.link.seq for one in links] == list(range(1, 9)), "five purposes and three entries"
        head = chain.START
        for one in links:
            head = chain.link_hash(one.link.body, head)
            assert one.link.hash == head
            assert customer not in one.link.body
            if one.personal is not None:
                assert chain.read_body(one.link.body)["commit"] == commands.commit_of(one.personal)
        ((root, kid, signature),) = await queries.page_roots(service, after=0, limit=10)
        (key,) = await queries.list_keys(service)
        assert (root.first, root.last, root.head, kid) == (1, 8, head, key.kid)
        assert proofs.verify(key.public, chain.root_bytes(root), signature)
        async with service.transaction() as tx:
            erased = await commands.erase_person(service, tx, customers=[UUID(customer)], identities=[])
        assert erased == 2
        await commands.seal(service)
        after = await queries.page_links(service, after=0, limit=100)
        assert [one.link.hash for one in after[:8]] == [one.link.hash for one in links]
        assert [one.personal is None for one in after if one.link.kind == "entry"] == [True, False, True, False]
        assert set(chain.read_body(after[8].link.body)["refers"]) == {after[5].link.ref, after[7].link.ref}
        assert (await state(platform, customer))["data"] == []
        async with service.read() as db:
            for table in ("entry", "entry_person", "chain_link", "chain_root"):
                for statement in (f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
                    with pytest.raises(asyncpg.InsufficientPrivilegeError):
                        await db.execute(statement)
            for statement in ("UPDATE entry_person SET actor = 'x'", "UPDATE chain_link SET body = ''", "UPDATE chain_root SET kid = ''"):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await db.execute(statement)


async def test_roots_are_told_and_keys_hand_over(cluster: PrivateCluster) -> None:
    async with started(cluster, "consent", given={"consent": {"barrier_seconds": 0.2, "root_seconds": 0.2}}) as platform:
        service = platform["consent"].service
        first = service.resources.signer.kid
        second = await commands.rotate_key(service)
        assert service.resources.signer.kid == second != first
        await grant(platform, customer_id=new_text_id())
        async with asyncio.timeout(10):
            while not (told := [one for one in await published(platform, LedgerRootSigned) if one.last >= 6]):
                await asyncio.sleep(0.1)
        keys = {key["kid"]: key for key in (await platform["consent"].call("GET", "/.well-known/ecrm-permit-keys.json", scopes=None)).json()["keys"]}
        assert keys[second]["endorsed_by"] == first
        known = {key.kid: key.public for key in await queries.list_keys(service)}
        assert proofs.verify(known[first], proofs.endorsed_bytes(known[second]), bytes.fromhex(keys[second]["endorsement"]))
        newest = told[-1]
        root = chain.Root(newest.number, newest.first, newest.last, bytes.fromhex(newest.root), bytes.fromhex(newest.head), newest.signed_at)
        assert proofs.verify(known[newest.kid], chain.root_bytes(root), bytes.fromhex(newest.signature))
        customer = new_text_id()
        await grant(platform, customer_id=customer)
        given = await commands.grant_permits(service, members=[Member(UUID(customer), "marketing", "email", "s", "")])
        assert given.kid == second
        service.resources.signer = service.resources.signer.following(0)
        await commands.follow_keys(service)
        assert service.resources.signer.kid == second


async def test_a_consent_mode_speaks_of_purposes(cluster: PrivateCluster) -> None:
    """R1, R2: the four types of Google Consent Mode v2 become statements by a table that can be changed."""
    async with started(cluster, "consent", given=FAST) as platform:
        consent, customer = platform["consent"], new_text_id()
        listed = {one["type"]: one["purposes"] for one in (await consent.call("GET", "/api/v1/consents/modes", scopes=["consent:read"])).json()["data"]}
        assert listed == {
            "ad_storage": ["profiling"], "ad_user_data": ["sharing"], "ad_personalization": ["profiling"], "analytics_storage": ["analytics"],
        }
        body = {
            "customer_id": customer, "ad_storage": "granted", "ad_personalization": "denied", "ad_user_data": "granted", "analytics_storage": "granted",
            "evidence": {"banner": "7"},
        }
        answer = await consent.call("POST", "/api/v1/consents/mode", json=body, scopes=["consent:write"])
        assert answer.status == 201, answer.body
        assert {one["purpose"]: one["state"] for one in answer.json()["data"]} == {
            "profiling": "withdrawn", "sharing": "granted", "analytics": "granted",
        }
        line = (await state(platform, customer))["data"][-1]
        assert line["evidence"] == {"banner": "7", "consent_mode": {"ad_storage": "granted", "ad_personalization": "denied"}}
        assert (await consent.call("PUT", "/api/v1/consents/modes/ad_storage", json={"purposes": ["marketing"]})).status == 200
        unknown = await consent.call("PUT", "/api/v1/consents/modes/ad_storage", json={"purposes": ["gifts"]})
        assert (unknown.status, unknown.json()["code"]) == (404, "consent.unknown_purpose")
        bad = await consent.call("POST", "/api/v1/consents/mode", json={"customer_id": customer, "ad_storage": "maybe"})
        assert bad.status == 422
