"""Accepted = stored + duplicate + conflict + dropped, and what is missing is seen."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from chassis import ids
from chassis.eventlog import Record
from contracts import collected
from launcher.embedded_postgres import PrivateCluster
from services.interaction.api.collector_tallying import Teller
from services.interaction.commands.balancing import MISSING, balance_intake
from services.interaction.domain import balancing, collecting
from tests.integration.interaction.support import settle, source, track
from tests.support.platform import TestPlatform, started

pytestmark = pytest.mark.asyncio(loop_scope="function")


class Collecting:
    """A collector process that accepts batches for the shop at one moment, 10 minutes ago."""

    def __init__(self, platform: TestPlatform) -> None:
        self.platform = platform
        self.teller = Teller(platform.log)
        self.at = platform["interaction"].service.clock.now() - timedelta(minutes=10)

    def accept(self, *message_ids: str) -> list[Record]:
        """The records of a batch, counted as confirmed."""
        receipt = collecting.Receipt(source=source(), received_at=self.at, new_id=ids.new_text_id)
        body = collecting.read_batch(msgspec.json.encode({"batch": [track("u1", "A", each) for each in message_ids]}))
        accepted = collecting.check_events(body, receipt).accepted
        self.teller.add("shop", self.at, accepted)
        return [
            Record(collected.TOPIC, event.key, event.value, (("ce_id", event.id), ("ce_source", b"shop"), (collected.STAMP, event.stamp)))
            for event in accepted
        ]

    async def minute(self) -> dict[str, Any]:
        """What the interaction service says of the minute, and the alarm."""
        await settle(self.platform)
        await balance_intake(self.platform["interaction"].service)
        answer = await self.platform["interaction"].call("GET", "/api/v1/intake", scopes=["interactions:read"])
        (found,) = answer.json()["data"]
        return {**{name: found[name] for name in ("told", "accepted", "stored", "duplicate", "state")}, "alarm": MISSING._value.get()}


async def test_what_was_accepted_and_did_not_arrive_is_seen_until_it_does(cluster: PrivateCluster) -> None:
    async with started(cluster, "interaction") as platform:
        here = Collecting(platform)
        records = here.accept("a", "b", "c")
        await platform.log.append(records[:2])
        await here.teller.tell()
        assert await here.minute() == {"told": 3, "accepted": 2, "stored": 2, "duplicate": 0, "state": "missing", "alarm": 1}
        await platform.log.append(records[2:])
        assert await here.minute() == {"told": 3, "accepted": 3, "stored": 3, "duplicate": 0, "state": "balanced", "alarm": 0}
        await platform.log.append(here.accept("a"))
        assert await here.minute() == {"told": 3, "accepted": 4, "stored": 3, "duplicate": 1, "state": "uncounted", "alarm": 0}
        await here.teller.tell()  # says the whole of the minute again, with the later ones
        assert await here.minute() == {"told": 4, "accepted": 4, "stored": 3, "duplicate": 1, "state": "balanced", "alarm": 0}


async def test_as_many_but_others_is_missing(cluster: PrivateCluster) -> None:
    async with started(cluster, "interaction") as platform:
        here, dead = Collecting(platform), Collecting(platform)
        dead.at = here.at
        lost, arrived = here.accept("a"), dead.accept("b")
        assert lost != arrived
        await platform.log.append(arrived)  # of a collector that died before it told
        await here.teller.tell()
        assert await here.minute() == {"told": 1, "accepted": 1, "stored": 1, "duplicate": 0, "state": "missing", "alarm": 1}


async def test_spans_are_bounded(cluster: PrivateCluster) -> None:
    async with started(cluster, "interaction") as platform:
        for query in ("from=2026-01-01&to=2026-02-01", "from=2026-01-02&to=2026-01-01"):
            answer = await platform["interaction"].call("GET", f"/api/v1/intake?{query}", scopes=["interactions:read"])
            assert (answer.status, answer.json()["code"]) == (422, "intake.bad_span")


async def test_states() -> None:
    def state(told: int | None, done: int, *, same: bool = True) -> str:
        return balancing.state(told=told, done=done, same=same)

    assert [state(3, 3), state(3, 3, same=False), state(4, 3), state(2, 3), state(None, 3), state(None, 0)] == [
        "balanced", "missing", "missing", "uncounted", "uncounted", "uncounted",
    ]
