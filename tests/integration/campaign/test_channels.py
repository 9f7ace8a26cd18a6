"""The customer chooses the channel, and campaigns obey."""

from __future__ import annotations

import asyncio

import pytest

from launcher.embedded_postgres import PrivateCluster
from tests.integration.campaign.stage import stage

pytestmark = pytest.mark.asyncio


async def test_nothing_is_handed_off_on_another_channel_than_the_chosen_one(cluster: PrivateCluster) -> None:
    """C5: chosen over HTTP per purpose, told, planned as suppressed with the reason, never handed off."""
    async with stage(cluster, services=("customer", "consent", "campaign"), read=True) as play:
        ids = []
        for number, channels in enumerate(({"marketing": "sms"}, {"*": "letter"}, {"*": "sms", "marketing": "email"}, None)):
            answer = await play.platform["customer"].call(
                "POST", "/api/v1/customers", json={"identities": [f"user:c{number}"], "traits": {"email": f"c{number}@x.example"}}
            )
            ids.append(answer.json()["id"])
            if channels is not None:
                chosen = await play.platform["customer"].call("PUT", f"/api/v1/customers/{ids[-1]}/preferences", json={"channels": channels})
                assert chosen.json()["channels"] == channels
        await play.grant(*ids)
        play.audience.members.extend(ids)
        await play.platform.drain()
        campaign = await play.campaign()
        assert (await play.act(campaign, "launch")).status == 202
        async with asyncio.timeout(30):
            while (await play.report(campaign))["status"] != "finished":
                await asyncio.sleep(0.1)
        rows = await play.sql("SELECT customer_id::text AS id, state, reason, handed_off_at FROM message")
        assert {row["id"]: (row["state"], row["reason"]) for row in rows} == {
            ids[0]: ("suppressed", "channel_not_chosen"), ids[1]: ("suppressed", "channel_not_chosen"), ids[2]: ("accepted", None), ids[3]: ("accepted", None),
        }
        assert all(row["handed_off_at"] is None for row in rows if row["state"] == "suppressed")
        assert sorted(play.box.recipients()) == ["c2@x.example", "c3@x.example"]
