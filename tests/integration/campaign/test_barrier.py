"""When a withdrawal is answered, nothing to that person starts any more, while thousands of others are being sent."""

from __future__ import annotations

import asyncio
import random

import pytest

from launcher.embedded_postgres import PrivateCluster
from services.campaign import commands
from tests.integration.campaign.stage import stage

pytestmark = pytest.mark.asyncio


async def test_nothing_is_handed_off_after_a_withdrawal_is_answered(cluster: PrivateCluster) -> None:
    chance = random.Random(11)
    async with stage(cluster, send_batch=40) as play:
        customers = await play.customers(240)
        address = {customer: f"c{number}@x.example" for number, customer in enumerate(customers)}
        campaign = await play.launched()
        play.box.delay = 0.02
        answered: dict[str, bool] = {}

        async def withdraw(customer: str) -> None:
            await asyncio.sleep(chance.uniform(0, 1.5))
            answer = await play.platform["consent"].call(
                "POST", "/api/v1/consents/withdrawals", json={"customer_id": customer, "purpose": "marketing", "channel": "email"}
            )
            assert answer.status == 200, answer.body
            answered[customer] = address[customer] in play.box.recipients()

        async def send() -> None:
            while await commands.send_messages(play.service):
                await asyncio.sleep(0)

        await asyncio.gather(send(), *(withdraw(customer) for customer in chance.sample(customers, 60)))
        await play.send_all()
        got = set(play.box.recipients())
        late = [customer for customer, had in answered.items() if (address[customer] in got) != had]
        assert not late
        report = await play.report(campaign)
        spared = sum(not had for had in answered.values())
        assert (report["accepted"], report["suppressed"]) == (240 - spared, spared)
        assert 0 < spared <= 60
