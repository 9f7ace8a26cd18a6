"""The console's duplicates: somebody who registered twice is found, looked at side by side, merged by a key, taken back, kept apart, in each language."""

from __future__ import annotations

import json
import uuid

import pytest
from playwright.sync_api import expect

from tests.e2e import journey
from tests.support import people
from tests.support.consoles import Console, Look
from tests.support.upright import Upright

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

WORDS = {
    "en": {"scan": "Look through all customers", "done": "All customers were looked through", "side": "Side by side", "preview": "What a merge comes to", "merged": "Both are one customer now", "undone": "customers of their own again",
           "state": "Show", "not": "Not the same", "kept": "nothing brings these two together again", "pair": "Pair 1 of 1", "empty": "Nothing to look at", "differs": "differs", "list": "Duplicates"},
    "fa": {"scan": "همهٔ مشتریان را بگرد", "done": "همهٔ مشتریان گشته شدند", "side": "کنار هم", "preview": "ادغام به چه می‌انجامد", "merged": "اکنون هر دو یک مشتری‌اند", "undone": "هر دو دوباره جدا هستند",
           "state": "نمایش", "not": "یکی نیستند", "kept": "دیگر چیزی این دو را به هم نمی‌پیوندد", "pair": "جفت ۱ از ۱", "empty": "چیزی برای بررسی نیست", "differs": "متفاوت", "list": "تکراری‌ها"},
}
ADA = {"birthday": "1990-12-10", "address": {"city": "London", "postcode": "W1A 1AA"}, "given_name": "Ada", "family_name": "Byron"}
OTHERS = {"en": {}, "fa": {"birthday": "1984-03-05", "address": {"city": "Shiraz", "postcode": "7146"}, "given_name": "Golnar", "family_name": "Farahani"}}


@pytest.fixture(scope="module")
def crowd(up: Upright) -> None:
    """Enough people that it shows how rare a name or a day is."""
    tag = uuid.uuid4().hex[:8]
    rows = "".join(json.dumps({"user_id": f"d{place}-{tag}", **record.traits}) + "\n" for place, record in enumerate(people.records(300)))
    sent = up.ask("POST", f"/api/v1/imports/file?name=people-{tag}", headers={"content-type": "application/x-ndjson"}, content=rows.encode(), expect=202)["id"]
    journey.until(lambda: up.ask("GET", f"/api/v1/imports/{sent}")["state"] == "done", "the crowd is there", seconds=90)


@pytest.mark.usefixtures("crowd")
@pytest.mark.parametrize("look", [Look("en"), Look("fa", dark=True, narrow=True)], ids=lambda look: look.name)
def test_who_is_here_twice_is_found_merged_and_taken_back(up: Upright, console: Console, look: Look) -> None:
    tag, words = uuid.uuid4().hex[:8], WORDS[look.language]
    traits = {**ADA, **OTHERS[look.language]}
    low, high = (
        up.ask("POST", "/api/v1/customers", {"identities": [f"ext:{place}:{tag}"], "traits": {**traits, "family_name": f"{traits['family_name']}{ending}"}}, expect=201)["id"]
        for place, ending in (("a", ""), ("b", "n"))
    )
    with console.opened("/customers", look) as page:
        page.get_by_role("link", name=words["list"]).click()
        page.get_by_role("button", name=words["scan"]).click()
        page.get_by_text(words["done"]).wait_for(timeout=90_000)
        page.goto(f"{up.url}/customers/duplicates?customer={low}")
        page.get_by_text(words["pair"]).wait_for()
        expect(page.get_by_role("region", name=words["side"]).first).to_contain_text(words["differs"])
        page.get_by_role("region", name=words["preview"]).get_by_text(f"ext:{'b'}:{tag}").wait_for()
        console.checked(page, f"duplicates-{look.name}")
        page.keyboard.press("m")
        page.get_by_text(words["merged"]).wait_for()
        page.get_by_text(words["empty"]).wait_for()
        assert up.ask("GET", f"/api/v1/customers/{high}")["id"] == low
        page.get_by_label(words["state"]).select_option("merged")
        page.get_by_text(words["pair"]).wait_for()
        console.checked(page, f"duplicates-merged-{look.name}")
        page.keyboard.press("u")
        page.get_by_text(words["undone"]).wait_for()
        assert up.ask("GET", f"/api/v1/customers/{high}")["id"] == high
        page.get_by_label(words["state"]).select_option("open")
        page.get_by_text(words["pair"]).wait_for()
        page.get_by_role("button", name=words["not"], exact=True).click()
        page.get_by_text(words["kept"]).wait_for()
        page.get_by_text(words["empty"]).wait_for()
    (kept,) = up.all("/api/v1/duplicates", state="not_same", customer=low)
    assert {kept["low_id"], kept["high_id"]} == {low, high}
