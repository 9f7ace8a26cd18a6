"""The load: a process of its own that posts prepared bodies over keep-alive connections and counts the answers.

    python -m tests.bench.load --port 8080 --key KEY --batch 100 --seconds 8 --connections 16 --tag run1 [--path /v1/batch]

Prints one JSON object: requests, events, refused, seconds, latency percentiles in ms.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import random
import time
from typing import Any

import uvloop

PAGES = ["/", "/shoes", "/shoes/runner", "/cart", "/checkout", "/fa/کفش"]


def event(number: int, tag: str, people: int, chance: random.Random) -> dict[str, Any]:
    """A browser event of about 590 bytes: one in twenty an identify, one in fifty by somebody never seen before, the rest by returning people."""
    who = f"{tag}-{number}" if number % 50 == 7 else f"{chance.randrange(people):08d}"
    common = {
        "messageId": f"{tag}-{number}", "anonymousId": f"anon-{who}", "timestamp": "2026-03-21T08:00:00.000Z",
        "context": {
            "library": {"name": "analytics.js", "version": "next-1.84.0"}, "locale": "fa-IR", "timezone": "Asia/Tehran",
            "userAgent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36",
            "page": {"path": chance.choice(PAGES), "title": "Shop", "url": "https://shop.example/", "referrer": "https://search.example/"},
        },
    }
    if number % 20 == 0:
        return {**common, "type": "identify", "userId": f"u-{who}", "traits": {"plan": chance.choice(["free", "gold"])}}
    return {
        **common, "type": "track", "event": chance.choice(["Product Viewed", "Product Added", "Cart Viewed"]),
        "properties": {"product_id": f"p-{chance.randrange(500)}", "price": 19.9, "currency": "EUR", "quantity": 1, "position": number % 30},
    }


def greetings(people: int) -> list[bytes]:
    """Everybody tells who they are once, so that the people of the measurement are returning ones."""
    events = [
        {"type": "identify", "messageId": f"greeting-{number}", "anonymousId": f"anon-{number:08d}", "userId": f"u-{number:08d}", "traits": {"plan": "free"}}
        for number in range(people)
    ]
    return [json.dumps({"batch": events[first : first + 100]}).encode() for first in range(0, people, 100)]


def bodies(*, tag: str, count: int, batch: int, people: int) -> list[bytes]:
    """`count` request bodies of `batch` events each, all message ids different."""
    chance = random.Random(tag)
    made = []
    for first in range(0, count * batch, batch):
        events = [event(first + offset, tag, people, chance) for offset in range(batch)]
        made.append(json.dumps({"batch": events, "sentAt": "2026-03-21T08:00:01.000Z"} if batch > 1 else events[0], separators=(",", ":")).encode())
    return made


def request(path: str, key: str, body: bytes) -> bytes:
    authorization = base64.b64encode(f"{key}:".encode()).decode()
    head = (
        f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Basic {authorization}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def worker(port: int, requests: list[bytes], until: float, results: list[tuple[int, float]]) -> None:
    """Post one after the other on one connection until the time is up or nothing is left."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while requests and time.perf_counter() < until:
        sent = requests.pop()
        began = time.perf_counter()
        writer.write(sent)
        head = await reader.readuntil(b"\r\n\r\n")
        length = next((int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")), 0)
        await reader.readexactly(length)
        results.append((int(head[9:12]), time.perf_counter() - began))
    writer.close()


async def run(arguments: argparse.Namespace) -> dict[str, Any]:
    path = "/v1/batch" if arguments.batch > 1 else "/v1/track"
    prepared = greetings(arguments.people) if arguments.greet else bodies(tag=arguments.tag, count=arguments.requests, batch=arguments.batch, people=arguments.people)
    requests = [request(path, arguments.key, body) for body in prepared]
    requests.reverse()
    results: list[tuple[int, float]] = []
    began, first_post_at = time.perf_counter(), time.time()
    until = began + arguments.seconds
    await asyncio.gather(*(worker(arguments.port, requests, until, results) for _ in range(arguments.connections)))
    took = time.perf_counter() - began
    good = sorted(seconds for status, seconds in results if status == 200)
    return {
        "requests": len(results), "accepted": len(good) * arguments.batch, "refused": len(results) - len(good), "seconds": round(took, 3),
        "p50_ms": round(1000 * good[len(good) // 2], 1) if good else None, "p99_ms": round(1000 * good[int(len(good) * 0.99)], 1) if good else None,
        "first_post_at": first_post_at, "body_bytes": len(prepared[0]) if prepared else 0, "exhausted": not requests,
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    for name, kind, default in (
        ("port", int, 8080), ("key", str, ""), ("batch", int, 100), ("seconds", float, 8.0), ("connections", int, 16), ("tag", str, "load"),
        ("requests", int, 5000), ("people", int, 10000), ("greet", int, 0),
    ):
        parser.add_argument(f"--{name}", type=kind, default=default)
    print(json.dumps(uvloop.run(run(parser.parse_args()))))


if __name__ == "__main__":
    main()
