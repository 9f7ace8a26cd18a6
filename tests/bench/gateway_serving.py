"""What a door is measured between: programs behind sockets, each in a process of its own, and the load on them.

    python -m tests.bench.gateway_serving answering PORT            a service that answers at once
    python -m tests.bench.gateway_serving forwarding PORT UPSTREAM  the floor: bare ASGI and aiohttp, every request passed on as it came
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

import aiohttp
import psutil
import uvloop

from chassis.peers import App, new_session
from launcher import process

JSON: Final = [(b"content-type", b"application/json")]
SMALL: Final = json.dumps({"data": [{"id": number, "name": f"Segment {number}"} for number in range(6)], "next_page_token": None}).encode()
TAKEN: Final = b'{"success":true,"accepted":100,"rejected":[]}'


async def answering(scope: Any, receive: Any, send: Any) -> None:
    """A small answer to everything, once the whole body is there."""
    body = TAKEN if scope["method"] == "POST" else SMALL
    while scope["method"] == "POST" and (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": [*JSON, (b"content-length", str(len(body)).encode())]})
    await send({"type": "http.response.body", "body": body})


def forwarding(upstream: str, session: aiohttp.ClientSession) -> App:
    """The least that a forwarder can do: no keys, no limits, no timeouts, no headers of its own."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        chunks = []
        while True:
            message = await receive()
            chunks.append(message.get("body", b""))
            if not message.get("more_body"):
                break
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"] if name not in {b"host", b"connection"}]
        url = upstream + scope["raw_path"].decode() + (f"?{scope['query_string'].decode()}" if scope["query_string"] else "")
        async with session.request(scope["method"], url, headers=headers, data=b"".join(chunks) or None, allow_redirects=False) as answer:
            body = await answer.read()
            back = [(name.lower(), value) for name, value in answer.raw_headers if name.lower() != b"connection"]
            await send({"type": "http.response.start", "status": answer.status, "headers": back})
            await send({"type": "http.response.body", "body": body})

    return app


async def serve(kind: str, port: int, upstream: str) -> None:
    async with new_session() as session:
        app: App = answering if kind == "answering" else forwarding(upstream, session)
        async with process.serving(app, process.listen("127.0.0.1", port)):
            process.settle_memory()
            await process.until_told()


@asynccontextmanager
async def started(kind: str, port: int, upstream: str = "") -> AsyncIterator[psutil.Process]:
    """One of the two in a process of its own, ready."""
    async with process_of("tests.bench.gateway_serving", kind, str(port), upstream, port=port) as child:
        yield child


@asynccontextmanager
async def process_of(module: str, *arguments: str, port: int) -> AsyncIterator[psutil.Process]:
    """A program in a process of its own that listens at `port`; told to stop at the end."""
    child = await asyncio.create_subprocess_exec(sys.executable, "-m", module, *arguments)
    try:
        for _ in range(1200):
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                break
            except OSError:
                await asyncio.sleep(0.05)
        yield psutil.Process(child.pid)
    finally:
        with suppress(ProcessLookupError):
            child.send_signal(signal.SIGINT)
        await child.wait()


def free_port() -> int:
    listener = process.listen("127.0.0.1", 0)
    port: int = listener.getsockname()[1]
    listener.close()
    return port


async def load(port: int, requests: Sequence[Mapping[str, Any]], *, seconds: float, connections: int, rate: float = 0.0) -> dict[str, Any]:
    """Run the load in a process of its own; its summary."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "requests.json"
        file.write_text(json.dumps(requests))
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.bench.gateway_load", "--port", str(port), "--requests", str(file), "--seconds", str(seconds),
            "--connections", str(connections), "--rate", str(rate), stdout=asyncio.subprocess.PIPE,
        )
        said, _ = await child.communicate()
    found: dict[str, Any] = json.loads(said)
    return found


if __name__ == "__main__":
    uvloop.run(serve(sys.argv[1], int(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else ""))
