"""Rows about people nobody knows take a shorter way into the tables: they end there as anybody else's."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from launcher.embedded_postgres import PrivateCluster
from tests.integration.customer.asking import ask, got, owner
from tests.integration.customer.happenings import told
from tests.support.platform import TestPlatform, started

pytestmark = pytest.mark.asyncio

LIST = """user_id,ext:crm,email,phone,given_name,city,owner,plan
{0}1,{0}1,{0}1@x.example,+9891212345{1}1,Ada,Shiraz,mina,gold
{0}2,,{0}2@x.example,,Bob,,,free
{0}3,,,,,,,
,{0}4,,+9891212345{1}4,Zoe,,,
"""
FACTS = ("registered", "identity_linked", "updated")


async def brought(platform: TestPlatform, text: str, name: str) -> Any:
    answer = await platform["customer"].call(
        "POST", f"/api/v1/imports/file?name={name}", body=text.encode(), headers={"content-type": "text/csv"}
    )
    assert answer.status == 202, answer.body
    place = f"/imports/{answer.json()['id']}"
    async with asyncio.timeout(30):
        while (found := await got(platform, place))["state"] not in {"done", "failed"}:
            await asyncio.sleep(0.05)
    assert found["state"] == "done", found
    return found


def plain(value: Any, customer: str, world: str, digit: str) -> Any:
    """Without what differs between two worlds by its nature."""
    match value:
        case str():
            return value.replace(customer, "customer").replace(world, "").replace(f"+9891212345{digit}", "+")
        case list():
            return [plain(item, customer, world, digit) for item in value]
        case dict():
            left_out = {"registered_at", "updated_at", "set_at", "event_id", "linked_at", "identity", "recorded_at", "source"}
            return {name: plain(item, customer, world, digit) for name, item in value.items() if name not in left_out}
        case _:
            return value


async def shown(platform: TestPlatform, key: str, world: str, digit: str) -> Any:
    """Everything that is known and was told of somebody."""
    await platform.drain()
    customer = await owner(platform, key)
    assert customer is not None
    facts = [
        (name, fact) for name in FACTS for fact in await told(platform.log, "ecrm.customer", f"ecrm.customer.{name}.v1") if fact["customer_id"] == customer
    ]
    states = [state for state in await told(platform.log, "ecrm.state.profile", "ecrm.state.profile.v1") if state["customer_id"] == customer]
    owned = [state for state in await told(platform.log, "ecrm.state.identity", "ecrm.state.identity.v1") if state["customer_id"] == customer]
    async with platform["customer"].service.read() as db:
        search = await db.fetchval("SELECT search FROM customer WHERE id = $1::text::uuid", customer)
    view = await got(platform, f"/customers/{customer}")
    return plain(
        [
            {**view, "identities": sorted(view["identities"])}, len((await got(platform, f"/customers/{customer}/history"))["data"]),
            sorted(str(plain(list(fact), customer, world, digit)) for fact in facts), states, sorted(each["kind"] for each in owned),
            # Of numbers only how many digits they have: they differ between the worlds.
            sorted(f"{len(term)} digits" if term.isdecimal() else term for term in (search or "").split()),
        ],
        customer, world, digit,
    )


async def test_a_row_of_a_stranger_ends_as_a_registration(cluster: PrivateCluster) -> None:
    """D11: customer, identities, provenance, history, search words, facts and states are the same as of a customer registered by hand."""
    async with started(cluster, "customer") as platform:
        found = await brought(platform, LIST.format("wqa", 1), "people")
        assert (found["created"], found["refused"]) == (4, 0)
        for number in range(1, 5):
            identities = [f"user:wqb{number}"] if number < 4 else []
            identities += [f"ext:crm:wqb{number}"] if number in (1, 4) else []
            row = {
                1: {"email": "wqb1@x.example", "phone": "+989121234521", "given_name": "Ada", "city": "Shiraz", "owner": "mina", "plan": "gold"},
                2: {"email": "wqb2@x.example", "given_name": "Bob", "plan": "free"}, 3: {}, 4: {"phone": "+989121234524", "given_name": "Zoe"},
            }[number]
            answer = await ask(platform, "POST", "/customers", {"identities": identities, "traits": row})
            assert answer.status == 201, answer.body
            kind = "user" if number < 4 else "ext:crm"
            assert await shown(platform, f"{kind}:wqa{number}", "wqa", "1") == await shown(platform, f"{kind}:wqb{number}", "wqb", "2")
        found = (await got(platform, "/customers?trait=city:shiraz"))["data"]
        assert len(found) == 2


async def test_rows_that_meet_somebody_or_each_other_take_the_long_way(cluster: PrivateCluster) -> None:
    """D11: the same person twice in a slice is one; an address somebody has already leads to them; the same list again changes nothing."""
    async with started(cluster, "customer") as platform:
        await brought(platform, "ext:crm,email\n1,one@x.example\n", "before")
        text = "ext:shop,email,city\na,two@x.example,Yazd\nb,two@x.example,\nc,one@x.example,Qom\nd,three@x.example,\n"
        found = await brought(platform, text, "list")
        assert (found["created"], found["refused"]) == (4, 0)  # each is somebody first; who turns out to be one is merged
        assert await owner(platform, "ext:shop:a") == await owner(platform, "ext:shop:b")
        assert await owner(platform, "ext:shop:c") == await owner(platform, "ext:crm:1")
        assert (await brought(platform, text, "list"))["unchanged"] == 4
