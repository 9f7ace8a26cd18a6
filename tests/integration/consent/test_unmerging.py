"""What people refuse while two customers are one: it holds for both when they are taken apart again."""

from __future__ import annotations

import pytest

from contracts import links
from launcher.embedded_postgres import PrivateCluster
from tests.integration.consent.test_statements import FAST, grant, standing, withdraw
from tests.integration.customer.asking import ask, registered
from tests.support.platform import TestPlatform, started

pytestmark = pytest.mark.asyncio


async def two(platform: TestPlatform) -> tuple[str, str]:
    """Two customers who both granted marketing by e-mail and by text message."""
    pair = (await registered(platform, "user:1", email="one@x.example"), await registered(platform, "user:2", email="two@x.example"))
    await platform.drain()
    for customer in pair:
        for channel in ("email", "sms"):
            await grant(platform, customer_id=customer, channel=channel)
    return pair


async def merge(platform: TestPlatform, survivor: str, merged: str) -> str:
    answer = await ask(platform, "POST", "/merges", {"survivor_id": survivor, "merged_id": merged})
    assert answer.status == 201, answer.body
    await platform.drain()
    return str(answer.json()["merge_id"])


async def undo(platform: TestPlatform, merge_id: str) -> None:
    assert (await ask(platform, "POST", f"/merges/{merge_id}/undo")).status == 200
    await platform.drain()


async def states(platform: TestPlatform, *customers: str, channel: str = "email") -> list[str]:
    return [(await standing(platform, customer, channel=channel))["state"] for customer in customers]


@pytest.mark.parametrize("under", [0, 1])
async def test_a_refusal_while_merged_holds_for_both(cluster: PrivateCluster, under: int) -> None:
    """N2: under either id; other channels and what was granted before stay as they were."""
    async with started(cluster, "customer", "consent", given=FAST) as platform:
        pair = await two(platform)
        merge_id = await merge(platform, *pair)
        await withdraw(platform, customer_id=pair[under], channel="email")
        assert await states(platform, *pair) == ["withdrawn", "withdrawn"]
        await undo(platform, merge_id)
        assert await states(platform, *pair) == ["withdrawn", "withdrawn"]
        assert await states(platform, *pair, channel="sms") == ["granted", "granted"]
        other = pair[1 - under]
        newest = (await platform["consent"].call("GET", f"/api/v1/customers/{other}/consent")).json()["data"][0]
        assert newest["source"] == "unmerge" and newest["evidence"]["customer_id"] == pair[under]
        # Each may say something else later, for itself alone.
        await grant(platform, customer_id=other)
        assert sorted(await states(platform, *pair)) == ["granted", "withdrawn"]


async def test_the_link_in_a_message_refuses_for_both(cluster: PrivateCluster) -> None:
    """N2: unsubscribing by the link, also of whom one half had refused before."""
    async with started(cluster, "customer", "consent", given=FAST) as platform:
        one, two_ = await two(platform)
        await withdraw(platform, customer_id=one, channel="email")
        merge_id = await merge(platform, one, two_)
        secret = platform["consent"].service.link_secret
        token = links.seal(secret, links.UNSUBSCRIBE, [one, "email", "marketing", "message-1"])
        for _ in range(2):
            answer = await platform["consent"].call("POST", f"/u/{token}", body=b"List-Unsubscribe=One-Click", scopes=None)
            assert answer.status == 200, answer.body
        entries = (await platform["consent"].call("GET", f"/api/v1/customers/{one}/consent")).json()["data"]
        assert [entry["source"] for entry in entries].count("unsubscribe_link") == 1
        await undo(platform, merge_id)
        assert await states(platform, one, two_) == ["withdrawn", "withdrawn"]


async def test_what_was_granted_again_or_said_under_an_identity_stays_with_its_own(cluster: PrivateCluster) -> None:
    """N2: the last word counts while they are one; an identity speaks for whom it belongs to."""
    async with started(cluster, "customer", "consent", given=FAST) as platform:
        pair = await two(platform)
        merge_id = await merge(platform, *pair)
        await withdraw(platform, customer_id=pair[0], channel="sms")
        await grant(platform, customer_id=pair[0], channel="sms")
        await withdraw(platform, identity="email:two@x.example", channel="email")
        assert await states(platform, *pair) == ["withdrawn", "withdrawn"]
        await undo(platform, merge_id)
        assert await states(platform, *pair) == ["granted", "withdrawn"]
        assert await states(platform, *pair, channel="sms") == ["granted", "granted"]


async def test_a_refusal_reaches_whoever_was_merged_deeper(cluster: PrivateCluster) -> None:
    """N2: three in one, taken apart in either order."""
    async with started(cluster, "customer", "consent", given=FAST) as platform:
        first, second = await two(platform)
        third = await registered(platform, "user:3")
        await platform.drain()
        await grant(platform, customer_id=third)
        merges = [await merge(platform, second, third), await merge(platform, first, second)]
        await withdraw(platform, customer_id=third, channel="email")
        for merge_id in merges:
            await undo(platform, merge_id)
        assert await states(platform, first, second, third) == ["withdrawn"] * 3
