"""The timeline among many events through the service's HTTP door: half, 95 of 100 pages and the worst one are there within this time.

    python -m tests.bench.interaction_timeline        1,000,000 events; SCALE=full: 10,000,000

The events lie in 36 parts of a month each and belong to customers of one to three identities; twenty customers have 10,000 events each,
twenty have a hundred identities. Asked with one connection, one page of fifty after the other, after the tables are analysed and warm.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import time
import uuid
from datetime import UTC, date, datetime, timedelta
from hashlib import md5
from typing import Any, Final
from urllib.parse import quote

import asyncpg
import msgspec
import psutil
from rich.console import Console
from rich.table import Table

from contracts.interaction import InteractionPersonal, InteractionRecorded
from launcher.embedded_postgres import PrivateCluster
from services.interaction.domain import retention
from tests.bench import alone
from tests.support.platform import TestPlatform, started

EVENTS: Final = 10_000_000 if os.environ.get("SCALE") == "full" else 1_000_000
PEOPLE: Final = EVENTS // 50
HEAVY, HEAVY_EVENTS = 20, 10_000
MANY, MANY_IDENTITIES, MANY_EVENTS = 20, 100, 2_000
MONTHS: Final = 36
PAGES: Final = 60

screen = Console(width=110)

#: A person's identities have numbers from 0 on; the first one has most of the events.
OWN_IDENTITIES: Final = """
    INSERT INTO identity_map (identity, kind, customer_id)
    SELECT decode(md5('i' || person || '/' || number), 'hex'), 'user', md5('c' || person)::uuid
    FROM generate_series($1::int, $2::int) AS person, LATERAL generate_series(0, CASE WHEN $3::int > 0 THEN $3::int - 1 ELSE person % 3 END) AS number
"""
#: Events $1 to $2 of the persons $3 on, $4 of them, with $5 identities each (0: one to three), received since $6 over $7 seconds.
SOME_EVENTS: Final = """
    INSERT INTO interaction (
        id, identity, kind, channel, initiator, purpose, occurred_at, received_at, collected_partition, collected_offset, record)
    SELECT gen_random_uuid(),
        decode(md5('i' || who || '/' || (n / $4::int) % CASE WHEN $5::int > 0 THEN $5::int ELSE who % 3 + 1 END), 'hex'),
        CASE WHEN n % 20 < 11 THEN 'page' WHEN n % 20 < 16 THEN 'track' WHEN n % 20 < 18 THEN 'email' WHEN n % 20 = 18 THEN 'call' ELSE 'chat' END,
        CASE WHEN n % 20 < 16 THEN 'web' WHEN n % 20 < 18 THEN 'email' WHEN n % 20 = 18 THEN 'call' ELSE 'chat' END,
        CASE WHEN n % 20 = 17 THEN 'company' ELSE 'customer' END,
        CASE WHEN n % 20 = 16 THEN 'service' WHEN n % 20 > 16 THEN 'sales' END,
        at - (n % 7) * interval '1 hour', at, (n % 4)::int, n, replace($8, '@', n::text)
    FROM (
        SELECT n, $3::int + ((n::bigint * 7919) % $4::int)::int AS who, $6::timestamptz + (n - $1::int) * ($7::float / ($2::int - $1::int + 1)) * interval '1 second' AS at
        FROM generate_series($1::int, $2::int) AS n) AS drawn
"""


def template() -> str:
    """A record of the usual size; `@` becomes the event's number."""
    record = InteractionRecorded(
        id="m@", source="shop", authority="browser", kind="page", name="Product Viewed", channel="web", initiator="customer", identity="00" * 16,
        occurred_at=datetime(2026, 1, 1, tzinfo=UTC), received_at=datetime(2026, 1, 1, tzinfo=UTC),
        personal=InteractionPersonal(
            keys=["user:@"], traits=msgspec.Raw(b"{}"),
            properties=msgspec.Raw(b'{"product_id":"p@","price":19.9,"currency":"EUR","quantity":1}'),
            context=msgspec.Raw(json.dumps({
                "library": {"name": "analytics.js", "version": "next-1.84.0"}, "locale": "fa-IR", "timezone": "Asia/Tehran",
                "userAgent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36",
                "page": {"path": "/shoes", "title": "Shop", "url": "https://shop.example/", "referrer": "https://search.example/"},
            }).encode()),
        ),
    )
    return msgspec.json.encode(record).decode()


async def fill(platform: TestPlatform, owner: asyncpg.Connection[Any]) -> None:
    """Events as the recorder would have stored them over three years."""
    today = datetime.now(UTC)
    number = today.year * 12 + today.month - MONTHS
    months = [date(each // 12, each % 12 + 1, 1) for each in range(number, number + MONTHS)]
    for month in months:
        await owner.execute("SELECT make_interaction_month($1)", month)
    record, last = template(), PEOPLE + HEAVY
    usual = EVENTS - HEAVY * HEAVY_EVENTS - MANY * MANY_EVENTS
    share = usual // MONTHS
    for place, month in enumerate(months):
        begin = datetime(month.year, month.month, 1, tzinfo=UTC)
        seconds = 27 * 86_400.0
        for first, persons, each, identities in (
            (place * share, (0, PEOPLE), share, 0), (usual + place * HEAVY * HEAVY_EVENTS // MONTHS, (PEOPLE, HEAVY), HEAVY * HEAVY_EVENTS // MONTHS, 0),
            (usual * 2 + place * MANY * MANY_EVENTS // MONTHS, (last, MANY), MANY * MANY_EVENTS // MONTHS, MANY_IDENTITIES),
        ):
            await owner.execute(SOME_EVENTS, first, first + each - 1, *persons, identities, begin, seconds, record)
        screen.print(f"{month:%Y-%m}", end="\r")
    await owner.execute(OWN_IDENTITIES, 0, last - 1, 0)
    await owner.execute(OWN_IDENTITIES, last, last + MANY - 1, MANY_IDENTITIES)
    await owner.execute(
        "INSERT INTO message_entry (id, customer_id, message_id, campaign_id, channel, action, occurred_at, content) "
        "SELECT gen_random_uuid(), md5('c' || person)::uuid, 'm' || person, 'spring', 'email', 'accepted', now() - person % 900 * interval '1 day', '{}' "
        "FROM generate_series(0, $1::int) AS person", last,
    )
    await owner.execute("VACUUM ANALYZE interaction, identity_map, message_entry")  # autovacuum would, soon
    assert months[-1] == retention.months_ahead(today.date(), 0)[0]


def customer(person: int) -> uuid.UUID:
    return uuid.UUID(md5(f"c{person}".encode(), usedforsecurity=False).hexdigest())


def questions(draw: random.Random) -> dict[str, list[tuple[uuid.UUID, str]]]:
    """Kind of question -> (customer, query) of each."""
    usual = [customer(draw.randrange(PEOPLE)) for _ in range(PAGES)]
    heavy = [customer(PEOPLE + draw.randrange(HEAVY)) for _ in range(PAGES)]
    many = [customer(PEOPLE + HEAVY + draw.randrange(MANY)) for _ in range(PAGES)]
    year = quote((datetime.now(UTC) - timedelta(days=365)).isoformat())
    filters = ("kind=call", "channel=email", "initiator=company", "purpose=service", f"from={year}", f"to={year}", "kind=chat&purpose=sales")
    filtered = [filters[number % len(filters)] for number in range(PAGES)]
    return {
        "first page": [(each, "") for each in usual],
        "filtered": list(zip(usual, filtered, strict=True)),
        "10,000 events, first page": [(each, "") for each in heavy],
        "10,000 events, filtered": list(zip(heavy, filtered, strict=True)),
        "100 identities, first page": [(each, "") for each in many],
        "100 identities, filtered": list(zip(many, filtered, strict=True)),
    }


async def measure(cluster: PrivateCluster) -> dict[str, Any]:
    """Milliseconds by kind of question."""
    async with started(cluster, "interaction", read=False) as platform:
        service = platform["interaction"]
        name = await service.service.database.fetch_value("SELECT current_database()")
        owner = await asyncpg.connect(f"postgresql://postgres@/{name}?" + cluster.url("postgres").partition("?")[2])
        begun = time.perf_counter()
        await fill(platform, owner)
        screen.print(f"{EVENTS:,} events loaded in {time.perf_counter() - begun:.0f} s")
        took: dict[str, list[float]] = {}
        used: dict[str, float] = {}
        for warm in (True, False):
            for kind, asked in questions(random.Random(7)).items():
                before, pages = cpu_seconds(cluster), len(took.get("following pages", ()))
                for who, query in asked:
                    took_page, token = await page(service, who, query)
                    if not warm:
                        took.setdefault(kind, []).append(took_page)
                    for _ in range(3 if kind.endswith("first page") and token else 0):
                        took_page, token = await page(service, who, f"page_token={token}")
                        if not warm:
                            took.setdefault("following pages", []).append(took_page)
                        if not token:
                            break
                pages = len(took.get("following pages", ())) - pages
                used[kind] = (cpu_seconds(cluster) - before) * 1000 / (len(asked) + pages)
        sizes = await owner.fetchrow(
            "SELECT sum(pg_table_size(inhrelid)) AS heap, sum(pg_indexes_size(inhrelid)) AS indexes, count(*) AS parts "
            "FROM pg_inherits WHERE inhparent = 'interaction'::regclass"
        )
        await owner.close()
        assert sizes is not None
    return {"events": EVENTS, "took": took, "cpu_ms": used, "heap_mib": int(sizes["heap"]) / 2**20, "index_mib": int(sizes["indexes"]) / 2**20, "parts": sizes["parts"]}


async def page(service: Any, who: uuid.UUID, query: str) -> tuple[float, str | None]:
    """Milliseconds, and the token of the next page."""
    begun = time.perf_counter()
    answer = await service.call("GET", f"/api/v1/customers/{who}/timeline?{query}", scopes=["interactions:read"])
    took = (time.perf_counter() - begun) * 1000
    assert answer.status == 200
    found: str | None = answer.json()["next_page_token"]
    return took, found


def cpu_seconds(cluster: PrivateCluster) -> float:
    """Of this process and of the database's: what a page costs, whatever else the machine does."""
    server = psutil.Process(cluster.pid)
    found = sum(sum(each.cpu_times()[:2]) for each in [server, *server.children(recursive=True)])
    return found + time.process_time()


def show(result: dict[str, Any]) -> None:
    title = f"{result['events']:,} events in {result['parts']} parts, {result['heap_mib']:,.0f} MiB and {result['index_mib']:,.0f} MiB of indexes"
    table = Table("timeline", "pages", "p50 ms", "p95 ms", "worst ms", "CPU ms a page", title=title)
    everything = [value for took in result["took"].values() for value in took]
    for kind, took in (*result["took"].items(), ("all", everything)):
        table.add_row(kind, f"{len(took)}", f"{statistics.median(took):.1f}", f"{alone.percentile(took, 0.95):.1f}", f"{max(took):.1f}", f"{result['cpu_ms'][kind]:.1f}" if kind in result["cpu_ms"] else "")
    screen.print(table)


if __name__ == "__main__":
    alone.run("interaction-timeline", measure, show)
