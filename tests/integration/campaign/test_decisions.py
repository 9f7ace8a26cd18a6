"""N5: why this person is inside a journey or not, and why each message reaches them or not."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from launcher.embedded_postgres import PrivateCluster
from services.campaign import commands
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
            "address": True, "channel": True, "reserved": True, "consent": False, "pressure": True,
        }
        assert made["messages"][0]["would_change"][0]["changes"] == ["consent to marketing by email is given"]
        assert (await journeys.call("GET", f"/{uuid4()}/decisions/{ann}")).json()["code"] == "journey.unknown"


async def test_what_is_reserved_is_asked_at_the_hand_off_and_explained_with_the_order(cluster: PrivateCluster) -> None:
    """N5, P5: any mail may be reserved for tiers or stages; who came into it since gets it, who left does not; why, and what would turn it."""
    async with stage(cluster, from_address="shop@peyvand.example") as play:
        journeys = Journeys(play)
        ann, bob, eve = [await play.customer(f"{name}@x.example") for name in ("ann", "bob", "eve")]

        async def score(customer: str, name: str, value: str) -> None:
            async with play.service.transaction() as tx:
                await commands.note_score(tx, customer_id=UUID(customer), score=name, value=value, at=play.service.clock.now())

        for customer, tier, profit in ((ann, "gold", "900"), (bob, "gold", "500"), (eve, "iron", "100")):
            await score(customer, "tier", tier)
            await score(customer, "profit", profit)
        template = await play.template()
        campaign = await play.launched(template_id=template, reserved_for={"tiers": ["gold"]}, selection={"at_most": 2})
        journey = await journeys.published({
            "entry": {"api": {}}, "start": "mail", "steps": {"mail": {"type": "message", "template_id": template, "reserved_for": {"stages": ["retain"]}}},
        })
        await journeys.call("POST", f"/{journey}/people", customer_ids=[ann])
        await journeys.run()
        await score(bob, "tier", "iron")  # after it was planned
        await play.send_all()
        assert play.box.recipients() == ["ann@x.example"]
        assert (await play.report(campaign))["reasons"] == [{"state": "suppressed", "reason": "reserved", "messages": 1}]
        assert (await journeys.figures(journey))["messages"] == [{"step": "mail", "state": "suppressed", "reason": "reserved", "messages": 1}]

        async def why(customer: str) -> dict[str, Any]:
            made = (await play.http.call("GET", f"/api/v1/campaigns/{campaign}/decisions/{customer}", scopes=["campaigns:read"])).json()
            return {each["check"]: each for each in made["checks"]} | {"changes": {each["check"]: each["changes"] for each in made["would_change"]}}

        bobs, eves = await why(bob), await why(eve)
        assert (bobs["reserved"]["holds"], bobs["reserved"]["evidence"]["tiers"], bobs["changes"]["reserved"]) == (False, ["iron"], ["they come into gold"])
        assert (eves["selection"]["holds"], eves["selection"]["evidence"]["value"], eves["selection"]["evidence"]["least_taken"]) == (False, 100, 500)
        assert eves["changes"]["selection"] == ["their value (by profit) rises above 500, or at_most rises"]


async def test_a_campaign_at_each_persons_best_hour(cluster: PrivateCluster) -> None:
    """U32: by the person's own past responses; who never answered gets it when everybody answers best."""
    async with stage(cluster) as play:
        ann, template = await play.customer("ann@x.example"), await play.template()
        await play.launched(template_id=template)
        await play.send_all()
        now = play.service.clock.now()
        hour = (now.hour + 4) % 24
        for day in range(10):
            at = (now - timedelta(days=day + 1)).replace(hour=hour, minute=20)
            async with play.service.transaction() as tx:
                await tx.db.execute("INSERT INTO engagement SELECT id, 'click', $2, false, 1, $3, $3 FROM message WHERE customer_id = $1", UUID(ann), day, at)
        best = await play.launched(template_id=template, send="best")
        await play.send_all()
        report = await play.report(best)
        assert (report["open"]["planned"], len(play.box.mails)) == (1, 1)
        waits = datetime.fromisoformat(report["waiting_until"])
        assert (waits.hour, waits - now < timedelta(days=1)) == (hour, True)
        async with play.service.transaction() as tx:
            await tx.db.execute("UPDATE message SET retry_at = now() WHERE state = 'planned'")
        await play.send_all()
        assert (await play.report(best))["accepted"] == 1
