"""Both deployment shapes as a fault loop sees them: start, the processes that may be killed, mend, stop."""

from __future__ import annotations

import json
import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

import psutil

from launcher.embedded_postgres import PrivateCluster
from tests.support.fault_proxy import Network

ROOT = Path(__file__).resolve().parents[2]


#: What may be done, and how often of 200 times.
SERVICE, BROKER, POSTGRES, FREEZE, NETWORK = "service", "broker", "postgres", "freeze", "network"
SHARES = {SERVICE: 120, BROKER: 30, POSTGRES: 20, FREEZE: 15, NETWORK: 15}
#: The name PostgreSQL gives its socket.
SOCKET = ".s.PGSQL.5432"
NETWORKS = ("cut", "black hole", "half open", "latency", "bandwidth")


def plan(faults: int, chance: random.Random) -> list[str]:
    """So many faults in their shares, every kind at least once, in a random order."""
    made = [kind for kind, share in SHARES.items() if kind != SERVICE for _ in range(max(1, round(faults * share / 200)))]
    made += [SERVICE] * (faults - len(made))
    chance.shuffle(made)
    return made


class Shape(Protocol):
    """A running deployment."""

    data: Path
    port: int

    def start(self, smtp_port: int) -> None:
        """Return when it is ready; its mails go to this port."""
        ...

    def harm(self, kind: str, chance: random.Random) -> str:
        """Do this kind of fault, or what comes nearest to it here; what was done. Faults that last are undone by `mend`."""
        ...

    def mend(self) -> None:
        """What a supervisor would do: start again what does not come back by itself; and what froze or was cut off goes on."""
        ...

    def sends_since(self) -> float:
        """When the process that sends began: seconds since 1970. Those before it are dead."""
        ...

    def said(self) -> str:
        """The last words of what runs."""
        ...

    def stop(self) -> None: ...
    def database_url(self, name: str) -> str: ...
    def log_url(self) -> str: ...


def wait_ready(port: int, *, seconds: float = 240) -> None:
    """Until /readyz answers 200."""
    deadline = time.monotonic() + seconds
    said = ""
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
                if answer.status == 200:
                    return
        except urllib.error.HTTPError as error:
            said = error.read().decode()
        except (urllib.error.URLError, OSError) as error:
            said = repr(error)
        time.sleep(0.1)
    raise AssertionError(f"not ready after {seconds} s: {said}")


def free_base() -> int:
    """A port so that all that a cluster opens above it is free, outside those that outgoing connections are given."""
    while True:
        base = secrets.choice(range(12_000, 19_900))
        with ExitStack() as tried, suppress(OSError):
            for offset in (*range(10), *range(20, 46)):
                tried.enter_context(socket.socket()).bind(("127.0.0.1", base + offset))
            return base


def folder() -> Path:
    made = Path(tempfile.mkdtemp(prefix="ecrm-chaos-"))
    made.chmod(0o755)
    return made


class OneProcess:
    """`ecrm up`."""

    def __init__(self, port: int, *, data: Path | None = None, settings: Mapping[str, str] | None = None) -> None:
        self.data = data or folder()
        self.settings = settings or {}
        self.port = port
        self._process: subprocess.Popen[bytes] | None = None
        self._smtp_port = 0

    def start(self, smtp_port: int) -> None:
        self._smtp_port = smtp_port
        environment = {**os.environ, **self.settings, "ECRM_CAMPAIGN_SMTP_URL": f"smtp://127.0.0.1:{smtp_port}"}
        with (self.data / "up.log").open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "launcher", "up", "--data", str(self.data / "data"), "--port", str(self.port)],
                cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
            )
        wait_ready(self.port)

    def harm(self, kind: str, chance: random.Random) -> str:
        """Here are only the launcher and its PostgreSQL."""
        assert self._process is not None
        if kind in {FREEZE, NETWORK}:
            os.kill(self._process.pid, signal.SIGSTOP)
            time.sleep(chance.uniform(0.5, 3))
            os.kill(self._process.pid, signal.SIGCONT)
            return "launcher frozen"
        if kind != SERVICE:
            postmaster = int(next((self.data / "data").glob("**/postmaster.pid")).read_text().split()[0])
            _signalled(postmaster, signal.SIGKILL)
        if kind == POSTGRES:
            return "PostgreSQL"  # the launcher brings it back
        os.kill(self._process.pid, signal.SIGKILL)
        self._process.wait()
        return "launcher" if kind == SERVICE else "launcher and its PostgreSQL"

    def mend(self) -> None:
        assert self._process is not None
        if self._process.poll() is not None:
            self.start(self._smtp_port)

    def sends_since(self) -> float:
        assert self._process is not None
        return psutil.Process(self._process.pid).create_time()

    def said(self) -> str:
        return (self.data / "up.log").read_text(errors="replace")[-4000:]

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(30)
        shutil.rmtree(self.data, ignore_errors=True)

    def database_url(self, name: str) -> str:
        return PrivateCluster(self.data / "data", []).url(name)

    def log_url(self) -> str:
        return self.database_url("eventlog").replace("postgresql://", "postgres-log://", 1)


class SevenProcesses:
    """`make cluster`, with a real broker, and a network of our own before broker and PostgreSQL; `alone`: a service with a way of its own to PostgreSQL."""

    def __init__(self, port: int, *, alone: str = "", settings: Mapping[str, str] | None = None) -> None:
        self.alone = alone
        self.data = folder()
        self.port = port
        self.broker_port = port + 20
        self._net = Network()
        self.to_broker = self._net.open(("127.0.0.1", port + 40), ("127.0.0.1", self.broker_port))
        (self.data / "way").mkdir()
        self.to_postgres = self._net.open(self.data / "way" / SOCKET, self._socket)
        (self.data / "alone").mkdir()
        self.to_postgres_alone = self._net.open(self.data / "alone" / SOCKET, self._socket)
        self.environment = {**os.environ, **(settings or {}), "KAFKA_ADVERTISED": f"127.0.0.1:{port + 40}"}
        self._supervisor: subprocess.Popen[bytes] | None = None
        self._frozen: list[int] = []

    def _socket(self) -> Path:
        """Where the server itself listens."""
        return Path(parse_qs(urlsplit(self.database_url("customer")).query)["host"][0]) / SOCKET

    def start(self, smtp_port: int) -> None:
        self.environment["ECRM_CAMPAIGN_SMTP_URL"] = f"smtp://127.0.0.1:{smtp_port}"
        with (self.data / "supervisor.log").open("ab") as output:
            self._supervisor = subprocess.Popen(
                self.command(), cwd=ROOT, env=self.environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
            )
        deadline = time.monotonic() + 600
        while not (self._state() or {}).get("ready"):
            assert self._supervisor.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.2)
        wait_ready(self.port)

    def command(self) -> list[str]:
        """What supervises."""
        return [
            sys.executable, "-m", "tests.chaos.troubled_cluster", "--data", str(self.data), "--port", str(self.port),
            "--broker", f"127.0.0.1:{self.port + 40}", "--sockets", str(self.data / "way"),
            "--alone", self.alone, "--alone-sockets", str(self.data / "alone"),
        ]

    def _state(self) -> dict[str, Any]:
        try:
            found: dict[str, Any] = json.loads((self.data / "cluster.json").read_text())
        except (OSError, ValueError):
            return {}
        return found

    def pids(self) -> dict[str, int]:
        """Services and gateway."""
        found: dict[str, int] = self._state()["processes"]
        return found

    @property
    def broker_pid(self) -> int:
        return int((self.data / "kafka" / "kafka.pid").read_text())

    def harm(self, kind: str, chance: random.Random) -> str:
        if kind == SERVICE:
            name = chance.choice(sorted(self.pids()))
            return f"{name} killed" if _signalled(self.pids()[name], signal.SIGKILL) else f"{name} was down"
        if kind == BROKER:
            _signalled(self.broker_pid, signal.SIGKILL)
            return "broker killed"
        if kind == POSTGRES:
            return self._harm_postgres(chance)
        if kind == FREEZE:
            name = chance.choice([*sorted(self.pids()), "broker"])
            pid = self.broker_pid if name == "broker" else self.pids()[name]
            if _signalled(pid, signal.SIGSTOP):
                self._frozen.append(pid)
            time.sleep(chance.choice((0.5, 2, 7)))
            return f"{name} frozen"
        return self._harm_network(chance)

    def _harm_postgres(self, chance: random.Random) -> str:
        """The server is killed, restarted in order, or loses one session by kill -9, which makes it recover."""
        postmaster = int(next((self.data / "postgres").glob("**/postmaster.pid")).read_text().split()[0])
        way = chance.choice(("killed", "restarted", "recovered"))
        if way == "recovered":
            sessions = [child for child in psutil.Process(postmaster).children() if b"ecrm-" in _command(child.pid) or b"_app" in _command(child.pid)]
            _signalled(chance.choice(sessions).pid if sessions else postmaster, signal.SIGKILL)
        else:
            _signalled(postmaster, signal.SIGKILL if way == "killed" else signal.SIGINT)
        return f"PostgreSQL {way}"

    def _harm_network(self, chance: random.Random) -> str:
        where, way = chance.choice((("broker", self.to_broker), ("PostgreSQL", self.to_postgres)))
        fault = chance.choice(NETWORKS)
        if fault == "latency":
            way.latency(0.05)
        elif fault == "bandwidth":
            way.bandwidth(200_000)
        else:
            {"cut": way.cut, "black hole": way.black_hole, "half open": way.half_open}[fault]()
        time.sleep(chance.choice((1, 4, 8)))
        return f"{fault} before {where}"

    def mend(self) -> None:
        """The supervisor brings back services and PostgreSQL; the broker is ours to bring back."""
        self._calm()
        if not _command(self.broker_pid):
            self.start_broker()

    def start_broker(self) -> None:
        """Return when it answers."""
        subprocess.run(
            ["bash", str(ROOT / "deploy/kafka/start.sh"), str(self.data / "kafka"), str(self.broker_port)], check=True, env=self.environment,
            stdout=subprocess.DEVNULL,
        )

    def sends_since(self) -> float:
        return psutil.Process(self.pids()["campaign"]).create_time()

    def said(self) -> str:
        logs = [self.data / "supervisor.log", *sorted((self.data / "logs").glob("*.log"))]
        return "\n".join(f"{path.name}: {path.read_text(errors='replace')[-800:]}" for path in logs)

    def stop(self) -> None:
        self._calm()
        if self._supervisor is not None and self._supervisor.poll() is None:
            self._supervisor.send_signal(signal.SIGTERM)
            try:
                self._supervisor.wait(90)
            except subprocess.TimeoutExpired:
                left = [*psutil.Process(self._supervisor.pid).children(recursive=True), psutil.Process(self._supervisor.pid)]
                for process in left:
                    process.kill()
                self._supervisor.wait()
                _signalled(self.broker_pid, signal.SIGKILL)
        self._net.close()
        shutil.rmtree(self.data, ignore_errors=True)

    def _calm(self) -> None:
        self.to_broker.mend()
        self.to_postgres.mend()
        self.to_postgres_alone.mend()
        while self._frozen:
            _signalled(self._frozen.pop(), signal.SIGCONT)

    def database_url(self, name: str) -> str:
        return PrivateCluster(self.data / "postgres", []).url(name)

    def log_url(self) -> str:
        return f"kafka://127.0.0.1:{self.broker_port}"


def _signalled(pid: int, sent: signal.Signals) -> bool:
    try:
        os.kill(pid, sent)
    except ProcessLookupError:
        return False
    return True


def _command(pid: int) -> bytes:
    """Empty for a process that has ended, reaped or not."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""
