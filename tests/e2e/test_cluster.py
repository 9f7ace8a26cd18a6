"""The same as seven processes on PostgreSQL and a real Kafka broker: journey, SDK, real purchases, kept records, an end without a trace."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from launcher import roster
from tests.chaos.shapes import wait_ready
from tests.e2e import basket, cdnow, consents, customers, figures, interactions, journey, knowing, russel, winer
from tests.support import broker
from tests.support.upright import ROOT, Upright, free_port, temporary_folder

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.timeout(600)]

REQUIRED = bool(os.environ.get("ECRM_REQUIRE_REAL"))


class Cluster:
    """`make cluster` in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self.port = random.randrange(20_000, 31_000)  # below the ports that the kernel gives to outgoing connections
        self.smtp_port = free_port()

    def start(self) -> Upright:
        given = {**os.environ, "ECRM_CAMPAIGN_SMTP_URL": f"smtp://127.0.0.1:{self.smtp_port}"}
        began = time.monotonic()
        done = self.command("start", "--port", str(self.port), environment=given)
        assert done.returncode == 0, done.stderr
        assert time.monotonic() - began < 220  # 25 s when nothing else runs
        wait_ready(self.port)
        keys = json.loads((self.data / "keys.json").read_text())
        return Upright(
            self.data, f"http://127.0.0.1:{self.port}", self.port, keys["admin_key"], keys["source_key"], self.smtp_port, int(str(self.state()["pid"]))
        )

    def command(self, name: str, *options: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "launcher.cluster", name, "--data", str(self.data), *options]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False)

    def state(self) -> dict[str, object]:
        found: dict[str, object] = json.loads((self.data / "cluster.json").read_text())
        return found

    def processes(self) -> list[psutil.Process]:
        """The supervisor, everything it has started, and the broker."""
        supervisor = psutil.Process(int(str(self.state()["pid"])))
        kafka = psutil.Process(int((self.data / "kafka" / "kafka.pid").read_text()))
        return [supervisor, *supervisor.children(recursive=True), kafka]


@pytest.fixture(scope="module")
def shape() -> Iterator[Cluster]:
    missing = broker._missing()
    if missing and not REQUIRED:
        pytest.skip(f"no real Kafka broker: {missing}")
    assert missing is None, missing
    with temporary_folder() as folder:
        cluster = Cluster(folder)
        try:
            yield cluster
        finally:
            cluster.command("stop")


@pytest.fixture(scope="module")
def seven(shape: Cluster) -> Upright:
    return shape.start()


def test_seven_processes_run_and_a_second_start_is_refused(shape: Cluster, seven: Upright) -> None:
    running = {" ".join(process.cmdline()) for process in shape.processes()}
    for name in roster.PROCESSES:
        assert sum(f"launcher serve {name} " in line for line in running) == 1, name
    ready = seven.ask("GET", "/readyz")
    assert {name: missing for name, missing in ready["parts"].items() if missing} == {}
    second = shape.command("start", "--port", str(shape.port))
    assert second.returncode == 1
    assert "already runs" in second.stderr


def test_journey(seven: Upright) -> None:
    with journey.mailbox(seven.smtp_port) as box:
        journey.tell(seven, box)


def test_customers(seven: Upright) -> None:
    """U1 U5 D5 M18 D19 D11: everything an employee does with customers, over separate processes."""
    customers.tell(seven)


def test_interactions(seven: Upright) -> None:
    """C11 D13 U14 U15 U19 U40 U43: everything employees do with contacts, over separate processes."""
    interactions.tell(seven)


def test_consents(seven: Upright, tmp_path: Path) -> None:
    """U41 U43 R2 N1: from double opt-in to proof and erasure, over separate processes."""
    with journey.mailbox(seven.smtp_port) as box:
        consents.tell(seven, box, tmp_path)


def test_winer(seven: Upright) -> None:
    """M1: seven steps and the second round, over separate processes."""
    winer.tell(seven)


def test_russel(seven: Upright) -> None:
    """M2: from clicks to the next selection, over separate processes."""
    russel.tell(seven)


def test_an_abandoned_basket(seven: Upright) -> None:
    """U28 U29: event, wait, mail, over separate processes and Kafka."""
    with journey.mailbox(seven.smtp_port) as box:
        basket.tell(seven, box)


def test_knowing(seven: Upright) -> None:
    """M12, A16: a model fitted by the job, its scores told to all services, over separate processes and Kafka."""
    knowing.tell(seven)


def test_figures(seven: Upright) -> None:
    """U20 U23 U26 D15 A20: from facts to live members, a metric with its rows, SQL, a copy and a mailed report, over separate processes."""
    with journey.mailbox(seven.smtp_port) as box:
        figures.tell(seven, box)


def test_sdk(seven: Upright) -> None:
    python = ROOT / ".venv-sdk" / "bin" / "python"
    if not python.exists() and not REQUIRED:
        pytest.skip("the Python SDKs are not installed: run `make sdks`")
    user = f"py-{uuid.uuid4().hex[:8]}"
    done = subprocess.run(
        [str(python), "segment_post.py", seven.url, seven.source_key, user, "1"], cwd=ROOT / "tests/sdks/python", capture_output=True, text=True,
        timeout=90, check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    entries = seven.timeline(seven.customer(f"user:{user}")["id"], 7)
    assert sorted(entry["kind"] for entry in entries) == sorted(["identify", "track", "page", "screen", "group", "alias", "track"])


def test_a_killed_process_comes_back(shape: Cluster, seven: Upright) -> None:
    before = json.loads((shape.data / "cluster.json").read_text())["processes"]
    for name in ("collector", "customer"):
        psutil.Process(before[name]).kill()
    user = f"after-{uuid.uuid4().hex[:8]}"
    seven.collect([{"type": "track", "userId": user, "event": "Kept"}])
    assert seven.timeline(seven.customer(f"user:{user}", seconds=60)["id"], 1)
    after = json.loads((shape.data / "cluster.json").read_text())["processes"]
    assert {name for name in before if before[name] != after[name]} == {"collector", "customer"}


def test_stop_ends_everything_and_start_keeps_every_record(shape: Cluster, seven: Upright) -> None:
    user = f"kept-{uuid.uuid4().hex[:8]}"
    seven.collect([{"type": "track", "userId": user, "event": "Kept", "properties": {"n": number}} for number in range(20)])
    customer = seven.customer(f"user:{user}")
    processes = shape.processes()
    assert shape.command("stop").returncode == 0
    _, alive = psutil.wait_procs(processes, timeout=2)
    assert [process for process in alive if process.status() != psutil.STATUS_ZOMBIE] == []
    again = shape.start()
    assert again.admin_key == seven.admin_key
    assert len(again.timeline(customer["id"], 20, seconds=60)) == 20


def test_real_purchases(example_file: Callable[[str], Path], tmp_path: Path) -> None:
    sample = example_file("purchases/cdnow/CDNOW_sample.txt")
    if broker._missing() and not REQUIRED:
        pytest.skip(f"no real Kafka broker: {broker._missing()}")
    with temporary_folder() as folder:
        cluster = Cluster(folder)
        try:
            cdnow.import_twice(cluster.start(), sample, tmp_path)
        finally:
            cluster.command("stop")
            shutil.rmtree(cluster.data, ignore_errors=True)
