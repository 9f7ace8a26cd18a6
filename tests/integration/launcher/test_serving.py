"""`ecrm serve` as an operator's cluster uses it: parts, a port of its own for health and metrics, a drain before the end, waiting for the schema."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
import uuid
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest

from chassis import settings
from launcher import roster, secrets
from launcher.embedded_postgres import PrivateCluster
from tests.support.platform import new_database, new_log
from tests.support.upright import free_port

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(120)]


def environment(folder: Path, *, name: str, database: str, log: str) -> dict[str, str]:
    found = secrets.new_secrets()
    folder.mkdir()
    given = {**settings.environment(), f"ECRM_{name.upper()}_DATABASE_URL": database, "ECRM_LOG_URL": log, "PYTHONUNBUFFERED": "1"}
    for key, value in secrets.platform_values(found, name).items():
        secrets.write_private(folder / key, value)
        given[f"ECRM_{key.upper()}_FILE"] = str(folder / key)
    return given


async def test_health_and_metrics_stand_apart_and_a_process_drains_before_it_ends(cluster: PrivateCluster, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        suffix = uuid.uuid4().hex[:8]
        log = await new_log(cluster, stack, suffix)
        url = await new_database(cluster, stack, f"consent_{suffix}", roster.manifest("consent").migrations)
        given = environment(tmp_path / "s", name="consent", database=url, log=log_url(log))
        waits = await asyncio.create_subprocess_exec(sys.executable, "-m", "launcher", "schema", "consent", "--wait", "20", env=given)
        port, admin = free_port(), free_port()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "launcher", "serve", "consent", "--part", "http", "--port", str(port), "--admin-port", str(admin), "--drain", "3",
            env=given, stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            session = await stack.enter_async_context(aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)))
            until = time.monotonic() + 60
            while await status(session, port, "/readyz") != 200:
                assert process.returncode is None
                assert time.monotonic() < until
                await asyncio.sleep(0.1)
            assert await waits.wait() == 0
            assert await status(session, port, "/metrics") == 404
            assert await status(session, port, "/healthz") == 200
            assert [await status(session, admin, path) for path in ("/healthz", "/readyz", "/metrics")] == [200, 200, 200]
            assert await status(session, admin, "/internal/readers") == 404
            assert await status(session, port, "/internal/readers") == 401
            process.send_signal(signal.SIGTERM)
            until = time.monotonic() + 20
            while await status(session, port, "/readyz") != 503:  # told everybody that it ends, and still answers
                assert time.monotonic() < until
                await asyncio.sleep(0.02)
            assert await status(session, admin, "/readyz") == 503
            assert await status(session, port, "/healthz") == 200
            assert await asyncio.wait_for(process.wait(), 30) == 0
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


async def status(session: aiohttp.ClientSession, port: int, path: str) -> int:
    try:
        async with session.get(f"http://127.0.0.1:{port}{path}") as answer:
            return answer.status
    except aiohttp.ClientError:
        return 0


def log_url(log: object) -> str:
    url = str(log._url)  # type: ignore[attr-defined]
    return url.replace("postgresql://", "postgres-log://", 1)


async def test_waiting_for_a_schema_that_does_not_come_ends_with_a_reason(cluster: PrivateCluster, tmp_path: Path) -> None:
    name = f"bare_{uuid.uuid4().hex[:8]}"
    await cluster.ensure_database(name)
    try:
        given = {**settings.environment(), "ECRM_CONSENT_DATABASE_URL": cluster.url(name)}
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "launcher", "schema", "consent", "--wait", "0.1", env=given, stderr=asyncio.subprocess.PIPE
        )
        _, said = await process.communicate()
        assert process.returncode == 1
        assert b"ecrm migrate" in said
    finally:
        await cluster.drop_database(name)


@pytest.mark.parametrize(("process", "part", "why"), [("analytics", "http", "file"), ("collector", "readers", "reads nothing"), ("nobody", "all", "gateway")])
async def test_what_cannot_be_split_says_so(process: str, part: str, why: str) -> None:
    ended = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "launcher", "serve", process, "--part", part, stderr=asyncio.subprocess.PIPE
    )
    _, said = await ended.communicate()
    assert ended.returncode == 2, json.dumps(said.decode())
    assert why in said.decode()
