"""U46: the description of the platform generates working clients, for Python and TypeScript."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import uuid
from pathlib import Path
from typing import Any

import pytest

from tests.support.upright import ROOT, Upright

pytestmark = pytest.mark.slow

SDKS = ROOT / "tests" / "sdks"
BIN = ROOT / ".venv-sdk" / "bin"
NODE = SDKS / "api" / "node_modules" / ".bin"
REQUIRED = bool(os.environ.get("ECRM_REQUIRE_REAL"))


def needs(what: bool, reason: str) -> None:
    if not what and not REQUIRED:
        pytest.skip(reason)
    assert what, reason


def run(*command: str, folder: Path) -> str:
    path = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}"}
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=150, check=False, env=path)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def described(up: Upright, folder: Path) -> Path:
    document: dict[str, Any] = up.ask("GET", "/openapi.json")
    assert {"/api/v1/customers", "/api/v1/webhooks", "/api/v1/audit", "/api/v1/segments", "/api/v1/campaigns", "/api/v1/purposes"} <= set(document["paths"])
    path = folder / "openapi.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def test_a_python_client(up: Upright, tmp_path: Path) -> None:
    needs((BIN / "openapi-python-client").exists(), "the generator of Python clients is not installed: run `make sdks`")
    document = described(up, tmp_path)
    run(str(BIN / "openapi-python-client"), "generate", "--path", str(document), "--output-path", str(tmp_path / "peyvand_client"), "--meta", "none", folder=tmp_path)
    email = f"{uuid.uuid4().hex[:8]}@shop.example"
    made = run(str(BIN / "python"), str(SDKS / "python" / "api_client.py"), str(tmp_path), up.url, up.admin_key, email, folder=tmp_path)
    assert up.ask("GET", f"/api/v1/customers/{made.strip()}")["id"] == made.strip()


def test_a_typescript_client(up: Upright, tmp_path: Path) -> None:
    needs(shutil.which("node") is not None and (NODE / "openapi-ts").exists(), "Node or the generator of clients is not installed: run `make sdks`")
    document = described(up, tmp_path)
    shutil.copy(SDKS / "api" / "journey.ts", tmp_path)
    run(str(NODE / "openapi-ts"), "-i", str(document), "-o", str(tmp_path / "client"), "-c", "@hey-api/client-fetch", "--silent", folder=tmp_path)
    options = "--strict --target es2022 --module commonjs --moduleResolution node10 --lib es2022,dom,dom.iterable --skipLibCheck --outDir js"
    run(str(NODE / "tsc"), *options.split(), "journey.ts", folder=tmp_path)
    email = f"{uuid.uuid4().hex[:8]}@shop.example"
    made = run("node", str(tmp_path / "js" / "journey.js"), up.url, up.admin_key, email, folder=tmp_path)
    assert up.ask("GET", f"/api/v1/customers/{made.strip()}")["id"] == made.strip()
