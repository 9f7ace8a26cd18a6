"""Search over HTTP: names as they are, begun and misspelt, in Persian and English, by address, number and trait."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from launcher.embedded_postgres import PrivateCluster
from services.customer import commands
from tests.support.platform import TestPlatform, started

pytestmark = pytest.mark.asyncio

PEOPLE: dict[str, dict[str, Any]] = {
    "reza": {"name": "محمّدرضا كاظمي", "email": "m.kazemi@example.ir", "phone": "+989123456789", "plan": "gold"},
    "ali": {"given_name": "Alireza", "family_name": "Mohammadi", "email": "alireza.mohammadi@mail.example.org", "plan": "free", "visits": 12},
    "ada": {"name": "Ada Lovelace", "email": "ada@example.com", "phone": "+447911123456", "plan": "gold", "vip": True},
    "adam": {"name": "Adam Smith", "company": "Pin & Sons", "address": {"city": "Kirkcaldy"}, "plan": "Gold Plus"},
}


async def register(platform: TestPlatform) -> dict[str, str]:
    """Customer id -> name in `PEOPLE`."""
    ids = {}
    for name, traits in PEOPLE.items():
        answer = await platform["customer"].call("POST", "/api/v1/customers", json={"identities": [f"user:no-{name}"], "traits": traits})
        assert answer.status == 201, answer.body
        ids[answer.json()["id"]] = name
    return ids


async def find(platform: TestPlatform, ids: dict[str, str], query: str) -> list[str]:
    answer = await platform["customer"].call("GET", f"/api/v1/customers?{query}")
    assert answer.status == 200, answer.body
    return [ids[row["id"]] for row in answer.json()["data"]]


async def test_what_is_typed_finds_who_is_meant(cluster: PrivateCluster) -> None:
    async with started(cluster, "customer", read=False) as platform:
        ids = await register(platform)
        for typed, meant in {
            "محمدرضا": ["reza"], "كاظمی": ["reza"], "کاظمي محمد": ["reza"], "کاظی": ["reza"], "kazemi": ["reza"], "m.kazemi@example.ir": ["reza"],
            "۰۹۱۲۳۴۵۶۷۸۹": ["reza"], "345 6789": ["reza"], "6789": ["reza"],
            "mohamadi": ["ali"], "mohammadi alireza": ["ali"], "alirza": ["ali"], "reza": ["ali"], "alireza.mohamadi@mail.example.org": ["ali"],
            "ada": ["ada", "adam"], "lovelace": ["ada"], "lovelcae": ["ada"], "lov": ["ada"], "example.com": ["ada"], "ada l": ["ada"],
            "kirkaldy": ["adam"], "sons": ["adam"], "smith adam": ["adam"],
            "nobody": [], "ada smith": ["adam"], "ada kazemi": [],
        }.items():
            assert await find(platform, ids, f"q={quote(typed)}") == meant, typed


async def test_traits_narrow_the_search(cluster: PrivateCluster) -> None:
    async with started(cluster, "customer", read=False) as platform:
        ids = await register(platform)
        assert await find(platform, ids, "trait=plan:gold") == ["reza", "ada"]
        assert await find(platform, ids, "trait=plan:GOLD&trait=vip:true") == ["ada"]
        assert await find(platform, ids, f"trait={quote('plan:gold plus')}") == ["adam"]
        assert await find(platform, ids, "trait=visits:12") == ["ali"]
        assert await find(platform, ids, "trait=plan:gold&q=ada") == ["ada"]
        assert await find(platform, ids, "trait=plan:silver") == []


@pytest.mark.parametrize("query", ["q=a", "q=%25", "q=ab%00c", "q=.", "trait=plan", "trait=plan:", "trait=:", "trait=plan:" + "x" * 200, "q=ada&page_token=zzz", "q=ada&page_token=Wy0xXQ"])
async def test_a_search_for_nothing_is_refused(cluster: PrivateCluster, query: str) -> None:
    async with started(cluster, "customer", read=False) as platform:
        answer = await platform["customer"].call("GET", f"/api/v1/customers?{query}")
        assert answer.status == 422
        assert answer.json()["code"] in {"customer.bad_search", "customer.bad_trait_filter", "page.bad_token"}


async def test_words_that_nobody_bears_any_more_are_forgotten(cluster: PrivateCluster) -> None:
    async with started(cluster, "customer", read=False) as platform:
        ids = await register(platform)
        service = platform["customer"].service
        known = "SELECT count(*) FROM search_word WHERE word = ANY($1::text[])"
        assert await service.database.fetch_value(known, ["lovelace", "byron"]) == 1
        (ada,) = [customer for customer, name in ids.items() if name == "ada"]
        changed = await platform["customer"].call("PATCH", f"/api/v1/customers/{ada}", json={"traits": {"name": "Ada Byron"}})
        assert changed.status == 200
        await commands.forget_unused_words(service)
        assert await service.database.fetch_value(known, ["lovelace"]) == 0
        assert await service.database.fetch_value(known, ["byron", "ada"]) == 2
        assert await find(platform, ids, "q=byron") == ["ada"]
