"""The console's templates: a marketer writes one in both languages, corrects what is refused and found, looks at it as a customer sees it, and sends a test."""

from __future__ import annotations

import uuid

import pytest
from playwright.sync_api import expect

from tests.e2e import journey
from tests.support.consoles import Console, Look
from tests.support.upright import Upright

WORDS = {
    "en": {"blocks": "Blocks", "newblock": "New block", "blockname": "Name", "source": "Source, English", "saveblock": "Save the block", "templates": "Templates", "new": "New template", "name": "Name", "subject": "Subject, English", "body": "Body, English",
           "create": "Save the template", "save": "Save as a new version", "insert": "Insert into English", "wrong": "Liquid:", "found": "Found in English", "never": "is never filled in", "check": "Check", "bad": "Correct these first.", "preview": "Preview",
           "person": "As this customer sees it", "test": "Test send", "to": "Addresses", "from": "Sender’s address", "send": "Send the test", "sent": "sent", "persian": "Body, Persian", "english": "English", "farsi": "Persian"},
    "fa": {"blocks": "بلوک‌ها", "newblock": "بلوک تازه", "blockname": "نام", "source": "متن، انگلیسی", "saveblock": "ذخیرهٔ بلوک", "templates": "الگوها", "new": "الگوی تازه", "name": "نام", "subject": "موضوع، انگلیسی", "body": "متن، انگلیسی",
           "create": "ذخیرهٔ الگو", "save": "ذخیره به‌عنوان نسخهٔ تازه", "insert": "افزودن به انگلیسی", "wrong": "Liquid:", "found": "یافته‌ها در انگلیسی", "never": "is never filled in", "check": "بررسی", "bad": "نخست این‌ها را درست کنید.", "preview": "پیش‌نمایش",
           "person": "آن‌گونه که این مشتری می‌بیند", "test": "ارسال آزمایشی", "to": "نشانی‌ها", "from": "نشانی فرستنده", "send": "ارسال آزمایش", "sent": "فرستاده", "persian": "متن، فارسی", "english": "انگلیسی", "farsi": "فارسی"},
}


@pytest.mark.parametrize("look", [Look("en"), Look("fa", dark=True, narrow=True)], ids=lambda look: look.name)
def test_a_marketer_writes_a_template(up: Upright, console: Console, look: Look) -> None:
    tag, words = uuid.uuid4().hex[:8], WORDS[look.language]
    name = f"Roya {tag}"
    up.ask("POST", "/api/v1/customers", {"identities": [f"user:{tag}"], "traits": {"name": name, "email": f"{tag}@console.example"}}, expect=201)
    with journey.mailbox(up.smtp_port) as box, console.opened("/templates", look, refused=True) as page:
        page.get_by_role("tab", name=words["blocks"]).click()
        page.get_by_role("button", name=words["newblock"]).click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label(words["blockname"]).fill(f"foot-{tag}")
        dialog.get_by_label(words["source"]).fill(f"<mj-text>Foot {tag}</mj-text>")
        console.checked(page, f"template-block-{look.name}")
        dialog.get_by_role("button", name=words["saveblock"]).click()
        expect(page.get_by_role("tabpanel")).to_contain_text(f"foot-{tag}")
        page.get_by_role("tab", name=words["templates"]).click()
        console.checked(page, f"templates-{look.name}")

        page.get_by_role("link", name=words["new"]).first.click()
        page.get_by_label(words["name"]).first.fill(f"Spring {tag}")
        body = page.get_by_label(words["body"])
        written = body.input_value()
        body.fill(written.replace("<mj-button", "{% if %}<mj-button"))
        page.get_by_role("button", name=words["create"]).click()
        expect(page.get_by_text(words["wrong"])).to_be_visible()
        expect(body).to_have_attribute("aria-invalid", "true")
        console.checked(page, f"template-refused-{look.name}")

        # a variable that nothing fills in, no link to unsubscribe, and the block put in by the menu
        body.fill("<mjml><mj-body><mj-section><mj-column><mj-text>{{ customer.name }} {{ voucher }}</mj-text></mj-column></mj-section></mj-body></mjml>")
        body.evaluate("field => field.setSelectionRange(field.value.indexOf('</mj-column>'), field.value.indexOf('</mj-column>'))")
        page.get_by_role("button", name=words["insert"]).click()
        page.get_by_role("menuitem", name=f"foot-{tag}").click()
        expect(body).to_have_value(f'<mjml><mj-body><mj-section><mj-column><mj-text>{{{{ customer.name }}}} {{{{ voucher }}}}</mj-text>{{% render "foot-{tag}" %}}</mj-column></mj-section></mj-body></mjml>')
        page.get_by_role("button", name=words["create"]).click()
        page.wait_for_url("**/templates/*-*")
        page.get_by_role("tab", name=words["check"]).click()
        page.get_by_role("tabpanel").get_by_role("button").first.click()
        expect(page.get_by_role("status").filter(has_text=words["bad"])).to_be_visible()
        console.checked(page, f"template-check-{look.name}")
        page.get_by_role("tab").first.click()
        found = page.get_by_role("alert").filter(has_text=words["found"])
        expect(found).to_contain_text(f"voucher {words['never']}")
        expect(found).to_contain_text("unsubscribe_url")
        console.checked(page, f"template-findings-{look.name}")
        body.fill(written.replace("</mj-button>", f'</mj-button>{{% render "foot-{tag}" %}}').replace("<mj-text>", "<mj-text>{{ customer.name }} ", 1))
        page.get_by_role("button", name=words["save"]).click()
        expect(found).to_have_count(0)
        console.checked(page, f"template-{look.name}")

        page.get_by_role("tab", name=words["preview"]).click()
        panel = page.get_by_role("tabpanel")
        panel.get_by_role("combobox", name=words["person"]).fill(name)
        page.get_by_role("option", name=name).click()
        english = panel.get_by_role("region", name=words["english"]).frame_locator("iframe")
        expect(english.locator("body")).to_contain_text(name)
        expect(english.locator("body")).to_contain_text(f"Foot {tag}")
        persian = panel.get_by_role("region", name=words["farsi"]).frame_locator("iframe")
        expect(persian.locator("body")).to_contain_text("از دیدنتان خوشحالیم")
        expect(persian.locator("html")).to_have_attribute("dir", "rtl")
        console.checked(page, f"template-preview-{look.name}")

        page.get_by_role("tab", name=words["test"]).click()
        panel.get_by_label(words["to"]).fill(f"me.{tag}@console.example")
        panel.get_by_label(words["from"]).fill("hello@shop.example")
        panel.get_by_role("combobox", name=words["person"]).fill(name)
        page.get_by_role("option", name=name).click()
        panel.get_by_role("button", name=words["send"]).click()
        expect(panel.get_by_text(words["sent"], exact=True)).to_be_visible()
        console.checked(page, f"template-test-{look.name}")
    assert len(box.mails[f"me.{tag}@console.example"]) == 1
    saved = next(one for one in up.all("/api/v1/templates") if one["name"] == f"Spring {tag}")
    assert (saved["version"], sorted(saved["locales"]), saved["fallback"]) == (2, ["en", "fa"], ["en"])
