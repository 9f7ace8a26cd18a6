"""Faults of all kinds while events are posted and campaigns go out: what was answered 200 is there once and in order, and nobody is written to twice.

CI: 25 faults on 20,000 events in the cluster's shape, 20 kills on 50,000 on one machine. SCALE=full: 200 on 1,000,000 and on 500,000.
CHAOS_FAULTS and CHAOS_EVENTS: any numbers.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.chaos import checking, mailing, shapes, writer
from tests.support import proofs

REAL = proofs.FULL or bool(os.environ.get("ECRM_REQUIRE_REAL"))
SEED = 20260321
LIMIT = 6 * 3600 if proofs.FULL else 1500


@dataclass(frozen=True)
class Size:
    """How much is done: faults, events, people who are written to."""

    faults: int
    events: int
    people: int

    @classmethod
    def of(cls, *, small: tuple[int, int], full: tuple[int, int]) -> Size:
        """The environment wins."""
        faults, events = full if proofs.FULL else small
        return cls(int(os.environ.get("CHAOS_FAULTS", faults)), int(os.environ.get("CHAOS_EVENTS", events)), 500 if proofs.FULL else 100)


def java_reason() -> str | None:
    if shutil.which("java") is None:
        return "no Java on this machine: the real broker cannot run"
    return None


@pytest.mark.slow
@pytest.mark.timeout(LIMIT)
def test_one_process_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """P1, F25: launcher and its PostgreSQL killed again and again."""
    crash_loop(shapes.OneProcess(18200), tmp_path, Size.of(small=(20, 50_000) if REAL else (8, 20_000), full=(200, 500_000)), smtp_port=18230)


@pytest.mark.slow
@pytest.mark.real
@pytest.mark.timeout(LIMIT)
def test_seven_processes_lose_and_double_nothing(tmp_path: Path) -> None:
    """P1, F1, F2: services, broker and PostgreSQL killed, frozen and cut off at random."""
    reason = java_reason()
    if reason and not os.environ.get("ECRM_REQUIRE_REAL"):
        pytest.skip(reason)
    assert reason is None, reason
    crash_loop(shapes.SevenProcesses(18300), tmp_path, Size.of(small=(25 if REAL else 8, 20_000), full=(200, 1_000_000)), smtp_port=18330)


def crash_loop(shape: shapes.Shape, tmp_path: Path, size: Size, *, smtp_port: int) -> None:
    chance = random.Random(SEED)
    journal = tmp_path / "journal"
    began = time.monotonic()
    try:
        shape.start(smtp_port)
        keys = json.loads(next(shape.data.glob("**/keys.json")).read_text())
        with mailing.Mailing(shape.port, smtp_port, keys, people=size.people) as mails:
            mails.prepare()
            mails.begin()
            posting = start_writer(shape.port, keys["source_key"], size.events, journal)
            faults = harm(shape, size, chance, journal, posting)
            said, _ = posting.communicate(timeout=LIMIT / 2)
            shapes.wait_ready(shape.port)
            reports = mails.finish()
            summary = json.loads(said)
            answered = {message for line in journal.read_text().splitlines() for message in json.loads(line)}
            posted = writer.batches(size.events, SEED)
            complaints, figures = asyncio.run(checking.everything(shape, answered, posted, SEED, mails.inbox.mails))
        proofs.keep(f"crash_loop_{type(shape).__name__}", {
            "faults": sum(faults.values()), "by_kind": dict(faults.most_common()), "events": size.events, "campaigns": len(reports), **figures,
            "complaints": complaints, "seconds": round(time.monotonic() - began),
        })
        assert complaints == [], faults
        assert summary["accepted"] == size.events == len(answered), faults
        assert summary["unexpected"] == [], "answers other than 200, 429 and 503"
        assert reports
        assert figures["mails"] > 0
        found = asyncio.run(checking.seeded(shape, answered, posted, SEED, mails.inbox.mails))
        assert {what for what, said in found.items() if not said} == set(), "done wrong, and no check sees it"
    except BaseException:
        sys.stderr.write(shape.said())
        raise
    finally:
        shape.stop()


def start_writer(port: int, key: str, events: int, journal: Path) -> subprocess.Popen[bytes]:
    """The load, in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.chaos.writer", "--port", str(port), "--key", key, "--events", str(events), "--journal", str(journal),
         "--seed", str(SEED)],
        cwd=shapes.ROOT, stdout=subprocess.PIPE,
    )


def harm(shape: shapes.Shape, size: Size, chance: random.Random, journal: Path, posting: subprocess.Popen[bytes]) -> Counter[str]:
    """The faults, spread over the whole posting, each at a random moment of its share."""
    faults: Counter[str] = Counter()
    requests = len(writer.batches(size.events, SEED))
    for number, kind in enumerate(shapes.plan(size.faults, chance)):
        wait_for_requests(journal, requests * (number + chance.random()) / (size.faults + 1), posting)
        faults[shape.harm(kind, chance)] += 1
        time.sleep(chance.uniform(0, 1))
        shape.mend()
    return faults


def wait_for_requests(journal: Path, answered: float, posting: subprocess.Popen[bytes]) -> None:
    """Until so many requests were answered 200."""
    while True:
        lines = journal.read_bytes().count(b"\n") if journal.exists() else 0
        if lines >= answered:
            return
        assert posting.poll() is None, "the posting ended early"
        time.sleep(0.02)
