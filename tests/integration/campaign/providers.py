"""An HTTP provider on the loopback that keeps what it gets, proves signatures, and can refuse, stall or hang up where told to."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from chassis import calling_out


class HttpProvider:
    """`got`: payloads in the order of arrival, repetitions too; `delivered`: by key, once each, as a provider with idempotency keys does it."""

    def __init__(self) -> None:
        self.secret = calling_out.new_secret()
        self.got: list[dict[str, Any]] = []
        self.delivered: dict[str, dict[str, Any]] = {}
        self.bodies: dict[str, set[bytes]] = {}
        self.statuses: list[int] = []
        self.hang_up = 0
        self.url = ""

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        assert calling_out.proves(headers, [self.secret], now=time.time(), body=body)
        assert headers["idempotency-key"] == headers["webhook-id"]
        payload = json.loads(body)
        self.got.append(payload)
        self.bodies.setdefault(headers["idempotency-key"], set()).add(body)
        status = self.statuses.pop(0) if self.statuses else 200
        if status < 300:
            self.delivered.setdefault(headers["idempotency-key"], payload)
        if self.hang_up > 0:
            self.hang_up -= 1
            assert request.transport is not None
            request.transport.abort()
        return web.Response(status=status)

    def setting(self, name: str, channel: str, **more: Any) -> dict[str, Any]:
        return {"name": name, "channel": channel, "url": self.url, "secret": self.secret, **more}


@asynccontextmanager
async def http_provider() -> AsyncIterator[HttpProvider]:
    provider = HttpProvider()
    app = web.Application()
    app.router.add_post("/", provider.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert site._server is not None
    port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
    provider.url = f"http://127.0.0.1:{port}/"
    try:
        yield provider
    finally:
        await asyncio.wait_for(runner.cleanup(), 5)
