"""A4: figures of visits equal those counted one by one, for any time and source, while owners change."""

from __future__ import annotations

import random
import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import pytest

from launcher.embedded_postgres import PrivateCluster
from services.interaction.commands.sessions import join_visits
from services.interaction.domain.visits import GAP
from services.interaction.store import sessions, visits
from tests.support.platform import TestService, started

pytestmark = pytest.mark.asyncio(loop_scope="function")

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)


class Seen(NamedTuple):
    identity: bytes
    at: datetime
    end: datetime
    source: str
    entry: str


async def put(service: TestService, seen: list[Seen]) -> None:
    async with service.service.transaction() as tx:
        await visits.put(tx.db, [(v.identity, v.at, v.end, v.source, "web", 2, 1, v.entry, v.entry, None, None, [0, 1, 2, 3, 4], 0) for v in seen])
        changed: dict[bytes, datetime] = {}
        for each in seen:
            changed[each.identity] = min(changed.get(each.identity, each.at), each.at)
        await sessions.mark(tx.db, changed)
    while await join_visits(service.service):
        pass


async def move(service: TestService, owners: dict[bytes, UUID]) -> None:
    async with service.service.transaction() as tx:
        for identity, customer in owners.items():
            await tx.db.execute(
                "INSERT INTO identity_map (identity, kind, customer_id) VALUES ($1, 'anon', $2) ON CONFLICT (identity) DO UPDATE SET customer_id = $2", identity, customer
            )
        await sessions.mark_moved(tx.db, list(owners))
    while await join_visits(service.service):
        pass


def counted(seen: list[Seen], owners: dict[bytes, UUID], since: datetime, until: datetime, source: str | None) -> tuple[int, int, int, dict[str, int]]:
    """(visits, visitors, first visits, entries) one by one."""
    people: dict[Any, list[Seen]] = {}
    for each in seen:
        people.setdefault(owners.get(each.identity, each.identity), []).append(each)
    found: list[tuple[Any, bool, Seen]] = []
    for owner, own in people.items():
        own.sort(key=lambda v: (v.at, v.identity))
        end = None
        for place, each in enumerate(own):
            if end is None or each.at > end + GAP:
                found.append((owner, place == 0, each))
            end = each.end if end is None else max(end, each.end)
    chosen = [row for row in found if since <= row[2].at < until and source in {None, row[2].source}]
    entries = Counter(row[2].entry for row in chosen)
    return len(chosen), len({owner for owner, _, _ in chosen}), sum(first for _, first, _ in chosen), dict(entries)


@pytest.mark.parametrize("seed", [1, 2])
async def test_any_time_and_source_counts_as_one_by_one(cluster: PrivateCluster, seed: int) -> None:
    chance = random.Random(seed)
    identities = [uuid.UUID(int=chance.getrandbits(128)).bytes for _ in range(12)]
    people = [uuid.UUID(int=chance.getrandbits(128)) for _ in range(4)]
    seen: dict[tuple[bytes, datetime], Seen] = {}
    owners: dict[bytes, UUID] = {}
    async with started(cluster, "interaction", read=False) as platform:
        service = platform["interaction"]
        for _ in range(6):
            fresh: list[Seen] = []
            for _ in range(60):
                at = BEGIN + timedelta(minutes=chance.randrange(7 * 24 * 60))
                new = Seen(chance.choice(identities), at, at + timedelta(minutes=chance.randrange(50)), chance.choice("ab"), f"/{chance.randrange(4)}")
                clear = all(v.identity != new.identity or v.end + GAP < new.at or v.at > new.end + GAP for v in [*seen.values(), *fresh])
                if clear:  # visits of one identity never touch
                    fresh.append(new)
            seen |= {(v.identity, v.at): v for v in fresh}
            await put(service, fresh)
            moved = {chance.choice(identities): chance.choice(people) for _ in range(3)}
            owners |= moved
            await move(service, moved)
        for _ in range(40):
            since = BEGIN + timedelta(minutes=chance.choice([chance.randrange(-300, 7 * 1440), 1440 * chance.randrange(7)]))
            until = since + timedelta(minutes=chance.choice([chance.randrange(1, 9000), 1440 * chance.randrange(1, 7)]))
            source = chance.choice([None, "a", "b"])
            async with service.service.read() as db:
                row, tops = await sessions.find_figures(db, since=since, until=until, source=source)
            entries = {name: number for what, name, number in tops if what == "entry"}
            assert (row["visits"], row["visitors"], row["first_visits"], entries) == counted(list(seen.values()), owners, since, until, source), (since, until, source)
