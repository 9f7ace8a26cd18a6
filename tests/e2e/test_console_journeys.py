"""The console's journeys: a marketer begins one from a pattern, draws it, corrects what is refused, publishes it, watches people, compares and plays it over the past."""

from __future__ import annotations

import re
import uuid

import pytest
from playwright.sync_api import Page, expect

from tests.e2e import journey
from tests.support.consoles import Console, Look, settled
from tests.support.upright import Upright

BODY = "<mjml><mj-body><mj-section><mj-column><mj-text>Your basket waits. <a href='{{ unsubscribe_url }}'>-</a></mj-text></mj-column></mj-section></mj-body></mjml>"
WORDS = {
    "en": {"new": "New journey", "shown": "Shown", "name": "Name", "basket": "Abandoned basket", "template": "Template of its messages", "create": "Make the draft", "steps": "Steps of the journey", "wait": "Wait",
           "save": "Save the draft", "refused": "The service refuses this", "event": "Event", "seconds": "Seconds", "hours": "Hours", "sender": "Sender’s address", "exit": "Exit", "last": "Add a step after last", "again": "Again?", "days": "Days after the last entry", "sent": "1 sent", "smaller": "Smaller", "publish": "Publish", "live": "version 1, live",
           "people": "People inside", "inside": "1 inside", "history": "History", "came": "came in", "close": "Close", "backtest": "Backtest", "run": "Run it", "would": "Would have come in", "reach": "reach, not outcome", "one": "1",
           "versions": "Versions", "changed": "changed", "same": "There is no difference.", "pause": "Pause", "resume": "Go on", "paused": "paused", "insert": "Add a step after patience", "undo": "Undo", "goal": "reached the goal: 1"},
    "fa": {"new": "سفر تازه", "shown": "نمایش", "name": "نام", "basket": "سبد رهاشده", "template": "الگوی پیام‌ها", "create": "ساختن پیش‌نویس", "steps": "گام‌های سفر", "wait": "درنگ",
           "save": "ذخیرهٔ پیش‌نویس", "refused": "سامانه این را نمی‌پذیرد", "event": "رویداد", "seconds": "ثانیه", "hours": "ساعت", "sender": "نشانی فرستنده", "exit": "خروج", "last": "افزودن گام پس از last", "again": "دوباره؟", "days": "روز پس از ورود پیشین", "sent": "۱ فرستاده", "smaller": "کوچک‌تر", "publish": "انتشار", "live": "نسخهٔ ۱، جاری",
           "people": "درون سفر", "inside": "۱ نفر درون", "history": "سرگذشت", "came": "آمد", "close": "بستن", "backtest": "آزمون گذشته", "run": "اجرا", "would": "می‌آمدند", "reach": "دسترسی است، نه نتیجه", "one": "۱",
           "versions": "نسخه‌ها", "changed": "تغییرکرده", "same": "تفاوتی نیست.", "pause": "ایست", "resume": "ادامه", "paused": "ایستاده", "insert": "افزودن گام پس از patience", "undo": "بازگرداندن", "goal": "به هدف رسید: ۱"},
}


@pytest.mark.parametrize("look", [Look("en"), Look("fa", dark=True, narrow=True)], ids=lambda look: look.name)
def test_a_marketer_draws_an_abandoned_basket(up: Upright, console: Console, look: Look) -> None:
    """U29."""
    tag, words = uuid.uuid4().hex[:8], WORDS[look.language]
    template = up.ask("POST", "/api/v1/templates", {"name": f"Basket {tag}", "locales": {"en": {"subject": "Your basket", "body": BODY}}}, expect=201)["id"]
    up.collect([{"type": "identify", "userId": f"ann-{tag}", "traits": {"email": f"ann.{tag}@x.example", "name": f"Ann {tag}"}}])
    ann = up.customer(f"user:ann-{tag}")["id"]
    grant = {"customer_id": ann, "purpose": "marketing", "channel": "email", "source": "test"}
    journey.until(lambda: up.ask("POST", "/api/v1/consents/grants", grant, expect=None).status_code == 201, "the grant is taken")
    with journey.mailbox(up.smtp_port) as box, console.opened("/journeys", look, refused=True) as page:
        console.checked(page, f"journeys-{look.name}")
        page.get_by_role("link", name=words["new"]).first.click()
        page.get_by_label(words["name"]).first.fill(f"Basket {tag}")
        expect(page.get_by_role("radio", name=words["basket"])).to_be_checked()
        page.get_by_label(words["template"]).select_option(template)
        page.get_by_label(words["sender"]).fill("shop@shop.example")
        console.checked(page, f"journey-new-{look.name}")
        page.get_by_role("button", name=words["create"]).click()

        board = page.get_by_role("region", name=words["steps"])
        expect(board.locator("[data-step]")).to_have_count(7)
        made = re.search(r"[0-9a-f-]{36}", page.url)
        assert made is not None
        address = f"/api/v1/journeys/{made.group()}"
        console.checked(page, f"journey-canvas-{look.name}")

        for _ in range(1 if look.narrow else 2):
            page.get_by_role("button", name=words["smaller"]).click()
        board.scroll_into_view_if_needed()
        console.checked(page, f"journey-whole-{look.name}")

        # a step more, undone again; then one that has nothing to wait for: the service refuses it, at that step
        add(page, words["insert"], words["wait"])
        closed(page, words, look)
        expect(board.locator("[data-step]")).to_have_count(8)
        page.get_by_role("button", name=words["undo"]).click()
        expect(board.locator("[data-step]")).to_have_count(7)
        add(page, words["last"], words["exit"])
        closed(page, words, look)
        choose(page, "patience")
        page.get_by_label(words["hours"]).fill("")
        page.get_by_label(words["seconds"]).fill("3")
        closed(page, words, look)
        choose(page, "reaction")
        page.get_by_label(words["event"], exact=True).fill("")
        closed(page, words, look)
        page.get_by_role("button", name=words["save"]).click()
        expect(page.get_by_text(words["refused"])).to_be_visible()
        expect(board.locator("[data-step=reaction]")).to_have_attribute("data-faulty", "true")
        choose(page, "reaction")
        expect(page.get_by_role("alert").filter(has_text="event/name")).to_be_visible()
        console.checked(page, f"journey-refused-{look.name}")
        page.get_by_label(words["event"], exact=True).fill("Product Viewed")
        closed(page, words, look)

        # by keyboard: from the entry down, and the entry listens to this test's own event alone
        board.locator("[data-step='']").focus()
        page.keyboard.press("ArrowDown")
        expect(board.locator("[data-step=patience]")).to_be_focused()
        page.keyboard.press("ArrowUp")
        page.keyboard.press("Enter")
        page.get_by_label(words["event"], exact=True).first.fill(f"Added {tag}")
        page.get_by_label(words["again"]).select_option("after_days")
        page.get_by_label(words["days"]).fill("7")
        closed(page, words, look)
        page.get_by_role("button", name=words["save"]).click()
        expect(page.get_by_text(words["refused"])).to_have_count(0)
        expect(page.get_by_role("button", name=words["save"])).to_be_disabled()
        drawn = up.ask("GET", address)["definition"]
        assert (drawn["entry"], drawn["reentry"]) == ({"event": {"name": f"Added {tag}"}}, {"after_days": 7})
        assert (drawn["steps"]["patience"]["for"], drawn["steps"]["exit"], drawn["steps"]["last"]["next"]) == ({"seconds": 3}, {"type": "exit", "reason": "finished"}, "exit")

        page.get_by_role("button", name=words["publish"]).click()
        page.get_by_role("dialog").get_by_role("button", name=words["publish"]).click()
        expect(page.get_by_text(words["live"]).first).to_be_visible()
        up.collect([{"type": "track", "userId": f"ann-{tag}", "event": f"Added {tag}"}])
        expect(board.locator("[data-step=reaction]")).to_contain_text(words["inside"], timeout=60_000)
        expect(board.locator("[data-step=reminder]")).to_contain_text(words["sent"])
        assert len(box.mails[f"ann.{tag}@x.example"]) == 1
        console.checked(page, f"journey-inside-{look.name}")

        page.get_by_role("tab", name=words["people"]).click()
        page.get_by_role("button", name=words["history"]).click()
        expect(page.get_by_role("dialog")).to_contain_text(words["came"])
        console.checked(page, f"journey-person-{look.name}")
        page.get_by_role("dialog").get_by_role("button", name=words["close"]).click()
        expect(page.get_by_role("link", name=ann)).to_be_visible()
        console.checked(page, f"journey-people-{look.name}")

        page.get_by_role("tab", name=words["backtest"]).click()
        page.get_by_role("button", name=words["run"]).click()
        panel = page.get_by_role("tabpanel")
        expect(panel).to_contain_text(words["reach"], timeout=60_000)
        expect(panel).to_contain_text(re.compile(f"{words['would']}{words['one']}"))
        console.checked(page, f"journey-backtest-{look.name}")

        page.get_by_role("tab", name=words["versions"]).click()
        expect(panel).to_contain_text(words["same"])
        draft = up.ask("GET", address)
        draft["definition"]["steps"]["patience"]["for"] = {"hours": 2}
        up.ask("PUT", address, {"name": draft["name"], "definition": draft["definition"]})
        page.reload()
        page.get_by_role("tab", name=words["versions"]).click()
        expect(panel).to_contain_text(words["changed"])
        expect(panel).to_contain_text('{"hours":2}')
        console.checked(page, f"journey-versions-{look.name}")

        # the version that is live can be looked at, not changed
        page.get_by_role("tab").first.click()
        page.get_by_label(words["shown"]).select_option("1")
        expect(page.get_by_role("button", name=words["save"])).to_have_count(0)
        choose(page, "patience")
        expect(page.get_by_text('"wait"')).to_be_visible()
        console.checked(page, f"journey-version-{look.name}")
        closed(page, words, look)

        page.get_by_role("button", name=words["pause"]).click()
        expect(page.get_by_text(words["paused"], exact=True)).to_be_visible()
        page.get_by_role("button", name=words["resume"]).click()
        expect(page.get_by_role("button", name=words["pause"])).to_be_visible()
        # she orders: the goal takes her out wherever she is
        up.collect([{"type": "track", "userId": f"ann-{tag}", "event": "Order Completed", "properties": {"order_id": f"o-{tag}"}}])
        journey.until(lambda: up.ask("GET", f"{address}/figures")["left"] == {"goal": 1}, "she has left by the goal")
        page.get_by_role("tab", name=words["people"]).click()
        settled(page)
        expect(panel).to_contain_text(words["goal"])


def choose(page: Page, step: str) -> None:
    page.locator(f"[data-step='{step}']").click()


def add(page: Page, where: str, kind: str) -> None:
    page.get_by_role("button", name=where, exact=True).click()
    page.get_by_role("menuitem", name=kind, exact=True).click()


def closed(page: Page, words: dict[str, str], look: Look) -> None:
    """On a narrow screen a step's fields stand in a drawer over the canvas."""
    if look.narrow:
        page.get_by_role("dialog").get_by_role("button", name=words["close"]).click()
        expect(page.get_by_role("dialog")).to_have_count(0)
