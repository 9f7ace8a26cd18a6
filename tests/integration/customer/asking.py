"""Short ways to ask the customer service in tests."""

from __future__ import annotations

from typing import Any

from chassis.peers import Answer
from tests.support.platform import TestPlatform


async def ask(platform: TestPlatform, method: str, path: str, body: Any = None, **options: Any) -> Answer:
    """One request under /api/v1."""
    return await platform["customer"].call(method, f"/api/v1{path}", json=body, **options)


async def got(platform: TestPlatform, path: str) -> Any:
    """The answer to a GET that must succeed."""
    answer = await ask(platform, "GET", path)
    assert answer.status == 200, answer.body
    return answer.json()


async def registered(platform: TestPlatform, *identities: str, **traits: Any) -> str:
    """The id of a new customer."""
    answer = await ask(platform, "POST", "/customers", {"identities": list(identities), "traits": traits})
    assert answer.status == 201, answer.body
    return str(answer.json()["id"])


async def owner(platform: TestPlatform, identity: str) -> str | None:
    """Who answers for an identity."""
    found = (await got(platform, f"/customers?identity={identity}"))["data"]
    return found[0]["id"] if found else None
