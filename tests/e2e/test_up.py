"""`ecrm up`: ready soon, alone on its data and its port, ended in order or by force without a trace of loss."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest

from tests.support.upright import ROOT, Launched, Upright, free_port, temporary_folder

READY_SECONDS = 15
END_SECONDS = 10


def start(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """`ecrm up` that is expected to refuse."""
    command = [sys.executable, "-m", "launcher", "up", "--data", str(folder), *options]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def gone(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Those that still run after a moment."""
    _, alive = psutil.wait_procs(processes, timeout=1)
    return [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]


def event(number: int) -> dict[str, object]:
    return {"type": "track", "userId": "u1", "event": "Kept", "messageId": f"kept-{number}", "properties": {"n": number}}


@pytest.mark.slow  # its seconds count, so nothing else runs beside it
def test_a_fresh_start_and_ctrl_c() -> None:
    with temporary_folder() as folder:
        launched = Launched(folder / "data", free_port())
        try:
            up = launched.ready()
            seconds = re.search(r"ready in ([0-9.]+) s", launched.said)
            assert seconds, launched.said
            family = launched.family()
            crowded = os.getloadavg()[0] > 1.5 * (os.cpu_count() or 1)  # then the clock on the wall measures the neighbours
            took = sum(sum(process.cpu_times()[:4]) for process in family) if crowded else float(seconds.group(1))
            assert took <= READY_SECONDS
            assert up.admin_key in launched.said
            assert up.url + "/docs" in launched.said
            assert httpx2.get(up.url + "/docs").status_code == 200
            assert any("postgres" in process.name() for process in family)
            began = time.monotonic()
            assert launched.stop(signal.SIGINT) == 0
            assert time.monotonic() - began <= END_SECONDS
            assert gone(family) == []
            assert "nanobind" not in launched.said
            assert "Traceback" not in launched.said
        finally:
            launched.stop()


def test_a_data_directory_in_use_is_refused(up: Upright) -> None:
    port = free_port()
    second = start(up.data, "--port", str(port))
    assert second.returncode == 1
    assert str(up.data) in second.stderr
    assert str(up.pid) in second.stderr
    assert "Traceback" not in second.stderr
    assert up.ask("GET", "/api/v1/purposes")["data"]


def test_a_port_in_use_is_refused_before_anything_is_made(up: Upright) -> None:
    with temporary_folder() as folder:
        refused = start(folder / "data", "--port", str(up.port))
        assert refused.returncode == 1
        assert f"Port {up.port}" in refused.stderr
        assert "--port" in refused.stderr
        assert not (folder / "data").exists()


def test_so_is_a_port_in_use_where_mail_would_come_in(up: Upright) -> None:
    with temporary_folder() as folder:
        refused = start(folder / "data", "--port", str(up.port - 25))
        assert refused.returncode == 1
        assert f"Port {up.port}" in refused.stderr
        assert "ECRM_INTERACTION_MAIL_ADDRESS" in refused.stderr
        assert not (folder / "data").exists()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_restart_keeps_every_record_and_kill_9_loses_nothing_acknowledged() -> None:
    with temporary_folder() as folder:
        port = free_port()
        launched = Launched(folder / "data", port)
        try:
            up = launched.ready()
            assert up.collect([event(number) for number in range(50)])["accepted"] == 50
            customer = up.customer("user:u1")
            assert len(up.timeline(customer["id"], 50)) == 50
            up.ask("PUT", "/api/v1/purposes/marketing", PURPOSE)
            assert launched.stop(signal.SIGINT) == 0

            launched = Launched(folder / "data", port)
            again = launched.ready()
            assert again.admin_key == up.admin_key
            assert again.source_key == up.source_key
            assert up.customer("user:u1") == customer
            assert len(up.timeline(customer["id"], 50)) == 50
            assert len(up.ask("GET", "/api/v1/purposes/marketing")["data"]) == 2

            for batch in range(20):
                assert up.collect([event(number) for number in range(50 + 10 * batch, 60 + 10 * batch)])["accepted"] == 10
            launched.process.kill()  # at once: nothing has been read yet
            launched.process.wait()

            launched = Launched(folder / "data", port)
            launched.ready()
            entries = up.timeline(customer["id"], 250, seconds=60)
            assert sorted(entry["data"]["properties"]["n"] for entry in entries) == list(range(250))
            family = launched.family()
            assert launched.stop(signal.SIGTERM) == 0
            assert gone(family) == []
        finally:
            launched.stop()
            left = [process for process in psutil.process_iter(["cmdline"]) if str(folder) in " ".join(process.info["cmdline"] or [])]
            assert gone(left) == []


PURPOSE = {
    "basis": "opt_in", "legal_basis": "consent", "channels": ["email"], "title": {"en": "Offers"},
    "wording": {"en": "May we write to you about offers?"},
}


def usable_python(rights: dict[str, Any]) -> tuple[str, str]:
    """An interpreter and a PYTHONPATH with which this user has the dependencies; skips the test when there is none."""
    packages = sysconfig.get_path("purelib")
    for python in (sys.executable, "/usr/bin/python3"):
        script = f"import sys, fastapi, duckdb; assert sys.version_info[:2] == {sys.version_info[:2]}"
        try:
            tried = subprocess.run([python, "-c", script], cwd="/", env={"PYTHONPATH": packages}, capture_output=True, check=False, **rights)
        except OSError:
            continue
        if tried.returncode == 0:
            return python, packages
    pytest.skip(f"the user of this test can use neither {sys.executable} nor the machine's own Python with its packages")


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="all other tests run as an ordinary user already")
def test_as_an_ordinary_user() -> None:
    try:
        user = pwd.getpwnam("nobody")
    except KeyError:
        pytest.skip("there is no user nobody")
    rights = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    python, path = usable_python(rights)
    with temporary_folder(owner=user.pw_uid) as folder:
        for floor in ("contracts", "chassis", "services", "gateway", "launcher"):
            shutil.copytree(ROOT / floor, folder / "tree" / floor)
        launched = Launched(
            folder / "data", free_port(), cwd=folder / "tree", python=python,
            environment={"HOME": str(folder), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": path}, **rights,
        )
        try:
            up = launched.ready()
            assert up.collect([event(1)])["accepted"] == 1
            assert up.customer("user:u1")["id"]
            family = launched.family()
            assert {process.username() for process in family} == {"nobody"}
            assert launched.stop(signal.SIGINT) == 0
            assert gone(family) == []
        finally:
            launched.stop()
