"""U44: `ecrm people` lets somebody in, shows who there is, and lets nobody in any more."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import httpx2

from tests.support.upright import ROOT, Upright


def ecrm(up: Upright, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "launcher", "people", *words, "--data", str(up.data), "--url", up.url]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def signed_in(up: Upright) -> httpx2.Response:
    form = {"grant_type": "password", "username": "mina", "password": "correct horse battery"}
    return httpx2.post(f"{up.url}/oidc/token", data=form, timeout=30)


def test_from_the_command_line(up: Upright, tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("correct horse battery\n", encoding="utf-8")
    added = ecrm(up, "add", "mina", "--role", "agent", "--password-file", str(secret))
    assert added.returncode == 0, added.stdout + added.stderr
    assert "mina  agent" in added.stdout
    answer = signed_in(up)
    assert answer.status_code == 200, answer.text
    token = answer.json()["access_token"]
    assert up.ask("GET", "/api/v1/me", key=token)["kind"] == "person"
    assert "mina" in ecrm(up, "list").stdout
    assert ecrm(up, "add", "mina", "--role", "agent", "--password-file", str(secret)).returncode == 1
    assert ecrm(up, "remove", "mina").returncode == 0
    assert ecrm(up, "remove", "mina").returncode == 1
    assert signed_in(up).status_code == 422
    assert up.ask("GET", "/api/v1/me", key=token, expect=401)["code"] == "auth.required"
