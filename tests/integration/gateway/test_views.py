"""Composed views keep their deadline: a slow service costs its own part only. And what stands around the page of documents."""

from __future__ import annotations

import time

import asyncpg
import pytest

from chassis import runtime
from gateway import queries
from launcher.embedded_postgres import PrivateCluster
from tests.integration.gateway.visiting import Visitor, administrator
from tests.support.platform import started

pytestmark = pytest.mark.asyncio


def owner_of(url: str) -> str:
    return url.replace("_app@", "_owner@").replace("_app:", "_owner:")


async def test_a_service_that_hangs_costs_its_part_only(cluster: PrivateCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "VIEW_SECONDS", 1.0)
    async with started(cluster, "gateway", "customer", "consent") as platform:
        admin = await administrator(platform)
        customer = (await admin.ask("POST", "/api/v1/customers", {"traits": {"name": "Ada"}})).json()["id"]
        owner = await asyncpg.connect(owner_of(platform["consent"].service.database.url))
        try:
            async with owner.transaction():
                tables = await owner.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'")
                for table in tables:
                    await owner.execute(f'LOCK TABLE "{table[0]}" IN ACCESS EXCLUSIVE MODE')
                began = time.monotonic()
                view = await admin.ask("GET", f"/api/v1/customers/{customer}/360")
                took = time.monotonic() - began
        finally:
            await owner.close()
        assert view.status == 200
        assert view.json()["profile"]["id"] == customer
        assert {"part": "consent", "reason": "unavailable"} in view.json()["missing"]
        assert 0.9 < took < 4
        assert (await admin.ask("GET", f"/api/v1/customers/{customer}/360")).json()["consent"] is not None


async def test_the_page_of_documents_runs_its_own_script_only(cluster: PrivateCluster) -> None:
    async with started(cluster, "gateway") as platform:
        page = await Visitor(platform).ask("GET", "/docs")
        assert page.status == 200
        policy = page.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "frame-ancestors 'none'" in policy
        assert page.headers["x-content-type-options"] == "nosniff"


async def test_a_service_refuses_to_run_as_the_owner_of_its_tables(cluster: PrivateCluster) -> None:
    async with started(cluster, "gateway") as platform:
        url = owner_of(platform["gateway"].service.database.url)
        with pytest.raises(runtime.NotReady, match="neither superuser nor owner"):
            async with started(cluster, "gateway", given={"gateway": {"database_url": url}}):
                pass
