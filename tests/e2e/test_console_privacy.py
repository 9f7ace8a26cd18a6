"""The console's consent and privacy: an officer erases a person, and keeps the certificate, in each language."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.test_console_campaigns import choose
from tests.support.consoles import Console, Look, settled
from tests.support.upright import Upright

WORDS = {
    "en": {"new": "New request", "person": "Who asks", "kind": "They ask for", "verified": "How you know that it is this person", "send": "Enter the request", "erase": "Erase", "word": "erase", "download": "Download",
           "purposes": "Purposes", "one": "A person", "whose": "Whose consents", "audit": "Audit", "verify": "Verify now", "intact": "The chain is intact", "receipts": "Download the receipts"},
    "fa": {"new": "درخواست تازه", "person": "چه کسی می‌خواهد", "kind": "می‌خواهند", "verified": "از کجا می‌دانید که خود اوست", "send": "ثبت درخواست", "erase": "پاک کردن", "word": "پاک", "download": "دریافت",
           "purposes": "هدف‌ها", "one": "یک شخص", "whose": "رضایت‌های چه کسی", "audit": "بازرسی", "verify": "اکنون بررسی کن", "intact": "زنجیره سالم است", "receipts": "دریافت رسیدها"},
}


@pytest.mark.parametrize("look", [Look("en", dark=True), Look("fa", narrow=True)], ids=lambda look: look.name)
def test_a_privacy_officer_erases_a_person(up: Upright, console: Console, look: Look) -> None:
    tag, words = uuid.uuid4().hex[:8], WORDS[look.language]
    name = f"Reza {tag}"
    customer = up.ask("POST", "/api/v1/customers", {"identities": [f"user:{tag}"], "traits": {"name": name, "email": f"{tag}@console.example"}}, expect=201)["id"]
    up.ask("POST", "/api/v1/consents/grants", {"customer_id": customer, "purpose": "marketing", "channel": "email", "source": "test"}, expect=201)
    with console.opened("/privacy", look) as page:
        page.get_by_role("tab", name=words["purposes"]).click()
        console.checked(page, f"privacy-purposes-{look.name}")
        page.get_by_role("tab", name=words["one"]).click()
        choose(page, words["whose"], name)
        with page.expect_download() as kept:
            page.get_by_role("button", name=words["receipts"]).click()
        assert len(json.loads(Path(kept.value.path()).read_text(encoding="utf-8"))) == 1
        console.checked(page, f"privacy-person-{look.name}")

        page.get_by_role("tab").first.click()
        page.get_by_role("button", name=words["new"]).click()
        dialog = page.get_by_role("dialog")
        choose(page, words["person"], name)
        dialog.get_by_label(words["kind"]).select_option("erasure")
        dialog.get_by_label(words["verified"]).fill("identity card")
        console.checked(page, f"privacy-ask-{look.name}")
        dialog.get_by_role("button", name=words["send"]).click()

        page.get_by_role("button", name=words["erase"], exact=True).click()
        sure = page.get_by_role("dialog").get_by_role("button", name=words["erase"], exact=True)
        expect(sure).to_be_disabled()
        page.get_by_role("dialog").get_by_role("textbox").fill(words["word"])
        sure.click()
        with page.expect_download(timeout=60_000) as proof:
            page.get_by_role("button", name=words["download"], exact=True).click(timeout=60_000)
        assert json.loads(Path(proof.value.path()).read_text(encoding="utf-8")).keys() >= {"certificate", "kid", "signature"}
        console.checked(page, f"privacy-certificate-{look.name}")
        assert up.ask("GET", f"/api/v1/customers/{customer}", expect=None).status_code in {404, 410}

        page.go_back()
        settled(page)
        console.checked(page, f"privacy-requests-{look.name}")
        page.get_by_role("tab", name=words["audit"]).click()
        page.get_by_role("button", name=words["verify"]).click()
        expect(page.get_by_text(words["intact"])).to_be_visible()
        console.checked(page, f"privacy-audit-{look.name}")
