"""Mails a second of a campaign (personalised, permit-checked, ledgered) against a bare aiosmtplib loop that sends mails of the same size.

Both over ten connections to one sink in a process of its own. Promise: at least half as many.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Any

from aiosmtplib import SMTP
from rich.console import Console
from rich.table import Table

from chassis.peers import InProcess, Peers
from launcher.embedded_postgres import PrivateCluster
from services.campaign import commands
from tests.integration.campaign.stage import Audience, Stage
from tests.support.cluster import running_cluster
from tests.support.platform import started

MAILS = int(os.environ.get("BENCH_MAILS", "2000"))
CONNECTIONS = 10
GOAL = 0.5

screen = Console(width=120)


def main() -> int:
    with running_cluster(in_memory=True) as cluster, sink() as (port, connection):
        return asyncio.run(measure(cluster, port, connection))


async def measure(cluster: PrivateCluster, port: int, connection: Connection) -> int:
    given = {"campaign": {"smtp_url": f"smtp://127.0.0.1:{port}", "smtp_connections": CONNECTIONS, "send_batch": 500}}
    async with started(cluster, "consent", "campaign", given=given, read=False) as platform:
        service, audience = platform["campaign"].service, Audience()
        peers = {"analytics": InProcess(lambda: audience), "consent": InProcess(lambda: platform["consent"].running.app)}
        service.peers = Peers(peers, service.tokens, service.name)
        play = Stage(platform, None, audience)  # type: ignore[arg-type]
        await play.customers(MAILS + 100)
        everybody = list(audience.members)
        audience.members = everybody[:100]
        await play.launched()
        await play.send_all()
        audience.members = everybody[100:]
        campaign = await play.launched()
        begun, used = time.perf_counter(), time.process_time()
        while await commands.send_messages(service):
            pass
        seconds, cpu = time.perf_counter() - begun, time.process_time() - used
        report = await play.report(campaign)
        assert report["accepted"] == MAILS, report
        connection.send("one")
        raw = connection.recv()
    bare = await bare_loop(port, raw)
    table = Table(title=f"{MAILS} mails of {len(raw)} bytes, {CONNECTIONS} connections, sink in a process of its own")
    for column in ("what", "mails/s", "mails/s of this process's CPU"):
        table.add_column(column)
    table.add_row("bare aiosmtplib", f"{MAILS / bare[0]:.0f}", f"{MAILS / bare[1]:.0f}")
    table.add_row("campaign (consent in the same process)", f"{MAILS / seconds:.0f}", f"{MAILS / cpu:.0f}")
    ratio = bare[0] / seconds
    screen.print(table)
    screen.print(f"ratio {ratio:.2f} by the clock, {bare[1] / cpu:.2f} by CPU time (goal {GOAL})")
    return 0 if ratio >= GOAL else 1


async def bare_loop(port: int, raw: bytes) -> tuple[float, float]:
    """Seconds and CPU seconds of nothing but handing mails over."""
    waiting = list(range(MAILS))

    async def work() -> None:
        client = SMTP(hostname="127.0.0.1", port=port)
        await client.connect()
        while waiting:
            await client.mail("shop@peyvand.example", encoding="ascii")
            await client.rcpt(f"c{waiting.pop()}@x.example", encoding="ascii")
            await client.data(raw)
        await client.quit()

    begun, used = time.perf_counter(), time.process_time()
    await asyncio.gather(*(work() for _ in range(CONNECTIONS)))
    return time.perf_counter() - begun, time.process_time() - used


@contextlib.contextmanager
def sink() -> Iterator[tuple[int, Connection]]:
    """An SMTP server that keeps the last mail, in a process of its own; its port, and a line to ask for that mail."""
    ours, theirs = multiprocessing.Pipe()
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=serve, args=(theirs,), daemon=True)
    process.start()
    try:
        yield ours.recv(), ours
    finally:
        process.terminate()
        process.join(5)


def serve(line: Connection) -> None:
    asyncio.run(_serve(line))


async def _serve(line: Connection) -> None:
    from aiosmtpd.smtp import SMTP as Server

    class Last:
        raw = b""

        async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
            self.raw = bytes(envelope.original_content)
            return "250 kept"

    last, loop = Last(), asyncio.get_running_loop()
    server = await loop.create_server(lambda: Server(last, hostname="sink.test", loop=loop), "127.0.0.1", 0)
    line.send(server.sockets[0].getsockname()[1])
    while True:
        if line.poll():
            line.recv()
            line.send(last.raw)
        await asyncio.sleep(0.05)


if __name__ == "__main__":
    raise SystemExit(main())
