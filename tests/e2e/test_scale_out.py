"""Several processes of each service share the work on one machine; one is killed and one added under load: nothing lost, nothing doubled."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx2
import psutil
import pytest

from tests.e2e.test_cluster import Cluster, shape  # noqa: F401 - the fixture
from tests.support.upright import ROOT, Upright, free_port

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.timeout(400)]

#: Services whose readers may be as many as there are partitions; analytics keeps its facts in one file.
SHARED = ("customer", "interaction", "campaign", "consent")
USERS = 40
ROUND = 1200


class Helper:
    """One more process with the readers of a service, in the environment of the one that runs."""

    def __init__(self, cluster: Cluster, name: str) -> None:
        processes = cluster.state()["processes"]
        assert isinstance(processes, dict)
        self.port = free_port()
        self.name = name
        self._process = subprocess.Popen(
            [sys.executable, "-m", "launcher", "serve", name, "--part", "readers", "--port", str(self.port)], cwd=ROOT,
            env={**psutil.Process(processes[name]).environ(), "ECRM_INTERACTION_MAIL_ADDRESS": ""},
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        self.pid = self._process.pid

    def applied(self) -> int:
        """Records its readers have applied."""
        try:
            text = httpx2.get(f"http://127.0.0.1:{self.port}/metrics", timeout=5).text
        except httpx2.HTTPError:
            return 0
        return int(sum(float(value) for value in re.findall(r'^ecrm_records_total\{[^}]*outcome="applied"[^}]*\} (\S+)$', text, re.MULTILINE)))

    def end(self, sent: signal.Signals = signal.SIGTERM) -> int:
        if self._process.poll() is None:
            os.kill(self.pid, sent)
        return self._process.wait(60)


@contextmanager
def helpers(cluster: Cluster, count: int) -> Iterator[list[Helper]]:
    made = [Helper(cluster, name) for name in SHARED for _ in range(count)]
    try:
        yield made
    finally:
        for each in made:
            each.end(signal.SIGKILL)


def posted(up: Upright, tag: str, sent: Counter[str], count: int = ROUND) -> float:
    """Post events of all users in batches of 100; events a second of this loop."""
    began = time.monotonic()
    for first in range(0, count, 100):
        batch = []
        for number in range(first, first + 100):
            user = f"scale-{number % USERS}"
            sent[user] += 1
            batch.append({"type": "track", "userId": user, "event": "Seen", "messageId": f"{tag}-{number}", "properties": {"n": number}})
        up.collect(batch)
    return count / (time.monotonic() - began)


def until(check: Callable[[], bool], what: str, *, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, what
        time.sleep(0.2)


def test_two_and_three_processes_of_each_service_share_the_work(shape: Cluster) -> None:  # noqa: F811
    up = shape.start()
    tag, sent, rates = uuid.uuid4().hex[:6], Counter[str](), []
    rates.append(("1 process of each", posted(up, f"{tag}-1", sent)))
    with helpers(shape, 1) as second:
        until(lambda: _share(up, second, f"{tag}-w", sent), "the second processes get a share")
        rates.append(("2 processes of each", posted(up, f"{tag}-2", sent)))
        with helpers(shape, 1) as third:
            until(lambda: _share(up, third, f"{tag}-x", sent), "the third processes get a share")
            rates.append(("3 processes of each", posted(up, f"{tag}-3", sent)))
            posted(up, f"{tag}-4", sent, 300)
            killed = [each.end(signal.SIGKILL) for each in second]  # in the middle of it: nobody says goodbye
            rates.append(("one of each killed", posted(up, f"{tag}-5", sent)))
            assert set(killed) == {-signal.SIGKILL}
            _each_event_is_there_once(up, sent)
            assert [each.end() for each in third] == [0] * len(SHARED)  # these leave in order, and the first go on alone
            posted(up, f"{tag}-6", sent, 300)
            _each_event_is_there_once(up, sent)
    for what, rate in rates:
        sys.stdout.write(f"\n{what}: {rate:.0f} events/s accepted in batches of 100, one sender")


def _share(up: Upright, processes: list[Helper], tag: str, sent: Counter[str]) -> bool:
    """Whether each of them has applied something; some load meanwhile."""
    posted(up, f"{tag}-{uuid.uuid4().hex[:6]}", sent, 100)
    return all(each.applied() > 0 for each in processes if each.name in {"customer", "interaction"})


def _each_event_is_there_once(up: Upright, sent: Counter[str]) -> None:
    customers = {user: up.customer(f"user:{user}", seconds=60)["id"] for user in sent}
    assert len(set(customers.values())) == USERS
    for user, customer in customers.items():
        found = up.timeline(customer, sent[user], seconds=120)
        assert len(found) == sent[user], user
        assert len({entry["id"] for entry in found}) == sent[user]
