"""Accounts and the people in them, how customers are reached, what they chose and need."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from contracts.interaction import BounceReceived
from launcher.embedded_postgres import PrivateCluster
from tests.integration.analytics.story import NOW, tell
from tests.integration.customer.happenings import hashed, told
from tests.support.platform import TestPlatform, started

pytestmark = pytest.mark.asyncio

async def ask(platform: TestPlatform, method: str, path: str, body: Any = None, *, status: int = 200, service: str = "customer") -> Any:
    answer = await platform[service].call(method, f"/api/v1{path}", json=body)
    assert answer.status == status, (answer.status, answer.body)
    return answer.json() if answer.body else None


async def state_of(platform: TestPlatform, customer_id: str) -> dict[str, Any]:
    """The profile as others hear of it."""
    await platform.drain()
    states = [state for state in await told(platform.log, "ecrm.state.profile", "ecrm.state.profile.v1") if state["customer_id"] == customer_id]
    newest: dict[str, Any] = max(states, key=lambda state: state["version"])
    return newest


async def person(platform: TestPlatform, *identities: str, **traits: Any) -> str:
    found: dict[str, Any] = await ask(platform, "POST", "/customers", {"identities": list(identities), "traits": traits}, status=201)
    return str(found["id"])


async def account(platform: TestPlatform, *identities: str, type: str = "organisation", **traits: Any) -> str:
    found: dict[str, Any] = await ask(platform, "POST", "/accounts", {"type": type, "identities": list(identities), "traits": traits}, status=201)
    return str(found["id"])


async def test_people_belong_to_accounts_with_roles_and_times(cluster: PrivateCluster) -> None:
    """M18, U2: accounts beside people; members with roles; a change of the account reaches its members' profiles."""
    async with started(cluster, "customer") as platform:
        acme = await account(platform, "account:acme", "ext:erp:7", name="Acme", industry="steel", email="info@acme.example", owner="mina")
        home = await account(platform, type="household", name="Family A")
        ada = await person(platform, "user:1", email="ada@example.com", name="Ada")
        joined = await ask(platform, "POST", f"/accounts/{acme}/members", {"customer_id": ada, "role": "buyer"}, status=201)
        assert (joined["account_id"], joined["role"], joined["until"], joined["type"]) == (acme, "buyer", None, "organisation")
        await ask(platform, "POST", f"/accounts/{home}/members", {"customer_id": ada, "role": "parent", "since": "2020-01-01T00:00:00Z"}, status=201)

        seen = (await state_of(platform, ada))["personal"]["traits"]["account"]
        assert (seen["id"], seen["name"], seen["role"], seen["industry"]) == (acme, "Acme", "buyer", "steel")
        assert (await state_of(platform, acme))["type"] == "organisation"
        await ask(platform, "PATCH", f"/accounts/{acme}", {"traits": {"industry": "copper"}})
        async with asyncio.timeout(20):
            while (await state_of(platform, ada))["personal"]["traits"]["account"]["industry"] != "copper":
                await asyncio.sleep(0.1)

        assert [row["id"] for row in (await ask(platform, "GET", "/accounts"))["data"]] == [acme, home]
        assert [row["id"] for row in (await ask(platform, "GET", "/accounts?type=household"))["data"]] == [home]
        assert [row["id"] for row in (await ask(platform, "GET", "/customers?type=person"))["data"]] == [ada]
        assert [row["id"] for row in (await ask(platform, "GET", "/customers?owner=mina"))["data"]] == [acme]
        assert (await ask(platform, "GET", f"/accounts/{acme}"))["owner"] == "mina"
        assert [(row["customer_id"], row["role"]) for row in (await ask(platform, "GET", f"/accounts/{acme}/members"))["data"]] == [(ada, "buyer")]
        assert [row["account_id"] for row in (await ask(platform, "GET", f"/customers/{ada}"))["accounts"]] == [acme, home]

        await ask(platform, "DELETE", f"/accounts/{acme}/members/{ada}", status=204)
        assert (await ask(platform, "GET", f"/accounts/{acme}/members"))["data"] == []
        left = (await ask(platform, "GET", f"/accounts/{acme}/members?past=true"))["data"]
        assert left[0]["until"] is not None
        assert (await state_of(platform, ada))["personal"]["traits"]["account"]["id"] == home


async def test_memberships_points_and_needs_come_back_from_a_merge(cluster: PrivateCluster) -> None:
    """M18, D19: what hangs on a customer follows merges and their undoing without loss."""
    async with started(cluster, "customer") as platform:
        acme = await account(platform, "account:acme", name="Acme")
        ada, other = await person(platform, "user:1", email="a@example.com"), await person(platform, "ext:crm:9", email="b@example.com")
        await ask(platform, "POST", f"/accounts/{acme}/members", {"customer_id": other, "role": "cfo"}, status=201)
        await ask(platform, "POST", f"/customers/{other}/needs", {"text": "A longer cable"}, status=201)
        await ask(platform, "PUT", f"/customers/{other}/preferences", {"channels": {"*": "sms"}})
        merged = await ask(platform, "POST", "/merges", {"survivor_id": ada, "merged_id": other}, status=201)
        whole = await ask(platform, "GET", f"/customers/{ada}")
        assert ([one["role"] for one in whole["accounts"]], [one["text"] for one in whole["needs"]]) == (["cfo"], ["A longer cable"])
        assert (await state_of(platform, ada))["channels"] == {"*": "sms"}
        await ask(platform, "POST", f"/merges/{merged['merge_id']}/undo")
        assert (await ask(platform, "GET", f"/customers/{ada}"))["accounts"] == []
        assert (await ask(platform, "GET", f"/customers/{ada}/preferences"))["channels"] == {}
        assert [one["text"] for one in (await ask(platform, "GET", f"/customers/{other}"))["needs"]] == ["A longer cable"]
        refused = await ask(platform, "POST", "/merges", {"survivor_id": ada, "merged_id": acme}, status=409)
        assert refused["code"] == "merge.different_types"


async def test_addresses_with_states_and_bounces(cluster: PrivateCluster) -> None:
    """A bounce moves messages to another address; a verified one is preferred to a newer unverified one."""
    async with started(cluster, "customer") as platform:
        ada = await person(platform, "user:1", email="first@example.com")
        points = await ask(platform, "PUT", f"/customers/{ada}/contact-points", {"contact_points": [
            {"kind": "email", "value": "second@example.com", "state": "verified"}, {"kind": "phone", "value": "+989123456789", "preferred": True}]})
        assert [(one["value"], one["used"]) for one in points["data"]] == [
            ("second@example.com", True), ("first@example.com", False), ("+989123456789", True)]
        assert (await state_of(platform, ada))["personal"]["email"] == "second@example.com"
        await ask(platform, "PUT", f"/customers/{ada}/contact-points", {"contact_points": [{"kind": "email", "value": "first@example.com", "preferred": True}]})
        assert (await state_of(platform, ada))["personal"]["email"] == "first@example.com"
        await tell(platform.log, BounceReceived(
            identity=hashed("user:1"), address=hashed("email:first@example.com"), channel="email", hard=True, bounced_at=NOW.replace(year=NOW.year + 1), source="esp"))
        assert (await state_of(platform, ada))["personal"]["email"] == "second@example.com"
        listed = (await ask(platform, "GET", f"/customers/{ada}/contact-points"))["data"]
        assert {one["value"]: one["state"] for one in listed}["first@example.com"] == "bouncing"
        await person(platform, "user:2", email="taken@example.com")
        taken = await ask(platform, "PUT", f"/customers/{ada}/contact-points", {"contact_points": [{"kind": "email", "value": "taken@example.com"}]}, status=409)
        assert taken["code"] == "customer.identity_taken"


async def test_a_need_is_open_until_it_is_met(cluster: PrivateCluster) -> None:
    """D19: told once, with date and source, offered in the view, until met."""
    async with started(cluster, "customer") as platform:
        ada = await person(platform, "user:1")
        need = await ask(platform, "POST", f"/customers/{ada}/needs", {"text": "A stroller", "told_at": "2026-01-02T00:00:00Z"}, status=201)
        assert (need["source"], need["told_at"], need["met_at"]) == ("api:test", "2026-01-02T00:00:00Z", None)
        assert [one["id"] for one in (await ask(platform, "GET", f"/customers/{ada}"))["needs"]] == [need["id"]]
        met = await ask(platform, "POST", f"/customers/{ada}/needs/{need['id']}/met")
        assert (met["met_at"] is not None, met["met_by"]) == (True, "api:test")
        assert (await ask(platform, "GET", f"/customers/{ada}"))["needs"] == []
        assert len((await ask(platform, "GET", f"/customers/{ada}/needs"))["data"]) == 1
        assert (await ask(platform, "POST", f"/customers/{ada}/needs/{need['id']}/met", status=409))["code"] == "need.already_met"


async def test_bad_input_is_refused_with_a_code(cluster: PrivateCluster) -> None:
    """The rows of the table of bad inputs on accounts, addresses, preferences and needs."""
    async with started(cluster, "customer") as platform:
        ada, acme = await person(platform, "user:1"), await account(platform, "account:acme")
        unknown = "0197a000-0000-7000-8000-000000000000"
        for method, path, body, status, code in (
            ("GET", f"/accounts/{ada}", None, 404, "account.unknown"),
            ("POST", "/accounts", {"identities": ["user:9"]}, 422, "customer.bad_identity"),
            ("POST", "/customers", {"identities": ["account:x"]}, 422, "customer.bad_identity"),
            ("POST", "/accounts", {"identities": ["account:acme"]}, 409, "customer.identity_taken"),
            ("POST", f"/accounts/{acme}/members", {"customer_id": acme}, 422, "account.bad_member"),
            ("POST", f"/accounts/{acme}/members", {"customer_id": unknown}, 404, "customer.unknown"),
            ("DELETE", f"/accounts/{acme}/members/{ada}", None, 404, "account.no_member"),
            ("PUT", f"/customers/{ada}/contact-points", {"contact_points": [{"kind": "email", "value": "nobody"}]}, 422, "customer.bad_contact_point"),
            ("PUT", f"/customers/{ada}/preferences", {"time_zone": "Mars/Olympus"}, 422, "customer.bad_preference"),
            ("PUT", f"/customers/{ada}/preferences", {"language": "not a language"}, 422, "customer.bad_preference"),
            ("POST", f"/customers/{ada}/needs/{unknown}/met", None, 404, "need.unknown"),
        ):
            assert (await ask(platform, method, path, body, status=status))["code"] == code, path
