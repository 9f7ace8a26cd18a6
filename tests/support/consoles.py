"""The console in a real browser: a page in a language, colours and a width, ready, without complaints, accessible, with a picture kept."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.support.upright import ROOT, Upright

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM: Final = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
AXE: Final = ROOT / "console/node_modules/axe-core/axe.min.js"
PICTURES: Final = ROOT / "build/console"
REQUIRED: Final = bool(os.environ.get("ECRM_REQUIRE_REAL"))
#: The npm that can install what the console is built with.
BUILDS: Final = 11
TAGS: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
WIDE: Final = (1280, 800)
NARROW: Final = (360, 740)


@dataclass(frozen=True)
class Look:
    """How somebody looks at the console."""

    language: str = "en"
    dark: bool = False
    narrow: bool = False

    @property
    def name(self) -> str:
        return f"{self.language}-{'dark' if self.dark else 'light'}-{'narrow' if self.narrow else 'wide'}"


LOOKS: Final = [Look(language, dark, narrow) for language in ("en", "fa") for dark in (False, True) for narrow in (False, True)]


@dataclass
class Console:
    """A browser at one platform."""

    up: Upright
    browser: Browser

    @contextmanager
    def opened(self, path: str, look: Look = Look(), *, key: str | None = None, signed_in: bool = True, refused: bool = False) -> Iterator[Page]:
        """A ready page, signed in with a key (the administrator's); at the end nothing may have gone wrong in it.

        `refused`: the story has the platform refuse something, which the browser notes (422).
        """
        width, height = NARROW if look.narrow else WIDE
        context = self.browser.new_context(
            viewport={"width": width, "height": height}, color_scheme="dark" if look.dark else "light", locale="en-GB", timezone_id="Asia/Tehran", reduced_motion="reduce"
        )
        context.add_init_script(f"if (window === window.top) localStorage.setItem('peyvand-language', '{look.language}')")
        if signed_in:
            shown = {"authorization": f"Bearer {key or self.up.admin_key}", "x-ecrm-console": "1", "origin": self.up.url}
            assert context.request.post(self.up.url + "/api/v1/session", headers=shown).status == 200
        page = context.new_page()
        page.set_default_timeout(30_000)
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: wrong.append(message.text) if message.type in {"error", "warning"} else None)
        page.goto(self.up.url + path)
        settled(page)
        yield page
        if refused:
            wrong = [line for line in wrong if "status of 422" not in line]
        assert wrong == [], f"{path} {look.name}: {wrong}"
        context.close()

    def checked(self, page: Page, name: str) -> None:
        """No serious fault against WCAG 2.2 AA, nothing wider than the screen, and a picture in build/console."""
        settled(page)
        PICTURES.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(PICTURES / f"{name}.png"))
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{name} is {wide} px wider than the screen"
        if not AXE.exists():
            assert not REQUIRED or npm_version() < BUILDS, "axe-core is missing: npm ci in console/"
            return
        page.evaluate(AXE.read_text(encoding="utf-8"))
        found: list[dict[str, Any]] = page.evaluate("tags => axe.run(document, {runOnly: tags}).then(told => told.violations)", TAGS)
        bad = [
            f"{one['id']} ({one['impact']}): {node['html'][:160]} {node['failureSummary'][:200]}" for one in found if one["impact"] in {"serious", "critical"} for node in one["nodes"][:3]
        ]
        assert bad == [], name + "\n" + "\n".join(bad)


def npm_version() -> int:
    """Its first number; 0 where there is none."""
    npm = shutil.which("npm")
    return int(subprocess.run([npm, "--version"], capture_output=True, text=True, check=True).stdout.split(".")[0]) if npm else 0


def settled(page: Page) -> None:
    """Nothing is waited for any more: the heading stands, no sign of waiting is there, and the fonts are loaded."""
    page.wait_for_selector("h1, h2")
    page.wait_for_selector("[data-waiting]", state="detached")
    page.evaluate("document.fonts.ready.then(() => true)")


@contextmanager
def console(up: Upright) -> Iterator[Console]:
    """A browser for one module; skips where there is none."""
    if not REQUIRED and CHROMIUM is None:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield Console(up, browser)
        finally:
            browser.close()
