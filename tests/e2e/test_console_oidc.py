"""The console with an identity provider: somebody signs in there and comes back, in each language; the browser never has a token (D7)."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.integration.gateway.issuing import Provider, provider
from tests.support import consoles
from tests.support.consoles import Console, Look
from tests.support.upright import upright

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

WORDS = {
    "en": {"with": "Sign in with Shop login", "customers": "Customers", "as": "Signed in as Mina Moradi", "out": "Sign out", "failed": "gave you no role here"},
    "fa": {"with": "ورود با Shop login", "customers": "مشتریان", "as": "وارد شده با نام Mina Moradi", "out": "خروج", "failed": "اینجا نقشی ندارید"},
}


@pytest.fixture(scope="module")
def issuer() -> Iterator[Provider]:
    """The provider in a thread of its own."""
    ready, ended, loop = threading.Event(), asyncio.Event(), asyncio.new_event_loop()
    found: list[Provider] = []

    async def run() -> None:
        async with provider() as made:
            found.append(made)
            ready.set()
            await ended.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
    thread.start()
    assert ready.wait(30)
    yield found[0]
    loop.call_soon_threadsafe(ended.set)
    thread.join(30)
    loop.close()


@pytest.fixture(scope="module")
def here(issuer: Provider) -> Iterator[Console]:
    knobs = {
        "ISSUER": issuer.issuer, "ROLES_CLAIM": "realm_access.roles", "ROLE_NAMES": "support=agent", "CLIENT_ID": issuer.client, "CLIENT_SECRET": issuer.secret, "NAME": "Shop login",
    }
    with upright(environment={f"ECRM_GATEWAY_OIDC_{name}": value for name, value in knobs.items()}) as up, consoles.console(up) as opened:
        yield opened


@pytest.mark.parametrize("look", [Look("en"), Look("fa", dark=True, narrow=True)], ids=lambda look: look.name)
def test_somebody_signs_in_at_the_provider(here: Console, issuer: Provider, look: Look) -> None:
    words = WORDS[look.language]
    with here.opened("/customers", look, signed_in=False) as page:
        here.checked(page, f"sign-in-oidc-{look.name}")
        issuer.said = {"realm_access": {"roles": ["visitor"]}}
        page.get_by_role("link", name=words["with"]).click()
        expect(page.get_by_role("alert")).to_contain_text(words["failed"])
        here.checked(page, f"sign-in-oidc-failed-{look.name}")
        issuer.said = {}
        page.goto(here.up.url + "/customers")
        page.get_by_role("link", name=words["with"]).click()
        page.get_by_role("heading", name=words["customers"], exact=True).wait_for()
        assert page.url == here.up.url + "/customers"
        kept = page.evaluate("JSON.stringify({...localStorage}) + JSON.stringify({...sessionStorage}) + document.cookie")
        assert "eyJ" not in kept
        assert all(cookie["httpOnly"] and not cookie["value"].startswith("eyJ") for cookie in page.context.cookies())
        if look.narrow:
            page.get_by_role("banner").get_by_role("button").first.click()
        expect(page.get_by_text(words["as"])).to_be_visible()
        page.get_by_role("button", name=words["out"]).click()
        page.get_by_role("link", name=words["with"]).wait_for()
