"""Erasing a person in campaigns: nothing more goes to them, reports stay exact, and nobody knows whose the messages were."""

from __future__ import annotations

import pytest

from chassis.clock import Clock
from contracts.customer import ErasureState
from launcher.embedded_postgres import PrivateCluster
from services.campaign import commands
from tests.integration.campaign.stage import stage
from tests.support.scanning import tables_with

pytestmark = pytest.mark.asyncio


async def test_messages_keep_what_reports_count_and_nobody(cluster: PrivateCluster) -> None:
    """U43: one mail is sent and one planned when the person is erased."""
    async with stage(cluster) as play:
        ann = await play.customer("vcanary7731@x.example", name="vcanary7731", traits={"city": "vcanary7731"})
        await play.customer("bob@x.example")
        sent = await play.launched()
        await play.send_all()
        planned = await play.launched()
        before = await play.report(sent)
        async with play.service.read() as db:
            assert {"recipient", "message"} <= await tables_with(db, ["vcanary7731", ann])
        state = ErasureState(request_id="r1", customer_ids=[ann], identities=[], erased_at=Clock().now())
        for _ in range(2):  # the ledger is read again after a restore
            async with play.service.transaction() as tx:
                await commands.erase_people(play.service, tx, states=[state])
        async with play.service.read() as db:
            assert await tables_with(db, ["vcanary7731", ann]) <= {"outbox"}
        assert await play.report(sent) == before
        await play.send_all()
        report = await play.report(planned)
        assert (report["accepted"], report["suppressed"]) == (1, 1)
        assert play.box.recipients().count("vcanary7731@x.example") == 1
        assert len(await play.sql("SELECT * FROM message WHERE address_hash IS NULL")) == 2
