"""A troubled way to the platform: a proxy that answers 503 or 429, or cuts the connection before or after the platform has answered."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import aiohttp
from aiohttp import web

#: What becomes of the first posts of each path; then everything passes.
UNAVAILABLE, TOO_MANY, CUT, LOST = "503", "429", "cut", "lost"
_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "host"})


class Way:
    """Where the proxy listens, what it did, and what came through."""

    def __init__(self, target: str, troubles: Sequence[str], files: dict[str, Path]) -> None:
        self.url = ""
        self.target, self.files = target, files
        self.happened: list[tuple[str, str]] = []
        self._troubles = list(troubles)
        self._left: dict[str, list[str]] = {}
        self._session: aiohttp.ClientSession | None = None

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        for prefix, folder in self.files.items():
            if request.path.startswith(prefix):
                return web.FileResponse(folder / request.path.removeprefix(prefix))
        body = await request.read()
        trouble = self._next(request)
        if trouble == CUT:
            return self._cut(request)
        if trouble in {UNAVAILABLE, TOO_MANY}:
            headers = {"retry-after": "1", "access-control-allow-origin": request.headers.get("origin", "*"), "access-control-expose-headers": "retry-after"}
            text = '{"success":false,"code":"overloaded","message":"send it again","accepted":0,"rejected":[]}'
            return web.Response(status=int(trouble), text=text, content_type="application/json", headers=headers)
        assert self._session is not None
        sent = {name: value for name, value in request.headers.items() if name.lower() not in _HOP}
        async with self._session.request(request.method, self.target + request.path_qs, data=body, headers=sent, allow_redirects=False) as answer:
            content = await answer.read()
            self.happened.append((request.path, str(answer.status)))
            if trouble == LOST:
                return self._cut(request)
            headers = {name: value for name, value in answer.headers.items() if name.lower() not in _HOP | {"content-encoding"}}
            return web.Response(status=answer.status, body=content, headers=headers)

    def _next(self, request: web.BaseRequest) -> str:
        if request.method != "POST":
            return ""
        left = self._left.setdefault(request.path, list(self._troubles))
        trouble = left.pop(0) if left else ""
        if trouble:
            self.happened.append((request.path, trouble))
        return trouble

    @staticmethod
    def _cut(request: web.BaseRequest) -> web.StreamResponse:
        if request.transport is not None:
            request.transport.abort()
        return web.Response(status=500)

    async def serve(self, ready: threading.Event, stop: asyncio.Event) -> None:
        async with aiohttp.ClientSession(auto_decompress=False) as self._session:
            server = web.Server(self, auto_decompress=False)
            runner = web.ServerRunner(server)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            assert site._server is not None
            port = site._server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
            self.url = f"http://127.0.0.1:{port}"
            ready.set()
            await stop.wait()
            await runner.cleanup()


@contextmanager
def troubled(target: str, *troubles: str, files: dict[str, Path] | None = None) -> Iterator[Way]:
    """A proxy in a thread of its own; `files`: path prefix -> folder that it answers from itself."""
    way = Way(target, troubles, files or {})
    ready = threading.Event()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(way.serve(ready, stop)), name="troubled", daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield way
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()
