"""Duplicates over HTTP: scans, pairs with reasons, decisions that last; FEBRL with its truth."""

from __future__ import annotations

import asyncio
import csv
import json
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from launcher.embedded_postgres import PrivateCluster
from tests.support import people
from tests.support.platform import TestPlatform, started

pytestmark = pytest.mark.asyncio

ADA: tuple[dict[str, Any], ...] = (
    {"given_name": "Ada", "family_name": "Lovelace", "birthday": "1990-12-10", "address": {"city": "London", "postcode": "W1A 1AA"}},
    {"given_name": "Ada", "family_name": "Lovelacce", "birthday": "1990-12-10", "address": {"city": "London", "postcode": "W1A 1AA"}},
)


async def ask(platform: TestPlatform, method: str, path: str, body: Any = None, *, status: int = 200) -> Any:
    answer = await platform["customer"].call(method, f"/api/v1{path}", json=body)
    assert answer.status == status, answer.body
    return answer.json()


async def fill(platform: TestPlatform, rows: list[tuple[str, dict[str, Any]]]) -> None:
    """Customers through the import door: user id and traits."""
    content = b"".join(json.dumps({"user_id": name, **traits}).encode() + b"\n" for name, traits in rows)
    declared = await ask(platform, "POST", "/imports", {"name": "rows", "format": "jsonl"}, status=201)
    pieces = [content[begin : begin + 1_000_000] for begin in range(0, len(content), 1_000_000)]
    for number, piece in enumerate(pieces, 1):
        await platform["customer"].call("PUT", f"/api/v1/imports/{declared['id']}/parts/{number}", body=piece)
    await ask(platform, "POST", f"/imports/{declared['id']}/start", {"parts": len(pieces)}, status=202)
    async with asyncio.timeout(60):
        while (found := await ask(platform, "GET", f"/imports/{declared['id']}"))["state"] != "done":
            await asyncio.sleep(0.1)
    assert found["created"] == len(rows), found


async def scan(platform: TestPlatform) -> dict[str, Any]:
    asked = await ask(platform, "POST", "/duplicates/scans", status=202)
    async with asyncio.timeout(120):
        while (found := await ask(platform, "GET", f"/duplicates/scans/{asked['id']}"))["state"] in {"queued", "running"}:
            await asyncio.sleep(0.1)
    assert found["state"] == "done", found
    return dict(found)


async def pairs(platform: TestPlatform, query: str = "") -> list[dict[str, Any]]:
    """All pages."""
    found: list[dict[str, Any]] = []
    token = ""
    while True:
        page = await ask(platform, "GET", f"/duplicates?limit=500{query}{token}")
        found += page["data"]
        if page["next_page_token"] is None:
            return found
        token = f"&page_token={page['next_page_token']}"


async def with_ada(platform: TestPlatform) -> tuple[str, str]:
    rows = [(f"p{place}", dict(record.traits)) for place, record in enumerate(people.records(300))]
    await fill(platform, rows)
    ids = [
        (await ask(platform, "POST", "/customers", {"identities": [f"user:ada{place}"], "traits": traits}, status=201))["id"]
        for place, traits in enumerate(ADA)
    ]
    return ids[0], ids[1]


async def test_a_scan_finds_who_registered_twice_and_says_why(cluster: PrivateCluster) -> None:
    """U6: duplicate finder with review queue."""
    async with started(cluster, "customer") as platform:
        one, two = await with_ada(platform)
        done = await scan(platform)
        assert (done["profiles"], done["progress"]) == (302, 1.0)
        (pair,) = await pairs(platform, f"&customer={one}")
        assert {pair["low_id"], pair["high_id"]} == {one, two}
        assert pair["score"] > 0.9
        texts = {reason["text"] for reason in pair["reasons"] if reason["bits"] > 0}
        assert {"birthday is the same", "family name differs by a slip"} <= texts
        scores = [each["score"] for each in await pairs(platform, "&min_score=0.05")]
        assert scores == sorted(scores, reverse=True)
        assert len(scores) >= len(await pairs(platform))


async def test_decisions_last(cluster: PrivateCluster) -> None:
    async with started(cluster, "customer") as platform:
        one, two = await with_ada(platform)
        await scan(platform)
        path = f"/duplicates/{one}/{two}/decision"
        assert (await ask(platform, "POST", path, {"decision": "later", "reason": "ask her"}))["state"] == "later"
        assert await pairs(platform, f"&customer={one}") == []
        assert len(await pairs(platform, f"&customer={one}&state=later")) == 1
        await ask(platform, "POST", path, {"decision": "not_same", "reason": "mother and daughter"})
        await scan(platform)
        assert await pairs(platform, f"&customer={one}") == []
        # No event brings them together either.
        merged = await ask(platform, "POST", path, {"decision": "merge", "survivor_id": two})
        assert merged["customer_id"] == two
        assert (await ask(platform, "GET", f"/customers/{one}"))["id"] == two
        again = await ask(platform, "POST", path, {"decision": "merge"}, status=409)
        assert again["code"] == "duplicate.merged"
        await ask(platform, "POST", f"/merges/{merged['merge_id']}/undo")
        assert (await ask(platform, "GET", f"/customers/{one}"))["id"] == one
        assert [pair["merge_id"] for pair in await pairs(platform, f"&customer={one}")] == [None], "a question again"
        assert (await ask(platform, "POST", path, {"decision": "not_same"}))["state"] == "not_same"


async def test_what_makes_no_sense_is_refused(cluster: PrivateCluster) -> None:
    async with started(cluster, "customer", read=False) as platform:
        nobody = UUID(int=1)
        first = await ask(platform, "POST", "/duplicates/scans", status=202)
        second = await platform["customer"].call("POST", "/api/v1/duplicates/scans")
        if second.status == 409:  # the first one may have ended meanwhile
            assert (second.json()["code"], second.json()["scan_id"]) == ("scan.runs_already", first["id"])
        for method, path, body, status, code in (
            ("GET", f"/duplicates/scans/{nobody}", None, 404, "scan.unknown"),
            ("GET", "/duplicates?min_score=2", None, 422, None),
            ("GET", "/duplicates?state=odd", None, 422, None),
            ("GET", "/duplicates?page_token=zzz", None, 422, "page.bad_token"),
            ("GET", "/duplicates?page_token=WzEsMiwzXQ", None, 422, "page.bad_token"),
            ("POST", f"/duplicates/{nobody}/{nobody}/decision", {"decision": "merge"}, 404, "duplicate.unknown"),
            ("POST", f"/duplicates/{nobody}/{nobody}/decision", {"decision": "maybe"}, 422, None),
        ):
            answer = await platform["customer"].call(method, f"/api/v1{path}", json=body)
            assert answer.status == status, (path, answer.body)
            if code:
                assert answer.json()["code"] == code


@pytest.mark.parametrize(("name", "least"), [("dataset1", 0.97), ("dataset3", 0.95)])
async def test_febrl_is_found_by_the_default_threshold(
    cluster: PrivateCluster, example_file: Callable[[str], Path], name: str, least: float
) -> None:
    """U6: pair F1 on FEBRL 1 and 3 from file to list, nothing fitted to the truth."""
    with example_file(f"identity/febrl/{name}.csv").open(encoding="utf-8") as file:
        rows = [{column.strip(): value.strip() for column, value in row.items()} for row in csv.DictReader(file)]
    async with started(cluster, "customer") as platform:
        listed = []
        for row in rows:
            named = {"given_name": row["given_name"], "family_name": row["surname"], "birthday": row["date_of_birth"]}
            rest = {column: row[column] for column in row if column not in {"rec_id", "given_name", "surname", "date_of_birth"}}
            listed.append((row["rec_id"], {column: value for column, value in {**named, **rest}.items() if value}))
        await fill(platform, listed)
        await scan(platform)
        rows_of = await platform["customer"].service.database.fetch_value(
            "SELECT jsonb_object_agg(customer_id, key) FROM identity WHERE kind = 'user'"
        )
        names = {customer: key.removeprefix("user:") for customer, key in json.loads(rows_of).items()}
        likely = {tuple(sorted((names[pair["low_id"]], names[pair["high_id"]]))) for pair in await pairs(platform)}
    people_of: dict[str, list[str]] = {}
    for rec_id, _ in listed:
        people_of.setdefault(rec_id.split("-")[1], []).append(rec_id)
    truth = {tuple(sorted(pair)) for records in people_of.values() for pair in combinations(records, 2)}
    right = len(likely & truth)
    f1 = 2 * right / (len(likely) + len(truth))
    assert f1 >= least, f"{name}: precision {right / len(likely):.4f}, recall {right / len(truth):.4f}, F1 {f1:.4f}"
