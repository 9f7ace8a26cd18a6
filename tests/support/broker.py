"""A real Apache Kafka broker for tests, started by the same script that people use."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).resolve().parents[2] / "deploy" / "kafka"
JARS = SCRIPTS / "target" / "jars"
#: Below the range from which the kernel takes ports of outgoing connections: a restarted broker finds its port free.
PORTS = range(20_000, 32_000)


class Broker:
    """One broker on loopback with its own data folder; it can be stopped, killed, frozen and started again."""

    def __init__(self, data: Path, port: int) -> None:
        """Promise nothing yet: `start` does."""
        self._data = data
        self._port = port

    @property
    def bootstrap(self) -> str:
        """`host:port` for clients; the same after every restart."""
        return f"127.0.0.1:{self._port}"

    @property
    def pid(self) -> int:
        """The process that `start` made last."""
        return int((self._data / "kafka.pid").read_text())

    def start(self) -> None:
        """Return when the broker answers; the log is as it was left."""
        command = [str(SCRIPTS / "start.sh"), str(self._data), str(self._port)]
        with (self._data / "start.out").open("w+") as said:  # no pipe: the broker would inherit it and keep it open
            done = subprocess.run(command, stdout=said, stderr=subprocess.STDOUT, timeout=300, check=False)
            said.seek(0)
            if done.returncode != 0:
                raise RuntimeError(said.read())

    def stop(self) -> None:
        """SIGTERM: the broker closes its log in order."""
        self.unpause()
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL: nothing is closed; what the operating system has is kept."""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """SIGSTOP: connections stay open, nothing answers."""
        os.kill(self.pid, signal.SIGSTOP)

    def unpause(self) -> None:
        """SIGCONT; also harmless when it was not paused or is gone."""
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            os.kill(self.pid, signal.SIGCONT)

    def memory(self) -> int:
        """Resident bytes now."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        raise RuntimeError("no VmRSS")

    def _end(self, sent: signal.Signals) -> None:
        try:
            pid = self.pid
        except FileNotFoundError:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, sent)
        until = time.monotonic() + 30
        while _alive(pid):
            if time.monotonic() > until:
                os.kill(pid, signal.SIGKILL)
            time.sleep(0.02)
        (self._data / "kafka.pid").unlink(missing_ok=True)


@contextlib.contextmanager
def broker(*, required: bool | None = None) -> Iterator[Broker]:
    """A running broker in a fresh folder under the temporary directory, removed at the end.

    Without Java, or without jars and Maven to fetch them, the test is skipped with the reason, or fails when `required`
    (unless said, when the environment has ECRM_REQUIRE_REAL=1, as `make test-real` does).
    """
    if required is None:
        required = os.environ.get("ECRM_REQUIRE_REAL") == "1"
    missing = _missing()
    if missing and required:
        pytest.fail(f"the real broker is required, but {missing}")
    if missing:
        pytest.skip(f"no real Kafka broker: {missing}")
    with tempfile.TemporaryDirectory(prefix="ecrm-kafka-", ignore_cleanup_errors=True) as folder:
        one = Broker(Path(folder), _free_port())
        try:
            one.start()
        except (RuntimeError, subprocess.TimeoutExpired) as error:
            one.kill()
            if not required and not JARS.is_dir():
                pytest.skip(f"no real Kafka broker: {error}")
            raise
        try:
            yield one
        finally:
            one.unpause()
            one.kill()


def _missing() -> str | None:
    if shutil.which("java") is None:
        return "java is not installed"
    if not JARS.is_dir() and shutil.which("mvn") is None:
        return "its jars are not fetched and Maven is not installed"
    return None


def _free_port() -> int:
    for port in random.sample(PORTS, 200):
        with socket.socket() as client, socket.socket() as controller:
            try:
                client.bind(("127.0.0.1", port))
                controller.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port
    raise RuntimeError("no free port")


def _alive(pid: int) -> bool:
    """A dead process that nobody has reaped yet has an empty command line."""
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except (FileNotFoundError, ProcessLookupError):
        return False
