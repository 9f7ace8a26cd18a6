"""What is away or slow for a while, on the whole cluster: the broker, and the store of one reader.

CI: broker away for 15 s, 60 MB behind a slow reader; SCALE=full: 60 s and 600 MB.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import random
import shutil
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx2
import psutil
import pytest

from tests.chaos import checking, shapes
from tests.support import proofs

AWAY = 60 if proofs.FULL else 15
MEGABYTES = 600 if proofs.FULL else 60
#: How much a process may grow while more than that waits for it.
MOST_GROWTH = 120

pytestmark = [pytest.mark.slow, pytest.mark.real, pytest.mark.timeout(1800 if proofs.FULL else 600)]


@dataclass
class Platform:
    """A running cluster and how to ask it."""

    shape: shapes.SevenProcesses
    url: str
    keys: dict[str, str]

    def ask(self, method: str, path: str, body: Any = None) -> httpx2.Response:
        return httpx2.request(method, self.url + path, json=body, headers={"authorization": f"Bearer {self.keys['admin_key']}"}, timeout=30)

    def post(self, *events: dict[str, Any]) -> httpx2.Response:
        return httpx2.post(self.url + "/v1/batch", json={"batch": list(events)}, auth=(self.keys["source_key"], ""), timeout=30)

    def until(self, holds: Callable[[], Any], what: str, *, seconds: float = 120) -> Any:
        deadline = time.monotonic() + seconds
        while not (found := holds()):
            assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
            time.sleep(0.2)
        return found

    def customer(self, user: str) -> str:
        """Their id, as soon as they are known with an address."""
        def found() -> str:
            listed = self.ask("GET", f"/api/v1/customers?identity=user:{user}")
            return str(listed.json()["data"][0]["id"]) if listed.status_code == 200 and listed.json()["data"] else ""

        return str(self.until(found, f"{user} is a customer"))

    def rows(self, database: str, statement: str, *arguments: Any) -> list[Any]:
        return asyncio.run(checking.rows(self.shape, database, statement, *arguments))


@pytest.fixture(scope="module")
def platform() -> Iterator[Platform]:
    if shutil.which("java") is None:
        if os.environ.get("ECRM_REQUIRE_REAL"):
            pytest.fail("no Java on this machine: the real broker cannot run")
        pytest.skip("no Java on this machine: the real broker cannot run")
    shape = shapes.SevenProcesses(shapes.free_base(), alone="interaction")
    try:
        shape.start(shape.port + 30)
        yield Platform(shape, f"http://127.0.0.1:{shape.port}", json.loads((shape.data / "keys.json").read_text()))
    finally:
        shape.stop()


def answered_while_away(platform: Platform, customers: list[str], seconds: float) -> tuple[list[dict[str, Any]], Counter[str]]:
    """Post and change until the time is over: what was answered to each event, and the answers to changes."""
    began = time.monotonic()
    events: list[dict[str, Any]] = []
    changes: Counter[str] = Counter()
    number = 0
    while time.monotonic() - began < seconds:
        name = f"away-{number}"
        answer = platform.post({"type": "track", "userId": "away", "event": "Seen", "messageId": name})
        events.append({"id": name, "status": answer.status_code, "retry_after": answer.headers.get("retry-after"), "at": round(time.monotonic() - began, 1)})
        customer = customers[number % len(customers)]
        changed = platform.ask("PATCH", f"/api/v1/customers/{customer}", {"name": f"Name {number}"})
        changes[f"profile {changed.status_code}"] += 1
        withdrawn = platform.ask("POST", "/api/v1/consents/withdrawals", {"customer_id": customer, "purpose": "marketing", "channel": "email", "source": "test"})
        changes[f"withdrawal {withdrawn.status_code}"] += 1
        number += 1
        time.sleep(0.1)
    return events, changes


def false_answers(events: list[dict[str, Any]], stored: set[str]) -> list[str]:
    """Answers that must not be: 200 for what is not there, refusals that do not say when to come back, anything else."""
    return [
        *(f"200 and lost: {one['id']}" for one in events if one["status"] == 200 and one["id"] not in stored),
        *(f"503 without Retry-After: {one['id']}" for one in events if one["status"] == 503 and not one["retry_after"]),
        *(f"{one['status']}: {one['id']}" for one in events if one["status"] not in {200, 503}),
    ]


def test_the_broker_is_away(platform: Platform) -> None:
    """Events are refused with a time to come back, nothing is promised that is not kept, changes of state go on and are told within 60 s."""
    users = [f"state-{number}" for number in range(10)]
    taken = platform.post(*({"type": "identify", "userId": user, "traits": {"email": f"{user}@x.example"}} for user in users))
    assert taken.status_code == 200, taken.text
    customers = [platform.customer(user) for user in users]
    os.kill(platform.shape.broker_pid, signal.SIGKILL)
    events, changes = answered_while_away(platform, customers, AWAY)
    waiting = {name: platform.rows(name, "SELECT count(*) AS n FROM outbox")[0]["n"] for name in checking.ALL}
    began = time.monotonic()
    platform.shape.start_broker()
    platform.until(lambda: not any(platform.rows(name, "SELECT count(*) AS n FROM outbox")[0]["n"] for name in checking.ALL), "outboxes are drained", seconds=60)
    drained = time.monotonic() - began
    platform.until(lambda: platform.post({"type": "track", "userId": "away", "event": "Seen", "messageId": "back"}).status_code == 200, "events are taken again")
    kept = [one["id"] for one in events if one["status"] == 200] + ["back"]
    counted = "SELECT record::json->>'id' AS id FROM interaction WHERE record::json->>'id' = ANY($1)"
    platform.until(lambda: len(platform.rows("interaction", counted, kept)) >= len(kept), "what was accepted is stored", seconds=60)
    stored = Counter(row["id"] for row in platform.rows("interaction", counted, [one["id"] for one in events] + ["back"]))
    statuses = Counter(one["status"] for one in events)
    slowest = max(after["at"] - before["at"] for before, after in itertools.pairwise(events))
    proofs.keep("broker_away", {
        "seconds_away": AWAY, "events": dict(statuses), "changes": dict(changes), "outbox_when_back": waiting, "drained_seconds_after_start": round(drained, 1),
        "slowest_round_seconds": round(slowest, 1), "false_answers": false_answers(events, set(stored)),
    })
    assert false_answers(events, set(stored)) == []
    assert statuses[503], "it was away"
    assert {said for said in changes if not said.endswith((" 200", " 201"))} == set(), "changes of state go on"
    assert sum(waiting.values()), "they waited to be told"
    assert max(stored.values()) == 1


def test_a_false_answer_is_found() -> None:
    events = [{"id": "a", "status": 200, "retry_after": None}, {"id": "b", "status": 503, "retry_after": None}, {"id": "c", "status": 500, "retry_after": "1"}]
    assert len(false_answers(events, set())) == 3
    assert false_answers([{**events[0]}, {**events[1], "retry_after": "3"}], {"a"}) == []


def test_the_memory_of_a_slow_reader_is_bounded(platform: Platform) -> None:
    """Its store takes long for every statement while far more comes than it can hold; then it works all of it off."""
    shape, chance = platform.shape, random.Random(5)
    process = psutil.Process(shape.pids()["interaction"])
    before = process.memory_info().rss
    shape.to_postgres_alone.bandwidth(60_000)
    posted = 0
    most = before
    sent = 0
    while sent < MEGABYTES << 20:
        batch = [
            {"type": "track", "userId": f"slow-{number % 50}", "event": "Read", "messageId": f"slow-{posted + number}", "properties": {"text": chance.randbytes(10_000).hex()}}
            for number in range(20)
        ]
        answer = platform.post(*batch)
        if answer.status_code != 200:
            assert answer.status_code in {429, 503}, answer.text
            time.sleep(0.5)
            continue
        posted += len(batch)
        sent += len(json.dumps(batch))
        most = max(most, process.memory_info().rss)
    for _ in range(50):
        most = max(most, process.memory_info().rss)
        time.sleep(0.1)
    behind = posted - stored_slow(platform)
    shape.to_postgres_alone.mend()
    platform.until(lambda: stored_slow(platform) == posted, "all of it is stored", seconds=240)
    growth = (most - before) / 2**20
    proofs.keep("slow_reader", {
        "posted_mib": round(sent / 2**20), "behind_events": behind, "behind_mib": round(sent / posted * behind / 2**20), "growth_mib": round(growth, 1),
        "rss_before_mib": before >> 20,
    })
    assert behind > posted / 2, "it was slow"
    assert process.is_running()
    assert growth < MOST_GROWTH
    assert platform.rows("interaction", "SELECT count(DISTINCT record::json->>'id') AS n FROM interaction WHERE record::json->>'id' LIKE 'slow-%'")[0]["n"] == posted


def stored_slow(platform: Platform) -> int:
    return int(platform.rows("interaction", "SELECT count(*) AS n FROM interaction WHERE record::json->>'id' LIKE 'slow-%'")[0]["n"])
