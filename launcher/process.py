"""Ordered start and stop: what was entered last is left first; one failure stops all."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
from collections.abc import AsyncIterator, Generator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

import uvicorn

from chassis.peers import App

GRACE_SECONDS: Final = 5
#: How long an unused connection stays open: above the minute that load balancers keep theirs, so that they close first.
IDLE_SECONDS: Final = 65


class CannotStart(Exception):
    """Something in the surroundings is not as needed; the message says what to do."""


def listen(host: str, port: int, *, instead: str = "choose another with --port") -> socket.socket:
    """Take the port before anything else is done. Raises CannotStart when it is in use, saying what to do `instead`."""
    made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
        made.listen(1024)
    except OSError as error:
        made.close()
        raise CannotStart(
            f"Port {port} on {host} cannot be used ({error.strerror}). Another program listens there: {instead}, or stop it."
        ) from None
    made.set_inheritable(False)
    return made


@asynccontextmanager
async def serving(app: App, listener: socket.socket, *, certificate: tuple[Path, Path] | None = None) -> AsyncIterator[None]:
    """Answer HTTP, with a certificate and its key HTTPS, while the block runs; finish open requests within the grace time."""
    chain, key = certificate or (None, None)
    from launcher.http_protocol import GuardedProtocol

    config = uvicorn.Config(
        app, loop="uvloop", http=GuardedProtocol, ws="none", lifespan="off", log_config=None, access_log=False, server_header=False,
        date_header=False, timeout_graceful_shutdown=GRACE_SECONDS, timeout_keep_alive=IDLE_SECONDS, proxy_headers=False,
        ssl_certfile=chain, ssl_keyfile=key,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]), name="http")
    while not server.started and not task.done():
        await asyncio.sleep(0.005)
    try:
        yield
    finally:
        server.should_exit = True
        await asyncio.wait({task}, timeout=GRACE_SECONDS + 2)
        if not task.done():
            task.cancel()


class _Server(uvicorn.Server):
    """Signals are ours."""

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


async def until_told() -> None:
    """Return on SIGINT or SIGTERM."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told.set)
    await told.wait()


def settle_memory() -> None:
    """After the start: what lives now lives on, so the collector need not look at it again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def unsettle_memory() -> None:
    """Before the end: what was kept out of the collector's sight is released, else native libraries complain that it leaked."""
    gc.unfreeze()
