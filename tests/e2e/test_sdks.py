"""U7, U8: the official SDKs of Segment, RudderStack and Jitsu, unmodified, each event stored exactly once, also on a troubled way."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.support.troubled import CUT, LOST, TOO_MANY, UNAVAILABLE, Way, troubled
from tests.support.upright import ROOT, Upright

SDKS = ROOT / "tests" / "sdks"
PYTHON = ROOT / ".venv-sdk" / "bin" / "python"
NODE_MODULES = SDKS / "node" / "node_modules"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
REQUIRED = bool(os.environ.get("ECRM_REQUIRE_REAL"))
FILES = {
    "/pages/": SDKS / "browser", "/sdk/segment/": NODE_MODULES / "@segment/analytics-next/dist/umd",
    "/sdk/rudder/": NODE_MODULES / "@rudderstack/analytics-js/dist/npm/modern/bundled/umd", "/sdk/jitsu/": NODE_MODULES / "@jitsu/js/dist",
}
#: Nothing wrong; the platform sheds, then the network; stored although the client never heard so (it sends again what is there already).
WAYS = {"smooth": (), "refused": (UNAVAILABLE, TOO_MANY, CUT), "unheard": (LOST, LOST)}
ways = pytest.mark.parametrize("way", list(WAYS))
SIX = ["alias", "group", "identify", "page", "screen", "track"]


def needs(what: bool, reason: str) -> None:
    if not what and not REQUIRED:
        pytest.skip(reason)
    assert what, reason


def post(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def stored(up: Upright, user: str, expected: int, *, seconds: float = 30) -> list[dict[str, Any]]:
    """What is on the user's timeline once there is as much as expected, and a while later: nothing comes a second time."""
    customer = up.customer(f"user:{user}", seconds=seconds)
    up.timeline(customer["id"], expected, seconds=seconds)
    time.sleep(1.5)
    return up.timeline(customer["id"], expected)


def once(up: Upright, user: str, expected: list[str], went: Way, troubles: tuple[str, ...]) -> None:
    """Each event exactly once, and the troubles really happened."""
    entries = stored(up, user, len(expected))
    assert sorted(entry["kind"] for entry in entries) == sorted(expected)
    assert max(Counter(entry["message_id"] for entry in entries).values()) == 1
    met = [what for _, what in went.happened if what in {UNAVAILABLE, TOO_MANY, CUT, LOST}]
    assert set(met) == set(troubles), went.happened


@ways
@pytest.mark.parametrize("gzip", ["0", "1"])
def test_segment_python(up: Upright, gzip: str, way: str) -> None:
    needs(PYTHON.exists(), "the Python SDKs are not installed: run `make sdks`")
    user = f"py-{uuid.uuid4().hex[:8]}"
    with troubled(up.url, *WAYS[way]) as went:
        post([str(PYTHON), "segment_post.py", went.url, up.source_key, user, gzip], SDKS / "python")
        once(up, user, [*SIX, "track"], went, WAYS[way])


@ways
def test_rudder_python(up: Upright, way: str) -> None:
    needs(PYTHON.exists(), "the Python SDKs are not installed: run `make sdks`")
    user = f"rpy-{uuid.uuid4().hex[:8]}"
    with troubled(up.url, *WAYS[way]) as went:
        post([str(PYTHON), "rudder_post.py", went.url, up.source_key, user], SDKS / "python")
        once(up, user, SIX, went, WAYS[way])


@ways
@pytest.mark.parametrize("script", ["segment.mjs", "rudder.mjs"])
def test_node_sdks(up: Upright, script: str, way: str) -> None:
    needs(shutil.which("node") is not None and NODE_MODULES.exists(), "Node or its SDKs are not installed: run `make sdks`")
    user = f"node-{uuid.uuid4().hex[:8]}"
    with troubled(up.url, *WAYS[way]) as went:
        post(["node", script, went.url, up.source_key, user], SDKS / "node")
        once(up, user, SIX, went, WAYS[way])


@pytest.fixture(scope="module")
def browser_key(up: Upright) -> str:
    """The public key of a browser source that may be used from everywhere."""
    made = up.ask("POST", "/api/v1/sources", {"name": "browser", "kind": "browser", "origins": ["*"]}, expect=201)
    time.sleep(1)
    key: str = made["key"]
    return key


#: What each page sends: once for each event, in any order.
_PAGE = ["page", "identify", "track", "track", "group"]
PAGES = {"segment": [*_PAGE, "screen", "alias"], "segment batching": [*_PAGE, "screen", "alias"], "rudder": [*_PAGE, "alias"], "jitsu": _PAGE}


@pytest.mark.real
@ways
@pytest.mark.parametrize("page", list(PAGES))
def test_browser_sdks(up: Upright, browser_key: str, page: str, way: str) -> None:
    """In headless Chromium, from another origin than the platform's."""
    needs(CHROMIUM is not None, "Chromium is not installed: apt-get install chromium")
    needs((NODE_MODULES / "puppeteer-core").exists(), "the SDKs for Node and browsers are not installed: run `make sdks`")
    if page == "jitsu" and way == "refused":
        pytest.skip("@jitsu/js tries nothing again: what is refused once is lost in the browser, whoever refused it")
    user = f"web-{uuid.uuid4().hex[:8]}"
    name, _, batching = page.partition(" ")
    with troubled(up.url, *WAYS[way]) as went, troubled(up.url, files=FILES) as pages:
        host = went.url.removeprefix("http://")
        address = f"{pages.url}/pages/{name}.html?host={host}&key={browser_key}&user={user}&batching={batching}"
        assert CHROMIUM is not None
        process = subprocess.Popen(
            ["node", "browser.mjs", CHROMIUM, address, "60"], cwd=SDKS / "node", stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        try:
            once(up, user, PAGES[page], went, WAYS[way])
        finally:
            told, _ = process.communicate(timeout=90)  # closes stdin: the page may go
    assert process.returncode == 0, told
