"""The preference centre in a real browser, through the gateway: by keyboard, without scripts, in both languages, seen in pictures.

The pictures are kept under build/centre/.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from contracts import links
from launcher import secrets
from tests.support.upright import Upright, upright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PICTURES = Path(__file__).resolve().parents[2] / "build" / "centre"

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")


@pytest.fixture(scope="module")
def up() -> Iterator[Upright]:
    with upright() as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


def person(up: Upright, name: str) -> tuple[str, str]:
    """A customer and the link to her centre, as a mail would carry it."""
    body = {"identities": [f"user:{name}"], "traits": {"email": f"{name}@people.example", "given_name": name.title(), "city": "شیراز"}}
    customer = up.ask("POST", "/api/v1/customers", body, expect=201)["id"]
    up.ask("POST", "/api/v1/consents/grants", {"customer_id": customer, "purpose": "marketing", "channel": "email"}, expect=201)
    secret = bytes.fromhex(secrets.load_or_create(up.data)["link_secret"])
    token = links.seal(secret, links.PREFERENCES, [customer, "email", "message-1", str(int(time.time()) + 3600)])
    return customer, f"{up.url}/p/{token}"


def visit(browser: Browser, locale: str, *, dark: bool = False, width: int = 900) -> BrowserContext:
    return browser.new_context(
        locale=locale, java_script_enabled=False, color_scheme="dark" if dark else "light", viewport={"width": width, "height": 900}
    )


def picture(page: Page, name: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png", full_page=True)


def allowed(up: Upright, customer: str, purpose: str, channel: str) -> bool:
    found = up.ask("GET", f"/api/v1/customers/{customer}/consent")["purposes"]
    return bool(next(one for one in found if one["purpose"] == purpose)["channels"][channel]["allowed"])


def test_a_person_decides_in_english(up: Upright, browser: Browser) -> None:
    """U41, R6: tick, save, stop, correct, ask: every step in a browser without scripts."""
    customer, link = person(up, "ada")
    with visit(browser, "en-GB") as context:
        page = context.new_page()
        refused: list[str] = []
        page.on("console", lambda message: refused.append(message.text) if message.type == "error" else None)
        assert page.goto(link).status == 200  # type: ignore[union-attr]
        expect(page.get_by_role("heading", level=1)).to_have_text("Your choices and your data")
        assert page.evaluate("document.documentElement.dir") == "ltr"
        news = page.get_by_role("group", name="News and offers")
        expect(news.get_by_label("by e-mail")).to_be_checked()
        news.get_by_label("by text message").check()
        news.get_by_label("by e-mail").uncheck()
        picture(page, "en")
        page.get_by_role("button", name="Save", exact=True).first.click()
        expect(page.get_by_role("status")).to_have_text("Your choices are saved and in force from now on.")
        assert (allowed(up, customer, "marketing", "sms"), allowed(up, customer, "marketing", "email")) == (True, False)
        page.get_by_label("Preferred way").select_option("sms")
        page.get_by_role("region", name="How we reach you best").get_by_role("button").click()
        expect(page.get_by_role("status")).to_have_text("Your preferences are saved.")
        page.get_by_role("textbox", name="City").fill("Tehran")
        page.get_by_role("button", name="Save corrections").click()
        expect(page.get_by_role("status")).to_have_text("Your corrections are saved.")
        assert up.ask("GET", f"/api/v1/customers/{customer}")["traits"]["city"] == "Tehran"
        page.get_by_role("button", name="Ask for a copy").click()
        expect(page.get_by_text("received on")).to_be_visible()
        page.get_by_role("button", name="Ask for erasure").click()
        assert page.get_by_text("Erasure of your data").count() == 0, "the browser asks to be sure first"
        page.get_by_role("button", name="Stop everything").click()
        expect(page.get_by_text("Everything is stopped since")).to_be_visible()
        picture(page, "en-stopped")
        assert not allowed(up, customer, "marketing", "sms")
        assert refused == [], "nothing on the page breaks its own policy"
        assert customer not in page.url


def test_a_person_decides_in_persian_by_keyboard(up: Upright, browser: Browser) -> None:
    """U41: from right to left, with nothing but Tab, space and Enter."""
    customer, link = person(up, "shirin")
    with visit(browser, "fa-IR", width=420) as context:
        page = context.new_page()
        page.goto(link)
        assert page.evaluate("[document.documentElement.lang, document.documentElement.dir]") == ["fa", "rtl"]
        expect(page.get_by_role("heading", level=1)).to_have_text("انتخاب‌ها و داده‌های شما")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "nothing runs out of a narrow screen"
        picture(page, "fa-narrow")
        focused: list[str] = []
        for _ in range(60):
            page.keyboard.press("Tab")
            found = page.evaluate("[document.activeElement.tagName, document.activeElement.value || document.activeElement.textContent]")
            focused.append(f"{found[0]} {found[1]}")
            if found[1] == "marketing/email":
                page.keyboard.press("Space")
            if found == ["BUTTON", "choices"]:
                assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none", "where one is can be seen"
                page.keyboard.press("Enter")
                break
        expect(page.get_by_role("status")).to_have_text("انتخاب‌های شما ذخیره شد و از همین حالا برقرار است.")
        assert not allowed(up, customer, "marketing", "email"), focused
        page.get_by_role("link", name="English").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Your choices and your data")


def test_pages_in_the_dark_and_without_a_link(up: Upright, browser: Browser) -> None:
    _, link = person(up, "omid")
    with visit(browser, "fa", dark=True) as context:
        page = context.new_page()
        page.goto(link)
        picture(page, "fa-dark")
        assert page.goto(link[:-5] + "aaaaa").status == 404  # type: ignore[union-attr]
        picture(page, "fa-unknown")
    body = {
        "purpose": "letter", "basis": "double_opt_in", "legal_basis": "consent", "channels": ["email"], "title": {"en": "Our letter", "fa": "نامهٔ ما"},
        "wording": {"en": "You may send me the letter, once a month.", "fa": "می‌توانید ماهی یک بار نامه را بفرستید."},
        "consequences": {"en": "You get no letter.", "fa": "نامه‌ای نمی‌گیرید."},
    }
    up.ask("POST", "/api/v1/purposes", body, expect=201)
    asked = up.ask("POST", "/api/v1/consents/grants", {"identity": "email:new@people.example", "purpose": "letter"}, expect=201)
    with visit(browser, "en") as context:
        page = context.new_page()
        page.goto(asked["confirm_url"])
        picture(page, "en-confirm")
        page.get_by_role("button", name="Yes, I confirm").click()
        expect(page.get_by_role("status")).to_have_text("Thank you, it is confirmed.")
