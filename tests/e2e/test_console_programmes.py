"""The console's programmes: points with a tier and a reward, a customer who earns and takes, a playbook changed, started and stopped, in each language."""

from __future__ import annotations

import re
import uuid

import pytest
from playwright.sync_api import expect

from tests.e2e import journey
from tests.support.consoles import Console, Look, settled
from tests.support.upright import Upright

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

WORDS = {
    "en": {"new": "New programme", "name": "Name", "add_tier": "Add a tier", "tier": "Name of the tier", "from": "From points", "draft": "Save the draft", "start": "Start", "running": "running", "rewards": "Rewards",
           "new_reward": "New reward", "add": "Add the reward", "one": "A customer", "customer": "Customer", "in": "Take in", "points": "Points (minus takes some)", "why": "Why", "book": "Book",
           "may": "What this customer may take", "take": "Take for this customer", "undo": "Undo", "back": "Given back", "all": "Every change of the points", "report": "Report", "books": "They sum to zero",
           "120": "120", "20": "20", "hand": "by hand", "silver": "80 to gold",
           "play": "Acquire", "change": "Change", "title": "Title, English", "save": "Save as a new version", "address": "Sender’s address", "launch": "Start everything at once", "stop": "Stop", "stopped": "stopped", "version": "changed, version 1"},
    "fa": {"new": "برنامهٔ تازه", "name": "نام", "add_tier": "افزودن رده", "tier": "نام رده", "from": "از امتیاز", "draft": "ذخیرهٔ پیش‌نویس", "start": "آغاز", "running": "در حال اجرا", "rewards": "پاداش‌ها",
           "new_reward": "پاداش تازه", "add": "افزودن پاداش", "one": "یک مشتری", "customer": "مشتری", "in": "عضو کن", "points": "امتیاز (منفی یعنی گرفتن)", "why": "چرا", "book": "ثبت",
           "may": "آنچه این مشتری می‌تواند بگیرد", "take": "برای این مشتری بگیر", "undo": "بازگرداندن", "back": "بازگشت", "all": "همهٔ تغییرهای امتیاز", "report": "گزارش", "books": "جمع آن صفر است",
           "120": "۱۲۰", "20": "۲۰", "hand": "دستی", "silver": "۸۰ تا gold",
           "play": "جذب", "change": "تغییر", "title": "عنوان فارسی", "save": "ذخیره به‌عنوان نسخهٔ تازه", "address": "نشانی فرستنده", "launch": "همه یک‌جا آغاز شوند", "stop": "ایست", "stopped": "ایستاده", "version": "تغییریافته، نسخهٔ"},
}


@pytest.mark.parametrize("look", [Look("en"), Look("fa", dark=True, narrow=True)], ids=lambda look: look.name)
def test_points_a_reward_and_what_a_customer_may_take(up: Upright, console: Console, look: Look) -> None:
    tag, words = uuid.uuid4().hex[:8], WORDS[look.language]
    name = f"Sara {tag}"
    customer = up.ask("POST", "/api/v1/customers", {"identities": [f"user:{tag}"], "traits": {"name": name}}, expect=201)["id"]
    with console.opened("/programmes", look) as page:
        console.checked(page, f"programmes-{look.name}")
        page.get_by_role("link", name=words["new"]).click()
        page.get_by_role("textbox", name=words["name"]).first.fill(f"Club {tag}")
        for tier in ("silver", "gold"):
            page.get_by_role("button", name=words["add_tier"]).click()
            page.get_by_label(words["tier"]).last.fill(tier)
        console.checked(page, f"programme-new-{look.name}")
        page.get_by_role("button", name=words["draft"]).click()
        page.get_by_role("heading", name=f"Club {tag}").wait_for()
        page.get_by_role("button", name=words["start"], exact=True).click()
        page.get_by_text(words["running"], exact=True).wait_for()
        page.get_by_role("tab", name=words["rewards"]).click()
        page.get_by_role("button", name=words["new_reward"]).click()
        page.get_by_role("dialog").get_by_role("textbox", name=words["name"]).first.fill(f"Cup {tag}")
        console.checked(page, f"reward-new-{look.name}")
        page.get_by_role("button", name=words["add"], exact=True).click()
        page.get_by_role("tabpanel").get_by_text(f"Cup {tag}").wait_for()
        console.checked(page, f"programme-rewards-{look.name}")
        made = next(one for one in up.all("/api/v1/programmes") if one["name"] == f"Club {tag}")
        assert (made["status"], [tier["name"] for tier in made["settings"]["tiers"]]) == ("running", ["silver", "gold"])
        journey.until(lambda: up.ask("GET", f"/api/v1/playbooks/choices/{customer}", expect=None).status_code == 200, "the campaign service knows the customer")
        page.get_by_role("tab", name=words["one"]).click()
        page.get_by_role("combobox", name=words["customer"]).fill(name)
        page.get_by_role("option", name=name).click()
        page.get_by_role("button", name=words["in"], exact=True).click()
        page.get_by_label(words["points"]).fill("120")
        page.get_by_label(words["why"]).fill("late parcel")
        page.get_by_role("button", name=words["book"], exact=True).click()
        statement = page.get_by_role("region", name=words["all"])
        expect(statement.get_by_text("late parcel").first).to_be_visible()
        may = page.get_by_role("region", name=words["may"])
        may.get_by_role("button", name=words["take"]).first.click()
        expect(page.get_by_text(words["20"], exact=True).first).to_be_visible()
        console.checked(page, f"programme-member-{look.name}")
        standing = up.ask("GET", f"/api/v1/programmes/{made['id']}/members/{customer}")
        assert standing["balance"] == 20
        page.get_by_role("button", name=words["undo"], exact=True).click()
        page.get_by_text(words["back"]).first.wait_for()
        assert up.ask("GET", f"/api/v1/programmes/{made['id']}/members/{customer}")["balance"] == 120
        page.get_by_role("tab", name=words["report"]).click()
        page.get_by_text(words["books"]).wait_for()
        console.checked(page, f"programme-report-{look.name}")


@pytest.mark.parametrize("look", [Look("en"), Look("fa", dark=True, narrow=True)], ids=lambda look: look.name)
def test_a_playbook_is_changed_started_and_stopped(up: Upright, console: Console, look: Look) -> None:
    key, words = {"en": "acquire-ease", "fa": "retain-adapt"}[look.language], WORDS[look.language]
    with console.opened("/programmes/playbooks", look) as page:
        page.get_by_role("heading", name=words["play"], exact=True).wait_for()
        console.checked(page, f"playbooks-{look.name}")
        page.locator(f"a[href='/programmes/playbooks/{key}']").click()
        page.get_by_role("tab", name=words["change"]).click()
        page.get_by_label(words["title"]).fill(f"Changed {key}")
        console.checked(page, f"playbook-change-{look.name}")
        page.get_by_role("button", name=words["save"]).click()
        page.get_by_role("heading", name=f"Changed {key}").wait_for()
        page.get_by_text(words["version"]).wait_for()
        page.get_by_role("button", name=words["start"], exact=True).click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label(words["address"]).fill("shop@console.example")
        dialog.get_by_label(re.compile(words["launch"])).uncheck()  # as drafts: the platform is shared, and nobody is to be written to
        console.checked(page, f"playbook-start-{look.name}")
        dialog.get_by_role("button", name=words["start"], exact=True).click()
        panel = page.get_by_role("tabpanel")
        panel.get_by_role("button", name=words["stop"], exact=True).click()
        page.get_by_role("dialog").get_by_role("button", name=words["stop"], exact=True).click()
        panel.get_by_text(words["stopped"], exact=True).first.wait_for()
        console.checked(page, f"playbook-runs-{look.name}")
        settled(page)
    kept = up.ask("GET", f"/api/v1/playbooks/{key}")
    assert (kept["version"], kept["title"][look.language]) == (1, f"Changed {key}")
    runs = up.ask("GET", "/api/v1/playbooks/runs", params={"key": key})["data"]
    assert [run["status"] for run in runs] == ["stopped"]
