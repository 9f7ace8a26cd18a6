"""Duplicates after a long time without any: the recorder then relies on the key alone, and counts and keeps apart the same."""

from __future__ import annotations

import pytest

from launcher.embedded_postgres import PrivateCluster
from services.interaction.commands import recording
from tests.integration.interaction.support import checked, published, settle, track
from tests.support.platform import started

pytestmark = pytest.mark.asyncio


async def test_a_duplicate_and_a_conflict_among_new_events_are_found_by_the_key(cluster: PrivateCluster) -> None:
    async with started(cluster, "interaction") as platform:
        service = platform["interaction"].service
        for number in range(recording.TRUSTED):
            await platform.log.append(checked([track("u1", "A", f"old{number}", {"n": 1})]))
            await settle(platform)
        assert service.resources.without_duplicates >= recording.TRUSTED
        again = [track("u1", "A", "old1", {"n": 1}), track("u1", "A", "old2", {"n": 2})]
        new = [track("u1", "A", f"new{number}") for number in range(20)]
        await platform.log.append(checked([*new[:10], *again, *new[10:], new[3]]))
        await settle(platform)
        after_duplicates = service.resources.without_duplicates
        heard = [fact.id for fact in await published(platform.log)]
        async with service.read() as db:
            counted = await db.fetchrow("SELECT sum(stored) AS stored, sum(duplicate) AS duplicate, sum(conflict) AS conflict FROM intake")
            marks = await db.fetchval("SELECT count(*) FROM seen")
    assert counted is not None
    assert dict(counted) == {"stored": recording.TRUSTED + 20, "duplicate": 2, "conflict": 1}
    assert sorted(heard) == sorted([*(f"old{number}" for number in range(recording.TRUSTED)), *(f"new{number}" for number in range(20))])
    assert (marks, after_duplicates) == (len(heard), 0)
