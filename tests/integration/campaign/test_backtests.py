"""N7: a draft over the recorded past: who would have got what and when, caps and consent as they stood then, the same each time."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from chassis.peers import InProcess, Peers
from launcher.embedded_postgres import PrivateCluster
from services.campaign import commands
from services.consent import commands as consent
from tests.integration.campaign.stage import stage
from tests.integration.campaign.travelling import SCOPES, Journeys, basket
from tests.integration.interaction.support import checked, settle, track

pytestmark = pytest.mark.asyncio


async def test_a_draft_over_the_past(cluster: PrivateCluster) -> None:
    """N7"""
    services = ("customer", "interaction", "consent", "campaign")
    async with stage(cluster, services=services, read=True, smtp=False) as play:
        apps = {name: play.platform[name].running.app for name in ("customer", "interaction", "consent")}
        play.service.peers = Peers({name: InProcess(lambda app=app: app) for name, app in apps.items()}, play.service.tokens, "campaign")  # type: ignore[misc]
        journeys, now = Journeys(play), play.service.clock.now()
        users = ["ann", "bob", "eve", "dan"]
        await play.platform.log.append(checked(
            [{"type": "identify", "userId": user, "messageId": f"i-{user}", "traits": {"email": f"{user}@x.example"}} for user in users],
            received_at=now - timedelta(days=30),
        ))

        async def happened(days: float, *events: dict[str, Any]) -> None:
            await play.platform.log.append(checked(list(events), received_at=now - timedelta(days=days)))

        for number, user in enumerate(users):
            await happened(20, track(user, "Product Added", f"a{number}", {"product": "Lamp"}), track(user, "Page Seen", f"p{number}"))
        await happened(19.99, track("bob", "Order Completed", "o1"))
        await happened(19, track("ann", "Product Viewed", "v1"))
        await happened(10, track("ann", "Product Added", "a9", {"product": "Chair"}))
        await settle(play.platform)
        async with asyncio.timeout(30):
            while len(found := await play.sql("SELECT email, customer_id FROM recipient WHERE email IS NOT NULL")) < 4:
                await asyncio.sleep(0.1)
        ids = {row["email"].partition("@")[0]: str(row["customer_id"]) for row in found}
        await play.grant(*ids.values())
        journey = (await journeys.call("POST", "", name="Basket", definition=basket(await play.template()))).json()["id"]

        async def backtest(**body: Any) -> Any:
            started = await journeys.call("POST", f"/{journey}/backtests", **body)
            assert started.status == 202, started.body
            while (view := await play.http.call("GET", started.headers["location"], scopes=SCOPES)).json()["status"] in ("waiting", "running"):
                await asyncio.sleep(0.2)
            return view.json()

        # Nobody had agreed yet at that time: consent is that of then, not of now.
        early = await backtest(since=(now - timedelta(days=25)).isoformat(), until=(now - timedelta(days=1)).isoformat())
        assert early["label"] == "reach, not outcome"
        result = early["result"]
        assert (result["entered"], result["people"], result["messages"], result["reached"]) == (5, 4, 4, 0), result
        assert result["blocked"] == {"no_consent": 4}
        assert result["outcomes"] == {"finished": 3, "goal": 1, "interested": 1}
        again = await backtest(since=(now - timedelta(days=25)).isoformat(), until=(now - timedelta(days=1)).isoformat())
        assert again["result"] == result
        assert not play.box.mails
        assert not await play.sql("SELECT FROM message")
        assert not await play.sql("SELECT FROM journey_person")

        # From now on with consent, a cap, and a withdrawal in between.
        await journeys.play.http.call("PUT", "/api/v1/pressure", json={"caps": [{"most": 1, "per": "month"}]}, scopes=["campaigns:send"])
        start = play.service.clock.now()
        fast = basket(await play.template())
        fast["steps"]["patience"] = {"type": "wait", "date": {"on": "2020-01-01"}, "next": "mail"}
        fast["steps"]["reaction"] = {"type": "exit"}
        fast["steps"].pop("interested")
        for number, user in enumerate(users[:3]):
            await play.platform.log.append(checked([track(user, "Product Added", f"n{number}")], received_at=play.service.clock.now()))
        await asyncio.sleep(0.05)
        await consent.withdraw_consent(
            play.platform["consent"].service, subject=consent.Subject(UUID(ids["eve"])), purpose="marketing", channel="email", source="test",
            evidence={}, actor="test",
        )
        await asyncio.sleep(0.05)
        for number, user in enumerate(("ann", "eve", "dan")):
            await play.platform.log.append(checked([track(user, "Product Added", f"z{number}")], received_at=play.service.clock.now()))
        await settle(play.platform)
        end = play.service.clock.now() + timedelta(seconds=1)
        late = (await backtest(since=start.isoformat(), until=end.isoformat(), definition=fast))["result"]
        assert late["reached"] == 4, late
        assert late["blocked"] == {"capped": 1, "no_consent": 1}
        assert late["cap_collisions"] == 1
        listed = await play.http.call("GET", f"/api/v1/journeys/{journey}/backtests", scopes=SCOPES)
        newest = listed.json()["data"][0]["id"]
        mine = await play.http.call("GET", f"/api/v1/journeys/{journey}/backtests/{newest}/messages?customer_id={ids['ann']}", scopes=SCOPES)
        assert [(each["outcome"], each["reason"]) for each in mine.json()["data"]] == [("reached", None), ("blocked", "capped")]

        async with play.service.transaction() as tx:
            await commands.erase_people(play.service, tx, states=[erased(ids["ann"], now)])
        mine = await play.http.call("GET", f"/api/v1/journeys/{journey}/backtests/{newest}/messages?customer_id={ids['ann']}", scopes=SCOPES)
        assert mine.json()["data"] == []


def erased(customer_id: str, at: Any) -> Any:
    from contracts.customer import ErasureState

    return ErasureState(request_id="r", customer_ids=[customer_id], identities=[], erased_at=at)


async def test_what_cannot_be_tested_on_the_past(cluster: PrivateCluster) -> None:
    async with stage(cluster, smtp=False) as play:
        journeys = Journeys(play)
        steps = {"end": {"type": "exit"}}
        entries: list[dict[str, Any]] = [{"api": {}}, {"segment": {"id": "vip"}}]
        for entry in entries:
            made = await journeys.call("POST", "", name="X", definition={"entry": entry, "start": "end", "steps": steps})
            answer = await journeys.call("POST", f"/{made.json()['id']}/backtests")
            assert (answer.status, answer.json()["code"]) == (422, "backtest.not_possible")
        made = await journeys.call("POST", "", name="X", definition={"entry": {"event": {"name": "A"}}, "start": "end", "steps": steps})
        now = play.service.clock.now()
        answer = await journeys.call("POST", f"/{made.json()['id']}/backtests", since=now.isoformat(), until=now.isoformat())
        assert answer.json()["code"] == "backtest.not_possible"
        answer = await journeys.call("GET", f"/{made.json()['id']}/backtests/{made.json()['id']}")
        assert answer.json()["code"] == "backtest.unknown"
