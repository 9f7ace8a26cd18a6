"""A consent and a customer service with one person, and her link."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlencode

from chassis.peers import Answer
from contracts import links
from launcher.embedded_postgres import PrivateCluster
from tests.support.platform import TestPlatform, started


class Visit:
    """What a person's browser does."""

    def __init__(self, platform: TestPlatform, customer: str) -> None:
        self.platform = platform
        self.customer = customer
        self.path = "/p/" + self.token(customer)

    def token(self, customer: str, *, seconds: int = 3600, kind: str = links.PREFERENCES) -> str:
        service = self.platform["consent"].service
        return links.seal(service.link_secret, kind, [customer, "email", "message-1", str(int(service.clock.timestamp()) + seconds)])

    async def page(self, query: str = "", **headers: str) -> str:
        answer = await self.platform["consent"].call("GET", self.path + query, scopes=None, headers=headers)
        assert answer.status == 200, answer.body
        return answer.body.decode()

    async def submit(self, action: str, *, form: str | None = None, headers: Mapping[str, str] | None = None, **fields: Any) -> Answer:
        found = form if form is not None else form_of(await self.page())
        body = urlencode({"form": found, "action": action, **fields}, doseq=True).encode()
        sent = {"content-type": "application/x-www-form-urlencoded", "sec-fetch-site": "same-origin", **(headers or {})}
        return await self.platform["consent"].call("POST", self.path, body=body, headers=sent, scopes=None)

    async def standing(self) -> dict[str, Any]:
        answer = await self.platform["consent"].call("GET", f"/api/v1/customers/{self.customer}/consent")
        return {f"{one['purpose']}/{channel}": state["allowed"] for one in answer.json()["purposes"] for channel, state in one["channels"].items()}

    async def profile(self) -> dict[str, Any]:
        return dict((await self.platform["customer"].call("GET", f"/api/v1/customers/{self.customer}")).json())


def form_of(page: str) -> str:
    found = re.search(r'name="form" value="([^"]+)"', page)
    assert found
    return found.group(1)


def ticked(page: str) -> set[str]:
    return set(re.findall(r'name="allow" value="([^"]+)" checked', page))


@asynccontextmanager
async def visiting(cluster: PrivateCluster, **given: Any) -> AsyncIterator[Visit]:
    settings = {"consent": {"barrier_seconds": 0.3, **given}}
    async with started(cluster, "customer", "consent", given=settings) as platform:
        answer = await platform["customer"].call(
            "POST", "/api/v1/customers",
            json={"identities": ["user:42"], "traits": {"email": "ada@example.com", "given_name": "Ada", "city": "شیراز", "shoe": 38, "tags": ["a"]}},
        )
        assert answer.status == 201, answer.body
        await platform.drain()
        yield Visit(platform, answer.json()["id"])
