"""The console's analytics: a figure with its formula and rows, a funnel, cohorts, stages and models, in each language."""

from __future__ import annotations

import uuid

import pytest
from playwright.sync_api import expect

from tests.e2e import journey
from tests.support.consoles import Console, Look, settled
from tests.support.upright import Upright

WORDS = {
    "en": {"steps": "Steps", "count": "Count", "rows": "Show the rows", "behind": "Rows behind the figure", "how": "How it is computed"},
    "fa": {"steps": "گام‌ها", "count": "بشمار", "rows": "نمایش ردیف‌ها", "behind": "ردیف‌های پشت شاخص", "how": "چگونه حساب می‌شود"},
}


@pytest.mark.parametrize("look", [Look("en"), Look("fa", dark=True, narrow=True)], ids=lambda look: look.name)
def test_figures_are_explained_and_steps_are_counted(up: Upright, console: Console, look: Look) -> None:
    tag, words = uuid.uuid4().hex[:8], WORDS[look.language]
    up.collect([{"type": "track", "event": event, "userId": f"u{tag}", "messageId": f"{event}-{tag}"} for event in (f"Seen {tag}", f"Bought {tag}")])
    journey.until(lambda: up.ask("POST", "/api/v1/funnels", {"steps": [{"event": f"Bought {tag}"}]})["steps"][0]["count"] == 1, "the events are counted")
    with console.opened("/analytics", look) as page:
        expect(page.get_by_text(words["how"], exact=False)).to_be_visible()
        page.get_by_role("button", name=words["rows"]).click()
        settled(page)
        expect(page.get_by_role("region", name=words["behind"]).first).to_be_visible()
        console.checked(page, f"analytics-metrics-{look.name}")
        tabs = page.get_by_role("tab")
        tabs.nth(1).click()
        page.get_by_role("textbox", name=words["steps"]).fill(f"Seen {tag}\nBought {tag}")
        page.get_by_role("button", name=words["count"], exact=True).click()
        expect(page.get_by_role("tabpanel").get_by_text(f"Bought {tag}").last).to_be_visible()
        console.checked(page, f"analytics-funnel-{look.name}")
        for place, name in enumerate(("cohorts", "stages", "models"), start=2):
            tabs.nth(place).click()
            expect(tabs.nth(place)).to_have_attribute("aria-selected", "true")
            console.checked(page, f"analytics-{name}-{look.name}")
