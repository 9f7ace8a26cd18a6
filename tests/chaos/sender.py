"""A sender in a process of its own, to be killed and frozen: it sends what is planned, asking a consent service over HTTP."""

from __future__ import annotations

import asyncio
import json
import sys

import aiohttp

from chassis import runtime
from chassis.settings import PlatformSettings
from launcher import roster, wiring
from services.campaign import commands


async def main(given: dict[str, str]) -> None:
    log = wiring.event_log(given["database_url"].replace("postgresql://", "postgres-log://", 1))  # never started: what is told stays in the outbox
    manifest = roster.manifest("campaign")
    async with aiohttp.ClientSession() as session:
        transports = {"consent": wiring.transport(given["consent_url"], {}, lambda: session)}
        service = wiring.service(
            manifest, platform=PlatformSettings.model_validate(json.loads(given["platform"])), log=log, transports=transports,
            database_url=given["database_url"], smtp_url=given["smtp_url"], smtp_timeout=20, send_batch=40, database_connections=6,
        )
        async with runtime.running(manifest, service, read=False):
            while True:
                if not await commands.send_messages(service):
                    await asyncio.sleep(0.05)


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
