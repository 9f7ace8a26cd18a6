"""Paths and funnels by arrays against the same counted event by event."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import pytest
import pytest_asyncio

from services.analytics.domain.journeys import FunnelStep
from services.analytics.store.clicks import funnels, paths, walking
from services.analytics.store.warehouse import Warehouse
from tests.unit.analytics.shop import NOW

pytestmark = pytest.mark.asyncio(loop_scope="module")

GAP = 1800.0
NAMES = "abcd"
Life = list[tuple[float, str, str]]


def _lives(seed: int) -> dict[int, Life]:
    """Of each person what they did, in order: many at the same time, some of the same name."""
    draw = random.Random(seed)
    lives: dict[int, Life] = defaultdict(list)
    for _ in range(3000):
        lives[draw.randrange(150)].append((float(draw.randrange(0, 40_000, 200)), draw.choice(NAMES), draw.choice(["web", "app"])))
    return lives


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def filled(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Warehouse, dict[int, Life]]]:
    """Two identities of each second person, so that owners count."""
    path: Path = tmp_path_factory.mktemp("walking") / "facts.duckdb"
    warehouse, lives = Warehouse(str(path)), _lives(11)
    rows = sorted(((moment, number, who, name, channel) for who, life in lives.items() for number, (moment, name, channel) in enumerate(life)), key=lambda one: one[1])
    await warehouse.open()

    def write(connection: Any) -> None:
        columns = zip(
            *((f"{who}-{number}", name, channel, who + 1000 * (number % 2 if who % 2 else 0), moment) for moment, number, who, name, channel in rows), strict=True
        )
        connection.execute(
            """
            INSERT INTO event (id, source, initiator, kind, name, channel, identity, occurred_at)
            SELECT i, 's', 'customer', 'track', n, c, w, $now::TIMESTAMP + to_seconds(m) FROM (
                SELECT unnest($ids::VARCHAR[]) AS i, unnest($names::VARCHAR[]) AS n, unnest($channels::VARCHAR[]) AS c, unnest($who::BIGINT[]) AS w,
                       unnest($moments::DOUBLE[]) AS m)
            """,
            dict(zip(("ids", "names", "channels", "who", "moments"), map(list, columns), strict=True)) | {"now": NOW.replace(tzinfo=None)},
        )
        connection.execute("INSERT INTO identity SELECT n, 'user', md5((n % 1000)::VARCHAR)::UUID, NULL, 1 FROM range(2000) t(n) WHERE n % 2 = 1")

    await warehouse.write(write)
    yield warehouse, lives
    await warehouse.close()


def _visits(life: Life) -> list[Life]:
    ordered = [one for _, one in sorted(enumerate(life), key=lambda pair: (pair[1][0], pair[0]))]
    found: list[Life] = []
    for place, one in enumerate(ordered):
        if not place or one[0] - ordered[place - 1][0] > GAP:
            found.append([])
        found[-1].append(one)
    return found


@pytest.mark.parametrize("length", [2, 20, 40])
@pytest.mark.parametrize("per", ["visit", "customer"])
async def test_paths(filled: tuple[Warehouse, dict[int, Life]], per: str, length: int) -> None:
    """U23, A19: moves, waits and beginnings; those too long for one number, too."""
    warehouse, lives = filled
    moves: Counter[tuple[str, str]] = Counter()
    waits: dict[tuple[str, str], list[float]] = defaultdict(list)
    begun: Counter[tuple[str, ...]] = Counter()
    firsts: Counter[tuple[str, ...]] = Counter()
    visits = 0
    for life in lives.values():
        own = _visits(life)
        visits += len(own)
        for number, subject in enumerate(own if per == "visit" else [[one for visit in own for one in visit]]):
            names = ["(start)", *(name for _, name, _ in subject), "(end)"]
            moves.update(pairwise(names))
            for one, other in pairwise(subject):
                waits[one[1], other[1]].append(other[0] - one[0])
            begun[tuple(names[1:-1][:length])] += 1
            firsts[tuple(names[1:-1][:length])] += not number
    found = await warehouse.read(
        lambda c: paths.read(c, since=NOW, until=NOW + timedelta(days=1), per=per, minutes=30, scoped=False, length=length, moves=1000, common=10_000)
    )
    assert (found.counts["events"], found.counts["visits"], found.counts["people"]) == (3000, visits, len(lives))
    assert {(one.here, one.there): one.times for one in found.moves} == moves
    assert {(one.here, one.there): one.median_s for one in found.moves if one.median_s is not None} == {pair: pytest.approx(median(every)) for pair, every in waits.items()}
    assert {tuple(path): (count, first) for path, count, first in found.common} == {path: (count, firsts[path]) for path, count in begun.items()}


def _farthest(subject: Life, steps: str, within: float | None) -> tuple[int, str, list[float]] | None:
    best: tuple[int, str, list[float]] | None = None
    for start, (begun, name, channel) in enumerate(subject):
        if name != steps[0]:
            continue
        here, waits = start, [0.0]
        for step in steps[1:]:
            after = next((place for place in range(here + 1, len(subject)) if subject[place][1] == step), None)
            if after is None or (within is not None and subject[after][0] - begun > within):
                break
            waits.append(subject[after][0] - subject[here][0])
            here = after
        if best is None or len(waits) > best[0]:
            best = (len(waits), channel, waits)
    return best


@pytest.mark.parametrize("within", [None, 600, 6000])
@pytest.mark.parametrize("per", ["visit", "customer"])
@pytest.mark.parametrize("steps", ["ab", "abca", "aab"])
async def test_funnels(filled: tuple[Warehouse, dict[int, Life]], per: str, within: int | None, steps: str) -> None:
    """U23, A4: the start that comes farthest, with a window, by the channel of that start."""
    warehouse, lives = filled
    reached: list[tuple[int, str, list[float]]] = []
    for life in lives.values():
        own = _visits(life)
        for subject in own if per == "visit" else [[one for visit in own for one in visit]]:
            best = _farthest(subject, steps, within)
            reached += [best] if best is not None else []
    total, branches = await warehouse.read(
        lambda c: funnels.read(
            c, since=NOW, until=NOW + timedelta(days=1), per=per, minutes=30, scoped=False, steps=[FunnelStep(name) for name in steps], within_seconds=within,
            by="channel", now=NOW,
        )
    )
    assert total.counts == [sum(one[0] > number for one in reached) for number in range(len(steps))]
    assert total.medians[1] == pytest.approx(median(one[2][1] for one in reached if one[0] > 1))
    assert {one.group: one.counts for one in branches} == {
        group: [sum(one[0] > number for one in reached if one[1] == group) for number in range(len(steps))] for group in ("web", "app")
    }


async def test_pieces_end_between_people(filled: tuple[Warehouse, dict[int, Life]]) -> None:
    """However few rows a piece has, nobody is cut in two."""
    warehouse, lives = filled
    sql = f"SELECT {walking.WHO} AS who, epoch_us(e.occurred_at) AS moment, e.rowid AS place, 0 AS code FROM event e {walking.OWNERS}"
    pieces = await warehouse.read(lambda c: [(len(one.at), int(one.fresh.sum())) for one in walking.walk(c, sql, {}, minutes=30, piece=7)])
    assert len(pieces) > 1
    assert (sum(rows for rows, _ in pieces), sum(people for _, people in pieces)) == (3000, len(lives))
