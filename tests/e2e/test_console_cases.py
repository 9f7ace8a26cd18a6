"""The console's cases: an employee answers, writes a note and resolves, in each language."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime

import httpx2
import pytest
from playwright.sync_api import expect

from tests.e2e import journey
from tests.support.consoles import Console, Look, settled
from tests.support.upright import Upright

WORDS = {
    "en": {"canned": "Canned reply", "text": "Text", "send": "Send the answer", "note": "Note", "add": "Add a note", "resolve": "Resolve", "outcome": "Outcome", "resolved": "resolved", "whose": "Whose", "talk": "Conversation", "back": "All cases"},
    "fa": {"canned": "پاسخ آماده", "text": "متن", "send": "فرستادن پاسخ", "note": "یادداشت", "add": "افزودن یادداشت", "resolve": "حل شد", "outcome": "نتیجه", "resolved": "حل‌شده", "whose": "از آنِ", "talk": "گفت‌وگو", "back": "همهٔ پرونده‌ها"},
}


@pytest.mark.parametrize("look", [Look("en", narrow=True), Look("fa", dark=True)], ids=lambda look: look.name)
def test_an_employee_resolves_a_case(up: Upright, console: Console, look: Look) -> None:
    tag, words = uuid.uuid4().hex[:8], WORDS[look.language]
    team = up.ask("POST", "/api/v1/teams", {"name": f"Desk {tag}", "routing": "least_busy"}, expect=201)["id"]
    employee = up.ask("POST", "/api/v1/employees", {"name": f"Sara {tag}", "email": f"sara.{tag}@shop.example", "languages": ["fa", "en"], "capacity": 5, "team_ids": [team]}, expect=201)["id"]
    customer = up.ask("POST", "/api/v1/customers", {"identities": [f"user:{tag}"], "traits": {"name": "Dara", "email": f"{tag}@console.example"}}, expect=201)["id"]
    up.ask("PUT", f"/api/v1/canned-replies/sorry-{tag}", {"texts": {"en": f"We are sorry {tag}.", "fa": f"پوزش می‌خواهیم {tag}."}}, expect=None)
    sent = datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S +0000")
    mail = f"From: Dara <{tag}@console.example>\r\nTo: help@shop.example\r\nSubject: Broken lamp {tag}\r\nMessage-ID: <1.{tag}@x.example>\r\nDate: {sent}\r\n\r\nIt is broken.\r\n"
    headers = {"authorization": f"Bearer {up.admin_key}", "content-type": "message/rfc822"}
    assert httpx2.post(f"{up.url}/api/v1/inbound/mail", content=mail.encode(), headers=headers, timeout=30).status_code == 202
    (opened,) = journey.until(lambda: up.ask("GET", f"/api/v1/customers/{customer}/cases")["data"], "the mail opens a case")
    case = opened["id"]
    up.ask("POST", f"/api/v1/cases/{case}/assign", {"team_id": team})
    journey.until(lambda: up.ask("GET", f"/api/v1/cases/{case}")["employee_id"] == employee, "the case is hers")
    with console.opened("/cases", look) as page:
        page.get_by_label(words["whose"]).select_option(employee)
        page.get_by_role("link", name=tag).wait_for()
        console.checked(page, f"cases-{look.name}")
        page.get_by_role("link", name=tag).click()
        settled(page)
        page.get_by_label(words["canned"]).select_option(f"sorry-{tag}")
        field = page.get_by_role("textbox", name=words["text"])
        expect(field).to_have_value(f"We are sorry {tag}." if look.language == "en" else f"پوزش می‌خواهیم {tag}.")
        page.get_by_role("button", name=words["send"]).click()
        expect(page.get_by_role("region", name=words["talk"])).to_contain_text(re.compile(f"(sorry|می‌خواهیم) {tag}"), timeout=60_000)
        page.get_by_role("textbox", name=words["note"]).fill(f"Told {tag}")
        page.get_by_role("button", name=words["add"]).click()
        expect(page.get_by_text(f"Told {tag}")).to_be_visible()
        console.checked(page, f"case-{look.name}")
        page.get_by_role("button", name=words["resolve"], exact=True).click()
        page.get_by_role("dialog").get_by_label(words["outcome"]).fill("replaced")
        page.get_by_role("dialog").get_by_role("button", name=words["resolve"], exact=True).click()
        expect(page.get_by_text(words["resolved"], exact=True).first).to_be_visible()
        console.checked(page, f"case-resolved-{look.name}")
    assert (up.ask("GET", f"/api/v1/cases/{case}")["status"], up.ask("GET", f"/api/v1/cases/{case}")["outcome"]) == ("resolved", "replaced")
