"""What was known at a time: history and `as_of` over random histories with merges, their undoing and late events."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime
from typing import Any

import pytest

from launcher.embedded_postgres import PrivateCluster
from tests.integration.customer.asking import ask, got, registered
from tests.integration.customer.happenings import append, happened
from tests.support.platform import TestPlatform, started

pytestmark = pytest.mark.asyncio

#: What a reading of the past leaves out: its version, and what hangs on a customer without a history.
PRESENT_ONLY = ("version", "updated_at", "as_of")


def time_of(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


async def answers(platform: TestPlatform, customers: list[str], suffix: str = "") -> dict[str, Any]:
    """What is answered for each id, without what only the present has."""
    found = {}
    for customer in customers:
        answer = await ask(platform, "GET", f"/customers/{customer}{suffix}")
        if answer.status == 404:
            found[customer] = answer.json()["code"]
        else:
            shown = {name: value for name, value in answer.json().items() if name not in PRESENT_ONLY}
            found[customer] = {**shown, "merged": sorted(shown["merged"]), "identities": sorted(shown["identities"])}
    return found


async def step(platform: TestPlatform, chance: random.Random, customers: list[str], merges: list[str]) -> None:
    """Something happens: an event, late or not, by a server or a browser; a change by hand; a merge or its undoing; a split; another source wins."""
    number = chance.randrange(len(customers))
    match chance.randrange(7):
        case 0 | 1:
            told = {chance.choice("abc"): chance.choice([1, "x", True, {"n": 2}, [3]]) for _ in range(2)}
            links = (f"anon:{chance.randrange(4)}x",) if chance.random() < 0.4 else ()
            event = happened(
                "identify", f"user:{number + 1}", *links, traits=told, authority=chance.choice(["server", "browser"]), minute=chance.randrange(50)
            )
            await append(platform.log, [event])
            await platform.drain()
        case 2:
            await ask(platform, "PATCH", f"/customers/{customers[number]}", {"traits": {chance.choice("abc"): chance.choice([None, 7, "y"])}})
        case 3:
            two = chance.choice(customers)
            done = await ask(platform, "POST", "/merges", {"survivor_id": customers[number], "merged_id": two})
            if done.status == 201:
                merges.append(done.json()["merge_id"])
        case 4 if merges:
            assert (await ask(platform, "POST", f"/merges/{merges.pop(chance.randrange(len(merges)))}/undo")).status in (200, 409)
        case 5:
            owned = (await got(platform, f"/customers/{customers[number]}"))["identities"]
            chosen = chance.choice(sorted(owned) or ["user:0"])
            split = await ask(platform, "POST", f"/customers/{customers[number]}/identities/{chosen}/split")
            assert split.status in (201, 404, 409)
            customers += [split.json()["customer_id"]] if split.status == 201 else []
        case _:
            sources = chance.choice([[], ["api"], ["shop", "api"]])
            assert (await ask(platform, "PUT", f"/traits/{chance.choice('abc')}", {"schema": {}, "sources": sources})).status < 300


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_the_past_is_what_was_answered_then(cluster: PrivateCluster, seed: int) -> None:
    """D5: `as_of` any moment equals what was answered at that moment, whatever happened since."""
    chance = random.Random(seed)
    async with started(cluster, "customer") as platform:
        before = datetime.now(UTC)
        await asyncio.sleep(0.005)
        customers = [await registered(platform, f"user:{number + 1}", a=number) for number in range(4)]
        merges: list[str] = []
        seen: list[tuple[datetime, dict[str, Any]]] = []
        for _ in range(25):
            await step(platform, chance, customers, merges)
            now = await answers(platform, customers)
            moment = datetime.now(UTC)
            seen.append((moment, now))
            await asyncio.sleep(0.002)
        for moment, then in seen:
            past = await answers(platform, customers, f"?as_of={time_of(moment)}")
            assert [(name, past[each][name], then[each][name]) for each in then for name in then[each] if past[each][name] != then[each][name]] == []
        assert set((await answers(platform, customers, f"?as_of={time_of(before)}")).values()) == {"customer.not_yet_known"}
        await joined_history_is_the_profile(platform, customers)


async def joined_history_is_the_profile(platform: TestPlatform, customers: list[str]) -> None:
    """Each document is what its customer's history took over last."""
    service = platform["customer"].service
    async with service.read() as db:
        rows = await db.fetch(
            """
            SELECT id, traits, coalesce((SELECT jsonb_object_agg(name, value) FROM (
                SELECT DISTINCT ON (name) name, jsonb_build_array(coalesce(value, 'null'), rank, event_id, source) AS value
                FROM trait_value WHERE home_id = customer.id AND NOT aside ORDER BY name, id DESC) AS last WHERE value -> 1 <> '-1'), '{}') AS history,
            (SELECT jsonb_object_agg(key, jsonb_build_array(value -> 0, value -> 1, value -> 4, value -> 5)) FROM jsonb_each(traits)) AS document
            FROM customer
            """
        )
    assert {str(row["id"]) for row in rows} >= set(customers)
    for row in rows:
        assert (row["document"] or "{}") == row["history"]


async def test_history_says_who_when_and_where_from(cluster: PrivateCluster) -> None:
    """D5: each value ever told stays readable, newest first, over merges, page by page."""
    async with started(cluster, "customer") as platform:
        ada = await registered(platform, "user:1", plan="free")
        await append(platform.log, [happened("identify", "user:1", traits={"pet": "cat"}, authority="browser", minute=5, event_id="e1")])
        await platform.drain()
        await ask(platform, "PATCH", f"/customers/{ada}", {"traits": {"plan": None}})
        two = await registered(platform, "user:2", plan="gold")
        await ask(platform, "POST", "/merges", {"survivor_id": ada, "merged_id": two})
        rows = (await got(platform, f"/customers/{two}/history"))["data"]
        assert [(row["trait"], row["value"], row["removed"], row["customer_id"]) for row in rows] == [
            ("plan", "gold", False, two), ("plan", None, True, ada), ("pet", "cat", False, ada), ("plan", "free", False, ada)
        ]
        pet = rows[2]
        assert (pet["source"], pet["authority"], pet["event_id"], pet["set_at"]) == ("shop", "browser", "e1", "2026-03-01T00:05:00Z")
        assert pet["recorded_at"] > pet["set_at"]
        assert rows[0]["source"] == "api:test"
        paged: list[Any] = []
        token: str | None = ""
        while token is not None:
            page = await got(platform, f"/customers/{ada}/history?limit=2&trait=plan{token and f'&page_token={token}'}")
            paged += [row["value"] for row in page["data"]]
            token = page["next_page_token"]
        assert paged == ["gold", None, "free"]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("?as_of=2999-01-01T00:00:00Z", 422, "customer.bad_as_of"),
        ("?as_of=2026-01-01T00:00:00", 422, "request.invalid"),
        ("?as_of=yesterday", 422, "request.invalid"),
        ("?as_of=2020-01-01T00:00:00Z", 404, "customer.not_yet_known"),
        ("/history?trait=id", 422, "trait.bad_name"),
        ("/history?trait=%00", 422, "trait.bad_name"),
        ("/history?page_token=zzz", 422, "page.bad_token"),
        ("/history?limit=0", 422, "request.invalid"),
    ],
)
async def test_bad_questions_about_the_past(cluster: PrivateCluster, path: str, status: int, code: str) -> None:
    async with started(cluster, "customer", run="badpast", read=False) as platform:
        ada = (await ask(platform, "POST", "/customers?upsert=true", {"identities": ["user:1"]})).json()["id"]
        answer = await ask(platform, "GET", f"/customers/{ada}{path}")
        assert (answer.status, answer.json()["code"]) == (status, code)
    assert len(answer.json()["detail"]) > 20
