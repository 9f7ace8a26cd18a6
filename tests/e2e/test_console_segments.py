"""The console's segments: a marketer builds a rule, sees who fits, saves it and asks why somebody is in, in each language."""

from __future__ import annotations

import uuid

import pytest
from playwright.sync_api import expect

from tests.e2e import journey
from tests.support.consoles import Console, Look
from tests.support.upright import Upright

WORDS = {
    "en": {"new": "New segment", "name": "Name", "add": "Add a condition", "trait": "Trait", "value": "Value", "save": "Save the segment", "fits": "Who fits now", "why": "Why in, why out",
           "person": "Customer", "in": "Is in the segment", "one": "1"},
    "fa": {"new": "بخش تازه", "name": "نام", "add": "افزودن شرط", "trait": "ویژگی", "value": "مقدار", "save": "ذخیرهٔ بخش", "fits": "اکنون چه کسانی می‌خورند", "why": "چرا هست، چرا نیست",
           "person": "مشتری", "in": "در این بخش هست", "one": "۱"},
}


@pytest.mark.parametrize("look", [Look("en"), Look("fa", dark=True, narrow=True)], ids=lambda look: look.name)
def test_a_rule_is_built_counted_saved_and_explained(up: Upright, console: Console, look: Look) -> None:
    tag, words = uuid.uuid4().hex[:8], WORDS[look.language]
    name = f"Sara {tag}"
    customer = up.ask("POST", "/api/v1/customers", {"identities": [f"user:{tag}"], "traits": {"name": name, "tag": f"t{tag}"}}, expect=201)["id"]
    rule = {"trait": "tag", "op": "eq", "value": f"t{tag}"}
    journey.until(lambda: up.ask("POST", "/api/v1/segments/preview", {"rule": rule})["count"] == 1, "analytics knows the customer")
    with console.opened("/segments", look) as page:
        console.checked(page, f"segments-{look.name}")
        page.get_by_role("link", name=words["new"]).first.click()
        page.get_by_label(words["name"], exact=False).first.fill(f"Tagged {tag}")
        page.get_by_role("button", name=words["add"]).click()
        page.get_by_label(words["trait"], exact=True).fill("tag")
        page.get_by_label(words["value"], exact=True).fill(f"t{tag}")
        fits = page.get_by_role("region", name=words["fits"])
        expect(fits.get_by_role("status")).to_have_text(words["one"])
        expect(fits.get_by_role("link", name=name)).to_be_visible()
        console.checked(page, f"segment-new-{look.name}")
        page.get_by_role("button", name=words["save"]).click()
        page.get_by_role("tab", name=words["why"]).click()
        page.get_by_role("combobox", name=words["person"]).fill(name)
        page.get_by_role("option", name=name).click()
        panel = page.get_by_role("tabpanel")
        expect(panel.get_by_role("alert")).to_contain_text(words["in"])
        expect(panel).to_contain_text(f"t{tag}")
        console.checked(page, f"segment-why-{look.name}")
    saved = next(one for one in up.all("/api/v1/segments") if one["name"] == f"Tagged {tag}")
    assert saved["rule"] == {"all": [rule]}
    assert [one["customer_id"] for one in up.all(f"/api/v1/segments/{saved['id']}/members")] == [customer]


@pytest.mark.parametrize(("look", "month", "day"), [(Look("en"), "March 2026", "22"), (Look("fa", dark=True, narrow=True), "فروردین ۱۴۰۵", "۲")], ids=lambda one: one.name if isinstance(one, Look) else None)
def test_a_day_is_chosen_from_the_calendar_of_the_language(console: Console, look: Look, month: str, day: str) -> None:
    words = WORDS[look.language]
    with console.opened("/segments/new", look) as page:
        page.get_by_role("button", name=words["add"]).click()
        page.get_by_label({"en": "Comparison", "fa": "مقایسه"}[look.language], exact=True).select_option("before")
        value = page.get_by_label(words["value"], exact=True)
        value.fill("2026-03-21")
        page.get_by_role("button", name={"en": "Choose a day", "fa": "گزینش روز"}[look.language]).click()
        for word in month.split():  # which stands first is the browser's to say
            expect(page.locator(".month-name")).to_contain_text(word)
        console.checked(page, f"day-{look.name}")
        page.locator(".day:not([data-outside-month])").get_by_text(day, exact=True).click()
        expect(value).to_have_value("2026-03-22")
