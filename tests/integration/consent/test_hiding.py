"""R6: the person hides one field on their own page; staff without a right to it do not see it, and nothing uses it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from launcher.embedded_postgres import PrivateCluster
from tests.integration.consent.centre import Visit
from tests.support.platform import TestPlatform, started

pytestmark = pytest.mark.asyncio(loop_scope="module")

STAFF = ["customers:read", "customers:write"]
TEMPLATE = "<mjml><mj-body><mj-section><mj-column><mj-text>Hello from [{{ customer.city }}]</mj-text></mj-column></mj-section></mj-body></mjml>"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def platform(cluster: PrivateCluster) -> AsyncIterator[TestPlatform]:
    async with started(cluster, "customer", "consent", "analytics", "campaign", given={"consent": {"barrier_seconds": 0.3}}) as found:
        yield found


async def ask(platform: TestPlatform, service: str, method: str, path: str, body: Any = None, *, status: int = 200, scopes: Any = ()) -> Any:
    answer = await platform[service].call(method, f"/api/v1/{path}", json=body, **({"scopes": scopes} if scopes else {}))
    assert answer.status == status, answer.body
    return answer.json() if answer.body else None


async def person(platform: TestPlatform, user: str) -> str:
    body = {"identities": [f"user:{user}"], "traits": {"email": f"{user}@example.com", "city": "Yazd", "name": "Ada"}}
    found = await ask(platform, "customer", "POST", "customers", body, status=201)
    await platform.drain()
    return str(found["id"])


async def test_a_hidden_field_is_seen_and_used_by_nobody_without_a_right_to_it(platform: TestPlatform) -> None:
    """R6"""
    ada = await person(platform, "ada")
    template = (await ask(platform, "campaign", "POST", "templates", {"name": "T", "locales": {"en": {"subject": "S", "body": TEMPLATE}}}, status=201))["id"]

    async def uses() -> tuple[list[str], str]:
        """Who is found by the field, and what a message would say."""
        await platform.drain()
        found = await ask(platform, "analytics", "POST", "segments/preview", {"rule": {"trait": "city", "op": "eq", "value": "Yazd"}})
        shown = await platform["campaign"].call("POST", f"/api/v1/templates/{template}/preview", json={"customer_id": ada})
        return list(found["examples"]), str(shown.json().get("text") or shown.json()["detail"])

    async with asyncio.timeout(60):
        while (await uses())[0] != [ada]:
            await asyncio.sleep(0.1)
    assert "[Yazd]" in (await uses())[1]

    visit = Visit(platform, ada)
    page = await visit.page()
    assert 'name="hide" value="city"' in page and 'name="hide" value="email"' not in page
    done = await visit.submit("hide", hide=["city", "email"], version=(await visit.profile())["version"])
    assert (done.status, done.headers["location"]) == (303, "?done=hide")
    page = await visit.page("?done=hide")
    assert 'name="hide" value="city" checked' in page and "Yazd" in page, "the person sees what is hidden"
    assert "پنهان" in await visit.page("?lang=fa")

    seen = await ask(platform, "customer", "GET", f"customers/{ada}", scopes=STAFF)
    assert "city" not in seen["traits"] and seen["traits"]["hidden_fields"] == ["city"]
    assert (seen["provenance"]["city"]["value"], seen["provenance"]["city"]["hidden"], seen["email"]) == (None, True, "ada@example.com")
    history = await ask(platform, "customer", "GET", f"customers/{ada}/history?trait=city", scopes=STAFF)
    assert [line["value"] for line in history["data"]] == [None]
    past = await ask(platform, "customer", "GET", f"customers/{ada}?as_of={seen['updated_at'].replace('+', '%2B')}", scopes=STAFF)
    assert "city" not in past["traits"], "a reading of the past hides what is hidden today"
    assert await ask(platform, "customer", "GET", "customers?trait=city:Yazd", scopes=STAFF) == {"data": [], "next_page_token": None}
    assert (await ask(platform, "customer", "GET", f"customers/{ada}", scopes=[*STAFF, "customers:sensitive"]))["traits"]["city"] == "Yazd"
    async with asyncio.timeout(60):
        while (await uses())[0]:
            await asyncio.sleep(0.1)
    assert "customer.city is undefined" in (await uses())[1], "a message cannot be made of it"

    export = await ask(platform, "customer", "POST", "exports", {"format": "jsonl"}, status=202, scopes=STAFF)
    async with asyncio.timeout(60):
        while (await ask(platform, "customer", "GET", f"exports/{export['id']}"))["state"] != "done":
            await asyncio.sleep(0.1)
    content = await platform["customer"].call("GET", f"/api/v1/exports/{export['id']}/content", scopes=STAFF)
    assert content.status == 200 and b"ada@example.com" in content.body and b"Yazd" not in content.body

    # a correction keeps it hidden, and it is shown again when the person says so
    corrected: dict[str, Any] = {"trait.city": "Shiraz", "version": (await visit.profile())["version"]}
    done = await visit.submit("correct", **corrected)
    assert done.headers["location"] == "?done=correct"
    assert "city" not in (await ask(platform, "customer", "GET", f"customers/{ada}", scopes=STAFF))["traits"]
    done = await visit.submit("hide", version=(await visit.profile())["version"])
    assert done.headers["location"] == "?done=hide"
    assert (await ask(platform, "customer", "GET", f"customers/{ada}", scopes=STAFF))["traits"]["city"] == "Shiraz"


async def test_what_is_hidden_is_the_persons_word_alone(platform: TestPlatform) -> None:
    """Neither staff nor an event hides or shows; merges keep what was hidden."""
    bob, eve = await person(platform, "bob"), await person(platform, "eve")
    where = f"customers/{bob}/hidden-fields"
    assert (await ask(platform, "customer", "PUT", where, {"fields": ["city"]}, status=403, scopes=STAFF))["code"] == "trait.persons_choice"
    trusted = [*STAFF, "customers:sensitive"]
    for bad in ("email", "phone", "hidden_fields", "id"):
        assert (await ask(platform, "customer", "PUT", where, {"fields": [bad]}, status=422, scopes=trusted))["code"] == "trait.not_hidable"
    await ask(platform, "customer", "PUT", where, {"fields": ["city"]}, scopes=trusted)
    await ask(platform, "customer", "PATCH", f"customers/{bob}", {"traits": {"hidden_fields": [], "plan": "gold"}}, scopes=STAFF)
    seen = await ask(platform, "customer", "GET", f"customers/{bob}", scopes=STAFF)
    assert "city" not in seen["traits"] and seen["traits"]["plan"] == "gold"
    merge = await ask(platform, "customer", "POST", "merges", {"survivor_id": eve, "merged_id": bob, "reason": "same"}, status=201, scopes=STAFF)
    assert "city" not in (await ask(platform, "customer", "GET", f"customers/{eve}", scopes=STAFF))["traits"]
    await ask(platform, "customer", "POST", f"merges/{merge['merge_id']}/undo", {}, scopes=STAFF)
    assert "city" in (await ask(platform, "customer", "GET", f"customers/{eve}", scopes=STAFF))["traits"]
    assert "city" not in (await ask(platform, "customer", "GET", f"customers/{bob}", scopes=STAFF))["traits"]
    await ask(platform, "customer", "PUT", f"customers/{'0' * 8}-0000-0000-0000-000000000000/hidden-fields", {"fields": []}, status=404, scopes=trusted)
