"""A receiver of webhooks on the loopback, as a partner would run it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from chassis import calling_out
from chassis.clock import Clock


class Receiver:
    """Keeps what it is told; answers what `answers` says next, then 204."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/hook"
        self.taken: list[tuple[dict[str, str], dict[str, Any]]] = []
        self.raw: list[bytes] = []
        self.answers: list[tuple[int, dict[str, str]]] = []
        self.slow = 0.0

    def ids(self, event_type: str = "") -> list[str]:
        return [body["id"] for _, body in self.taken if not event_type or body["type"] == event_type]

    def proved(self, *secrets: str) -> bool:
        """Whether every message is signed with each of these secrets."""
        return all(
            calling_out.proves(headers, [secret], now=Clock().timestamp(), body=raw)
            for (headers, _), raw in zip(self.taken, self.raw, strict=True)
            for secret in secrets
        )

    async def until(self, count: int, *, seconds: float = 15) -> None:
        async with asyncio.timeout(seconds):
            while len(self.taken) < count:
                await asyncio.sleep(0.02)


@asynccontextmanager
async def receiver() -> AsyncIterator[Receiver]:
    async def take(request: web.Request) -> web.Response:
        raw = await request.read()
        made.raw.append(raw)
        made.taken.append(({name.lower(): value for name, value in request.headers.items()}, json.loads(raw)))
        status, headers = made.answers.pop(0) if made.answers else (204, {})
        if made.slow:
            await asyncio.sleep(made.slow)
        return web.Response(status=status, headers=headers)

    app = web.Application()
    app.router.add_post("/hook", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made = Receiver(runner.addresses[0][1])
    try:
        yield made
    finally:
        await runner.cleanup()
