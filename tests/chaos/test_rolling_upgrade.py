"""One process after the other is replaced by newer code, on a schema that only grew, while events are posted and campaigns go out; then back again.

Older is the code of an earlier commit, where the history has it (else today's); newer is today's, with a migration more in two services.
CI: all seven forward and two back; SCALE=full: all seven back too.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from launcher import roster
from launcher.embedded_postgres import PrivateCluster
from tests.chaos import checking, mailing, rolling_cluster, shapes, writer
from tests.chaos.test_crash_loop import SEED, java_reason, start_writer
from tests.support import proofs

#: No migration that stood then was edited since.
EARLIER = "8a70a39"
CODE = ("chassis", "contracts", "services", "gateway", "launcher", "pyproject.toml")
#: Services before those who ask them; the doors come last.
ORDER = ("consent", "customer", "interaction", "analytics", "campaign", "collector", "gateway")
GROWN = ("customer", "interaction")
BACK = ORDER[::-1] if proofs.FULL else GROWN
EVENTS, PEOPLE = 200_000, 30
MIGRATION = '''"""A column and a table that only newer code knows."""

from alembic import op

revision = "{revision}"
down_revision = "{before}"


def upgrade() -> None:
    op.execute("ALTER TABLE {table} ADD COLUMN of_the_future text")
    op.execute("CREATE TABLE of_the_future (id uuid PRIMARY KEY)")
'''
NEXT = "9001"


class Upgrading(shapes.SevenProcesses):
    """The cluster with code by process."""

    def __init__(self, older: Path) -> None:
        super().__init__(shapes.free_base())
        for process in ("all", *roster.PROCESSES):
            rolling_cluster.name_tree(self.data, process, older)
        del self.environment["KAFKA_ADVERTISED"]

    def command(self) -> list[str]:
        return [sys.executable, "-m", "tests.chaos.rolling_cluster", "--data", str(self.data), "--port", str(self.port)]

    def migrate(self, tree: Path) -> None:
        """What the job of a release does before its processes come."""
        server = PrivateCluster(self.data / "postgres", [])
        urls = {f"ECRM_{name.upper()}_OWNER_DATABASE_URL": server.url(name, role="owner") for name in roster.ALL}
        urls |= {f"ECRM_{name.upper()}_DATABASE_URL": server.url(name) for name in roster.ALL}
        done = subprocess.run(
            [sys.executable, "-m", "launcher", "migrate"], cwd=self.data / "trees", capture_output=True, text=True, check=False,
            env={**os.environ, **urls, "ECRM_KAFKA_URL": self.log_url(), "PYTHONPATH": str(tree)},
        )
        assert done.returncode == 0, done.stderr

    def replace(self, name: str, tree: Path) -> None:
        """Ended in order, started with this code, ready."""
        rolling_cluster.name_tree(self.data, name, tree)
        before = self.pids()[name]
        os.kill(before, signal.SIGTERM)
        deadline = time.monotonic() + 240
        while self.pids()[name] == before:
            assert time.monotonic() < deadline, f"{name} does not end"
            time.sleep(0.05)
        shapes.wait_ready(self.door(name))
        assert self.runs(name) == tree

    def door(self, name: str) -> int:
        return int(self._state()["ports"][name])

    def runs(self, name: str) -> Path:
        """Where the code comes from that this process runs."""
        return Path((self.data / "trees" / name / "ran" / str(self.pids()[name])).read_text())


def older_tree(folder: Path) -> tuple[Path, str]:
    """The code of the earlier commit and what it is."""
    folder.mkdir()
    packed = subprocess.run(["git", "archive", EARLIER, *CODE], cwd=shapes.ROOT, capture_output=True, check=False)
    if packed.returncode != 0:
        return todays(folder), "today's code"
    subprocess.run(["tar", "-x"], cwd=folder, input=packed.stdout, check=True)
    return folder, f"commit {EARLIER}"


def todays(folder: Path) -> Path:
    for name in CODE:
        source = shapes.ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, dirs_exist_ok=True)
        else:
            shutil.copy2(source, folder / name)
    return folder


def newer_tree(folder: Path) -> Path:
    """Today's code, with a migration more."""
    todays(folder)
    for name, table in zip(GROWN, ("customer", "orders"), strict=True):
        versions = folder / "services" / name / "migrations" / "versions"
        before = max(path.name[:4] for path in versions.glob("[0-9]*.py"))
        (versions / f"{NEXT}_of_the_future.py").write_text(MIGRATION.format(revision=NEXT, before=before, table=table))
    return folder


def roll(shape: Upgrading, names: Sequence[str], tree: Path) -> dict[str, float]:
    """One after the other; seconds until each was ready."""
    took = {}
    for name in names:
        began = time.monotonic()
        shape.replace(name, tree)
        took[name] = round(time.monotonic() - began, 1)
    return took


@pytest.mark.slow
@pytest.mark.real
@pytest.mark.timeout(1500)
def test_services_are_replaced_one_by_one_and_back(tmp_path: Path) -> None:
    """F21: nothing lost, doubled, out of order or mailed twice, and no answer but the ones that say to come again."""
    reason = java_reason()
    if reason and not os.environ.get("ECRM_REQUIRE_REAL"):
        pytest.skip(reason)
    assert reason is None, reason
    older, called = older_tree(tmp_path / "older")
    newer = newer_tree(tmp_path / "newer")
    journal, over = tmp_path / "journal", tmp_path / "over"
    shape = Upgrading(older)
    try:
        shape.start(shape.port + 30)
        keys = json.loads((shape.data / "keys.json").read_text())
        with mailing.Mailing(shape.port, shape.port + 30, keys, people=PEOPLE) as mails:
            mails.prepare()
            mails.begin()
            posting = start_writer(shape.port, keys["source_key"], EVENTS, journal, "--pause", "1.0", "--until", str(over))
            assert {shape.runs(name) for name in ORDER} == {older}
            shape.migrate(newer)
            forward = roll(shape, ORDER, newer)
            back = roll(shape, BACK, older)
            assert posting.poll() is None, "it was posted all the time"
            over.touch()
            said, _ = posting.communicate(timeout=120)
            reports = mails.finish()
            revisions = {asyncio.run(checking.rows(shape, name, "SELECT version_num FROM alembic_version"))[0]["version_num"] for name in GROWN}
            answered = {message for line in journal.read_text().splitlines() for message in json.loads(line)}
            posted = [batch for batch in writer.batches(EVENTS, SEED) if batch[0]["messageId"] in answered]
            complaints, figures = asyncio.run(checking.everything(shape, answered, posted, SEED, mails.inbox.mails))
        proofs.keep("rolling_upgrade", {
            "older": called, "seconds_until_ready": forward, "seconds_until_ready_back": back, "events": len(answered), "campaigns": len(reports),
            **figures, "complaints": complaints, "unexpected_answers": json.loads(said)["unexpected"],
        })
        assert complaints == []
        assert json.loads(said)["unexpected"] == [], "answers other than 200, 429 and 503"
        assert json.loads(said)["accepted"] == len(answered) > 0
        assert revisions == {NEXT}
        assert figures["mails"] > 0
    except BaseException:
        sys.stderr.write(shape.said())
        raise
    finally:
        shape.stop()
