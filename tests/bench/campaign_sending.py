"""Mails a second of a campaign (personalised, permit-checked, ledgered) against a bare aiosmtplib loop that sends mails of the same size.

Both on uvloop, as every process of the platform runs, over ten connections to one sink in a process of its own; the consent service has a
process of its own and is asked over HTTP. Promise: at least half as many. Then CPU µs a mail by process, and by stage with the stages one
after the other.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import statistics
import time
from collections.abc import AsyncIterator

import psutil
import uvloop
from aiosmtplib import SMTP
from rich.console import Console
from rich.table import Table

from chassis.ids import new_id
from chassis.peers import InProcess, Peers, Remote, new_session
from launcher import process
from launcher.embedded_postgres import PrivateCluster
from services.campaign import commands
from services.campaign.commands import permits, sending
from services.campaign.commands.handing_off import HandOff
from services.campaign.commands.preparing import prepare
from services.campaign.settings import CampaignService
from tests.bench import campaign_neighbours as neighbours
from tests.bench.campaign_neighbours import Neighbour
from tests.integration.campaign.stage import Audience, Stage
from tests.support.cluster import running_cluster
from tests.support.platform import started

MAILS = int(os.environ.get("BENCH_MAILS", "4000"))
ROUNDS = int(os.environ.get("ROUNDS", "2"))
STAGED = 500
A_COMMIT = int(os.environ.get("A_COMMIT", "4"))
CONNECTIONS = 10
GOAL = 0.5

screen = Console(width=120)


def main() -> int:
    with running_cluster(in_memory=True) as cluster, neighbours.mail_server() as sink:
        return uvloop.run(measure(cluster, sink))


async def measure(cluster: PrivateCluster, sink: Neighbour) -> int:
    given: dict[str, dict[str, object]] = {
        "campaign": {"smtp_url": f"smtp://127.0.0.1:{sink.port}", "smtp_connections": CONNECTIONS, "send_batch": 500, "hand_offs_per_commit": A_COMMIT},
        "consent": {"database_connections": 20},
    }
    async with started(cluster, "consent", "campaign", given=given, read=False) as platform, contextlib.AsyncExitStack() as stack:
        service, audience = platform["campaign"].service, Audience()
        log_url = service.database.url.replace("postgresql://", "postgres-log://", 1)
        consent = stack.enter_context(neighbours.consent_service(platform["consent"].service, log_url))
        session = await stack.enter_async_context(new_session())
        remote = Remote(f"http://127.0.0.1:{consent.port}", lambda: session)
        service.peers = Peers({"analytics": InProcess(lambda: audience), "consent": remote}, service.tokens, service.name)
        play = Stage(platform, None, audience)  # type: ignore[arg-type]
        await play.customers(MAILS)
        everybody = list(audience.members)
        audience.members = everybody[:100]
        await play.launched()
        await play.send_all()
        process.settle_memory()  # as every process of the platform does once it has started
        audience.members = everybody
        rounds = []
        for _ in range(ROUNDS):
            campaign = await play.launched()
            async with used_cpu(cluster, consent, sink) as ours:
                begun = time.perf_counter()
                await asyncio.gather(*(send(service) for _ in range(2)))
                seconds = time.perf_counter() - begun
            report = await play.report(campaign)
            assert report["accepted"] == MAILS, report
            sink.line.send("one")
            raw = sink.line.recv()
            async with used_cpu(cluster, consent, sink) as bare:
                begun = time.perf_counter()
                await bare_loop(sink.port, raw)
                alone = time.perf_counter() - begun
            rounds.append((seconds, alone, ours, bare))
        audience.members = everybody[:STAGED]
        await play.launched()
        stages = await by_stage(service, cluster, consent, sink)
    return show(rounds, stages, len(raw))


async def send(service: CampaignService) -> None:
    """As the jobs of a sender do: one batch is made while another is handed over."""
    while await commands.send_messages(service):
        pass


async def bare_loop(port: int, raw: bytes) -> None:
    """Nothing but handing mails over."""
    waiting = list(range(MAILS))

    async def work() -> None:
        client = SMTP(hostname="127.0.0.1", port=port)
        await client.connect()
        while waiting:
            to = waiting.pop()
            await client.mail("shop@peyvand.example", encoding="ascii")
            await client.rcpt(f"c{to}@x.example", encoding="ascii")
            await client.data(raw)
        await client.quit()

    await asyncio.gather(*(work() for _ in range(CONNECTIONS)))


async def by_stage(service: CampaignService, cluster: PrivateCluster, consent: Neighbour, sink: Neighbour) -> dict[str, dict[str, float]]:
    """CPU seconds of each process by stage of one batch, one stage after the other."""
    owner, found = new_id(), {}
    carriers = {channel: carrier for (queue, channel), carrier in service.resources.carriers.items() if queue == "marketing"}
    async with used_cpu(cluster, consent, sink) as found["claim"]:
        claimed, _ = await sending._claim(service, owner, "marketing", carriers)
    assert len(claimed) == STAGED
    async with used_cpu(cluster, consent, sink) as found["render and build"]:
        ready, _ = await prepare(service, owner=owner, claimed=claimed)
    asked = [permits.Asked(one.message.id, one.message.customer_id, one.purpose, "email", one.message.step, one.address_hash) for one in ready]
    async with used_cpu(cluster, consent, sink) as found["permits"]:
        given = await permits.ask(service, members=asked)
        kept = await sending._record_permits(service, owner, ready, given)
    hand_off = HandOff(service, carriers["email"], owner=owner, deadline=given.deadline)
    async with used_cpu(cluster, consent, sink) as found["hand over and ledger"]:
        await hand_off.run([(one, given.granted[one.message.id].permit_id) for one in ready if one.message.id in kept])
    async with used_cpu(cluster, consent, sink) as found["close permits"]:
        await permits.close(service, permits=given, outcomes=hand_off.outcomes)
    assert len(hand_off.outcomes) == STAGED
    return found


@contextlib.asynccontextmanager
async def used_cpu(cluster: PrivateCluster, consent: Neighbour, sink: Neighbour) -> AsyncIterator[dict[str, float]]:
    """Seconds of CPU inside the block, by process."""
    own = psutil.Process()
    postmaster = psutil.Process(cluster.pid)

    def now() -> dict[str, float]:
        renderers = [child for child in own.children() if "render_worker" in " ".join(child.cmdline())]
        return {
            "sender": time.process_time(), "renderers": _seconds(renderers), "consent": _seconds([psutil.Process(consent.pid)]),
            "PostgreSQL": _seconds([postmaster, *postmaster.children()]), "sink": _seconds([psutil.Process(sink.pid)]),
        }

    found: dict[str, float] = {}
    before = now()
    yield found
    found.update({name: seconds - before[name] for name, seconds in now().items()})


def _seconds(processes: list[psutil.Process]) -> float:
    times = [one.cpu_times() for one in processes]
    return sum(one.user + one.system + one.children_user + one.children_system for one in times)


def show(rounds: list[tuple[float, float, dict[str, float], dict[str, float]]], stages: dict[str, dict[str, float]], size: int) -> int:
    table = Table(title=f"{MAILS} mails of {size} bytes, {CONNECTIONS} connections, sink and consent in processes of their own")
    names = list(rounds[0][2])
    for column in ("what", "mails/s", *(f"{name} µs" for name in names)):
        table.add_column(column)
    for seconds, alone, ours, bare in rounds:
        table.add_row("bare aiosmtplib", f"{MAILS / alone:.0f}", *_micro(bare, MAILS))
        table.add_row("campaign", f"{MAILS / seconds:.0f}", *_micro(ours, MAILS))
    for stage, used in stages.items():
        table.add_row(f"  {stage}", "", *_micro(used, STAGED))
    screen.print(table)
    ratio = statistics.median(alone / seconds for seconds, alone, *_ in rounds)
    cpu = statistics.median(bare["sender"] / ours["sender"] for *_, ours, bare in rounds)
    screen.print(f"ratio {ratio:.2f} by the clock, {cpu:.2f} by CPU time of the sending process (goal {GOAL})")
    return 0 if ratio >= GOAL else 1


def _micro(used: dict[str, float], count: int) -> list[str]:
    return [f"{1e6 * seconds / count:.0f}" for seconds in used.values()]


if __name__ == "__main__":
    raise SystemExit(main())
