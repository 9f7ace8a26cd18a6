"""N4: forty seeded people, half of them erased: nothing of those is left in any database or in the warehouse's file."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from launcher.embedded_postgres import PrivateCluster
from services.analytics.store import erasing
from tests.integration.interaction.support import checked, track
from tests.support import templates
from tests.support.platform import TestPlatform, started
from tests.support.scanning import forms, tables_with

pytestmark = [pytest.mark.asyncio(loop_scope="function"), pytest.mark.slow, pytest.mark.timeout(600)]

REQUESTS = "/api/v1/privacy/requests"
ALL = ("customer", "consent", "analytics", "campaign", "interaction")
SCOPES = ["privacy:manage", "consent:write", "consent:read", "customers:write", "customers:read", "interactions:write", "interactions:read"]
#: Whose old backups come back.
RESTORED = ("customer", "interaction", "campaign", "analytics")
PEOPLE = 40
#: What is on its way out: told facts until they are appended, and the certificate's own ids.
PASSING = {"outbox"}


async def ask(platform: TestPlatform, method: str, path: str, body: Any = None, *, service: str = "consent", status: int = 200) -> Any:
    answer = await platform[service].call(method, path, json=body, scopes=SCOPES)
    assert answer.status == status, (path, answer.status, answer.body)
    return answer.json() if answer.body else None


def mark(number: int) -> str:
    return f"scanmark{number:02d}qzxv"


async def seed(platform: TestPlatform) -> dict[str, str]:
    """mark -> customer: in the profile, in events, in consent evidence, in a case."""
    found = {}
    for number in range(PEOPLE):
        name = mark(number)
        made = await ask(
            platform, "POST", "/api/v1/customers", {"identities": [f"user:{name}"], "traits": {"email": f"{name}@x.example", "city": f"{name} city", "nick": [name]}},
            service="customer", status=201,
        )
        found[name] = made["id"]
    await platform.drain()
    await platform.log.append(checked([track(name, "Seen", f"{name}-{visit}") for name in found for visit in range(2)]))
    await platform.drain()
    for name, customer in found.items():
        grant = {"customer_id": customer, "purpose": "marketing", "channel": "email", "source": f"form {name}", "evidence": {"said": name}}
        await ask(platform, "POST", "/api/v1/consents/grants", grant, status=201)
    await platform.drain()
    return found


async def erase(platform: TestPlatform, customers: Iterable[str]) -> None:
    begun = []
    for customer in customers:
        made = await ask(platform, "POST", REQUESTS, {"customer_id": customer, "kind": "erasure", "verified_by": "identity card"}, status=201)
        await ask(platform, "POST", f"{REQUESTS}/{made['id']}/erase", status=202)
        begun.append(made["id"])
    async with asyncio.timeout(90):
        for request in begun:
            while (await ask(platform, "GET", f"{REQUESTS}/{request}"))["state"] != "completed":
                await asyncio.sleep(0.2)
    await platform.drain()


async def rewritten(platform: TestPlatform) -> None:
    """Return when the warehouse has told of every erasure it knows: it does so once its file is written anew, at most a twentieth of the time."""
    async with asyncio.timeout(120):
        while await platform["analytics"].service.resources.read(erasing.untold):
            await asyncio.sleep(0.2)
    await platform.drain()


async def places_with(platform: TestPlatform, marks: list[str], folder: Path) -> set[str]:
    """Where any of the marks stands in any form: tables of the services, tables and raw file of the warehouse."""
    found = set()
    for name in ALL:
        async with platform[name].service.read() as db:
            found |= {f"{name}/{table}" for table in await tables_with(db, marks) - PASSING}
    wanted = [form.lower() for one in marks for form in forms(one)]

    def rows(connection: Any) -> set[str]:
        tables = [row[0] for row in connection.execute("SELECT table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE'").fetchall()]
        return {
            table for table in tables
            if any(form in json.dumps(row, default=lambda held: held.hex() if isinstance(held, bytes) else str(held)).lower()
                   for row in connection.execute(f'SELECT * FROM "{table}"').fetchall() for form in wanted)
        }

    found |= {f"warehouse/{table}" for table in await platform["analytics"].service.resources.read(rows)}
    for path in folder.rglob("*"):
        if path.is_file() and any(form in path.read_bytes().lower() for form in (one.encode() for one in wanted)):
            found.add(f"file/{path.name}")
    return found


async def test_nothing_is_left_of_twenty_erased_of_forty(cluster: PrivateCluster, tmp_path: Path) -> None:
    """N4: receipts of every service, a scan that finds nothing (and finds everybody before), old backups restored and read on: nothing again."""
    run = "scan0001"
    folder = tmp_path / "facts"
    given: dict[str, dict[str, Any]] = {"analytics": {"data_dir": str(folder)}, "consent": {"barrier_seconds": 0.2}}
    try:
        async with started(cluster, *ALL, run=run, given=given) as platform:
            people = await seed(platform)
            gone, kept = list(people)[: PEOPLE // 2], list(people)[PEOPLE // 2 :]
            before = await places_with(platform, gone, folder)
            # The positive control: every place that is searched is one where they were found.
            assert {"customer/customer", "customer/trait_value", "customer/identity", "interaction/interaction", "consent/entry_person", "campaign/recipient",
                    "warehouse/event", "warehouse/customer"} <= before
        for service in RESTORED:
            await copy(cluster, f"{service}_{run}", f"backup_{service}_{run}")
        shutil.copytree(folder, tmp_path / "backup")
        async with started(cluster, *ALL, run=run, given=given) as platform:
            await erase(platform, [people[name] for name in gone])
            assert await places_with(platform, gone, folder) == set()
            for name in kept[:2]:
                assert {"customer/customer", "interaction/interaction", "consent/entry_person", "warehouse/event"} <= await places_with(platform, [name], folder), name
            # What comes late is dropped and counted.
            await platform.log.append(checked([track(name, "Late", f"{name}-late") for name in gone]))
            await platform.drain()
            assert await places_with(platform, gone, folder) == set()
            async with platform["interaction"].service.read() as db:
                assert await db.fetchval("SELECT sum(erased) FROM intake") == len(gone)
        # Old backups of all services but the one that keeps the requests come back, the warehouse's file among them; each reads the ledger of
        # erasures again, from where the backup stood.
        for service in RESTORED:
            await templates.dropped(cluster, f"{service}_{run}")
            await copy(cluster, f"backup_{service}_{run}", f"{service}_{run}")
        shutil.rmtree(folder)
        shutil.copytree(tmp_path / "backup", folder)
        async with started(cluster, *ALL, run=run, given=given) as platform:
            await platform.drain(timeout=60)
            await rewritten(platform)
            assert await places_with(platform, gone, folder) == set()
            assert {"customer/customer", "interaction/interaction", "campaign/recipient", "warehouse/event"} <= await places_with(platform, kept[:1], folder)
    finally:
        for name in (*(f"{service}_{run}" for service in ALL), f"eventlog_{run}", *(f"backup_{service}_{run}" for service in RESTORED)):
            await templates.dropped(cluster, name)


async def copy(cluster: PrivateCluster, source: str, name: str) -> None:
    """A database as it is now, under another name, with the rights of the first."""
    connection = await asyncpg.connect("postgresql://postgres@/postgres?" + cluster.url("postgres").partition("?")[2])
    try:
        roles = await connection.fetchval("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = $1", source)
        await connection.execute(f'CREATE DATABASE "{name}" OWNER "{roles}" TEMPLATE "{source}"')
        await connection.execute(f'REVOKE ALL ON DATABASE "{name}" FROM PUBLIC')
        await connection.execute(f'GRANT CONNECT, TEMPORARY ON DATABASE "{name}" TO "{str(roles).removesuffix("_owner")}_app"')
    finally:
        await connection.close()
