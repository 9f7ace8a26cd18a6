"""Both deployment shapes as a fault loop sees them: start, the processes that may be killed, mend, stop."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Protocol

from launcher.embedded_postgres import PrivateCluster

ROOT = Path(__file__).resolve().parents[2]


class Shape(Protocol):
    """A running deployment."""

    data: Path
    port: int

    def start(self) -> None: ...
    def kill_one(self, chance: random.Random) -> str:
        """kill -9 one process; its name."""
        ...

    def mend(self) -> None:
        """What a supervisor would do: start again what does not come back by itself."""
        ...

    def stop(self) -> None: ...
    def database_url(self, name: str) -> str: ...


def wait_ready(port: int, *, seconds: float = 90) -> None:
    """Until /readyz answers 200."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            pass
        time.sleep(0.1)
    raise AssertionError(f"not ready after {seconds} s")


def folder() -> Path:
    made = Path(tempfile.mkdtemp(prefix="ecrm-chaos-"))
    made.chmod(0o755)
    return made


class OneProcess:
    """`ecrm up`."""

    def __init__(self, port: int) -> None:
        self.data = folder()
        self.port = port
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with (self.data / "up.log").open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "launcher", "up", "--data", str(self.data / "data"), "--port", str(self.port)],
                cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
            )
        wait_ready(self.port)

    def kill_one(self, chance: random.Random) -> str:
        assert self._process is not None
        if chance.random() < 0.3:
            postmaster = int(next((self.data / "data").glob("**/postmaster.pid")).read_text().split()[0])
            os.kill(postmaster, signal.SIGKILL)
            os.kill(self._process.pid, signal.SIGKILL)
            self._process.wait()
            return "launcher and its PostgreSQL"
        os.kill(self._process.pid, signal.SIGKILL)
        self._process.wait()
        return "launcher"

    def mend(self) -> None:
        assert self._process is not None
        if self._process.poll() is not None:
            self.start()

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(30)
        shutil.rmtree(self.data, ignore_errors=True)

    def database_url(self, name: str) -> str:
        return PrivateCluster(self.data / "data", []).url(name)


class SevenProcesses:
    """`make cluster`, with a real broker."""

    def __init__(self, port: int) -> None:
        self.data = folder()
        self.port = port

    def start(self) -> None:
        subprocess.run(
            [sys.executable, "-m", "launcher.cluster", "start", "--data", str(self.data), "--port", str(self.port)], cwd=ROOT, check=True,
        )
        wait_ready(self.port)

    def _state(self) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = json.loads((self.data / "cluster.json").read_text())
        return found

    def kill_one(self, chance: random.Random) -> str:
        processes = {**self._state()["processes"], "kafka": int((self.data / "kafka" / "kafka.pid").read_text())}
        name = chance.choice(sorted(processes))
        try:
            os.kill(processes[name], signal.SIGKILL)
        except ProcessLookupError:
            return f"{name} (was down)"
        return name

    def mend(self) -> None:
        """The supervisor brings back services; the broker is ours to bring back."""
        pid = int((self.data / "kafka" / "kafka.pid").read_text())
        try:
            os.kill(pid, 0)
            alive = "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
        except (ProcessLookupError, FileNotFoundError):
            alive = False
        if not alive:
            kafka_port = str(self._state()["kafka"]).rpartition(":")[2]
            subprocess.run(["bash", str(ROOT / "deploy/kafka/start.sh"), str(self.data / "kafka"), kafka_port], check=True)

    def stop(self) -> None:
        subprocess.run([sys.executable, "-m", "launcher.cluster", "stop", "--data", str(self.data)], cwd=ROOT, check=False)
        shutil.rmtree(self.data, ignore_errors=True)

    def database_url(self, name: str) -> str:
        return PrivateCluster(self.data / "postgres", []).url(name)
