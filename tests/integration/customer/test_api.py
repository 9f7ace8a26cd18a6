"""Customers over HTTP: register, change, find, merge, undo."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from chassis.peers import Answer
from launcher.embedded_postgres import PrivateCluster
from tests.integration.customer.happenings import append, happened, hashed, told
from tests.support.platform import TestPlatform, started

pytestmark = pytest.mark.asyncio


async def ask(platform: TestPlatform, method: str, path: str, body: Any = None, **options: Any) -> Answer:
    return await platform["customer"].call(method, f"/api/v1{path}", json=body, **options)


async def register(platform: TestPlatform, *identities: str, **traits: Any) -> dict[str, Any]:
    answer = await ask(platform, "POST", "/customers", {"identities": list(identities), "traits": traits})
    assert answer.status == 201, answer.body
    customer: dict[str, Any] = answer.json()
    return customer


async def found(platform: TestPlatform, query: str) -> list[str]:
    answer = await ask(platform, "GET", f"/customers?{query}")
    assert answer.status == 200, answer.body
    return [row["id"] for row in answer.json()["data"]]


async def test_register_change_and_find(cluster: PrivateCluster) -> None:
    async with started(cluster, "customer", given={"customer": {"default_region": "IR"}}) as platform:
        ada = await register(platform, "user:42", email="Ada@Example.com", firstName="Ada", phone="۰۹۱۲ ۳۴۵ ۶۷۸۹", plan="gold")
        assert ada["identities"] == sorted(ada["identities"], key=ada["identities"].index)
        assert set(ada["identities"]) == {"user:42", "email:ada@example.com", "phone:+989123456789"}
        assert (ada["email"], ada["phone"], ada["name"], ada["known"]) == ("Ada@example.com", "+989123456789", "Ada", True)

        for query in ("identity=user:42", "identity=email:ADA@example.com", "identity=phone:09123456789", "q=42", "q=ada", "q=0912%20345%206789"):
            assert await found(platform, query) == [ada["id"]], query
        assert await found(platform, "identity=user:43") == []

        changed = await ask(platform, "PATCH", f"/customers/{ada['id']}", {"traits": {"plan": None, "lastName": "Lovelace", "language": "fa"}})
        assert changed.status == 200
        assert changed.json()["name"] == "Ada Lovelace"
        assert "plan" not in changed.json()["traits"]
        assert changed.json()["version"] == ada["version"] + 1
        assert changed.json()["provenance"]["language"]["source"] == "api:test"
        listed = await ask(platform, "GET", f"/customers/{ada['id']}/identities")
        assert {row["key"] for row in listed.json()["data"]} == set(ada["identities"])
        first = (await ask(platform, "GET", f"/customers/{ada['id']}/identities?limit=2")).json()
        second = (await ask(platform, "GET", f"/customers/{ada['id']}/identities?limit=2&page_token={first['next_page_token']}")).json()
        assert [row["key"] for row in first["data"] + second["data"]] == [row["key"] for row in listed.json()["data"]]
        assert second["next_page_token"] is None

        # What a browser says later changes nothing that was told by hand.
        await append(platform.log, [happened("identify", "user:42", authority="browser", traits={"language": "xx", "mood": "ok"}, minute=10**6)])
        await platform.drain()
        one = (await ask(platform, "GET", f"/customers/{ada['id']}")).json()
        assert (one["language"], one["traits"]["mood"]) == ("fa", "ok")


async def test_an_identity_registers_once(cluster: PrivateCluster) -> None:
    async with started(cluster, "customer") as platform:
        ada = await register(platform, "user:1", plan="free")
        again = await ask(platform, "POST", "/customers", {"identities": ["user:1"], "traits": {"plan": "gold"}})
        assert again.status == 409
        assert (again.json()["code"], again.json()["customer_id"]) == ("customer.identity_taken", ada["id"])
        upserted = await ask(platform, "POST", "/customers?upsert=true", {"identities": ["user:1", "anon:x"], "traits": {"plan": "gold"}})
        assert (upserted.status, upserted.json()["id"], upserted.json()["traits"]) == (200, ada["id"], {"plan": "gold"})
        assert await found(platform, "identity=anon:x") == [ada["id"]]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"identities": ["nobody"]}, 422, "customer.bad_identity"),
        ({"identities": ["user:null"]}, 422, "customer.bad_identity"),
        ({"identities": ["user:1", "user:2"]}, 422, "customer.bad_identity"),
        ({"identities": ["email:not-an-address"]}, 422, "customer.bad_identity"),
        ({"identities": ["phone:09123456789"]}, 422, "customer.bad_identity"),
        ({"traits": {"email": "a@b@c"}}, 422, "customer.bad_trait"),
        ({"traits": {"x" * 101: 1}}, 422, "customer.bad_trait"),
        ({"traits": {"plan": "a\x00b"}}, 422, "customer.bad_trait"),
        ({"traits": {"a\x00b": 1}}, 422, "customer.bad_trait"),
        ({"traits": {"plan": "\ud83d"}}, 422, "customer.bad_trait"),
        ({"traits": {"plan": float("nan")}}, 422, "customer.bad_trait"),
        ({"traits": {"plan": 2**70}}, 422, "customer.bad_trait"),
        ({"traits": {"plan": "x" * 20_000}}, 422, "customer.bad_trait"),
        ({"traits": {"plan": json.loads("[" * 20 + "]" * 20)}}, 422, "customer.bad_trait"),
        ({"identities": ["user:a\x00b"]}, 422, "customer.bad_identity"),
        ({"surprise": 1}, 422, "request.invalid"),
        ({"traits": "gold"}, 422, "request.invalid"),
    ],
)
async def test_bad_requests(cluster: PrivateCluster, body: Any, status: int, code: str) -> None:
    async with started(cluster, "customer", run="badrequests", read=False) as platform:
        answer = await ask(platform, "POST", "/customers", body)
        assert (answer.status, answer.json()["code"]) == (status, code)


async def test_refused_questions(cluster: PrivateCluster) -> None:
    async with started(cluster, "customer", read=False) as platform:
        nobody = "00000000-0000-7000-8000-000000000000"
        for method, path, status in (
            ("GET", f"/customers/{nobody}", 404), ("PATCH", f"/customers/{nobody}", 404), ("GET", "/customers/17", 422), ("GET", "/customers?q=a", 422),
            ("GET", "/customers?q=%25", 422), ("GET", "/customers?q=ab%00c", 422), ("GET", "/customers?identity=user:%00", 422), ("GET", "/customers?page_token=zzz", 422), ("GET", "/customers?page_token=WzFd", 422),
            ("GET", "/customers?identity=color:red", 422), ("GET", f"/merges?customer={nobody}", 404), ("POST", f"/merges/{nobody}/undo", 404),
        ):
            answer = await ask(platform, method, path, {"traits": {}} if method == "PATCH" else None)
            assert answer.status == status, (path, answer.body)
        assert (await ask(platform, "GET", "/customers", scopes=["analytics:read"])).status == 403
        assert (await ask(platform, "POST", "/customers", {}, scopes=["customers:read"])).status == 403
        assert (await ask(platform, "GET", "/customers", scopes=None)).status == 401


async def test_search_folds_persian_and_pages(cluster: PrivateCluster) -> None:
    async with started(cluster, "customer", read=False) as platform:
        ali = await register(platform, "user:1", name="علي‌رضا كاظمي", email="ali@example.ir")
        jose = await register(platform, "user:2", name="José MÜLLER 100%")
        people = [await register(platform, f"user:p{number}", name=f"Paging Person {number}") for number in range(5)]
        for query in ("علیرضا", "علی رضا", "کاظمی", "كاظمي", "ALI@", "example.ir"):
            assert await found(platform, f"q={quote(query)}") == [ali["id"]], query
        for query in ("jose", "muller", "josé m", "100%"):
            assert await found(platform, f"q={quote(query)}") == [jose["id"]], query
        assert await found(platform, "q=j_se") == []
        assert await found(platform, f"q={jose['id']}") == [jose["id"]]
        assert len(await found(platform, "q=pa")) == 5
        seen, token = [], ""
        while True:
            answer = (await ask(platform, "GET", f"/customers?q=person&limit=2{token}")).json()
            seen += [row["id"] for row in answer["data"]]
            if answer["next_page_token"] is None:
                break
            token = f"&page_token={answer['next_page_token']}"
        assert seen == [person["id"] for person in people]


async def test_a_merge_by_hand_and_its_undoing_lose_nothing(cluster: PrivateCluster) -> None:
    async with started(cluster, "customer") as platform:
        one = await register(platform, "user:1", plan="gold", city="Shiraz")
        two = await register(platform, "user:2", plan="free", pet="cat")
        before = [(await ask(platform, "GET", f"/customers/{row['id']}")).json() for row in (one, two)]
        merged = await ask(platform, "POST", "/merges", {"survivor_id": one["id"], "merged_id": two["id"], "reason": "same person"})
        assert merged.status == 201
        both = (await ask(platform, "GET", f"/customers/{two['id']}")).json()
        assert (both["id"], both["traits"]) == (one["id"], {"plan": "free", "city": "Shiraz", "pet": "cat"})
        again = await ask(platform, "POST", "/merges", {"survivor_id": one["id"], "merged_id": two["id"]})
        assert (again.status, again.json()["code"]) == (409, "merge.same_customer")

        # In between both go on; and somebody else is merged, too.
        await append(platform.log, [happened("identify", "user:2", "anon:2", traits={"pet": "dog"}, minute=10**6), happened("page", "anon:3")])
        await platform.drain()
        three = (await found(platform, "identity=anon:3"))[0]
        await ask(platform, "POST", "/merges", {"survivor_id": two["id"], "merged_id": three})
        assert await found(platform, "identity=anon:3") == await found(platform, "identity=anon:2") == [one["id"]]

        undone = await ask(platform, "POST", f"/merges/{merged.json()['merge_id']}/undo", {"reason": "a mistake"})
        assert (undone.status, undone.json()["customer_id"]) == (200, two["id"])
        first, second = [(await ask(platform, "GET", f"/customers/{row['id']}")).json() for row in (one, two)]
        assert (first["id"], first["traits"], set(first["identities"])) == (one["id"], before[0]["traits"], {"user:1", "anon:3"})
        assert (second["id"], second["traits"], set(second["identities"])) == (two["id"], {"plan": "free", "pet": "dog"}, {"user:2", "anon:2"})
        twice = await ask(platform, "POST", f"/merges/{merged.json()['merge_id']}/undo")
        assert (twice.status, twice.json()["code"]) == (409, "merge.already_undone")
        history = (await ask(platform, "GET", f"/merges?customer={one['id']}")).json()["data"]
        assert [(row["automatic"], row["undone_reason"]) for row in history] == [(False, "a mistake"), (False, None)]

        # What a person took apart no event joins again.
        await append(platform.log, [happened("identify", "user:1", "anon:2")])
        await platform.drain()
        assert await found(platform, "identity=anon:2") == [two["id"]]
        reasons = [row["reason"] for row in (await ask(platform, "GET", "/identity-reviews")).json()["data"]]
        assert reasons in (["separated_by_hand"], [])

        owners = {}
        for state in await told(platform.log, "ecrm.state.identity", "ecrm.state.identity.v1"):
            owners[state["identity"]] = state["customer_id"]
        assert owners == {hashed("user:1"): one["id"], hashed("user:2"): two["id"], hashed("anon:2"): two["id"], hashed("anon:3"): one["id"]}
        profiles = {}
        for state in await told(platform.log, "ecrm.state.profile", "ecrm.state.profile.v1"):
            profiles[state["customer_id"]] = state
        assert "merged_into" not in profiles[two["id"]]
        assert profiles[two["id"]]["personal"]["traits"] == {"plan": "free", "pet": "dog"}
        assert profiles[three]["merged_into"] == one["id"]
        (fact,) = await told(platform.log, "ecrm.customer", "ecrm.customer.unmerged.v1")
        assert (fact["survivor_id"], fact["restored_id"]) == (one["id"], two["id"])


async def test_tables_are_as_migrated(cluster: PrivateCluster) -> None:
    from services.customer.manifest import MANIFEST

    async with started(cluster, "customer", read=False) as platform:
        for table in MANIFEST.tables.sorted_tables:
            async with platform["customer"].service.read() as db:
                rows = await db.fetch(
                    "SELECT column_name, is_nullable FROM information_schema.columns WHERE table_name = $1 AND table_schema = 'public'", table.name
                )
            assert {row["column_name"]: row["is_nullable"] == "YES" for row in rows} == {
                column.name: bool(column.nullable) for column in table.columns
            }
