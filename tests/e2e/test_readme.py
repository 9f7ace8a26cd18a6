"""Every command of the README, executed in a copy of the tree: as pasted, but for the port."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from chassis import settings
from tests.chaos.shapes import wait_ready
from tests.support import broker
from tests.support.upright import ROOT, free_port, temporary_folder

README = (ROOT / "README.md").read_text(encoding="utf-8")
REQUIRED = bool(os.environ.get("ECRM_REQUIRE_REAL"))
LEFT_OUT = {".git", ".venv", ".venv-sdk", "data", "target", "node_modules", "__pycache__", "build", ".mypy_cache", ".ruff_cache", ".hypothesis"}
#: What is executed here; a command that is new in the README is missing in this list until a test runs it.
CONSOLE = ["make run", "make demo", "make cluster", "make cluster-stop"]
SHELL = [
    'KEY=$(.venv/bin/python -c \'import json; print(json.load(open("data/keys.json"))["source_key"])\')', 'curl -s -u "$KEY:"',
    'ADMIN=$(.venv/bin/python -c \'import json; print(json.load(open("data/keys.json"))["admin_key"])\')', "curl -s -H",
    ".venv/bin/ecrm import orders", "make check test",
]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


@dataclass
class Checkout:
    """A copy of the tree in which `make run` runs."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]

    def paste(self, text: str, **environment: str) -> str:
        """What the commands print, stopped at the first that fails."""
        text = text.replace("127.0.0.1:8080", f"127.0.0.1:{self.port}")
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", text], cwd=self.folder, env={**settings.environment(), **environment}, capture_output=True, text=True,
            timeout=400, check=False,
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        return done.stdout


def copy_tree(folder: Path) -> None:
    """The tree as a clone has it, with this environment instead of a new one."""
    shutil.copytree(ROOT, folder, ignore=lambda _folder, names: LEFT_OUT & set(names))
    (folder / ".venv").symlink_to(ROOT / ".venv")
    for name in ("requirements.lock", "requirements-dev.lock", "pyproject.toml"):
        os.utime(folder / name, (0, 0))  # so that make does not install again


@pytest.fixture(scope="module")
def checkout() -> Iterator[Checkout]:
    """`make run`, as in a terminal of its own; ended by Ctrl-C."""
    with temporary_folder() as folder:
        copy_tree(folder / "peyvand")
        port = free_port()
        with (folder / "run.log").open("wb") as output:
            process = subprocess.Popen(
                ["make", "run"], cwd=folder / "peyvand", env={**settings.environment(), "RUN_ARGS": f"--port {port}"}, stdin=subprocess.DEVNULL,
                stdout=output, stderr=output, start_new_session=True,
            )
        family: list[psutil.Process] = []
        try:
            wait_ready(port)
            until_written(folder / "peyvand" / "data" / "keys.json")
            family = psutil.Process(process.pid).children(recursive=True)
            yield Checkout(folder / "peyvand", port, process)
        finally:
            os.killpg(process.pid, signal.SIGINT)
            process.wait(20)
            _, alive = psutil.wait_procs(family, timeout=10)
        assert [left for left in alive if left.status() != psutil.STATUS_ZOMBIE] == []
        assert "demo" in (folder / "run.log").read_text()


def until_written(path: Path) -> None:
    deadline = time.monotonic() + 20
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(0.1)


def test_nothing_in_the_readme_is_left_out() -> None:
    assert [line.removeprefix("$ ").split("#")[0].strip() for block in blocks("console") for line in block.splitlines()] == CONSOLE
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    assert len(lines) == len(SHELL)
    assert [line for line, known in zip(lines, SHELL, strict=True) if not line.startswith(known)] == []
    assert len(blocks("python")) == 1
    assert len(README.splitlines()) <= 150
    for name in re.findall(r"`((?:docs|deploy)/[a-zA-Z0-9_./-]+)`", README):
        assert (ROOT / name).exists(), name


def test_send_an_event_and_look_at_the_person(checkout: Checkout) -> None:
    send, look = blocks("sh")[0], blocks("sh")[1]
    deadline = time.monotonic() + 20
    said = checkout.paste(send)
    assert f"`{said}`" in README
    assert json.loads(said)["accepted"] == 1
    customers: list[dict[str, object]] = []
    while not customers and time.monotonic() < deadline:
        customers = json.loads(checkout.paste(look))["data"]
    assert len(customers) == 1
    assert "openapi.json" in checkout.paste("curl -s http://127.0.0.1:8080/docs")
    assert "/api/v1/customers" in json.loads(checkout.paste("curl -s http://127.0.0.1:8080/openapi.json"))["paths"]


def test_the_sdk_snippet(checkout: Checkout) -> None:
    python = ROOT / ".venv-sdk" / "bin" / "python"
    if not python.exists() and not REQUIRED:
        pytest.skip("the Python SDKs are not installed: run `make sdks`")
    key = json.loads((checkout.folder / "data" / "keys.json").read_text())["source_key"]
    (checkout.folder / "snippet.py").write_text(f"KEY = {key!r}\n" + blocks("python")[0].replace(":8080", f":{checkout.port}"))
    checkout.paste(f"{python} snippet.py")
    deadline = time.monotonic() + 20
    emails: set[object] = set()
    while emails != {"sara@example.com"} and time.monotonic() < deadline:
        emails = {customer["email"] for customer in json.loads(checkout.paste(blocks("sh")[1]))["data"]}
    assert emails == {"sara@example.com"}


def test_import_twice(checkout: Checkout) -> None:
    command = blocks("sh")[2]
    admin = blocks("sh")[1].splitlines()[0]
    for _ in range(2):
        checkout.paste(command)
        time.sleep(3)
        look = f'{admin}\ncurl -s -H "Authorization: Bearer $ADMIN" "http://127.0.0.1:8080/api/v1/customers?identity=user:77"'
        (customer,) = json.loads(checkout.paste(look))["data"]
        orders = f'{admin}\ncurl -s -H "Authorization: Bearer $ADMIN" "http://127.0.0.1:8080/api/v1/customers/{customer["id"]}/orders"'
        assert [(order["order_id"], order["paid_minor"]) for order in json.loads(checkout.paste(orders))["data"]] == [("o-1003", 34_900)]


def test_the_demo(checkout: Checkout) -> None:
    said = checkout.paste("make demo")
    mails = list((checkout.folder / "data" / "mails").glob("*.eml"))
    assert len(mails) > 100
    assert "planned" in said
    assert "The whole story took" in said


def test_the_targets_for_developers_exist(checkout: Checkout) -> None:
    """They run this very suite, so here only what they would do."""
    said = checkout.paste("make -n -o .venv/.installed -o .venv/.installed-dev check test test-real chaos bench")
    for part in ("ruff check", "mypy", "lint-imports", "pytest"):
        assert part in said


@pytest.mark.real
def test_as_separate_services(checkout: Checkout) -> None:
    missing = broker._missing()
    if missing and not REQUIRED:
        pytest.skip(f"no real Kafka broker: {missing}")
    given = {"KAFKA_JARS": str(broker.JARS)} if broker.JARS.is_dir() else {}
    port = free_port()
    try:
        checkout.paste("make cluster", CLUSTER_ARGS=f"--port {port}", **given)
        wait_ready(port)
    finally:
        checkout.paste("make cluster-stop")
    assert not (checkout.folder / "data" / "cluster" / "cluster.json").exists()
