"""What is no JSON is refused with 400 at every door for events, in the words of its caller; never a 5xx, and nothing of it is kept."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

import pytest

from launcher.embedded_postgres import PrivateCluster
from tests.fuzz.unreadable import ALL, INSIDE
from tests.integration.interaction.collecting.support import Door, basic, open_door
from tests.support import proofs

SINGLE: Final = ("identify", "track", "page", "screen", "group", "alias")
PATHS: Final = [
    *(f"/v1/{name}" for name in SINGLE), *(f"/v1/{name[0]}" for name in SINGLE), *(f"/api/s/{name}" for name in SINGLE), *(f"/api/s/s2s/{name}" for name in SINGLE),
    "/v1/batch", "/v1/b", "/v1/import", "/v1/import/", "/beacon/v1/batch", "/v1/events",
]
SINGLES: Final = [path for path in PATHS if path.endswith((*SINGLE, *(f"/{name[0]}" for name in SINGLE)))]
BATCHES: Final = [path for path in PATHS if path not in SINGLES and path != "/v1/events"]
KINDS: Final = ("application/json", "text/plain", "application/x-www-form-urlencoded")


async def post(door: Door, path: str, body: bytes, kind: str) -> Any:
    if path == "/v1/events":
        kind = "application/cloudevents-batch+json" if body.startswith(b"[") else "application/cloudevents+json"
    return await door.ask("POST", path, body, headers={**basic(), "content-type": kind})


@pytest.mark.asyncio
async def test_what_is_no_json_is_refused_everywhere(cluster: PrivateCluster) -> None:
    counts: Counter[int] = Counter()
    async with open_door(cluster) as door:
        for number, body in enumerate([*ALL, *INSIDE]):
            # Every text at every kind of door, the doors of one kind in turn.
            for path in dict.fromkeys((PATHS[number % len(PATHS)], SINGLES[number % len(SINGLES)], BATCHES[number % len(BATCHES)], "/v1/events")):
                reply = await post(door, path, body, KINDS[number % len(KINDS)])
                counts[reply.status] += 1
                assert reply.status == 400, (path, body[:200], reply.status, reply.body)
                assert reply.json["code"], (path, body[:200])
        assert await door.events() == []
    assert len(ALL) >= 188
    proofs.keep("unreadable", {"texts": len(ALL) + len(INSIDE), "requests": sum(counts.values()), "answers": counts})
