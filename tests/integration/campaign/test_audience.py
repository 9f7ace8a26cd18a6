"""The real analytics, consent and campaign services together: from a segment to the mailbox."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from launcher.embedded_postgres import PrivateCluster
from tests.integration.campaign.stage import profile, stage

pytestmark = pytest.mark.asyncio


async def test_a_segment_is_planned_and_sent(cluster: PrivateCluster) -> None:
    """N5: and each decision is explained, as it stands and as it stood."""
    async with stage(cluster, services=("analytics", "consent", "campaign"), read=True, plan_chunk=2) as play:
        ids = [f"0191b000-0000-7000-8000-00000000000{number}" for number in range(5)]
        async with play.service.transaction() as tx:
            for number, customer in enumerate(ids):
                tx.tell(profile(customer, email=f"c{number}@x.example", traits={"town": "Shiraz" if number < 3 else "Yazd"}))
        await play.grant(*ids[:2])
        await play.platform.drain()
        segment = await play.platform["analytics"].call(
            "POST", "/api/v1/segments", json={"name": "Shiraz", "rule": {"trait": "town", "op": "eq", "value": "Shiraz"}}
        )
        assert segment.status == 201, segment.body
        campaign = await play.campaign(segment_id=segment.json()["id"])
        async with asyncio.timeout(20):
            while True:
                listed = await play.platform["analytics"].call("GET", f"/api/v1/segments/{segment.json()['id']}/members")
                if listed.status == 200 and len(listed.json()["data"]) == 3:
                    break
                await asyncio.sleep(0.1)
        assert (await play.act(campaign, "launch")).status == 202
        async with asyncio.timeout(20):
            while (await play.report(campaign))["status"] != "finished":
                await asyncio.sleep(0.1)
        report = await play.report(campaign)
        assert (report["planned"], report["accepted"], report["suppressed"]) == (3, 2, 1)
        assert sorted(play.box.recipients()) == ["c0@x.example", "c1@x.example"]
        decision = await play.http.call("GET", f"/api/v1/campaigns/{campaign}/decisions/{ids[4]}", scopes=["campaigns:read"])
        checks = {check["check"]: check["holds"] for check in decision.json()["checks"]}
        assert checks == {
            "segment": False, "selection": True, "arm": True, "reserved": True, "address": True, "channel": True, "consent": False, "pressure": True, "ledger": False,
        }
        changes = {each["check"]: each["changes"] for each in decision.json()["would_change"]}
        assert changes["segment"] == ["clause / (trait, seen: Yazd) turns true"]
        assert changes["consent"] == ["consent to marketing by email is given"]
        got = await play.http.call("GET", f"/api/v1/campaigns/{campaign}/decisions/{ids[0]}", scopes=["campaigns:read"])
        assert got.json()["receives"] is True
        evidence = {check["check"]: check["evidence"] for check in got.json()["checks"]}
        assert evidence["segment"]["clauses"][0]["holds"] is True
        assert evidence["consent"]["entry_id"]
        assert evidence["ledger"]["permit_id"]
        assert len(got.json()["would_change"]) == 1

        async def then(customer: str, at: datetime) -> Any:
            """N5: the same question about another time."""
            answer = await play.http.call(
                "GET", f"/api/v1/campaigns/{campaign}/decisions/{customer}?as_of={at.isoformat().replace('+', '%2B')}", scopes=["campaigns:read"]
            )
            assert answer.status == 200, answer.body
            return answer.json(), {check["check"]: check["holds"] for check in answer.json()["checks"]}

        now = play.service.clock.now()
        made, checks = await then(ids[0], now - timedelta(days=1))
        assert (made["message"], checks["segment"], checks["consent"]) == (None, False, False), "there was no such segment yet, nobody had agreed"
        made, checks = await then(ids[0], now)
        assert (made["receives"], made["message"]["state"], checks["segment"], checks["consent"]) == (True, "accepted", True, True)
        made, checks = await then(ids[4], now)
        assert (made["receives"], checks["segment"]) == (False, False)
        every = [await play.http.call("GET", f"/api/v1/campaigns/{campaign}/decisions/{one}", scopes=["campaigns:read"]) for one in ids]
        assert all(answer.json()["receives"] is not None and answer.json()["would_change"] for answer in every), "every pair is explained"
        assert "parts" in evidence["selection"]
