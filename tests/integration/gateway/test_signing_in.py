"""Signing in at an identity provider: code with PKCE, exchanged by the gateway; the browser has nothing but the sealed cookie (D7)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import pytest
import pytest_asyncio

from chassis.peers import Answer
from gateway.api import signing_in
from launcher.embedded_postgres import PrivateCluster
from tests.integration.gateway.issuing import Provider, provider
from tests.integration.gateway.test_sessions import OURS, OWN, PATH
from tests.integration.gateway.visiting import Visitor
from tests.support.platform import TestPlatform, started

pytestmark = pytest.mark.asyncio


class Place(NamedTuple):
    """The platform, its provider, and a browser."""

    platform: TestPlatform
    issuer: Provider

    async def get(self, path: str, cookie: str = "", **headers: str) -> Answer:
        return await Visitor(self.platform).ask("GET", path, headers={"host": "127.0.0.1:8080", "sec-fetch-site": "cross-site", **({"cookie": cookie} if cookie else {}), **headers})

    async def begun(self, return_to: str = "/customers") -> tuple[dict[str, str], str]:
        """What the provider is asked, and the browser's cookie."""
        answer = await self.get(f"/oidc/sign-in?return_to={return_to}")
        assert answer.status == 303, answer.body
        where, _, question = answer.headers["location"].partition("?")
        assert where == f"{self.issuer.issuer}/authorize"
        assert {"HttpOnly", "SameSite=lax", "Path=/oidc", "Max-Age=600"} <= {part.strip() for part in answer.headers["set-cookie"].split(";")}
        return dict(parse_qsl(question)), answer.headers["set-cookie"].partition(";")[0]

    async def back(self, cookie: str, **said: str) -> str:
        """Where the browser is sent at the end."""
        return (await self.back_with(cookie, **said)).headers["location"].removeprefix(OWN)

    async def back_with(self, cookie: str, **said: str) -> Answer:
        answer = await self.get(f"/oidc/callback?{'&'.join(f'{name}={value}' for name, value in said.items())}", cookie)
        assert answer.status == 303, answer.body
        return answer


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def place(cluster: PrivateCluster) -> AsyncIterator[Place]:
    async with provider() as issuer:
        knobs: dict[str, Any] = {
            "oidc_issuer": issuer.issuer, "oidc_roles_claim": "realm_access.roles", "oidc_role_names": "support=agent", "oidc_client_id": issuer.client,
            "oidc_client_secret": issuer.secret, "oidc_name": "Shop login",
        }
        async with started(cluster, "gateway", "customer", given={"gateway": knobs}) as platform:
            yield Place(platform, issuer)


@pytest.mark.asyncio(loop_scope="module")
async def test_somebody_signs_in_works_and_signs_out(place: Place) -> None:
    nobody = await Visitor(place.platform).ask("GET", PATH, headers=OURS)
    assert (nobody.json()["signed_in"], nobody.json()["provider"]) == (False, "Shop login")
    asked, cookie = await place.begun("/customers?q=a")
    assert asked["redirect_uri"] == f"{OWN}/oidc/callback"
    answer = await place.back_with(cookie, code=place.issuer.code(asked), state=asked["state"], iss=place.issuer.issuer)
    assert answer.headers["location"] == f"{OWN}/customers?q=a"
    session = answer.headers["set-cookie"].partition(";")[0]
    browser = {**OURS, "cookie": session}
    me = (await Visitor(place.platform).ask("GET", PATH, headers=browser)).json()
    assert (me["signed_in"], me["subject"], me["name"], me["kind"]) == (True, "oidc:u-1", "Mina Moradi", "person")
    assert "customers:write" in me["scopes"]
    assert (await Visitor(place.platform).ask("GET", "/api/v1/customers", headers=browser)).status == 200
    assert (await Visitor(place.platform).ask("GET", "/api/v1/keys", headers=browser)).status == 403
    assert (await Visitor(place.platform).ask("DELETE", PATH, headers=browser)).status == 204


@pytest.mark.asyncio(loop_scope="module")
async def test_what_does_not_belong_together_signs_nobody_in(place: Place) -> None:
    issuer = place.issuer
    asked, cookie = await place.begun()
    other, others = await place.begun()
    state, code = asked["state"], issuer.code(asked)
    name, _, value = cookie.partition("=")
    for kept, said, word in (
        ("", {"code": code, "state": state}, "state"), (cookie, {"code": code, "state": other["state"]}, "state"), (cookie, {"code": code}, "state"),
        (others, {"code": code, "state": state}, "state"), (f"{name}={value[:-4]}", {"code": code, "state": state}, "state"),
        (f"{name}=x", {"code": code, "state": state}, "state"), (cookie, {"code": code, "state": "%C3%A9"}, "state"),
        (cookie, {"code": code, "state": state, "iss": "https://evil.example"}, "state"),
        (cookie, {"error": "access_denied", "state": state}, "denied"), (cookie, {"error": "server_error", "state": state}, "refused"), (cookie, {"state": state}, "refused"),
        (cookie, {"code": "guessed", "state": state}, "refused"), (cookie, {"code": issuer.code(other), "state": state}, "refused"),
    ):
        answer = await place.back_with(kept, **said)
        assert answer.headers["location"] == f"{OWN}/?sign-in={word}", said
        assert "-begun" in answer.headers["set-cookie"], "nothing but the end of what was begun"
    assert await place.back(cookie, code=code, state=state) == "/customers", "the right one still counts"
    assert await place.back(cookie, code=code, state=state) == "/?sign-in=refused", "once"


@pytest.mark.asyncio(loop_scope="module")
async def test_id_tokens_that_prove_nothing(place: Place) -> None:
    now = place.issuer.claims()["iat"]
    for said, word in (
        ({"nonce": "another"}, "refused"), ({"nonce": None}, "refused"), ({"aud": "peyvand"}, "refused"), ({"aud": ["console", "else"], "azp": "else"}, "refused"),
        ({"iss": "http://127.0.0.1:9"}, "refused"), ({"exp": now - 60}, "refused"), ({"exp": None}, "refused"), ({"iat": now + 90}, "refused"), ({"sub": ""}, "refused"),
        ({"realm_access": {"roles": ["unknown"]}}, "roles"), ({"realm_access": None}, "roles"),
    ):
        place.issuer.said = said
        asked, cookie = await place.begun()
        assert await place.back(cookie, code=place.issuer.code(asked), state=asked["state"]) == f"/?sign-in={word}", said
    place.issuer.said = {}


@pytest.mark.asyncio(loop_scope="module")
async def test_nobody_is_sent_elsewhere(place: Place) -> None:
    for wanted in ("https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)", "evil", "/\r\nset-cookie:x", "/a b", "/oidc/sign-in", "/api/v1/session", "", "/گ"):
        assert signing_in.own_path(wanted) == "/", wanted
    for wanted in ("https://evil.example", "//evil.example", "/%5Cevil.example", "/%0d%0aset-cookie:x", "/api/v1/session"):
        asked, cookie = await place.begun(wanted)
        assert await place.back(cookie, code=place.issuer.code(asked), state=asked["state"]) == "/", wanted
    assert urlsplit(signing_in.own_path("/customers?x=//a")).netloc == ""


@pytest.mark.parametrize("knobs", [{}, {"oidc_issuer": "https://login.example"}], ids=["no provider", "no client there"])
async def test_without_a_provider_there_is_no_such_way(cluster: PrivateCluster, knobs: dict[str, str]) -> None:
    async with started(cluster, "gateway", given={"gateway": knobs}) as platform:
        answer = await Visitor(platform).ask("GET", "/oidc/sign-in")
        assert (answer.status, answer.headers["location"]) == (303, f"{OWN}/?sign-in=unavailable")
        assert (await Visitor(platform).ask("GET", PATH, headers=OURS)).json()["provider"] == ""
