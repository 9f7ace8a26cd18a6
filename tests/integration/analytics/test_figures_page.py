"""The commands of docs/figures.md, one after the other, as they stand there; and the limits its table names."""

from __future__ import annotations

import itertools
import re
import shlex
from pathlib import Path

import pytest

from launcher.embedded_postgres import PrivateCluster
from tests.integration.analytics.story import DAY, NOW, ask, tell
from tests.support.platform import started
from tests.unit.analytics.shop import belongs, customer_id, event, order, profile

PAGE = Path(__file__).resolve().parents[3] / "docs" / "figures.md"
FILES = {
    "@costs.csv": b"kind,channel,amount_minor,currency,booked_on\nretain,post,10,EUR,2026-01-05\n", "@list.csv": f"customer_id\n{customer_id(1)}\n".encode(),
}


def commands() -> list[list[str]]:
    blocks = re.findall(r"^```\n(curl .*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [shlex.split(line) for block in blocks for line in block.strip().splitlines()]


@pytest.mark.asyncio
async def test_every_command_works_as_it_stands(cluster: PrivateCluster) -> None:
    """U23, U26, M7: the page is true."""
    async with started(cluster, "analytics", given={"analytics": {"question_seconds": 5}}) as platform:
        await tell(platform.log, profile(1), belongs("a", 1), event("a", "Product Viewed", at=NOW), order("a", "a1", net=100, at=NOW - DAY))
        await platform.drain()
        names = {"ID": customer_id(1)}
        done = 0
        for words in commands():
            address = next(word for word in words if word.startswith("$URL")).removeprefix("$URL")
            for name, value in names.items():
                address = re.sub(rf"\b{name}\b", value, address)
            options = dict(itertools.pairwise(words))
            body = FILES.get(options.get("--data-binary", ""), re.sub(r'"ID"', f'"{customer_id(1)}"', options.get("-d", "")).encode())
            kinds = [word.partition(":")[2] for word in words if word.startswith("content-type:")]
            method = options.get("-X", "POST" if body else "GET")
            answer = await platform["analytics"].call(method, address, body=body, headers={"content-type": kinds[0]} if kinds else None)
            assert answer.status < 300, (words, answer.status, answer.body)
            if body.startswith(b'{"name": "Press"'):
                names["LIST"] = answer.json()["id"]
            if address == "/api/v1/reports" and body:
                names["REPORT"] = answer.json()["id"]
            if address == "/api/v1/computed-traits" and body:
                names["TRAIT"] = answer.json()["id"]
            done += 1
        assert done >= 40


@pytest.mark.asyncio
async def test_files_have_a_size_and_questions_wait_for_each_other(cluster: PrivateCluster) -> None:
    async with started(cluster, "analytics") as platform:
        csv = {"content-type": "text/csv"}
        for body, code in ((b"kind\n" + b"x\n" * 20_001, "import.too_many_rows"), (b"x" * 4_000_001, "import.too_large")):
            answer = await platform["analytics"].call("POST", "/api/v1/costs/imports", body=body, headers=csv)
            assert (answer.status, answer.json()["code"]) == (422, code)
        asking = platform["analytics"].service.resources.asking
        await asking.acquire()
        try:
            assert (await ask(platform, "POST", "/queries", {"sql": "SELECT 1"}, status=503))["code"] == "query.busy"
        finally:
            asking.release()
        assert (await ask(platform, "POST", "/queries", {"sql": "SELECT 1"}))["rows"] == [[1]]


def test_every_refusal_of_the_table_is_provoked_by_a_test() -> None:
    codes = set(re.findall(r"`([a-z_]+\.[a-z_]+)`", PAGE.read_text(encoding="utf-8").partition("## Bad inputs")[2]))
    tests = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    assert {code for code in codes if f'"{code}"' not in tests} == set()
    assert len(codes) > 20
