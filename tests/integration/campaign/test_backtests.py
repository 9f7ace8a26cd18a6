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


async def test_entries_by_segment_date_and_api(cluster: PrivateCluster) -> None:
    """N7: who entered a segment as it was recorded, whose day it was, whom somebody let in or would have; with cost and cap collisions."""
    async with stage(cluster, services=("interaction", "consent", "campaign"), smtp=False) as play:
        journeys, now = Journeys(play), play.service.clock.now()
        ann, bob = await play.customer("ann@x.example", traits={"since": "2020-05-05"}), await play.customer("bob@x.example", traits={"since": "soon"})
        eve = await play.customer("eve@x.example", granted=False)
        begin, end = play.service.clock.now(), now + timedelta(days=40)
        await play.http.call("PUT", "/api/v1/pressure", json={"caps": [{"most": 1, "per": "week"}]}, scopes=["campaigns:send"])
        template = await play.template()

        async def run(entry: dict[str, Any], **body: Any) -> Any:
            definition = {
                "entry": entry, "start": "first", "reentry": "after_exit",
                "steps": {"first": {"type": "message", "template_id": template, "next": "second"}, "second": {"type": "message", "template_id": template}},
            }
            made = await journeys.call("POST", "", name="X", definition=definition)
            path = f"/{made.json()['id']}/backtests"
            started = await journeys.call("POST", path, since=begin.isoformat(), until=end.isoformat(), **body)
            if started.status != 202:
                return started.json()
            while await commands.run_backtests(play.service):
                pass
            view = (await play.http.call("GET", started.headers["location"], scopes=SCOPES)).json()
            assert view["status"] == "done", view
            return view["result"]

        refused = await run({"segment": {"id": "vip"}})
        assert refused["code"] == "backtest.not_possible"
        async with play.service.transaction() as tx:
            for customer, day in ((ann, 1), (ann, 1), (bob, 2), (eve, 3), (ann, 20)):
                await commands.note_membership(
                    play.service, tx, segment_id="vip", customer_id=UUID(customer), on="entered", at=now + timedelta(days=day)
                )
        found = await run({"segment": {"id": "vip"}}, costs={"currency": "EUR", "per_1000_minor": {"email": 1500}})
        assert (found["entered"], found["people"], found["reached"]) == (4, 3, 3), found
        assert found["blocked"] == {"capped": 3, "no_consent": 2}
        assert found["collisions"] == [{"cap": "1 per week", "messages": 3, "people": 2}]
        assert found["cost"]["by_channel"]["email"] == {"messages": 3, "cost_minor": 5, "currency": "EUR", "per_1000_minor": 1500, "basis": "given"}
        assert await run({"segment": {"id": "vip"}}, costs={"currency": "EUR", "per_1000_minor": {"email": 1500}}) == found, "the same each time"
        assert (await run({"segment": {"id": "vip", "on": "left"}}))["entered"] == 0

        near = (now + timedelta(days=10)).date()
        await play.profile(ann, email="ann@x.example", traits={"since": f"2020-{near:%m-%d}"}, version=2)
        found = await run({"date": {"trait": "since"}})
        assert (found["entered"], found["people"], found["reached"], found["cost"]["unknown"]) == (1, 1, 1, ["email"])

        assert (await run({"api": {}}))["code"] == "backtest.not_possible"
        named = [{"customer_id": one, "at": (now + timedelta(days=3)).isoformat()} for one in (ann, bob)]
        found = await run({"api": {}}, people=named)
        assert (found["entered"], found["reached"]) == (2, 2)
        outside = [{"customer_id": ann, "at": (now - timedelta(days=3)).isoformat()}]
        assert (await run({"api": {}}, people=outside))["code"] == "backtest.not_possible"
        journey = await journeys.published({"entry": {"api": {}}, "start": "m", "steps": {"m": {"type": "message", "template_id": template}}})
        await journeys.call("POST", f"/{journey}/people", customer_ids=[ann, eve])
        started = await journeys.call("POST", f"/{journey}/backtests", since=begin.isoformat(), until=end.isoformat())
        while await commands.run_backtests(play.service):
            pass
        found = (await play.http.call("GET", started.headers["location"], scopes=SCOPES)).json()["result"]
        assert (found["entered"], found["reached"], found["blocked"]) == (2, 1, {"no_consent": 1}), "those who were really let in"


async def test_what_cannot_be_tested_on_the_past(cluster: PrivateCluster) -> None:
    async with stage(cluster, smtp=False) as play:
        journeys = Journeys(play)
        steps = {"end": {"type": "exit"}}
        entries: list[tuple[dict[str, Any], str]] = [({"api": {}}, "whom you would have let in"), ({"segment": {"id": "vip"}}, "Wait until the segment")]
        for entry, advice in entries:
            made = await journeys.call("POST", "", name="X", definition={"entry": entry, "start": "end", "steps": steps})
            answer = await journeys.call("POST", f"/{made.json()['id']}/backtests")
            assert (answer.status, answer.json()["code"]) == (422, "backtest.not_possible")
            assert advice in answer.body.decode()
        made = await journeys.call("POST", "", name="X", definition={"entry": {"event": {"name": "A"}}, "start": "end", "steps": steps})
        now = play.service.clock.now()
        answer = await journeys.call("POST", f"/{made.json()['id']}/backtests", since=now.isoformat(), until=now.isoformat())
        assert answer.json()["code"] == "backtest.not_possible"
        answer = await journeys.call("GET", f"/{made.json()['id']}/backtests/{made.json()['id']}")
        assert answer.json()["code"] == "backtest.unknown"
