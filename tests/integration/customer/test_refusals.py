"""Bad input of the README's tables that no other test provokes."""

from __future__ import annotations

import pytest

from launcher.embedded_postgres import PrivateCluster
from tests.integration.customer.asking import ask, registered
from tests.support.platform import started

pytestmark = pytest.mark.asyncio

NOBODY = "00000000-0000-7000-8000-000000000000"


async def test_what_is_not_there_yet_or_not_any_more(cluster: PrivateCluster) -> None:
    async with started(cluster, "customer", read=False) as platform:
        answer = await ask(platform, "POST", f"/merges/{NOBODY}/undo")
        assert (answer.status, answer.json()["code"]) == (404, "merge.unknown")
        export = (await ask(platform, "POST", "/exports", {"format": "csv"})).json()["id"]
        answer = await ask(platform, "GET", f"/exports/{export}/content")
        assert (answer.status, answer.json()["code"]) == (409, "export.not_ready")


async def test_who_survives_is_one_of_the_two(cluster: PrivateCluster) -> None:
    async with started(cluster, "customer", read=False) as platform:
        low, high = sorted([await registered(platform, "user:1"), await registered(platform, "user:2")])
        async with platform["customer"].service.transaction() as tx:
            await tx.db.execute(
                "INSERT INTO duplicate_pair (low_id, high_id, score, household, reasons, state, scan_id, found_at) VALUES ($1, $2, 0.9, 0, '[]', 'open', $1, now())",
                low, high,
            )
        path = f"/duplicates/{low}/{high}/decision"
        answer = await ask(platform, "POST", path, {"decision": "merge", "reason": "t", "survivor_id": NOBODY})
        assert (answer.status, answer.json()["code"]) == (422, "duplicate.bad_survivor")


async def test_definitions_have_an_end(cluster: PrivateCluster) -> None:
    async with started(cluster, "customer", read=False) as platform:
        async with platform["customer"].service.transaction() as tx:
            await tx.db.execute(
                """
                INSERT INTO trait_definition (name, schema, title, description, classification, sources, purpose, version, changed_at, changed_by)
                SELECT 't' || n, '{}', '', '', 'plain', '{}', '', 1, now(), 'test' FROM generate_series(1, 1000) AS n
                """
            )
        answer = await ask(platform, "PUT", "/traits/one_more", {"schema": {}})
        assert (answer.status, answer.json()["code"]) == (409, "trait.too_many")
