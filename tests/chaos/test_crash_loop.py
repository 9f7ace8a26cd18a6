"""kill -9 of random processes while events are posted: everything answered 200 is stored once, and nothing else is."""

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
from pathlib import Path

import asyncpg
import pytest

from tests.chaos import shapes, writer

FULL = os.environ.get("SCALE") == "full"
EVENTS = 50_000 if FULL or os.environ.get("ECRM_REQUIRE_REAL") else 20_000
FAULTS = 20 if FULL or os.environ.get("ECRM_REQUIRE_REAL") else 8
SEED = 20260321


def java_reason() -> str | None:
    if shutil.which("java") is None:
        return "no Java on this machine: the real broker cannot run"
    return None


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_one_process_loses_and_doubles_nothing(tmp_path: Path) -> None:
    """P1, F25: launcher and its PostgreSQL killed again and again."""
    crash_loop(shapes.OneProcess(18200), tmp_path)


@pytest.mark.slow
@pytest.mark.real
@pytest.mark.timeout(1500)
def test_seven_processes_lose_and_double_nothing(tmp_path: Path) -> None:
    """P1, F1, F2: services and the broker killed at random."""
    reason = java_reason()
    if reason and not os.environ.get("ECRM_REQUIRE_REAL"):
        pytest.skip(reason)
    assert reason is None, reason
    crash_loop(shapes.SevenProcesses(18300), tmp_path)


def crash_loop(shape: shapes.Shape, tmp_path: Path) -> None:
    chance = random.Random(SEED)
    journal = tmp_path / "journal"
    try:
        shape.start()
        key = json.loads(next(shape.data.glob("**/keys.json")).read_text())["source_key"]
        posting = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.writer", "--port", str(shape.port), "--key", key, "--events", str(EVENTS),
             "--journal", str(journal), "--seed", str(SEED)],
            cwd=shapes.ROOT, stdout=subprocess.PIPE,
        )
        faults: Counter[str] = Counter()
        requests = len(writer.batches(EVENTS, SEED))
        for number in range(FAULTS):
            # spread over the whole posting, each at a random moment of its share
            wait_for_requests(journal, requests * (number + chance.random()) / (FAULTS + 1), posting)
            faults[shape.kill_one(chance)] += 1
            time.sleep(chance.uniform(0, 1))
            shape.mend()
        said, _ = posting.communicate(timeout=900)
        shapes.wait_ready(shape.port)
        summary = json.loads(said)
        answered = {message for line in journal.read_text().splitlines() for message in json.loads(line)}
        assert summary["accepted"] == EVENTS == len(answered), faults
        assert summary["unexpected"] == [], "answers other than 200, 429 and 503"
        stored = asyncio.run(stored_ids(shape, len(answered)))
        posted = {event["messageId"] for batch in writer.batches(EVENTS, SEED) for event in batch}
        assert {message for message, times in stored.items() if times > 1} == set(), faults
        assert answered - set(stored) == set(), "answered 200 and lost"
        assert set(stored) - posted == set(), "stored and never posted"
        asyncio.run(customers_agree(shape, posted_people()))
    finally:
        shape.stop()


def wait_for_requests(journal: Path, answered: float, posting: subprocess.Popen[bytes]) -> None:
    """Until so many requests were answered 200."""
    while True:
        lines = journal.read_bytes().count(b"\n") if journal.exists() else 0
        if lines >= answered:
            return
        assert posting.poll() is None, "the posting ended early"
        time.sleep(0.02)


async def stored_ids(shape: shapes.Shape, expected: int) -> Counter[str]:
    """Message ids in the interaction store, once nothing more arrives; asked by plain SQL."""
    db = await asyncpg.connect(shape.database_url("interaction"))
    try:
        deadline = time.monotonic() + 180
        while time.monotonic() < deadline:
            if await db.fetchval("SELECT count(*) FROM interaction WHERE record::json->>'id' LIKE $1", f"c{SEED}-%") >= expected:
                break
            await asyncio.sleep(0.5)
        await asyncio.sleep(2)
        return Counter(row["message_id"] for row in await db.fetch("SELECT record::json->>'id' AS message_id FROM interaction WHERE record::json->>'id' LIKE $1", f"c{SEED}-%"))
    finally:
        await db.close()


def posted_people() -> set[str]:
    return {event["anonymousId"] for batch in writer.batches(EVENTS, SEED) for event in batch}


async def customers_agree(shape: shapes.Shape, people: set[str]) -> None:
    """Every posted identity belongs to exactly one customer, once the readers have caught up."""
    db = await asyncpg.connect(shape.database_url("customer"))
    try:
        deadline = time.monotonic() + 120
        known: set[str] = set()
        while time.monotonic() < deadline and known != people:
            rows = await db.fetch("SELECT key FROM identity WHERE key LIKE $1", f"anon:chaos-{SEED}-%")
            known = {row["key"].removeprefix("anon:") for row in rows}
            assert len(rows) == len(known)
            await asyncio.sleep(0.5)
        assert known == people
    finally:
        await db.close()
