"""The console's campaigns: a marketer prepares one, launches it and reads what became of it, in each language."""

from __future__ import annotations

import re
import uuid

import pytest
from playwright.sync_api import Page, expect

from tests.e2e import journey
from tests.support.consoles import Console, Look, settled
from tests.support.upright import Upright

BODY = "<mjml><mj-body><mj-section><mj-column><mj-text>{0} {{{{ customer.name }}}}. <a href='{{{{ unsubscribe_url }}}}'>-</a></mj-text></mj-column></mj-section></mj-body></mjml>"
WORDS = {
    "en": {"new": "New campaign", "name": "Name", "save": "Save the draft", "template": "Template", "segment": "Segment", "estimate": "Estimate", "check": "Check now", "preview": "Preview",
           "person": "As this customer sees it", "launch": "Launch", "accepted": "Accepted", "one": "1", "why": "Why, why not", "customer": "Customer", "control": "Control group, per cent", "from": "Sender’s address", "gets": "finished"},
    "fa": {"new": "کمپین تازه", "name": "نام", "save": "ذخیرهٔ پیش‌نویس", "template": "الگو", "segment": "بخش", "estimate": "برآورد", "check": "بررسی کن", "preview": "پیش‌نمایش",
           "person": "آن‌گونه که این مشتری می‌بیند", "launch": "آغاز", "accepted": "پذیرفته", "one": "۱", "why": "چرا آری، چرا نه", "customer": "مشتری", "control": "گروه شاهد، درصد", "from": "نشانی فرستنده", "gets": "پایان‌یافته"},
}


@pytest.mark.parametrize("look", [Look("en"), Look("fa", dark=True, narrow=True)], ids=lambda look: look.name)
def test_a_marketer_launches_a_campaign(up: Upright, console: Console, look: Look) -> None:
    tag, words = uuid.uuid4().hex[:8], WORDS[look.language]
    name = f"Mina {tag}"
    customer = up.ask("POST", "/api/v1/customers", {"identities": [f"user:{tag}"], "traits": {"name": name, "email": f"{tag}@console.example", "tag": tag}}, expect=201)["id"]
    up.ask("POST", "/api/v1/consents/grants", {"customer_id": customer, "purpose": "marketing", "channel": "email", "source": "test"}, expect=201)
    segment = up.ask("POST", "/api/v1/segments", {"name": f"Tagged {tag}", "rule": {"trait": "tag", "op": "eq", "value": tag}}, expect=201)["id"]
    journey.until(lambda: up.ask("GET", f"/api/v1/segments/{segment}/members")["data"], "the customer is in the segment")
    locales = {"en": {"subject": f"Hello {tag}", "body": BODY.format("Hello")}, "fa": {"subject": f"سلام {tag}", "body": BODY.format("سلام")}}
    template = up.ask("POST", "/api/v1/templates", {"name": f"Greeting {tag}", "locales": locales}, expect=201)["id"]
    with journey.mailbox(up.smtp_port) as box, console.opened("/campaigns", look) as page:
        console.checked(page, f"campaigns-{look.name}")
        page.get_by_role("link", name=words["new"]).first.click()
        page.get_by_label(words["name"], exact=False).first.fill(f"Spring {tag}")
        page.get_by_label(words["template"], exact=True).select_option(template)
        page.get_by_label(words["segment"], exact=True).select_option(segment)
        page.get_by_label(words["control"]).fill("0")
        page.get_by_label(words["from"]).fill("hello@shop.example")
        console.checked(page, f"campaign-new-{look.name}")
        page.get_by_role("button", name=words["save"]).click()

        page.get_by_role("button", name=words["estimate"]).click()
        page.get_by_role("button", name=words["check"]).click()
        expect(page.get_by_role("tabpanel")).to_contain_text(words["one"])
        console.checked(page, f"campaign-prepare-{look.name}")

        page.get_by_role("tab", name=words["preview"]).click()
        choose(page, words["person"], name)
        expect(page.get_by_role("tabpanel")).to_contain_text(locales[look.language]["subject"])
        expect(page.frame_locator("iframe").locator("body")).to_contain_text(name)
        console.checked(page, f"campaign-preview-{look.name}")

        page.get_by_role("button", name=words["launch"]).click()
        page.get_by_role("dialog").get_by_role("button", name=words["launch"]).click()
        expect(page.get_by_text(words["gets"], exact=True)).to_be_visible(timeout=60_000)
        page.get_by_role("tab").first.click()
        expect(page.get_by_role("tabpanel").locator("section").first).to_contain_text(re.compile(f"{words['accepted']}.*{words['one']}"))
        console.checked(page, f"campaign-report-{look.name}")

        page.get_by_role("tab", name=words["why"]).click()
        choose(page, words["customer"], name)
        settled(page)
        expect(page.get_by_role("tabpanel").get_by_role("alert")).to_have_count(1)
        console.checked(page, f"campaign-why-{look.name}")
    assert len(box.mails[f"{tag}@console.example"]) == 1


def choose(page: Page, label: str, name: str) -> None:
    """Search for somebody and take the one who is found."""
    page.get_by_role("combobox", name=label).fill(name)
    page.get_by_role("option", name=name).click()
