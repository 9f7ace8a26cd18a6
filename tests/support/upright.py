"""A whole platform as its users have it: `ecrm up` in a process of its own, asked over HTTP."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from chassis import settings
from tests.chaos.shapes import wait_ready

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Upright:
    """Where a running platform is and how to ask it."""

    data: Path
    url: str
    port: int
    admin_key: str
    source_key: str
    smtp_port: int
    pid: int

    def ask(self, method: str, path: str, body: Any = None, *, key: str | None = None, expect: int | None = 200, **more: Any) -> Any:
        """The JSON answer; asserts the status unless `expect` is None, then the whole response is returned."""
        headers = {"authorization": f"Bearer {key or self.admin_key}", **more.pop("headers", {})}
        answer = httpx2.request(method, self.url + path, json=body, headers=headers, timeout=30, **more)
        if expect is None:
            return answer
        assert answer.status_code == expect, f"{method} {path}: {answer.status_code} {answer.text[:1000]}"
        return answer.json() if answer.content else None

    def collect(self, events: list[dict[str, Any]]) -> dict[str, Any]:
        """Post a batch with the source key."""
        answer = httpx2.post(self.url + "/v1/batch", json={"batch": events}, auth=(self.source_key, ""), timeout=30)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def customer(self, identity: str, *, seconds: float = 15) -> dict[str, Any]:
        """The customer with this identity, as soon as there is one."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found: list[dict[str, Any]] = self.ask("GET", "/api/v1/customers", params={"identity": identity})["data"]
            if found:
                return found[0]
            time.sleep(0.1)
        raise AssertionError(f"no customer within {seconds} s")

    def timeline(self, customer_id: str, at_least: int, *, seconds: float = 15) -> list[dict[str, Any]]:
        """All timeline entries, once there are `at_least` so many."""
        deadline = time.monotonic() + seconds
        while True:
            entries: list[dict[str, Any]] = []
            token: str | None = None
            while True:
                page = self.ask("GET", f"/api/v1/customers/{customer_id}/timeline", params={"page_token": token} if token else {})
                entries.extend(page["data"])
                token = page["next_page_token"]
                if not token:
                    break
            if len(entries) >= at_least or time.monotonic() > deadline:
                return entries
            time.sleep(0.1)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def upright(*, data: Path | None = None, port: int | None = None, environment: dict[str, str] | None = None) -> Iterator[Upright]:
    """Start `ecrm up` and stop it; the data directory is removed unless it was given."""
    folder = data or Path(tempfile.mkdtemp(prefix="ecrm-e2e-"))
    if data is None:
        folder.chmod(0o755)
    port, smtp_port = port or free_port(), free_port()
    given = {**settings.environment(), "ECRM_CAMPAIGN_SMTP_URL": f"smtp://127.0.0.1:{smtp_port}", **(environment or {})}
    log = folder.parent / f"{folder.name}.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "launcher", "up", "--data", str(folder), "--port", str(port)],
            cwd=ROOT, env=given, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
        )
    try:
        try:
            wait_ready(port, seconds=60)
        except AssertionError:
            raise AssertionError(f"ecrm up is not ready:\n{log.read_text()[-3000:]}") from None
        keys = json.loads((folder / "keys.json").read_text())
        yield Upright(folder, f"http://127.0.0.1:{port}", port, keys["admin_key"], keys["source_key"], smtp_port, process.pid)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
        if data is None:
            shutil.rmtree(folder, ignore_errors=True)
            log.unlink(missing_ok=True)
