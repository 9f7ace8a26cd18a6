"""The console's settings: a source with its key and a snippet, a key that is revoked, in each language."""

from __future__ import annotations

import base64
import uuid

import pytest
from playwright.sync_api import expect

from tests.e2e import journey
from tests.support.consoles import Console, Look
from tests.support.upright import Upright

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]




@pytest.mark.parametrize("look", [Look("en"), Look("fa", dark=True, narrow=True)], ids=lambda look: look.name)
def test_a_source_is_made_and_its_key_sends(up: Upright, console: Console, look: Look) -> None:
    tag = uuid.uuid4().hex[:8]
    with console.opened("/settings", look) as page:
        for place in range(5):
            page.get_by_role("tab").nth(place).click()
            console.checked(page, f"settings-{place}-{look.name}")
        page.get_by_role("tab").first.click()
        page.get_by_role("tabpanel").get_by_role("button").first.click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_role("textbox").first.fill(f"Shop {tag}")
        dialog.get_by_role("combobox").select_option("server")
        dialog.locator("button[type=submit]").click()
        expect(page.get_by_role("dialog").locator("pre").first).to_contain_text("ecrm_wk_")
        key = page.get_by_role("dialog").locator("pre").first.inner_text().strip()
        console.checked(page, f"settings-source-{look.name}")
    assert f"Shop {tag}" in [one["name"] for one in up.all("/api/v1/sources")]
    shown = {"authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode()}
    batch = {"batch": [{"type": "track", "userId": f"s-{tag}", "messageId": tag, "event": "Tried"}]}
    journey.until(lambda: up.ask("POST", "/v1/batch", batch, headers=shown, expect=None).status_code == 200, "the new key sends")
    assert up.customer(f"user:s-{tag}")
