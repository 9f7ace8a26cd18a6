"""Identity rules as data: what they refuse and hold back, who decides, and how a change of rules comes to count."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from launcher.embedded_postgres import PrivateCluster
from tests.integration.customer.asking import ask, got, owner, registered
from tests.integration.customer.happenings import append, happened
from tests.support.platform import TestPlatform, started

pytestmark = pytest.mark.asyncio


async def put(platform: TestPlatform, document: dict[str, Any], **headers: str) -> dict[str, Any]:
    answer = await ask(platform, "PUT", "/identity-rules", {"document": document, "reason": "a test"}, headers=headers)
    assert answer.status == 200, answer.body
    rules: dict[str, Any] = answer.json()
    return rules


def kind(document: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in document["kinds"] if each["kind"] == name)
    return found


async def said(platform: TestPlatform, *events: Any) -> None:
    await append(platform.log, list(events))
    await platform.drain()


async def reviews(platform: TestPlatform, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await got(platform, f"/identity-reviews{query}"))["data"]
    return found


async def test_a_limit_holds_links_back_and_people_decide(cluster: PrivateCluster) -> None:
    """U4: merge rules with priority and limits."""
    async with started(cluster, "customer") as platform:
        rules = await got(platform, "/identity-rules")
        assert rules["version"] == 0
        assert [each["kind"] for each in rules["document"]["kinds"]] == ["user", "ext", "email", "phone", "account", "anon"]
        kind(rules["document"], "email")["limit"] = 2
        changed = await put(platform, rules["document"])
        assert (changed["version"], changed["changed_by"], changed["reason"]) == (1, "api:test", "a test")

        await said(platform, *(happened("identify", "user:1", traits={"email": f"a{number}@x.example"}, minute=number) for number in range(4)))
        ada = await owner(platform, "user:1")
        assert ada == await owner(platform, "email:a0@x.example") == await owner(platform, "email:a1@x.example")
        assert await owner(platform, "email:a2@x.example") is None
        (held,) = await reviews(platform)
        assert (held["reason"], held["kind"], held["key"], held["customer_id"], held["other_id"], held["state"]) == (
            "too_many_of_kind", "email", "email:a2@x.example", ada, None, "open",
        )
        # The profile shows what was told; only the link was held back.
        assert (await got(platform, f"/customers/{ada}"))["email"] == "a3@x.example"

        decided = await ask(platform, "POST", f"/identity-reviews/{held['id']}/decision", {"decision": "merge", "reason": "asked her"})
        assert (decided.status, decided.json()) == (200, {"state": "merged", "customer_id": ada, "merge_id": None})
        assert await owner(platform, "email:a2@x.example") == ada
        assert await reviews(platform) == []
        (done,) = await reviews(platform, "?state=merged")
        assert (done["decided_by"], done["decision_reason"]) == ("api:test", "asked her")
        again = await ask(platform, "POST", f"/identity-reviews/{held['id']}/decision", {"decision": "later"})
        assert (again.status, again.json()["code"]) == (409, "identity_review.already_decided")


async def test_what_people_found_to_be_two_no_event_joins(cluster: PrivateCluster) -> None:
    """U4: a pair that a rule held back is looked at once and stays as decided."""
    async with started(cluster, "customer") as platform:
        await said(platform, *(happened("identify", f"user:{number}", traits={"email": "family@x.example"}, minute=number) for number in (1, 2)))
        (held,) = await reviews(platform)
        one, two = await owner(platform, "user:1"), await owner(platform, "user:2")
        assert (held["reason"], {held["customer_id"], held["other_id"]}) == ("two_user_ids", {one, two})
        later = await ask(platform, "POST", f"/identity-reviews/{held['id']}/decision", {"decision": "later"})
        assert (later.status, later.json()["state"]) == (200, "later")
        assert await reviews(platform) == []
        apart = await ask(platform, "POST", f"/identity-reviews/{held['id']}/decision", {"decision": "not_same", "reason": "twins"})
        assert (apart.status, apart.json()) == (200, {"state": "not_same", "customer_id": held["customer_id"], "merge_id": None})
        # Even an alias, which may tie two user ids, does not join them any more.
        await said(platform, happened("alias", "user:2", "user:1", minute=5))
        assert await owner(platform, "user:1") == one != await owner(platform, "user:2")
        assert [row["reason"] for row in await reviews(platform)] == ["separated_by_hand"]
        (asked,) = await reviews(platform)
        joined = await ask(platform, "POST", f"/identity-reviews/{asked['id']}/decision", {"decision": "merge"})
        assert joined.status == 200, joined.body
        assert await owner(platform, "user:1") == await owner(platform, "user:2") == joined.json()["customer_id"]
        undone = await ask(platform, "POST", f"/merges/{joined.json()['merge_id']}/undo")
        assert undone.status == 200
        assert await owner(platform, "user:1") == one != await owner(platform, "user:2")


async def test_a_device_of_many_links_no_more(cluster: PrivateCluster) -> None:
    """U4: shared-device quarantine."""
    async with started(cluster, "customer") as platform:
        document = (await got(platform, "/identity-rules"))["document"] | {"shared_device": {"users": 2, "days": 7}}
        await put(platform, document)
        await said(platform, happened("page", "anon:kiosk"), happened("identify", "user:1", "anon:kiosk", authority="browser", minute=1))
        first = await owner(platform, "anon:kiosk")
        assert first == await owner(platform, "user:1")
        await said(platform, happened("identify", "user:2", "anon:kiosk", authority="browser", minute=2))
        assert await reviews(platform) == []
        await said(platform, happened("identify", "user:3", "anon:kiosk", authority="browser", minute=3))
        (held,) = await reviews(platform)
        assert (held["reason"], held["key"]) == ("shared_device", "anon:kiosk")
        # From now on nothing is tied through it, whoever says so.
        await said(platform, happened("identify", "anon:kiosk", "email:eve@x.example", minute=4))
        assert await owner(platform, "email:eve@x.example") is None
        assert await owner(platform, "anon:kiosk") == first
        # Long after, it is one person's again.
        await said(platform, happened("identify", "anon:kiosk", "email:one@x.example", minute=60 * 24 * 30))
        assert await owner(platform, "email:one@x.example") == first


async def test_refused_values_name_nobody(cluster: PrivateCluster) -> None:
    """U4: blocked identifiers, in the language of the shop, and extended by the shop."""
    async with started(cluster, "customer") as platform:
        nobody = ("user:NULL", "user:ندارد", "user:نا‌شناس", "user:غير معروف", "email:test@example.com", "phone:+989111111111", "anon:00000000-0000-0000-0000-000000000000")
        await said(platform, *(happened("identify", value, f"ext:crm:{number}", minute=number) for number, value in enumerate(nobody)))
        assert (await got(platform, "/customers"))["data"] == []
        for value in nobody:
            refused = await ask(platform, "POST", "/customers", {"identities": [value]})
            assert (refused.status, refused.json()["code"]) == (422, "customer.bad_identity"), value

        document = (await got(platform, "/identity-rules"))["document"]
        kind(document, "email")["patterns"].append(r"shop\d*@x\.example")
        document["refused"].append("Walk-In")
        found = await ask(platform, "POST", "/customers", {"identities": ["user:walk-in"]})
        assert found.status == 201
        tried = await ask(platform, "POST", "/identity-rules/preview", {"document": document})
        assert tried.status == 200, tried.body
        assert tried.json()["refused"] == {
            "user": {"count": 1, "sample": [{"kind": "user", "key": "user:walk-in", "customer_id": found.json()["id"]}]}
        }
        await put(platform, document)
        # The past is not rewritten.
        assert await owner(platform, "user:walk-in") == found.json()["id"]
        await said(platform, happened("identify", "user:7", "email:shop12@x.example"), happened("identify", "user:8", "email:shop12@x.example"))
        assert await owner(platform, "email:shop12@x.example") is None
        assert await owner(platform, "user:7") != await owner(platform, "user:8")


async def test_a_preview_counts_what_is_over_the_limits(cluster: PrivateCluster) -> None:
    async with started(cluster, "customer", read=False) as platform:
        big = await registered(platform, "user:1", *(f"ext:crm:{number}" for number in range(4)))
        small = await registered(platform, "user:2", "ext:crm:9")
        await ask(platform, "POST", "/merges", {"survivor_id": big, "merged_id": small})
        document = (await got(platform, "/identity-rules"))["document"] | {"max_family": 1}
        kind(document, "ext")["limit"] = 3
        found = (await ask(platform, "POST", "/identity-rules/preview", {"document": document})).json()
        assert (found["examined"], found["complete"], found["refused"]) == (7, True, {})
        assert found["over_limit"] == {
            "user": {"count": 1, "sample": [{"kind": "user", "customer_id": big, "count": 2, "limit": 1, "key": None}]},
            "ext": {"count": 1, "sample": [{"kind": "ext", "customer_id": big, "count": 5, "limit": 3, "key": None}]},
        }
        assert found["families"] == {"count": 1, "sample": [{"kind": "customer", "customer_id": big, "count": 2, "limit": 1, "key": None}]}
        assert found["devices"] == {"count": 0, "sample": []}
        assert (await got(platform, "/identity-rules"))["version"] == 0


async def test_other_processes_follow_within_a_second(cluster: PrivateCluster) -> None:
    async with started(cluster, "customer", run="rulers") as one, started(cluster, "customer", run="rulers", log=one.log) as two:
        # Held back by the first rules and remembered as dealt with.
        document = (await got(one, "/identity-rules"))["document"]
        kind(document, "anon")["linked_by"] = []
        await put(one, document)
        await asyncio.sleep(1.0)
        assert two["customer"].service.resources.rules.version == 1
        await said(one, happened("identify", "user:1", "anon:v", authority="browser"))
        await two.drain()
        assert await owner(one, "anon:v") is None
        kind(document, "anon")["linked_by"] = ["browser", "server"]
        await put(two, document)
        await asyncio.sleep(1.0)
        assert one["customer"].service.resources.rules.version == 2
        await said(one, happened("identify", "user:1", "anon:v", authority="browser"))
        await two.drain()
        assert await owner(one, "anon:v") == await owner(one, "user:1")
        versions = (await got(one, "/identity-rules/versions?limit=2"))
        rest = (await got(one, f"/identity-rules/versions?page_token={versions['next_page_token']}"))
        assert [row["version"] for row in versions["data"] + rest["data"]] == [2, 1, 0]


async def test_two_changes_at_once(cluster: PrivateCluster) -> None:
    async with started(cluster, "customer", read=False) as platform:
        read = await ask(platform, "GET", "/identity-rules")
        tag = read.headers["etag"]
        await put(platform, read.json()["document"], **{"if-match": tag})
        late = await ask(platform, "PUT", "/identity-rules", {"document": read.json()["document"]}, headers={"if-match": tag})
        assert (late.status, late.json()["code"], late.json()["version"]) == (412, "identity_rules.changed_meanwhile", 1)


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        ({"kinds": [{"kind": "user"}, {"kind": "user"}]}, "identity_rules.bad_document", "/kinds"),
        ({"kinds": [{"kind": "cookie"}]}, "identity_rules.bad_document", "/kinds"),
        ({"kinds": [{"kind": "email", "patterns": [r"(\w)\1+"]}]}, "identity_rules.bad_document", "/kinds/0/patterns/0"),
        ({"kinds": [{"kind": "email", "patterns": ["ok", "("]}]}, "identity_rules.bad_document", "/kinds/0/patterns/1"),
        ({"kinds": [{"kind": "email", "patterns": ["(?:a{1000}){1000}"]}]}, "identity_rules.bad_document", "/kinds/0/patterns/0"),
        ({"kinds": [{"kind": "user", "limit": 0}]}, "request.invalid", None),
        ({"kinds": [], "refused": ["a\x00b"]}, "request.invalid", None),
        ({"kinds": [], "max_family": 0}, "request.invalid", None),
        ({"kinds": [], "surprise": 1}, "request.invalid", None),
        ({"kinds": [{"kind": "user", "linked_by": ["carrier pigeon"]}]}, "request.invalid", None),
    ],
)
async def test_rules_that_cannot_be_used(cluster: PrivateCluster, change: dict[str, Any], code: str, pointer: str | None) -> None:
    async with started(cluster, "customer", run="badrules", read=False) as platform:
        for method, path in (("PUT", "/identity-rules"), ("POST", "/identity-rules/preview")):
            answer = await ask(platform, method, path, {"document": change})
            assert (answer.status, answer.json()["code"], answer.json().get("pointer")) == (422, code, pointer), answer.body
        assert (await got(platform, "/identity-rules"))["version"] == 0


async def test_refused_questions(cluster: PrivateCluster) -> None:
    async with started(cluster, "customer", run="badrules", read=False) as platform:
        nobody = "00000000-0000-7000-8000-000000000000"
        for method, path, body, status, code in (
            ("PUT", "/identity-rules", {"document": {"kinds": []}}, 422, "identity_rules.bad_etag"),
            ("POST", f"/identity-reviews/{nobody}/decision", {"decision": "merge"}, 404, "identity_review.unknown"),
            ("POST", f"/identity-reviews/{nobody}/decision", {"decision": "perhaps"}, 422, "request.invalid"),
            ("GET", "/identity-reviews?state=closed", None, 422, "request.invalid"),
            ("GET", "/identity-rules/versions?page_token=zzz", None, 422, "page.bad_token"),
        ):
            answer = await ask(platform, method, path, body, headers={"if-match": "yesterday"} if method == "PUT" else None)
            assert (answer.status, answer.json()["code"]) == (status, code), answer.body
        assert (await ask(platform, "PUT", "/identity-rules", {"document": {"kinds": []}}, scopes=["customers:read"])).status == 403
