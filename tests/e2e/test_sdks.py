"""U7, U8: the official SDKs of Segment and RudderStack, unmodified, each event stored exactly once."""

from __future__ import annotations

import os
import shutil
import subprocess
import uuid
from pathlib import Path

import pytest

from tests.support.upright import ROOT, Upright

PYTHON = ROOT / ".venv-sdk" / "bin" / "python"
NODE_MODULES = ROOT / "tests" / "sdks" / "node" / "node_modules"
REQUIRED = bool(os.environ.get("ECRM_REQUIRE_REAL"))


def needs(what: bool, reason: str) -> None:
    if not what and not REQUIRED:
        pytest.skip(reason)
    assert what, reason


def post(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def kinds_of(up: Upright, user: str, expected: int) -> list[str]:
    customer = up.customer(f"user:{user}")
    entries = up.timeline(customer["id"], expected)
    return sorted(entry["kind"] for entry in entries)


@pytest.mark.parametrize("gzip", ["0", "1"])
def test_segment_python(up: Upright, gzip: str) -> None:
    needs(PYTHON.exists(), "the Python SDKs are not installed: run `make sdks`")
    user = f"py-{uuid.uuid4().hex[:8]}"
    post([str(PYTHON), "segment_post.py", up.url, up.source_key, user, gzip], ROOT / "tests/sdks/python")
    assert kinds_of(up, user, 7) == sorted(["identify", "track", "page", "screen", "group", "alias", "track"])


def test_rudder_python(up: Upright) -> None:
    needs(PYTHON.exists(), "the Python SDKs are not installed: run `make sdks`")
    user = f"rpy-{uuid.uuid4().hex[:8]}"
    post([str(PYTHON), "rudder_post.py", up.url, up.source_key, user], ROOT / "tests/sdks/python")
    assert kinds_of(up, user, 6) == sorted(["identify", "track", "page", "screen", "group", "alias"])


@pytest.mark.parametrize("script", ["segment.mjs", "rudder.mjs"])
def test_node_sdks(up: Upright, script: str) -> None:
    needs(shutil.which("node") is not None and NODE_MODULES.exists(), "Node or its SDKs are not installed: run `make sdks`")
    user = f"node-{uuid.uuid4().hex[:8]}"
    post(["node", script, up.url, up.source_key, user], ROOT / "tests/sdks/node")
    assert kinds_of(up, user, 6) == sorted(["identify", "track", "page", "screen", "group", "alias"])
