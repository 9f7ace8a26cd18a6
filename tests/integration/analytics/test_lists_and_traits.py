"""Lists by hand and file, exclusions, and traits that are computed without code."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from contracts.customer import IdentityState
from contracts.identity import identity_hash
from launcher.embedded_postgres import PrivateCluster
from services.analytics.store import computing
from tests.integration.analytics.story import DAY, NOW, ask, heard, tell, until
from tests.support.platform import IDENTITY_SECRET, TestPlatform, started
from tests.unit.analytics.shop import belongs, customer_id, event, order, profile

pytestmark = pytest.mark.asyncio(loop_scope="module")

CSV = {"content-type": "text/csv"}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def shop(cluster: PrivateCluster) -> AsyncIterator[TestPlatform]:
    async with started(cluster, "analytics") as platform:
        keyed = identity_hash("user:42", bytes.fromhex(IDENTITY_SECRET)).hex()
        await tell(
            platform.log, *(profile(number, city="Tehran") for number in (1, 2, 3, 4)), *(belongs(name, number) for number, name in enumerate("abcd", 1)),
            IdentityState(identity=keyed, kind="user", customer_id=customer_id(3)), profile(5, merged_into=4),
            event("a", "Viewed", at=NOW - 3 * DAY, sku="x", price=5), event("a", "Viewed", at=NOW - 2 * DAY, sku="x", price=7), event("a", "Viewed", at=NOW - DAY, sku="y"),
            event("b", "Viewed", at=NOW - 9 * DAY, sku="z"), order("b", "b1", net=900, at=NOW - 8 * DAY), order("a", "a1", net=100, at=NOW - 4 * DAY),
        )
        await platform.drain()
        yield platform


async def members(shop: TestPlatform, segment_id: str) -> set[str]:
    return {one["customer_id"] for one in (await ask(shop, "GET", f"/segments/{segment_id}/members"))["data"]}


async def test_a_list_is_kept_by_hand_and_file_and_excluded_from_a_segment(shop: TestPlatform) -> None:
    """U21: add, remove, import by id and identity, merged customers, exclusion within seconds."""
    made = await ask(shop, "POST", "/segments", {"name": "Press", "kind": "list"}, status=201)
    listed = made["id"]
    assert (made["kind"], made["members"]) == ("list", 0)
    stranger = str(uuid4())
    changed = await ask(shop, "POST", f"/segments/{listed}/members", {"add": [customer_id(1), customer_id(5), stranger]})
    assert changed == {"added": 2, "removed": 0, "unchanged": 0, "unknown": [stranger]}
    assert await members(shop, listed) == {customer_id(1), customer_id(4)}  # 5 was merged into 4
    taken = await shop["analytics"].call("POST", f"/api/v1/segments/{listed}/members/imports", body=b"identity\nuser:42\nuser:nobody\nnonsense\n", headers=CSV)
    assert (taken.status, taken.json()["added"], sorted(taken.json()["unknown"])) == (200, 1, ["nonsense", "user:nobody"])
    await shop.drain()
    rest = (await ask(shop, "POST", "/segments", {"name": "Not the press", "rule": {"not": {"segment": listed}}}, status=201))["id"]

    async def others(*expected: int) -> bool:
        return await members(shop, rest) == {customer_id(number) for number in expected}

    await until(lambda: others(2))
    assert (await ask(shop, "POST", f"/segments/{listed}/members", {"remove": [customer_id(1), customer_id(2)]}))["removed"] == 1
    await until(lambda: others(1, 2), seconds=6)
    why = await ask(shop, "GET", f"/segments/{listed}/why/{customer_id(3)}")
    assert (why["holds"], why["clauses"][0]["kind"]) == (True, "listed")
    audience = await ask(shop, "GET", f"/segments/{listed}/members?snapshot=true")
    assert {one["customer_id"] for one in audience["data"]} == {customer_id(3), customer_id(4)}
    told = [one["customer_id"] for one in await heard(shop.log, "ecrm.analytics.segment_entered.v1") if one["segment_id"] == listed]
    assert sorted(told) == sorted(map(customer_id, (1, 3, 4)))
    renamed = await ask(shop, "PUT", f"/segments/{listed}", {"name": "Journalists", "version": 1})
    assert (renamed["name"], renamed["version"]) == ("Journalists", 1)
    assert (await ask(shop, "PUT", f"/segments/{listed}", {"name": "J", "rule": {"stage": "retain"}}, status=422))["code"] == "segment.no_rule"
    assert (await ask(shop, "POST", f"/segments/{rest}/members", {"add": []}, status=409))["code"] == "segment.no_list"
    assert (await ask(shop, "POST", "/segments", {"name": "Both", "kind": "list", "rule": {"stage": "retain"}}, status=422))["code"] == "request.invalid"
    bad = await shop["analytics"].call("POST", f"/api/v1/segments/{listed}/members/imports", body=b"name\nx\n", headers=CSV)
    assert (bad.status, bad.json()["code"]) == (422, "import.no_column")


DEFINITIONS: list[tuple[str, dict[str, Any], dict[int, str]]] = [
    ("views", {"event": "Viewed"}, {1: "3", 2: "1"}),
    ("views_lately", {"event": "Viewed", "within_days": 5}, {1: "3"}),
    ("favourite", {"event": "Viewed", "measure": "most_frequent", "property": "sku"}, {1: "x", 2: "z"}),
    ("last_sku", {"event": "Viewed", "measure": "last_value", "property": "sku"}, {1: "y", 2: "z"}),
    ("mean_price", {"event": "Viewed", "measure": "average", "property": "price"}, {1: "6.0"}),
    ("days_quiet", {"event": "Viewed", "measure": "days_since_last"}, {1: "1", 2: "9"}),
    ("spent", {"orders": {"measure": "sum"}}, {1: "100", 2: "900"}),
    ("days_since_order", {"orders": {"measure": "days_since_last"}}, {1: "4", 2: "8"}),
    ("lead", {"points": [{"rule": {"event": "Viewed", "count": 2}, "points": 20}, {"rule": {"orders": {"value": 1}}, "points": 5}], "most": 22}, {1: "22.0", 2: "5.0"}),
]


async def test_traits_are_computed_kept_current_and_asked_for(shop: TestPlatform) -> None:
    """U22: counters, figures and lead scores; a new event changes trait, score and segment within seconds."""
    made = {}
    for name, definition, _ in DEFINITIONS:
        made[name] = (await ask(shop, "POST", "/computed-traits", {"name": name, "definition": definition}, status=201))["id"]

    async def found(name: str) -> dict[str, str]:
        return {one["customer_id"]: one["value"] for one in (await ask(shop, "GET", f"/computed-traits/{made[name]}/values"))["data"]}

    async def computed() -> bool:
        return [await found(name) for name, _, _ in DEFINITIONS] == [{customer_id(number): value for number, value in values.items()} for _, _, values in DEFINITIONS]

    try:
        await until(computed, seconds=15)
    finally:
        assert {name: await found(name) for name, _, _ in DEFINITIONS} == {name: {customer_id(number): value for number, value in values.items()} for name, _, values in DEFINITIONS}
    segment = (await ask(shop, "POST", "/segments", {"name": "Hot", "rule": {"computed": {"name": "lead", "op": "gte", "value": 20}}}, status=201))["id"]

    async def hot(*expected: int) -> bool:
        return await members(shop, segment) == {customer_id(number) for number in expected}

    await until(lambda: hot(1))
    await tell(shop.log, event("b", "Viewed", at=NOW, sku="z"), event("b", "Viewed", at=NOW - DAY, sku="x"))
    await until(lambda: hot(1, 2), seconds=20)
    scores = await ask(shop, "GET", f"/customers/{customer_id(2)}/scores")
    assert (scores["computed"]["lead"], scores["computed"]["views"]) == ("22.0", "3")
    await shop.drain()
    told = [(one["customer_id"], one["value"], one.get("previous")) for one in await heard(shop.log, "ecrm.analytics.score_changed.v1") if one["score"] == "computed:lead"]
    assert (customer_id(2), "22.0", "5.0") in told
    top = await ask(shop, "GET", f"/computed-traits/{made['spent']}/values?limit=1")
    assert (top["data"][0]["customer_id"], top["total"]) == (customer_id(2), 2)
    following = await ask(shop, "GET", f"/computed-traits/{made['spent']}/values?limit=1&page_token={top['next_page_token']}")
    assert [one["value"] for one in following["data"]] == ["100"]
    changed = await ask(shop, "PUT", f"/computed-traits/{made['views']}", {"definition": {"event": "Viewed", "where": [{"property": "sku", "op": "eq", "value": "y"}]}})
    assert changed["version"] == 2

    async def only_y() -> bool:
        return await found("views") == {customer_id(1): "1"}

    await until(only_y, seconds=15)
    await ask(shop, "DELETE", f"/computed-traits/{made['views_lately']}", status=204)

    async def gone() -> bool:
        return "views_lately" not in (await ask(shop, "GET", f"/customers/{customer_id(1)}/scores"))["computed"]

    await until(gone, seconds=15)
    assert {one["name"] for one in (await ask(shop, "GET", "/computed-traits"))["data"]} == {name for name, _, _ in DEFINITIONS} - {"views_lately"}
    assert (await ask(shop, "GET", f"/computed-traits/{made['lead']}"))["kind"] == "score"
    assert await shop["analytics"].service.resources.read(lambda c: computing.of_customer(c, uuid4())) == {}


BAD: list[tuple[str, str, object, int, str]] = [
    ("POST", "/computed-traits", {"name": "Big Name", "definition": {"event": "x"}}, 422, "request.invalid"),
    ("POST", "/computed-traits", {"name": "a", "definition": {}}, 422, "trait.bad_definition"),
    ("POST", "/computed-traits", {"name": "a", "definition": {"event": "x", "measure": "sum"}}, 422, "trait.bad_definition"),
    ("POST", "/computed-traits", {"name": "a", "definition": {"orders": {"measure": "median"}}}, 422, "trait.bad_definition"),
    ("POST", "/computed-traits", {"name": "a", "definition": {"points": [{"rule": {"stage": "won"}, "points": 1}]}}, 422, "trait.bad_definition"),
    ("POST", "/computed-traits", {"name": "a", "definition": {"points": [{"rule": {"computed": {"name": "a", "op": "gt", "value": 1}}, "points": 1}]}}, 422, "trait.bad_definition"),
    ("GET", f"/computed-traits/{uuid4()}/values", None, 404, "trait.unknown"),
    ("PUT", f"/computed-traits/{uuid4()}", {"definition": {"event": "x"}}, 404, "trait.unknown"),
    ("DELETE", f"/computed-traits/{uuid4()}", None, 404, "trait.unknown"),
    ("POST", f"/segments/{uuid4()}/members", {"add": []}, 404, "segment.unknown"),
]


async def test_bad_requests(shop: TestPlatform) -> None:
    for method, path, body, status, code in BAD:
        assert (await ask(shop, method, path, body, status=status))["code"] == code, (path, body)
    await ask(shop, "POST", "/computed-traits", {"name": "twice", "definition": {"event": "x"}}, status=201)
    assert (await ask(shop, "POST", "/computed-traits", {"name": "twice", "definition": {"event": "y"}}, status=409))["code"] == "trait.name_taken"
