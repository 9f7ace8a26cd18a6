"""Every command of the gateway's pages as it stands, the Bruno collection by Bruno's own program, and the page to try things out in a browser."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

from chassis import settings
from tests.support.upright import ROOT, Upright

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

PAGES: Final = sorted((ROOT / "docs").glob("gateway-*.md"))
BRUNO: Final = ROOT / "tests/sdks/bruno/node_modules/.bin/bru"
CHROMIUM: Final = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
REQUIRED: Final = bool(os.environ.get("ECRM_REQUIRE_REAL"))
#: A path of every test that provokes refusals at the door.
TESTS: Final = ("tests/integration/gateway", "tests/unit/gateway", "tests/integration/chassis")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_works_as_it_stands(up: Upright, tmp_path: Path, page: Path) -> None:
    script = "".join(re.findall(r"^```sh\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL))
    assert "curl " in script
    command = f'ecrm() {{ "{ROOT}/.venv/bin/python" -m launcher "$@" --data "{up.data}"; }}\n'
    strict = 'set -eu -o pipefail\ncurl() { command curl -sS --fail-with-body --max-time 30 "$@"; }\n'
    given = {**settings.environment(), "URL": up.url, "KEY": up.admin_key, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(["bash", "-c", strict + command + script], cwd=tmp_path, env=given, capture_output=True, text=True, timeout=150, check=False)
    assert done.returncode == 0, f"{done.stdout[-1500:]}{done.stderr[-800:]}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_refusal_of_the_tables_is_provoked_by_a_test(page: Path) -> None:
    table = page.read_text(encoding="utf-8").partition("| bad input | answer |")[2]
    codes = set(re.findall(r"`([a-z]+\.[a-z_]+)`", table)) | set(re.findall(r"SDK routes `([a-z_]+)`", table))
    assert codes
    tests = "".join(path.read_text(encoding="utf-8") for folder in TESTS for path in (ROOT / folder).glob("*.py"))
    assert sorted(code for code in codes if code not in tests) == []


def test_the_bruno_collection(up: Upright, tmp_path: Path) -> None:
    if not REQUIRED and not (BRUNO.exists() and shutil.which("node")):
        pytest.skip("Bruno's command line is not installed: run `make sdks`")
    found = tmp_path / "found.json"
    done = subprocess.run(
        [str(BRUNO), "run", "-r", "--env", "local", "--env-var", f"url={up.url}", "--env-var", f"key={up.admin_key}", "--output", str(found)],
        cwd=ROOT / "docs/bruno", capture_output=True, text=True, timeout=150, check=False, env={**settings.environment(), "NO_COLOR": "1"},
    )
    assert found.exists(), done.stdout[-600:] + done.stderr[-500:]
    [whole] = json.loads(found.read_text(encoding="utf-8"))
    refused = [
        (one["path"], one["error"], one["response"].get("status"), one["response"].get("data"), [each for each in one["assertionResults"] if each["status"] != "pass"])
        for one in whole["results"]
        if one["error"] or any(each["status"] != "pass" for each in one["assertionResults"])
    ]
    assert refused == []
    assert done.returncode == 0, done.stdout[-600:] + done.stderr[-500:]
    summary, asked = whole["summary"], len(list((ROOT / "docs/bruno").glob("*/[0-9]*.bru")))
    assert (summary["totalRequests"], summary["passedRequests"], summary["failedAssertions"]) == (asked, asked, 0)
    assert summary["passedAssertions"] >= 45


def test_somebody_tries_it_out_in_a_browser(up: Upright, tmp_path: Path) -> None:
    if not REQUIRED and CHROMIUM is None:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(up.url + "/docs")
        page.wait_for_function("document.body.innerText.includes('/api/v1/customers')", timeout=30_000)
        picture = tmp_path / "docs.png"
        page.fill("#key", up.admin_key)
        operation = page.locator("details", has=page.get_by_text("/api/v1/me", exact=True)).first
        operation.locator("summary").click()
        operation.locator("form button").click()
        answer = operation.locator("form pre")
        answer.filter(has_text="200").wait_for(timeout=20_000)
        assert '"admin"' in answer.inner_text()
        page.screenshot(path=str(picture))
        assert picture.stat().st_size > 10_000
        assert {url.split("/")[2] for url in asked if url.startswith("http")} == {up.url.split("/")[2]}, "it asks nobody else"
        assert errors == []
        browser.close()
