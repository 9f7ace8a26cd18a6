"""What a form's consents become in the ledger (U40)."""

from __future__ import annotations

from typing import Any

import pytest

from launcher.embedded_postgres import PrivateCluster
from tests.integration.interaction.front_office.test_forms import GOOD, QUICK, hidden, owner, publish, send, show
from tests.integration.interaction.support import settle
from tests.support.platform import TestPlatform, started

pytestmark = pytest.mark.asyncio


async def said(platform: TestPlatform, customer_id: str) -> dict[str, Any]:
    """State and evidence of marketing by e-mail."""
    found = (await platform["consent"].call("GET", f"/api/v1/customers/{customer_id}/consent")).json()
    (purpose,) = [each for each in found["purposes"] if each["purpose"] == "marketing"]
    state: dict[str, Any] = purpose["channels"]["email"]
    return {**state, "entries": [entry for entry in found["data"] if entry["purpose"] == "marketing"]}


async def test_a_ticked_consent_counts_with_its_evidence(cluster: PrivateCluster) -> None:
    """U40: purpose, channel, language, version and hash of the text that was shown; not ticked says nothing."""
    async with started(cluster, "interaction", "customer", "consent", given=QUICK) as platform:
        service = platform["interaction"]
        await publish(service)
        await send(service, {**GOOD, **hidden(await show(service, "/f/demo?lang=fa"))})
        await send(service, {**GOOD, "email": "boris@example.com", "phone": "", "consent.marketing.email": "", **hidden(await show(service))})
        await settle(platform)
        yes = await said(platform, (await owner(platform, "email:anna@example.com"))["id"])
        nothing = await said(platform, (await owner(platform, "email:boris@example.com"))["id"])
    assert (yes["allowed"], [entry["state"] for entry in yes["entries"]]) == (True, ["granted"])
    entry = yes["entries"][0]
    assert (entry["source"], entry["language"], entry["evidence"]["text_version"]) == ("form:demo", "fa", 3)
    assert (nothing["allowed"], nothing["entries"]) == (False, [])


async def test_a_form_lifts_no_refusal(cluster: PrivateCluster) -> None:
    """U40: nobody has shown that the address is theirs, so a stranger cannot subscribe somebody who said no."""
    async with started(cluster, "interaction", "customer", "consent", given=QUICK) as platform:
        service = platform["interaction"]
        made = await platform["customer"].call("POST", "/api/v1/customers", json={"identities": ["email:anna@example.com"], "traits": {}})
        await settle(platform)
        no = {"customer_id": made.json()["id"], "purpose": "marketing", "channel": "email", "source": "phone"}
        refused = await platform["consent"].call("POST", "/api/v1/consents/withdrawals", json=no)
        assert refused.status in {200, 201}, refused.json()
        await publish(service)
        await send(service, {**GOOD, **hidden(await show(service))})
        await settle(platform)
        state = await said(platform, made.json()["id"])
    assert state["allowed"] is False
    assert sorted(entry["state"] for entry in state["entries"]) == ["pending", "withdrawn"]
