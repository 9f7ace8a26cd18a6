"""Single messages while a broadcast runs: from the request to the mail server's answer, p50 and p95.

Promise: p95 under a second while a broadcast of 100,000 runs (SCALE=full; else of 10,000). The service runs its jobs and readers as it
does in a platform; mail server and consent service have processes of their own.
"""

from __future__ import annotations

import asyncio
import contextlib
import os

import uvloop
from rich.console import Console

from chassis.peers import InProcess, Peers, Remote, new_session
from launcher import process
from launcher.embedded_postgres import PrivateCluster
from tests.bench import campaign_neighbours as neighbours
from tests.bench.campaign_neighbours import Neighbour
from tests.integration.campaign.stage import Audience, Stage
from tests.integration.campaign.test_single_messages import seconds_of_receipts
from tests.support.cluster import running_cluster
from tests.support.platform import started

BROADCAST = 100_000 if os.environ.get("SCALE") == "full" else 10_000
RECEIPTS = 60
GOAL = 1.0

screen = Console(width=120)


def main() -> int:
    with running_cluster(in_memory=True) as cluster, neighbours.mail_server() as sink:
        return uvloop.run(measure(cluster, sink))


async def measure(cluster: PrivateCluster, sink: Neighbour) -> int:
    given: dict[str, dict[str, object]] = {
        "campaign": {"smtp_url": f"smtp://127.0.0.1:{sink.port}", "from_address": "orders@peyvand.example"}, "consent": {"database_connections": 20},
    }
    # The session is the last to be closed: jobs ask the consent service until they end.
    async with contextlib.AsyncExitStack() as stack, started(cluster, "consent", "campaign", given=given) as platform:
        service, audience = platform["campaign"].service, Audience()
        consent = stack.enter_context(neighbours.consent_service(platform["consent"].service, service.database.url.replace("postgresql", "postgres-log", 1)))
        session = await stack.enter_async_context(new_session())
        remote = Remote(f"http://127.0.0.1:{consent.port}", lambda: session)
        service.peers = Peers({"analytics": InProcess(lambda: audience), "consent": remote}, service.tokens, service.name)
        play = Stage(platform, None, audience)  # type: ignore[arg-type]
        ann = await play.customer("ann@x.example", granted=False)
        audience.members.clear()
        for _ in range(0, BROADCAST, 10_000):
            await play.customers(10_000)
        body = {"template_id": await play.template(), "customer_id": ann}
        process.settle_memory()
        idle = await seconds_of_receipts(play, "idle", 20, **body)
        campaign = await play.campaign(body["template_id"])
        assert (await play.act(campaign, "launch")).status == 202
        while (await play.report(campaign))["accepted"] < 500:
            await asyncio.sleep(0.2)
        before = (await play.report(campaign))["accepted"]
        busy = await seconds_of_receipts(play, "busy", RECEIPTS, **body)
        after = (await play.report(campaign))["accepted"]
        await play.act(campaign, "cancel")
    screen.print(
        f"single messages: alone p50 {idle[10]:.3f} s; while a broadcast of {BROADCAST} runs ({before} to {after} sent meanwhile) "
        f"p50 {busy[RECEIPTS // 2]:.3f} s, p95 {busy[int(RECEIPTS * 0.95)]:.3f} s, worst {busy[-1]:.3f} s (goal p95 {GOAL} s)"
    )
    return 0 if busy[int(RECEIPTS * 0.95)] < GOAL and after < BROADCAST else 1


if __name__ == "__main__":
    raise SystemExit(main())
