"""A whole platform as its users have it: `ecrm up` in a process of its own, asked over HTTP."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import psutil

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
        """The JSON answer; asserts the status unless `expect` is None, then the whole response is returned.

        A read is asked again for a while where a part that is just starting does not answer yet (503 says so).
        """
        headers = {"authorization": f"Bearer {key or self.admin_key}", **more.pop("headers", {})}
        deadline = time.monotonic() + 20
        while True:
            answer = httpx2.request(method, self.url + path, json=body, headers=headers, timeout=30, **more)
            if answer.status_code != 503 or method != "GET" or expect != 200 or time.monotonic() > deadline:
                break
            time.sleep(0.2)
        if expect is None:
            return answer
        assert answer.status_code == expect, f"{method} {path}: {answer.status_code} {answer.text[:1000]}"
        return answer.json() if answer.content else None

    def collect(self, events: list[dict[str, Any]]) -> dict[str, Any]:
        """Post a batch with the source key, again while the answer is 503, as SDKs do."""
        deadline = time.monotonic() + 20
        while True:
            answer = httpx2.post(self.url + "/v1/batch", json={"batch": events}, auth=(self.source_key, ""), timeout=30)
            if answer.status_code != 503 or time.monotonic() > deadline:
                break
            time.sleep(0.2)
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
            entries = self.all(f"/api/v1/customers/{customer_id}/timeline")
            if len(entries) >= at_least or time.monotonic() > deadline:
                return entries
            time.sleep(0.1)

    def all(self, path: str, **params: Any) -> list[dict[str, Any]]:
        """All pages of a list."""
        entries: list[dict[str, Any]] = []
        while True:
            page = self.ask("GET", path, params=params)
            entries.extend(page["data"])
            if not page["next_page_token"]:
                return entries
            params["page_token"] = page["next_page_token"]


def free_port() -> int:
    """A port that nobody listens on, nor where a platform there has its mail door, outside those that outgoing connections are given."""
    while True:
        port = secrets.choice(range(12_000, 20_000))
        with suppress(OSError), socket.socket() as web, socket.socket() as mail:
            web.bind(("127.0.0.1", port))
            mail.bind(("127.0.0.1", port + 25))
            return port


@contextmanager
def temporary_folder(owner: int | None = None) -> Iterator[Path]:
    """A folder that the server's unprivileged user can enter, unlike pytest's; it belongs to `owner` (a user's number) if given."""
    folder = Path(tempfile.mkdtemp(prefix="ecrm-e2e-"))
    folder.chmod(0o755)
    if owner is not None:
        os.chown(folder, owner, -1)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Launched:
    """`ecrm up` as a child process; `said` is what it has printed."""

    def __init__(
        self, data: Path, port: int, *, environment: Mapping[str, str] | None = None, cwd: Path = ROOT, python: str = sys.executable,
        **popen: Any,
    ) -> None:
        self.data = data
        self.port = port
        self.smtp_port = free_port()
        self._log = data.parent / f"{data.name}.log"
        given = {**settings.environment(), "ECRM_CAMPAIGN_SMTP_URL": f"smtp://127.0.0.1:{self.smtp_port}", **(environment or {})}
        with self._log.open("ab") as output:
            self.process = subprocess.Popen(
                [python, "-m", "launcher", "up", "--data", str(data), "--port", str(port)],
                cwd=cwd, env=given, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True, **popen,
            )

    @property
    def said(self) -> str:
        return self._log.read_text(errors="replace")

    def ready(self, *, seconds: float = 60) -> Upright:
        """Wait until it answers."""
        try:
            deadline = time.monotonic() + seconds
            while not (self.data / "keys.json").exists() and self.process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.05)
            assert self.process.poll() is None
            wait_ready(self.port, seconds=seconds)
        except AssertionError:
            raise AssertionError(f"ecrm up is not ready:\n{self.said[-3000:]}") from None
        keys = json.loads((self.data / "keys.json").read_text())
        return Upright(
            self.data, f"http://127.0.0.1:{self.port}", self.port, keys["admin_key"], keys["source_key"], self.smtp_port, self.process.pid
        )

    def family(self) -> list[psutil.Process]:
        """It and everything it has started, the database server's processes too."""
        me = psutil.Process(self.process.pid)
        return [me, *me.children(recursive=True)]

    def stop(self, sent: signal.Signals = signal.SIGTERM, *, seconds: float = 15) -> int:
        """The exit code, after at most `seconds`, else it is killed."""
        if self.process.poll() is None:
            self.process.send_signal(sent)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


@contextmanager
def upright(*, environment: Mapping[str, str] | None = None) -> Iterator[Upright]:
    """Start `ecrm up` on a fresh data directory; stop it and remove the directory at the end."""
    with temporary_folder() as folder:
        launched = Launched(folder / "data", free_port(), environment=environment)
        try:
            yield launched.ready()
        finally:
            launched.stop()
