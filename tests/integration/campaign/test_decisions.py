"""N5: why this person is inside a journey or not, and why each message reaches them or not."""

from __future__ import annotations

from uuid import uuid4

import pytest

from launcher.embedded_postgres import PrivateCluster
from tests.integration.campaign.stage import stage
from tests.integration.campaign.travelling import Journeys

pytestmark = pytest.mark.asyncio


async def test_why_in_a_journey(cluster: PrivateCluster) -> None:
    """N5"""
    async with stage(cluster, from_address="shop@peyvand.example") as play:
        journeys = Journeys(play)
        await play.http.call("PUT", "/api/v1/pressure", json={"caps": [{"most": 1, "per": "day"}]}, scopes=["campaigns:send"])
        ann = await play.customer("ann@x.example", traits={"town": "Yazd"})
        eve = await play.customer("eve@x.example", granted=False)
        template = await play.template()
        journey = await journeys.published({
            "entry": {"api": {}}, "start": "where",
            "steps": {
                "where": {"type": "branch", "choices": [{"if": {"trait": "town", "value": "Yazd"}, "next": "first"}], "otherwise": "first"},
                "first": {"type": "message", "template_id": template, "value": 9, "next": "second"},
                "second": {"type": "message", "template_id": template, "next": "rest"}, "rest": {"type": "wait", "for": {"days": 3}},
            },
        })
        await journeys.call("POST", f"/{journey}/people", customer_ids=[ann])
        await journeys.run()
        for _ in range(3):
            await play.send_all()
            async with play.service.transaction() as tx:
                await tx.db.execute("UPDATE message SET retry_at = NULL WHERE state = 'planned'")
        answer = await journeys.call("GET", f"/{journey}/decisions/{ann}")
        assert answer.status == 200, answer.body
        made = answer.json()
        assert made["state"] == "inside"
        assert made["branches"][0]["choice"] == 0
        assert made["branches"][0]["clauses"][0]["seen"] == "Yazd"
        first, second = made["messages"]
        assert (first["receives"], second["receives"]) == (True, False)
        pressure = next(check for check in second["checks"] if check["check"] == "pressure")
        assert pressure["holds"] is False
        ledger = next(check for check in first["checks"] if check["check"] == "ledger")
        assert pressure["evidence"]["holders"] == [ledger["evidence"]["message_id"]]
        assert ledger["evidence"]["permit_id"]
        assert second["would_change"] == [
            {"check": "pressure", "now": False, "changes": ["one message fewer before, or the cap 1 per day one higher"]}
        ]
        made = (await journeys.call("GET", f"/{journey}/decisions/{eve}")).json()
        assert (made["state"], made["branches"][0]["choice"]) == ("never", None)
        assert {each["check"]: each["holds"] for each in made["messages"][0]["checks"]} == {
            "address": True, "channel": True, "consent": False, "pressure": True,
        }
        assert made["messages"][0]["would_change"][0]["changes"] == ["consent to marketing by email is given"]
        assert (await journeys.call("GET", f"/{uuid4()}/decisions/{ann}")).json()["code"] == "journey.unknown"
