"""The disk of the one-machine shape runs full while events are posted, and has room again later: it says so, and keeps what it has confirmed.

Needs to mount a small file system in memory; where that is not allowed it is skipped.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.chaos import checking, shapes, writer
from tests.chaos.test_crash_loop import SEED, start_writer, wait_for_requests
from tests.support import proofs
from tests.support.upright import free_port

SIZE = "600m"
EVENTS = int(os.environ.get("CHAOS_EVENTS", "100000" if proofs.FULL else "8000"))
PIECE = b"\0" * (1 << 20)


@contextmanager
def small_disk() -> Iterator[Path]:
    """A file system of its own size."""
    with tempfile.TemporaryDirectory(prefix="ecrm-disk-") as name:
        folder = Path(name)
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=755", "tmpfs", name], capture_output=True, text=True, check=False)
        if mounted.returncode != 0:
            pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
        try:
            yield folder
        finally:
            subprocess.run(["umount", "-l", name], check=True)


def fill(folder: Path) -> Path:
    """A file that takes all the room there is."""
    path = folder / "filler"
    with path.open("wb", buffering=0) as filler:
        try:
            while filler.write(PIECE) == len(PIECE):
                pass
        except OSError:
            pass
    return path


def refused_in_a_row(port: int, key: str, times: int, *, seconds: float) -> list[int]:
    """Post until so many answers in a row were no 200; 0 stands for no answer. All answers."""
    answers: list[int] = []
    deadline = time.monotonic() + seconds
    while len(answers) < times or any(status == 200 for status in answers[-times:]):
        assert time.monotonic() < deadline, f"it goes on as if nothing were: {answers[-20:]}"
        event = {"type": "track", "userId": "full", "event": "Seen", "properties": {"text": "x" * 20_000}}
        try:
            answers.append(httpx2.post(f"http://127.0.0.1:{port}/v1/batch", json={"batch": [event] * 20}, auth=(key, ""), timeout=15).status_code)
        except httpx2.HTTPError:
            answers.append(0)
        time.sleep(0.05)
    return answers


@pytest.mark.slow
@pytest.mark.timeout(1800 if proofs.FULL else 700)
def test_a_full_disk_loses_nothing(tmp_path: Path) -> None:
    journal = tmp_path / "journal"
    with small_disk() as disk:
        shape = shapes.OneProcess(free_port(), data=disk)
        try:
            shape.start(free_port())
            key = json.loads(next(disk.glob("**/keys.json")).read_text())["source_key"]
            batches = writer.batches(EVENTS, SEED)
            posting = start_writer(shape.port, key, EVENTS, journal)
            wait_for_requests(journal, len(batches) / 5, posting)
            filler = fill(disk)
            answers = refused_in_a_row(shape.port, key, 5, seconds=240)
            before = len(journal.read_text().splitlines())
            time.sleep(3)
            words = shape.said() + "".join(path.read_text(errors="replace")[-20_000:] for path in disk.glob("**/postgres.log"))
            filler.unlink()
            said, _ = posting.communicate(timeout=600)
            shapes.wait_ready(shape.port)
            answered = {message for line in journal.read_text().splitlines() for message in json.loads(line)}
            asyncio.run(checking.settle(shape, SEED, len(answered)))
            posted = {event["messageId"] for batch in batches for event in batch}
            complaints = [
                *asyncio.run(checking.events(shape, answered, posted, SEED)), *asyncio.run(checking.orders(shape, batches)),
                *asyncio.run(checking.people(shape, checking.posted_people(batches), SEED)),
            ]
            proofs.keep("disk_full", {
                "events": EVENTS, "requests_answered_before": before, "answers_while_full": {str(one): answers.count(one) for one in set(answers)},
                "complaints": complaints, "told": "No space left on device" in words,
            })
            assert complaints == []
            assert json.loads(said)["accepted"] == EVENTS == len(answered)
            assert json.loads(said)["unexpected"] == []
            assert set(answers) <= {200, 503, 429, 0}
            assert "No space left on device" in words, "it says why"
        except BaseException:
            sys.stderr.write(shape.said())
            raise
        finally:
            shape.stop()
