"""The console in a real browser: signing in, the start page, a customer's whole story, merging and taking it back (D6, U51)."""

from __future__ import annotations

import re
import subprocess
import uuid
from pathlib import Path

import pytest

from chassis import settings
from tests.support.consoles import BUILDS, LOOKS, REQUIRED, Console, Look, npm_version, settled
from tests.support.upright import ROOT, Upright

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

FOLDER = ROOT / "console"
BUILT = ROOT / "gateway/console"


@pytest.fixture(scope="module")
def mina(up: Upright) -> str:
    """A customer with a history in both languages."""
    mark = uuid.uuid4().hex[:8]
    up.collect([
        {"type": "identify", "userId": f"console-{mark}", "messageId": f"{mark}-1", "traits": {"name": "مینا رضایی", "email": f"{mark}@console.example", "language": "fa"}},
        {"type": "track", "userId": f"console-{mark}", "messageId": f"{mark}-2", "event": "Order Completed", "properties": {
            "order_id": f"{mark}-o", "total": 1_250_000, "currency": "IRR", "products": [{"product_id": "rug", "name": "گلیم", "price": 1_250_000, "quantity": 1}]}},
        {"type": "identify", "userId": f"twice-{mark}", "messageId": f"{mark}-3", "traits": {"name": "M. Rezaei", "phone": "+989121112233"}},
    ])
    customer = up.customer(f"user:console-{mark}")
    up.customer(f"user:twice-{mark}")
    up.timeline(customer["id"], 2)
    return f"{customer['id']} {mark}"


def test_somebody_signs_in_with_the_first_key(console: Console, up: Upright) -> None:
    with console.opened("/", signed_in=False) as page:
        console.checked(page, "sign-in")
        page.get_by_label("API key").fill(up.admin_key)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("heading", name="Start", exact=True).wait_for()
        assert page.evaluate("JSON.stringify({...localStorage}) + JSON.stringify({...sessionStorage}) + document.cookie").find(up.admin_key) == -1
        page.reload()
        page.get_by_role("heading", name="Start", exact=True).wait_for()
        page.get_by_role("button", name="Sign out").click()
        page.get_by_label("API key").wait_for()


def test_a_menu_shows_what_a_role_may(console: Console, up: Upright) -> None:
    key = up.ask("POST", "/api/v1/keys", {"name": "console figures", "scopes": ["analytics:read"]}, expect=201)["key"]
    with console.opened("/", key=key) as page:
        page.get_by_text("Signed in as console figures").wait_for()
        assert page.get_by_role("navigation").get_by_text("Customers", exact=True).count() == 0
        page.goto(up.url + "/customers")
        page.get_by_text("This page is not for you").wait_for()


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
def test_start_and_customers_in_every_look(console: Console, mina: str, look: Look) -> None:
    customer, _ = mina.split()
    with console.opened("/", look) as page:
        console.checked(page, f"start-{look.name}")
        for path, name in (("/customers", "customers"), (f"/customers/{customer}", "customer")):
            page.goto(console.up.url + path)
            settled(page)
            console.checked(page, f"{name}-{look.name}")


@pytest.mark.parametrize("look", [Look(), Look("fa", dark=True, narrow=True)], ids=lambda look: look.name)
def test_a_customers_whole_story(console: Console, mina: str, look: Look) -> None:
    customer, mark = mina.split()
    tabs = {
        "en": ("Orders", "Consents", "Scores", "Cases", "Profile", "Merges"), "fa": ("سفارش‌ها", "رضایت‌ها", "امتیازها", "پرونده‌ها", "مشخصات", "ادغام‌ها"),
    }[look.language]
    with console.opened("/customers", look) as page:
        page.get_by_role("searchbox").fill(f"{mark}@console.example")
        page.get_by_role("link", name="مینا رضایی").click()
        page.get_by_role("heading", name="مینا رضایی").wait_for()
        page.get_by_text("Order Completed").first.wait_for()
        for tab in tabs:
            page.get_by_role("tab", name=tab).click()
            console.checked(page, f"customer-{tabs.index(tab)}-{look.name}")
            if tab in {"Orders", "سفارش‌ها"}:
                page.get_by_text("125,000 toman" if look.language == "en" else "۱۲۵٬۰۰۰ تومان").wait_for()
    assert customer


def test_a_merge_is_looked_at_done_and_taken_back(console: Console, mina: str) -> None:
    customer, mark = mina.split()
    with console.opened(f"/customers/{customer}") as page:
        page.get_by_role("tab", name="Merges").click()
        page.get_by_label("Id or identity of the other customer").fill(f"user:twice-{mark}")
        page.get_by_role("button", name="Show what would happen").click()
        page.get_by_text(f"user:twice-{mark}", exact=True).wait_for()
        console.checked(page, "merge-preview")
        page.get_by_role("button", name="Merge", exact=True).click()
        page.get_by_text("Both are one customer now").wait_for()
        assert console.up.customer(f"user:twice-{mark}")["id"] == customer
        page.get_by_role("button", name="Undo this merge").first.click()
        page.get_by_text("Both are customers of their own again").first.wait_for()
    assert console.up.customer(f"user:twice-{mark}")["id"] != customer


def test_the_keyboard_and_a_wrong_address(console: Console) -> None:
    with console.opened("/nothing/here") as page:
        page.get_by_text("There is no such page").wait_for()
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
        page.keyboard.press("Enter")
        assert page.evaluate("location.hash") == "#content"


def test_what_is_committed_is_what_the_sources_say(tmp_path: Path) -> None:
    if npm_version() < BUILDS or not (FOLDER / "node_modules").exists():
        assert not (REQUIRED and npm_version() >= BUILDS), "run npm ci in console/"
        pytest.skip("npm 11 and console/node_modules are needed: run `make console`")
    done = subprocess.run(
        ["npm", "run", "--silent", "build", "--", "--outDir", str(tmp_path / "built")], cwd=FOLDER, capture_output=True, text=True, timeout=220, check=False, env=settings.environment()
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    made, kept = ({str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()} for root in (tmp_path / "built", BUILT))
    assert sorted(made) == sorted(kept), "run `make console` and commit gateway/console"
    assert [name for name in made if made[name] != kept[name]] == []


def test_no_text_is_written_into_a_component() -> None:
    for path in sorted(FOLDER.joinpath("src").rglob("*.tsx")):
        words = re.findall(r">\s*([A-Za-z]{3,}[A-Za-z ]*)\s*</", path.read_text(encoding="utf-8"))
        assert words == [], path.name


@pytest.mark.parametrize("look", [Look(), Look("fa", dark=True, narrow=True)], ids=lambda look: look.name)
def test_events_are_seen_as_they_come(console: Console, look: Look) -> None:
    pause, go = ("Pause", "Go on") if look.language == "en" else ("مکث", "ادامه")
    mark = uuid.uuid4().hex[:8]
    with console.opened("/live", look) as page:
        page.get_by_text("Listening" if look.language == "en" else "در حال شنیدن").wait_for()
        console.checked(page, f"live-empty-{look.name}")
        console.up.collect([{"type": "track", "userId": f"live-{mark}", "messageId": f"{mark}-1", "event": f"Seen {mark}", "properties": {"where": {"page": "home"}}}])
        page.get_by_role("button", name=f"Seen {mark}").click()
        page.get_by_text(re.compile("^where")).click()
        page.get_by_text('"home"').wait_for()
        console.checked(page, f"live-{look.name}")
        page.get_by_role("button", name=pause).click()
        console.up.collect([{"type": "track", "userId": f"live-{mark}", "messageId": f"{mark}-2", "event": f"Later {mark}"}])
        page.get_by_role("searchbox").fill(mark)
        assert page.get_by_role("button", name=f"Later {mark}").count() == 0
        page.get_by_role("button", name=go).click()
        page.get_by_role("button", name=f"Later {mark}").wait_for()
