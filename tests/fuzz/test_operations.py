"""Every operation of every service and of the gateway, asked with rights: what it promises to take and what it does not. Never a 5xx.

Small: a few cases an operation, the same in each run. SCALE=full: FUZZ_CASES (default 200) an operation.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import time
from collections import Counter, defaultdict
from random import Random
from typing import Any, Final

import pytest

from gateway import commands
from launcher.embedded_postgres import PrivateCluster
from tests.fuzz import strangers
from tests.fuzz.examples import COLLECTED, REQUESTS
from tests.fuzz.generating import Generator, asked
from tests.fuzz.surface import Asked, Operation, Pool, examples, operations
from tests.integration.gateway.visiting import Visitor, administrator
from tests.support import proofs
from tests.support.platform import TestPlatform, started

SERVICES: Final = ("gateway", "customer", "interaction", "analytics", "campaign", "consent")
CASES: Final = int(os.environ.get("FUZZ_CASES", "200" if proofs.FULL else "2"))
WRONG: Final = max(1, CASES // 2)
#: Without an end: asked elsewhere.
ENDLESS: Final = {"GET /api/v1/live"}
LIMITS: Final = {"gateway": {"api_requests_per_minute": 10_000_000, "in_flight_requests": 4096, "trusted_proxies": "127.0.0.1"}}


class Fuzzer:
    """Sends, learns from good answers, and keeps what must not be."""

    def __init__(self, platform: TestPlatform, visitor: Visitor) -> None:
        self._visitor = visitor
        self.pool = Pool(Random(17), frozenset())
        self.statuses: dict[str, Counter[int]] = defaultdict(Counter)
        self.broken: dict[str, str] = {}

    async def send(self, request: Asked) -> int:
        operation = request.operation
        headers = {"content-type": request.content_type, **dict(request.headers)}
        try:
            answer = await asyncio.wait_for(self._visitor.ask(operation.method.upper(), request.path, headers=headers, raw=request.raw), 60)
        except TimeoutError:
            self.broken.setdefault(f"{operation.label} without an answer", f"{request.path} {request.raw[:600]!r}")
            return 0
        self.statuses[operation.label][answer.status] += 1
        if answer.status >= 500:
            self.broken.setdefault(f"{operation.label} {answer.status}", f"{request.path} {request.raw[:600]!r} -> {answer.body[:300]!r}")
        elif 200 <= answer.status < 300 and "json" in answer.headers.get("content-type", ""):
            self.pool.learn(operation, answer.json())
        return answer.status

    def reached(self) -> set[str]:
        return {label for label, counts in self.statuses.items() if any(200 <= status < 300 for status in counts)}


async def seeded(platform: TestPlatform, fuzzer: Fuzzer, known: list[Operation]) -> None:
    """What is needed by the rest, then what pages show, more than once: later ones need what earlier ones made."""
    by_label = {one.label: one for one in known}
    await collected(platform, fuzzer, by_label)
    for _ in range(2):
        for label, body in REQUESTS:
            operation = by_label[label]
            raw = b"" if body is None else body.encode() if isinstance(body, str) else json.dumps(fuzzer.pool.body(body)).encode()
            generated = {name: "marketing" if name == "purpose" else "footer" for name in operation.parameters}
            kind = "text/csv" if isinstance(body, str) else "application/json"
            await fuzzer.send(Asked(operation, fuzzer.pool.path(operation, generated) + ("?name=file" if kind == "text/csv" else ""), raw, kind))
        await platform.drain()
    shown = examples(known)
    for _ in range(2):
        for operation in known:
            for body, query in shown.get(operation, []):
                if operation.method == "delete" or operation.label in ENDLESS:
                    continue
                value = json.dumps(fuzzer.pool.body(json.loads(body))).encode() if body else b""
                path = fuzzer.pool.path(operation, {})
                await fuzzer.send(Asked(operation, f"{path}?{query}" if query and "$" not in query else path, value))
        await asyncio.sleep(0.3)


async def collected(platform: TestPlatform, fuzzer: Fuzzer, by_label: dict[str, Operation]) -> None:
    """Events of a source, with its key."""
    made = await commands.create_source(platform["gateway"].service, settings={"name": "fuzz"}, actor="test")
    await platform.drain()
    headers = (("authorization", "Basic " + base64.b64encode(f"{made.created.text}:".encode()).decode()),)
    for label, body in COLLECTED:
        for _ in range(50):  # the collector hears of the key from the log
            if await fuzzer.send(Asked(by_label[label], by_label[label].template, json.dumps(body).encode(), headers=headers)) != 401:
                break
            await asyncio.sleep(0.1)
    settings = by_label["GET /v1/projects/{write_key}/settings"]
    await fuzzer.send(Asked(settings, settings.template.replace("{write_key}", made.created.text), b""))
    await fuzzer.send(Asked(by_label["GET /sourceConfig"], "/sourceConfig", b"", headers=headers))


async def run(cluster: PrivateCluster) -> dict[str, Any]:
    async with started(cluster, *SERVICES, given=LIMITS) as platform:
        visitor = await administrator(platform)
        document = (await visitor.ask("GET", "/openapi.json")).json()
        own = [one["id"] for one in (await visitor.ask("GET", "/api/v1/keys")).json()["data"]]
        known = [one for one in operations(document) if one.label not in ENDLESS]
        fuzzer = Fuzzer(platform, visitor)
        fuzzer.pool.avoided = frozenset(own)
        generator = Generator(document)
        await seeded(platform, fuzzer, known)
        for operation in known:
            for case in generator.cases(operation, CASES, good=True):
                await fuzzer.send(asked(operation, case, fuzzer.pool, good=True))
        for operation in known:
            for case in generator.cases(operation, WRONG, good=False):
                await fuzzer.send(asked(operation, case, fuzzer.pool, good=False))
        reached = fuzzer.reached()
        foreign = await strangers.check(platform, visitor, known, fuzzer.pool, 1 if proofs.FULL else 6)
        return {
            "foreign": foreign,
            "operations": len(known), "reached_2xx": len(reached), "share_2xx": round(len(reached) / len(known), 3),
            "requests": sum(sum(counts.values()) for counts in fuzzer.statuses.values()), "broken": fuzzer.broken,
            "never_2xx": {one.label: dict(fuzzer.statuses[one.label]) for one in known if one.label not in reached},
        }


@pytest.mark.slow
@pytest.mark.timeout(36_000 if proofs.FULL else 900)
@pytest.mark.asyncio
async def test_no_operation_breaks_whatever_it_is_asked(cluster: PrivateCluster) -> None:
    begin = time.process_time()
    figures = await run(cluster)
    figures["cpu_seconds"] = round(time.process_time() - begin, 1)
    proofs.keep("operations", figures)
    assert figures["broken"] == {}
    assert "\n".join(figures["foreign"]["opened"]) == ""
    assert "\n".join(figures["foreign"]["leaks"]) == ""
    assert figures["share_2xx"] >= 0.7
