"""Posts events like a patient SDK and writes down, durably, what was answered 200.

    python -m tests.chaos.writer --port 8080 --key KEY --events 50000 --journal FILE --seed 1

A request without a 200 is repeated with the same ids until it is answered 200. Every tenth request is posted a second time on purpose.
The journal has one line for each 200, written and fsynced after the answer: the message ids of the request.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import sys
from pathlib import Path
from typing import Any

import aiohttp

CONNECTIONS = 6


def batches(events: int, seed: int) -> list[list[dict[str, Any]]]:
    """All events in requests of 1 to 100, over 3,000 people; deterministic. A person's are all in requests of one lane, which is posted in order."""
    chance = random.Random(seed)
    made: list[list[dict[str, Any]]] = []
    number = 0
    while number < events:
        size = min(chance.choice((1, 5, 20, 50, 100)), events - number)
        lane = len(made) % CONNECTIONS
        made.append([_event(number + offset, seed, chance.randrange(500) * CONNECTIONS + lane) for offset in range(size)])
        number += size
    return made


def _event(number: int, seed: int, person: int) -> dict[str, Any]:
    event: dict[str, Any] = {
        "messageId": f"c{seed}-{number}", "anonymousId": f"chaos-{seed}-{person}", "timestamp": "2026-03-21T08:00:00Z",
        "type": "track", "event": "Product Viewed", "properties": {"n": number, "product_id": f"p{number % 50}"},
    }
    if number % 25 == 0:
        event |= {"type": "identify", "userId": f"chaos-user-{seed}-{person}", "traits": {"n": number}}
        del event["event"], event["properties"]
    elif number % 25 == 7:
        event |= {"event": "Order Completed", "properties": {
            "order_id": f"o{seed}-{number}", "total": number / 100, "currency": "EUR", "products": [{"product_id": "tea", "price": number / 100}],
        }}
    return event


class Writer:
    """Keeps posting; `accepted` counts events answered 200 for the first time."""

    def __init__(self, port: int, key: str, journal: str, seed: int, *, pause: float = 0.01, until: str = "") -> None:
        self._url = f"http://127.0.0.1:{port}/v1/batch"
        self._key = key
        self._seed = seed
        self._pause, self._until = pause, until
        self._journal = os.open(journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self.accepted = 0
        self.unexpected: list[int] = []

    async def run(self, events: int) -> None:
        posted = batches(events, self._seed)
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session:
            await asyncio.gather(*(self._worker(session, posted[lane::CONNECTIONS], lane) for lane in range(CONNECTIONS)))

    async def _worker(self, session: aiohttp.ClientSession, lane: list[list[dict[str, Any]]], number: int) -> None:
        """One request after the other, so that there is an order to be kept."""
        chance = random.Random(f"{self._seed}/{number}")
        for batch in lane:
            if self._until and Path(self._until).exists():
                return
            await self._until_accepted(session, batch, chance)
            self._note(batch)
            if chance.random() < 0.1:
                await self._until_accepted(session, batch, chance)
            await asyncio.sleep(self._pause)

    async def _until_accepted(self, session: aiohttp.ClientSession, batch: list[dict[str, Any]], chance: random.Random) -> None:
        while True:
            try:
                async with session.post(self._url, json={"batch": batch}, headers={"Authorization": aiohttp.encode_basic_auth(self._key, "")}) as answer:
                    said = await answer.json()
                if answer.status == 200:
                    assert said["accepted"] == len(batch), said
                    return
                if answer.status not in {429, 503}:
                    self.unexpected.append(answer.status)
            except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
                pass
            await asyncio.sleep(chance.uniform(0.1, 0.5))

    def _note(self, batch: list[dict[str, Any]]) -> None:
        os.write(self._journal, (json.dumps([event["messageId"] for event in batch]) + "\n").encode())
        os.fsync(self._journal)
        self.accepted += len(batch)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--events", type=int, required=True)
    parser.add_argument("--journal", required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pause", type=float, default=0.01, help="seconds between two requests of a lane")
    parser.add_argument("--until", default="", help="a file: once it exists, no new request is begun")
    arguments = parser.parse_args()
    writer = Writer(arguments.port, arguments.key, arguments.journal, arguments.seed, pause=arguments.pause, until=arguments.until)
    asyncio.run(writer.run(arguments.events))
    sys.stdout.write(json.dumps({"accepted": writer.accepted, "unexpected": writer.unexpected}))


if __name__ == "__main__":
    main()
