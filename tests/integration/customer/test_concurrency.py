"""Requests that meet at the same people end in one consistent answer."""

from __future__ import annotations

import asyncio

import pytest

from launcher.embedded_postgres import PrivateCluster
from tests.support.platform import started

pytestmark = pytest.mark.asyncio


async def test_one_identity_registered_many_times_at_once_is_one_customer(cluster: PrivateCluster) -> None:
    async with started(cluster, "customer", read=False) as platform:
        customer = platform["customer"]

        def post(number: int, query: str) -> object:
            body = {"identities": ["user:same", f"ext:crm:{number}"], "traits": {f"trait{number}": number}}
            return customer.call("POST", f"/api/v1/customers{query}", json=body)

        once = await asyncio.gather(*(post(number, "") for number in range(8)))  # type: ignore[call-overload]
        assert sorted(answer.status for answer in once) == [201] + [409] * 7
        upserts = await asyncio.gather(*(post(number, "?upsert=true") for number in range(8)))  # type: ignore[call-overload]
        assert {answer.status for answer in upserts} == {200}
        assert len({answer.json()["id"] for answer in upserts}) == 1
        (found,) = (await customer.call("GET", "/api/v1/customers?identity=user:same")).json()["data"]
        assert found["traits"] == {f"trait{number}": number for number in range(8)}


async def test_merges_that_cross_each_other_end_in_one_forest(cluster: PrivateCluster) -> None:
    async with started(cluster, "customer", read=False) as platform:
        customer = platform["customer"]
        ids = [
            (await customer.call("POST", "/api/v1/customers", json={"identities": [f"user:{number}"]})).json()["id"] for number in range(1, 7)
        ]
        pairs = [(ids[place], ids[(place + 1) % 6]) for place in range(6)] + [(ids[(place + 1) % 6], ids[place]) for place in range(6)]
        answers = await asyncio.gather(
            *(customer.call("POST", "/api/v1/merges", json={"survivor_id": one, "merged_id": two}) for one, two in pairs)
        )
        assert sorted(answer.status for answer in answers) == [201] * 5 + [409] * 7
        roots = {(await customer.call("GET", f"/api/v1/customers/{each}")).json()["id"] for each in ids}
        assert len(roots) == 1
        merges = (await customer.call("GET", "/api/v1/merges")).json()["data"]
        undone = await asyncio.gather(*(customer.call("POST", f"/api/v1/merges/{merge['id']}/undo") for merge in merges))
        assert {answer.status for answer in undone} == {200}
        for number, each in enumerate(ids, 1):
            one = (await customer.call("GET", f"/api/v1/customers/{each}")).json()
            assert (one["id"], one["identities"], one["known"]) == (each, [f"user:{number}"], True)
