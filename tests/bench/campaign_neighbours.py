"""What a sender speaks with while it is measured, each in a process of its own: a mail server that keeps the last mail, and a consent service."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import uvloop

from chassis import runtime
from chassis.settings import PlatformSettings
from launcher import process, roster, wiring
from services.consent.settings import ConsentService


class Neighbour(NamedTuple):
    """A process that listens. `line`: asks the mail server for its last mail."""

    port: int
    pid: int
    line: Connection


@contextlib.contextmanager
def mail_server() -> Iterator[Neighbour]:
    """An SMTP server that takes everything."""
    with _apart(_run_mail_server, {}) as found:
        yield found


@contextlib.contextmanager
def consent_service(like: ConsentService, log_url: str) -> Iterator[Neighbour]:
    """A consent service over HTTP, with the database and the secrets of another, without readers and jobs."""
    names = "identity_secret", "link_secret", "signing_key"
    platform = {name: getattr(like.platform, name).get_secret_value() for name in names} | {"trusted_keys": like.platform.trusted_keys}
    with _apart(_run_consent, {"database_url": like.database.url, "log_url": log_url, "platform": platform}) as found:
        yield found


@contextlib.contextmanager
def _apart(run: Callable[[Connection, dict[str, Any]], None], given: dict[str, Any]) -> Iterator[Neighbour]:
    ours, theirs = multiprocessing.Pipe()
    child = multiprocessing.get_context("spawn").Process(target=run, args=(theirs, given), daemon=True)
    child.start()
    try:
        if not ours.poll(60):
            raise RuntimeError("a neighbour did not start")
        yield Neighbour(ours.recv(), child.pid or 0, ours)
    finally:
        child.terminate()
        child.join(5)


def _run_mail_server(line: Connection, _given: dict[str, Any]) -> None:
    asyncio.run(_take_mails(line))


async def _take_mails(line: Connection) -> None:
    from aiosmtpd.smtp import SMTP

    class Last:
        raw = b""

        async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
            self.raw = bytes(envelope.original_content)
            return "250 kept"

    last, loop = Last(), asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(last, hostname="sink.test", loop=loop), "127.0.0.1", 0)
    line.send(server.sockets[0].getsockname()[1])
    while True:
        if line.poll():
            line.recv()
            line.send(last.raw)
        await asyncio.sleep(0.05)


def _run_consent(line: Connection, given: dict[str, Any]) -> None:
    uvloop.run(_serve_consent(line, given))


async def _serve_consent(line: Connection, given: dict[str, Any]) -> None:
    log = wiring.event_log(given["log_url"])  # never started: what is told stays in the outbox
    manifest = roster.manifest("consent")
    platform = PlatformSettings.model_validate(given["platform"])
    service = wiring.service(manifest, platform=platform, log=log, transports={}, database_url=given["database_url"], database_connections=20)
    async with runtime.running(manifest, service, read=False) as running:
        listener = process.listen("127.0.0.1", 0)
        async with process.serving(running.app, listener):
            process.settle_memory()
            line.send(listener.getsockname()[1])
            await asyncio.Event().wait()
