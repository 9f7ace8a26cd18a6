"""Search over many customers through the service's HTTP door: half, nine tenths, 95 of 100 searches are answered within this time.

    python -m tests.bench.customers_search        200,000 customers; SCALE=full: 1,000,000

Names follow Zipf's law over given and family names in English and Persian; a third of the searches has a misspelt word, a tenth
finds nobody. The search asks with one connection, one search after the other, after the tables are analysed and warm.
"""

from __future__ import annotations

import os
import random
import statistics
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

import asyncpg
from rich.console import Console
from rich.table import Table

from launcher.demo import population
from launcher.embedded_postgres import PrivateCluster
from services.customer.domain import searching, traits
from tests.bench import alone
from tests.support.platform import TestPlatform, started

CUSTOMERS: Final = 1_000_000 if os.environ.get("SCALE") == "full" else 200_000
SEARCHES: Final = 40
SLICE: Final = 20_000
COLUMNS: Final = (
    "id", "root_id", "registered_at", "updated_at", "source", "version", "has_user", "known", "traits", "search",
)
BEGIN: Final = datetime(2025, 1, 1, tzinfo=UTC)

SYLLABLES: Final = {
    "en": ("al be ca da ed fa ga ha is ja ka la ma na ol pe qu ra sa ta", "r n l m st nd rt ck v th", "son ton ley man field wood er ing s e"),
    "fa": ("کا را سا حا مو نو جا با دا فر شه مح عب رح کر", "ر م ن ظ س د ب ی", "ی زاده پور نیا فر یان وند لو"),
}

screen = Console(width=110)


def names(draw: random.Random, count: int, script: str) -> list[str]:
    """Invented family names beside the demo's."""
    begin, middle, end = (part.split() for part in SYLLABLES[script])
    drawn = (draw.choice(begin) + draw.choice(middle) + draw.choice(begin) + draw.choice(end) for _ in range(count * 2))
    return list(dict.fromkeys(drawn))[:count]


class People:
    """The same people for the same seed."""

    def __init__(self, seed: int = 7) -> None:
        self.draw = random.Random(seed)
        known = {"en": population.ENGLISH, "fa": population.PERSIAN}
        self.given = {script: [*given, *names(self.draw, 300, script)] for script, (given, _) in known.items()}
        self.family = {script: [*family, *names(self.draw, 20_000, script)] for script, (_, family) in known.items()}
        self.weights = {
            (kind, script): _zipf(len(found[script])) for kind, found in (("given", self.given), ("family", self.family)) for script in ("en", "fa")
        }

    def profile(self, number: int) -> dict[str, Any]:
        draw, script = random.Random(number), "fa" if number % 2 else "en"
        given = draw.choices(self.given[script], cum_weights=self.weights["given", script])[0]
        family = draw.choices(self.family[script], cum_weights=self.weights["family", script])[0]
        return {
            "given_name": given, "family_name": family, "email": f"{'user' if script == 'fa' else given}.{number}@mail{number % 50}.example",
            "phone": f"+98{9_100_000_000 + number}" if script == "fa" else f"+44{7_400_000_000 + number}",
            "city": population.CITIES[script][number % 5], "plan": ("free", "silver", "gold")[number % 3],
        }

    def searches(self) -> Iterator[tuple[str, str]]:
        """(kind, text)"""
        for number in range(SEARCHES):
            who = self.profile(self.draw.randrange(CUSTOMERS))
            given, family = who["given_name"], who["family_name"]
            yield "name, as it is", f"{given} {family}"
            yield "family name", family
            yield "common name", self.given["fa" if number % 2 else "en"][number % 3]
            yield "begun", f"{given} {family[:3]}"
            yield "misspelt", f"{given} {self.misspell(family)}"
            yield "misspelt family name", self.misspell(family)
            yield "e-mail", f"user.{self.draw.randrange(CUSTOMERS // 2) * 2 + 1}@mail1.example"
            yield "telephone", f"0{9_100_000_000 + self.draw.randrange(CUSTOMERS)}"
            yield "end of a number", str(self.draw.randrange(1_000_000, 9_999_999))
            yield "nobody", f"{self.misspell(family)}qq zzyx"

    def misspell(self, word: str) -> str:
        place = self.draw.randrange(1, len(word) - 1)
        begin, sign, end = word[:place], word[place], word[place + 1 :]
        return self.draw.choice((begin + end, begin + end[0] + sign + end[1:], begin + sign + sign + end))


def _zipf(count: int) -> list[float]:
    total, sums = 0.0, []
    for rank in range(1, count + 1):
        total += 1 / rank
        sums.append(total)
    return sums


async def fill(platform: TestPlatform, people: People) -> None:
    """Customers as the service itself would have stored them."""
    database = platform["customer"].service.database
    for first in range(0, CUSTOMERS, SLICE):
        rows, words = [], set()
        for number in range(first, first + SLICE):
            profile = people.profile(number)
            at = BEGIN + timedelta(seconds=number)
            document = {name: traits.Trait(value, traits.SERVER, at, (0, number), "e", "bench") for name, value in profile.items()}
            customer = uuid.UUID(int=((number + 1) << 80) | (7 << 76) | (2 << 62) | 1)
            rows.append((customer, customer, at, at, "bench", 1, True, True, traits.written(document), searching.search_text(profile)))
            words.update(searching.vocabulary(profile))
        async with database.connection() as db:
            await db.copy_records_to_table("customer", records=rows, columns=COLUMNS)
            await db.execute("INSERT INTO search_word (word) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING", sorted(words))
        screen.print(f"{first + SLICE:,} customers", end="\r")


async def measure(cluster: PrivateCluster) -> dict[str, Any]:
    """Milliseconds by kind of search, how many of them found somebody, and sizes."""
    async with started(cluster, "customer", read=False) as platform:
        people, customer = People(), platform["customer"]
        await fill(platform, people)
        name = await customer.service.database.fetch_value("SELECT current_database()")
        owner = await asyncpg.connect(f"postgresql://postgres@/{name}?" + cluster.url("postgres").partition("?")[2])
        await owner.execute("VACUUM ANALYZE customer")  # autovacuum would, soon
        await owner.close()
        searches = [*people.searches()]
        took: dict[str, list[float]] = {}
        found: dict[str, int] = {}
        for warm in (True, False):
            for kind, text in searches[: len(searches) // 4] if warm else searches:
                began = time.perf_counter()
                answer = await customer.call("GET", f"/api/v1/customers?q={quote(text)}&limit=20", scopes=["customers:read"])
                if not warm:
                    took.setdefault(kind, []).append((time.perf_counter() - began) * 1000)
                    found[kind] = found.get(kind, 0) + bool(answer.json()["data"])
        size = await customer.service.database.fetch_value("SELECT pg_relation_size('customer_terms')")
        words = await customer.service.database.fetch_value("SELECT count(*) FROM search_word")
    return {"customers": CUSTOMERS, "took": took, "found": found, "index_mib": size / 2**20, "words": words}


def show(result: dict[str, Any]) -> None:
    table = Table("search", "p50 ms", "p95 ms", "worst ms", "found", title=f"{result['customers']:,} customers, {result['words']:,} words, index {result['index_mib']:.0f} MiB")
    for kind, took in result["took"].items():
        table.add_row(kind, f"{statistics.median(took):.1f}", f"{alone.percentile(took, 0.95):.1f}", f"{max(took):.1f}", f"{result['found'][kind]}/{len(took)}")
    everything = [value for took in result["took"].values() for value in took]
    table.add_row("all", f"{statistics.median(everything):.1f}", f"{alone.percentile(everything, 0.95):.1f}", f"{max(everything):.1f}", "")
    screen.print(table)


if __name__ == "__main__":
    alone.run("customers-search", measure, show)
