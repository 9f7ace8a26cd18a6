"""A withdrawal is a barrier: 2,000 people withdraw at random moments while they are being written to, and nobody is written to afterwards."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import aiohttp
import pytest
from aiosmtpd.smtp import SMTP

from chassis.clock import Clock
from tests.e2e.journey import BODY, until
from tests.support.upright import Upright, upright

PEOPLE = 2_000
SEED = 20260321
AT_ONCE = 60


class Sink:
    """A mail server that notes, before it says another word, when each recipient's message began to be handed off."""

    def __init__(self, chance: random.Random) -> None:
        self._clock = Clock()
        self._chance = chance
        self.began: dict[str, list[datetime]] = {}

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:
        self.began.setdefault(envelope.rcpt_tos[0], []).append(server.handed_off)
        await asyncio.sleep(self._chance.uniform(0, 0.02))
        return "250 kept"

    def noting(self) -> SMTP:
        clock = self._clock

        class Noting(SMTP):
            handed_off: datetime

            async def push(self, status: Any) -> None:
                if str(status).startswith("354"):  # DATA has just come in: this is the hand-off
                    self.handed_off = clock.now()
                await super().push(status)

        return Noting(self, hostname="sink.test", loop=asyncio.get_running_loop())


@asynccontextmanager
async def listening(sink: Sink, port: int) -> AsyncIterator[None]:
    server = await asyncio.get_running_loop().create_server(sink.noting, "127.0.0.1", port)
    try:
        yield
    finally:
        server.close()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_nothing_is_handed_off_after_a_withdrawal_was_answered() -> None:
    with upright(environment={"ECRM_CAMPAIGN_SEND_BATCH": "40"}) as up:
        people = prepare(up)
        campaign = draft(up, people)
        sink = Sink(random.Random(SEED))
        effective = asyncio.run(race(up, campaign, people, sink))
        assert set(effective) == set(people)
        report = up.ask("GET", f"/api/v1/campaigns/{campaign}/report")
        late = {address: effective[address] for address, times in sink.began.items() if times[0] > effective[address]}
        assert late == {}
        assert [address for address, times in sink.began.items() if len(times) > 1] == []
        assert (report["status"], report["planned"]) == ("finished", PEOPLE)
        assert report["accepted"] == len(sink.began)
        assert (report["accepted"] + report["suppressed"], report["failed"], report["unknown"]) == (PEOPLE, 0, 0)
        assert report["reasons"] == [{"state": "suppressed", "reason": "withdrawn", "messages": report["suppressed"]}]
        # both ends of the race were run often, else this has shown nothing
        assert report["accepted"] >= PEOPLE // 10, report
        assert report["suppressed"] >= PEOPLE // 10, report
        afterwards = asyncio.run(again(up, campaign, sink))
        assert (afterwards["planned"], afterwards["accepted"], afterwards["suppressed"]) == (PEOPLE, 0, PEOPLE)
        assert sum(len(times) for times in sink.began.values()) == report["accepted"]


async def again(up: Upright, campaign: str, sink: Sink) -> Any:
    """The report of a second campaign to the same people."""
    async with listening(sink, up.smtp_port):
        return await asyncio.to_thread(launch_again, up, campaign)


def launch_again(up: Upright, campaign: str) -> Any:
    made = up.ask("POST", "/api/v1/campaigns", {**settings(up, campaign), "name": "Afterwards"}, expect=201)["id"]
    up.ask("POST", f"/api/v1/campaigns/{made}/launch", expect=202)
    return until(
        lambda: (one := up.ask("GET", f"/api/v1/campaigns/{made}/report"))["status"] == "finished" and one, "the second campaign", seconds=120
    )


def prepare(up: Upright) -> dict[str, str]:
    """Customers with a granted consent; customer id by address."""
    addresses = [f"p{number}@people.example" for number in range(PEOPLE)]
    for start in range(0, PEOPLE, 200):
        up.collect([
            {"type": "identify", "userId": address, "traits": {"email": address, "name": "P", "crowd": "yes"}} for address in addresses[start : start + 200]
        ])
    until(lambda: len(up.all("/api/v1/customers", limit=200)) == PEOPLE, "all customers are there", seconds=60)
    for start in range(0, PEOPLE, 500):
        up.ask("POST", "/api/v1/consents/grants", [
            {"identity": f"user:{address}", "purpose": "marketing", "channel": "email"} for address in addresses[start : start + 500]
        ], expect=201)
    return {customer["email"]: customer["id"] for customer in up.all("/api/v1/customers", limit=200)}


def draft(up: Upright, people: dict[str, str]) -> str:
    """A campaign to all of them."""
    made = up.ask("POST", "/api/v1/segments", {"name": "Crowd", "rule": {"trait": "crowd", "op": "eq", "value": "yes"}}, expect=201)
    until(lambda: up.ask("GET", f"/api/v1/segments/{made['id']}")["members"] == len(people), "all are in the segment", seconds=60)
    template = up.ask("POST", "/api/v1/templates", {"name": "Race", "locales": {"en": {"subject": "Hello", "body": BODY}}}, expect=201)
    found = up.ask("POST", "/api/v1/campaigns", {
        "name": "Race", "template_id": template["id"], "segment_id": made["id"], "from_address": "hello@shop.example",
    }, expect=201)
    return str(found["id"])


def settings(up: Upright, campaign: str) -> dict[str, Any]:
    found = up.ask("GET", f"/api/v1/campaigns/{campaign}")
    return {name: found[name] for name in ("template_id", "segment_id", "from_address")}


async def race(up: Upright, campaign: str, people: dict[str, str], sink: Sink) -> dict[str, datetime]:
    """Launch; everybody withdraws when a random number of mails has come in; from when each withdrawal counts, by address."""
    chance = random.Random(SEED)
    effective: dict[str, datetime] = {}
    finished = asyncio.Event()
    gate = asyncio.Semaphore(AT_ONCE)
    headers = {"authorization": f"Bearer {up.admin_key}"}
    async with listening(sink, up.smtp_port), aiohttp.ClientSession(up.url, headers=headers) as session:

        async def withdraw(address: str, after: int, pause: float) -> None:
            while len(sink.began) < after and not finished.is_set():
                await asyncio.sleep(0.005)
            await asyncio.sleep(pause)
            body = {"customer_id": people[address], "purpose": "marketing", "channel": "email", "source": "race"}
            async with gate, session.post("/api/v1/consents/withdrawals", json=body) as answer:
                said = await answer.json()
                assert answer.status == 200, said
            answered = Clock().now()
            effective[address] = datetime.fromisoformat(said["effective_at"])
            assert effective[address] <= answered

        tasks = [asyncio.create_task(withdraw(address, chance.randrange(PEOPLE), chance.uniform(0, 0.05))) for address in people]
        async with session.post(f"/api/v1/campaigns/{campaign}/launch") as answer:
            assert answer.status == 202, await answer.text()
        async with asyncio.timeout(300):
            while True:
                async with session.get(f"/api/v1/campaigns/{campaign}/report") as answer:
                    if (await answer.json())["status"] == "finished":
                        break
                await asyncio.sleep(0.25)
        finished.set()
        await asyncio.gather(*tasks)
    return effective
