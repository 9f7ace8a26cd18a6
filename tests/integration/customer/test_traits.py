"""Trait definitions over HTTP: what a trait may be, who may see it, which source has the last word."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from launcher.embedded_postgres import PrivateCluster
from tests.integration.customer.asking import ask, got, registered
from tests.integration.customer.happenings import append, happened, told
from tests.support.platform import TestPlatform, started

pytestmark = pytest.mark.asyncio

PLAN = {"type": "string", "enum": ["free", "gold"]}
ADDRESS = {"type": "object", "properties": {"zip": {"type": "string", "pattern": "^[0-9]{5}$"}, "city": {"type": "string"}}, "required": ["city"]}


async def define(platform: TestPlatform, name: str, schema: dict[str, Any], **more: Any) -> dict[str, Any]:
    answer = await ask(platform, "PUT", f"/traits/{name}", {"schema": schema, **more})
    assert answer.status in (200, 201), answer.body
    found: dict[str, Any] = answer.json()
    return found


async def settled(platform: TestPlatform) -> None:
    """Wait until profiles were told again after a change of definitions."""
    async with asyncio.timeout(20):
        while not all(row["settled"] for row in (await got(platform, "/traits"))["data"]):
            await asyncio.sleep(0.1)
    await platform.drain()


async def profile_of(platform: TestPlatform, customer: str) -> dict[str, Any]:
    """The profile that other services hold."""
    states = [state for state in await told(platform.log, "ecrm.state.profile", "ecrm.state.profile.v1") if state["customer_id"] == customer]
    personal: dict[str, Any] = states[-1]["personal"]
    return personal


async def test_a_wrong_type_is_refused_by_field(cluster: PrivateCluster) -> None:
    """U1, D3: typed, documented attributes; a value that does not fit is refused at its place."""
    async with started(cluster, "customer", read=False) as platform:
        one = await define(platform, "plan", PLAN, title="Plan", description="What they pay for", purpose="billing")
        assert (one["version"], one["changed_by"], one["misfits"]["values"]) == (1, "api:test", 0)
        await define(platform, "address", ADDRESS)
        await define(platform, "birthday", {"type": "string", "format": "date"}, classification="personal")
        for sent, pointer, reason in (
            ({"plan": "platinum"}, "/traits/plan", 'the value is not one of "free" or "gold"'),
            ({"address": {"city": "Shiraz", "zip": "x"}}, "/traits/address/zip", "does not match"),
            ({"address": {"zip": "12345"}}, "/traits/address", '"city" is a required property'),
            ({"dateOfBirth": "1990-02-30"}, "/traits/dateOfBirth", 'the value is not a "date"'),
            ({"birthday": 5}, "/traits/birthday", 'not of type "string"'),
        ):
            answer = await ask(platform, "POST", "/customers", {"traits": sent})
            assert (answer.status, answer.json()["code"], answer.json()["pointer"]) == (422, "customer.bad_trait", pointer)
            assert reason in answer.json()["detail"]
            assert "GET" in answer.json()["detail"] or "/api/v1/traits/" in answer.json()["detail"]
        ada = await registered(platform, "user:1", plan="gold", dateOfBirth="1990-02-28", address={"city": "Shiraz"})
        answer = await ask(platform, "PATCH", f"/customers/{ada}", {"traits": {"plan": None, "address": {"zip": "123"}}})
        assert (answer.status, answer.json()["pointer"]) == (422, "/traits/address/zip")
        answer = await ask(platform, "PATCH", f"/customers/{ada}", {"traits": {"plan": None, "address": {"zip": "12345"}}})
        assert answer.json()["traits"] == {"birthday": "1990-02-28", "address": {"city": "Shiraz", "zip": "12345"}}


async def test_an_event_loses_only_the_value_that_does_not_fit(cluster: PrivateCluster) -> None:
    """U1: what is refused of an event is kept with the reason; the rest of the event counts."""
    async with started(cluster, "customer") as platform:
        await define(platform, "plan", PLAN)
        await define(platform, "pin", {"type": "string", "pattern": "^[0-9]{4}$"}, classification="sensitive")
        events = [
            happened("identify", "user:1", traits={"plan": "platinum", "pin": "secret", "city": "Yazd", "email": "no address"}, event_id="e1"),
            happened("identify", "user:1", traits={"plan": "gold", "pin": "1234"}, minute=1),
            happened("identify", "user:1", traits={"plan": {"name": "x" * 1000}}, minute=2, event_id="e3"),
        ]
        for _ in range(2):  # told twice, refused once
            await append(platform.log, events, origins=False)
            await platform.drain()
        (one,) = (await got(platform, "/customers?identity=user:1"))["data"]
        assert one["traits"] == {"plan": "gold", "pin": "1234", "city": "Yazd"}
        plan = (await got(platform, "/traits/plan/refusals"))["data"]
        assert [(row["event_id"], row["source"]) for row in plan] == [("e3", "shop"), ("e1", "shop")]
        assert plan[1]["value"] == '"platinum"'
        assert plan[1]["reason"] == 'the value is not one of "free" or "gold"'
        assert len(plan[0]["value"]) == 200
        first = await got(platform, "/traits/plan/refusals?limit=1")
        second = await got(platform, f"/traits/plan/refusals?limit=1&page_token={first['next_page_token']}")
        assert [row["event_id"] for row in first["data"] + second["data"]] == ["e3", "e1"]
        (pin,) = (await got(platform, "/traits/pin/refusals"))["data"]
        assert (pin["value"], pin["reason"]) == (None, "the value does not fit the definition")
        (email,) = (await got(platform, "/traits/email/refusals"))["data"]
        assert (email["event_id"], email["value"]) == ("e1", '"no address"')


async def test_all_names_in_use_are_listed(cluster: PrivateCluster) -> None:
    """D3: attributes are documented and dated; those nobody documented are seen, too."""
    async with started(cluster, "customer", read=False) as platform:
        for number in range(4):
            await registered(platform, f"user:p{number}", plan="free", **({"pet": "cat"} if number else {}))
        gone = await registered(platform, "user:9", shoe=44)
        await ask(platform, "PATCH", f"/customers/{gone}", {"traits": {"shoe": None}})
        await define(platform, "plan", PLAN, title="Plan")
        await define(platform, "firstName", {"type": "string"})
        rows = (await got(platform, "/traits"))["data"]
        assert [(row["name"], row["defined"], row["customers"], row["estimated"]) for row in rows] == [
            ("given_name", True, 0, False), ("plan", True, 4, False), ("pet", False, 3, False)
        ]
        assert (rows[1]["title"], rows[1]["schema"], rows[1]["version"]) == ("Plan", PLAN, 1)
        assert rows[1]["changed_at"] is not None
        one = await ask(platform, "GET", "/traits/first_name")
        assert (one.json()["name"], one.headers["etag"]) == ("given_name", '"1"')


async def test_a_narrower_schema_counts_what_no_longer_fits_and_deletes_nothing(cluster: PrivateCluster) -> None:
    async with started(cluster, "customer", read=False) as platform:
        ids = [await registered(platform, f"user:p{number}", age=number if number < 3 else f"{number}") for number in range(5)]
        one = await define(platform, "age", {"type": "integer", "minimum": 1})
        assert (one["misfits"]["values"], one["misfits"]["misfits"], one["misfits"]["estimated_misfits"]) == (5, 3, 3)
        assert {row["reason"] for row in one["misfits"]["reasons"]} == {'the value is not of type "integer"', "the value is less than the minimum of 1"}
        assert [(await got(platform, f"/customers/{each}"))["traits"]["age"] for each in ids] == [0, 1, 2, "3", "4"]
        again = await define(platform, "age", {})
        assert (again["version"], again["misfits"]["misfits"]) == (2, 0)


async def test_sensitive_traits_stay_here_and_show_to_few(cluster: PrivateCluster) -> None:
    async with started(cluster, "customer") as platform:
        ada = await registered(platform, "user:1", health="diabetes", city="Shiraz", name="Ada Secretive")
        await settled(platform)
        assert (await profile_of(platform, ada))["traits"]["health"] == "diabetes"
        await define(platform, "health", {"type": "string"}, classification="sensitive")
        await settled(platform)
        assert (await profile_of(platform, ada))["traits"] == {"city": "Shiraz", "name": "Ada Secretive"}

        for path in (f"/customers/{ada}", f"/customers/{ada}?as_of={(await got(platform, f'/customers/{ada}'))['updated_at'].replace('+00:00', 'Z')}"):
            few = (await ask(platform, "GET", path, scopes=["customers:read", "customers:sensitive"])).json()
            many = (await ask(platform, "GET", path, scopes=["customers:read"])).json()
            assert (few["traits"]["health"], few["provenance"]["health"]["hidden"]) == ("diabetes", False)
            assert "health" not in many["traits"]
            assert (many["provenance"]["health"]["value"], many["provenance"]["health"]["hidden"]) == (None, True)
        listed = (await ask(platform, "GET", "/customers", scopes=["customers:write"])).json()["data"][0]
        assert listed["traits"] == {"city": "Shiraz", "name": "Ada Secretive"}
        history = (await ask(platform, "GET", f"/customers/{ada}/history?trait=health", scopes=["customers:read"])).json()["data"]
        assert [(row["value"], row["hidden"], row["removed"]) for row in history] == [(None, True, False)]
        found = await ask(platform, "GET", "/customers?trait=health:diabetes", scopes=["customers:read"])
        assert (found.status, found.json()["code"]) == (403, "trait.hidden")
        assert (await ask(platform, "GET", "/customers?q=diabetes", scopes=["customers:read"])).json()["data"] == []

        await define(platform, "name", {"type": "string"}, classification="sensitive")
        await settled(platform)
        assert (await ask(platform, "GET", "/customers?q=secretive", scopes=["customers:read"])).json()["data"] == []
        assert "name" not in await profile_of(platform, ada)
        assert (await ask(platform, "DELETE", "/traits/name")).status == 204
        assert (await ask(platform, "DELETE", "/traits/health")).status == 204
        await settled(platform)
        assert (await profile_of(platform, ada))["traits"]["health"] == "diabetes"
        assert len((await ask(platform, "GET", "/customers?q=secretive", scopes=["customers:read"])).json()["data"]) == 1


async def test_the_listed_source_has_the_last_word(cluster: PrivateCluster) -> None:
    """D3: which source wins is said once, and holds whatever comes later or under another identity."""
    async with started(cluster, "customer") as platform:
        await define(platform, "plan", PLAN, sources=["api", "shop"])
        await append(platform.log, [happened("identify", "user:1", traits={"plan": "gold", "pet": "cat"}, authority="browser", minute=1)])
        await platform.drain()
        (one,) = (await got(platform, "/customers?identity=user:1"))["data"]
        # `pet` has no listed sources: trust decides. Of `plan` the shop has a word, and the api the last one.
        crm = happened("identify", "user:1", traits={"plan": "free", "pet": "dog"}, minute=2)
        crm = type(crm)(**{name: getattr(crm, name) for name in crm.__struct_fields__} | {"source": "crm"})
        await append(platform.log, [crm])
        await platform.drain()
        assert (await got(platform, f"/customers/{one['id']}"))["traits"] == {"plan": "gold", "pet": "dog"}
        changed = await ask(platform, "PATCH", f"/customers/{one['id']}", {"traits": {"plan": "free"}})
        assert (changed.json()["traits"]["plan"], changed.json()["outvoted"]) == ("free", [])
        await append(platform.log, [happened("identify", "user:1", traits={"plan": "gold"}, minute=10**6)])
        await platform.drain()
        assert (await got(platform, f"/customers/{one['id']}"))["traits"]["plan"] == "free"

        # The other way round: people are told that their word does not count here.
        await define(platform, "plan", PLAN, sources=["shop"])
        await append(platform.log, [happened("identify", "user:1", traits={"plan": "gold"}, minute=3)])
        await platform.drain()
        answer = await ask(platform, "PATCH", f"/customers/{one['id']}", {"traits": {"plan": "free", "pet": "cow"}})
        assert (answer.status, answer.json()["traits"], answer.json()["outvoted"]) == (200, {"plan": "gold", "pet": "cow"}, ["plan"])

        # Between two customers that turn out to be one the definition of today decides, and others are told when it changes.
        two = await registered(platform, "user:2", plan="free")
        await ask(platform, "POST", "/merges", {"survivor_id": one["id"], "merged_id": two})
        assert (await got(platform, f"/customers/{two}"))["traits"]["plan"] == "gold"
        await define(platform, "plan", PLAN, sources=["api:test"])
        await settled(platform)
        assert (await got(platform, f"/customers/{two}"))["traits"]["plan"] == "free"
        assert (await profile_of(platform, one["id"]))["traits"]["plan"] == "free"


async def test_another_process_hears_of_a_definition_within_a_second(cluster: PrivateCluster) -> None:
    async with started(cluster, "customer", run="definers", read=False) as one, started(cluster, "customer", run="definers", log=one.log, read=False) as two:
        assert (await ask(two, "POST", "/customers", {"traits": {"plan": 1}})).status == 201
        await define(one, "plan", PLAN)
        assert (await ask(one, "POST", "/customers", {"traits": {"plan": 1}})).status == 422
        await asyncio.sleep(1.1)
        assert (await ask(two, "POST", "/customers", {"traits": {"plan": 1}})).status == 422
        assert (await ask(one, "DELETE", "/traits/plan")).status == 204
        assert (await ask(one, "POST", "/customers", {"traits": {"plan": 1}})).status == 201


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status", "code"),
    [
        ("PUT", "/traits/plan", {"schema": {"type": "strng"}}, {}, 422, "trait.bad_schema"),
        ("PUT", "/traits/plan", {"schema": {"$ref": "http://127.0.0.1:9/schema"}}, {}, 422, "trait.bad_schema"),
        ("PUT", "/traits/plan", {"schema": {"format": "no-such-format"}}, {}, 422, "trait.bad_schema"),
        ("PUT", "/traits/plan", {"schema": {"pattern": "(?=a)b"}}, {}, 422, "trait.bad_schema"),
        ("PUT", "/traits/plan", {"schema": {"pattern": "((a{1000}){1000}){1000}"}}, {}, 422, "trait.bad_schema"),
        ("PUT", "/traits/plan", {"schema": {"title": "x" * 20_000}}, {}, 422, "trait.bad_schema"),
        ("PUT", "/traits/plan", {"schema": {"title": "a\x00b"}}, {}, 422, "trait.bad_schema"),
        ("PUT", "/traits/plan", {"schema": "string"}, {}, 422, "request.invalid"),
        ("PUT", "/traits/plan", {"schema": {}, "title": "a\x00b"}, {}, 422, "request.invalid"),
        ("PUT", "/traits/plan", {"schema": {}, "classification": "secret"}, {}, 422, "request.invalid"),
        ("PUT", "/traits/plan", {"schema": {}, "surprise": 1}, {}, 422, "request.invalid"),
        ("PUT", f"/traits/{'x' * 101}", {"schema": {}}, {}, 422, "trait.bad_name"),
        ("PUT", "/traits/userId", {"schema": {}}, {}, 422, "trait.bad_name"),
        ("PUT", "/traits/a\x00b", {"schema": {}}, {}, 422, "trait.bad_name"),
        ("PUT", "/traits/emailAddress", {"schema": {}, "classification": "sensitive"}, {}, 422, "trait.always_shown"),
        ("PUT", "/traits/plan", {"schema": {}}, {"if-match": '"1"'}, 412, "trait.changed_meanwhile"),
        ("PUT", "/traits/plan", {"schema": {}}, {"if-match": "1"}, 422, "request.bad_condition"),
        ("GET", "/traits/plan", None, {}, 404, "trait.unknown"),
        ("DELETE", "/traits/plan", None, {}, 404, "trait.unknown"),
        ("GET", "/traits/plan/refusals?page_token=zzz", None, {}, 422, "page.bad_token"),
        ("GET", "/traits/a\x00b/refusals", None, {}, 422, "trait.bad_name"),
        ("GET", "/traits/a\x00b", None, {}, 404, "trait.unknown"),
        ("GET", "/customers?trait=secret:1", None, {}, 403, "trait.hidden"),
    ],
)
async def test_bad_definitions(
    cluster: PrivateCluster, method: str, path: str, body: Any, headers: dict[str, str], status: int, code: str
) -> None:
    async with started(cluster, "customer", run="baddefinitions", read=False) as platform:
        await define(platform, "secret", {}, classification="sensitive")
        answer = await ask(platform, method, path, body, headers=headers, scopes=["customers:write"])
        assert (answer.status, answer.json()["code"]) == (status, code), answer.body
        assert len(answer.json()["detail"]) > 20
