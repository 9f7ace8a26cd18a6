"""Steps of journeys from the entry to what they bring about outside: webhooks, best hours, branches by segment, traits and cases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from chassis.peers import InProcess, Peers
from launcher.embedded_postgres import PrivateCluster
from services.campaign import commands
from services.campaign.domain.journeys.moving import Happened
from services.campaign.store import journey_errands, replicas
from tests.integration.campaign.providers import http_provider
from tests.integration.campaign.stage import Stage, stage
from tests.integration.campaign.travelling import Journeys, basket

pytestmark = pytest.mark.asyncio(loop_scope="module")
NAMES = ("customer", "interaction", "consent")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def play(cluster: PrivateCluster) -> AsyncIterator[Stage]:
    async with stage(cluster, services=(*NAMES, "campaign"), shared={"private_networks": "127.0.0.0/8"}, from_address="shop@peyvand.example") as play:
        apps = {name: play.platform[name].running.app for name in NAMES}
        transports = {name: InProcess(lambda app=app: app) for name, app in apps.items()}  # type: ignore[misc]
        play.service.peers = Peers({**transports, "analytics": InProcess(lambda: play.audience)}, play.service.tokens, "campaign")
        yield play


def by_api(**steps: Any) -> dict[str, Any]:
    return {"entry": {"api": {}}, "start": next(iter(steps)), "steps": steps}


async def errands(play: Stage) -> None:
    """Do errands until none is due, those that wait for another try too."""
    for _ in range(6):
        while await commands.run_errands(play.service):
            pass
        async with play.service.transaction() as tx:
            await tx.db.execute("UPDATE journey_errand SET due_at = now() WHERE state = 'waiting'")


async def test_a_webhook_is_signed_and_repeated_until_it_is_answered(play: Stage) -> None:
    """U29, U34: the same id each time; the receiver proves the signature with the journey's own secret."""
    journeys, ann = Journeys(play), await play.customer("ann@hook.example")
    async with http_provider() as provider:
        provider.statuses = [503, 500]
        journey = await journeys.published(by_api(call={"type": "webhook", "url": provider.url, "next": "end"}, end={"type": "exit"}))
        provider.secret = (await journeys.call("GET", f"/{journey}/webhook-secret")).json()["secret"]
        await journeys.call("POST", f"/{journey}/people", customer_ids=[ann], data={"colour": "blue"})
        await journeys.run()
        await errands(play)
        assert len(provider.got) == 3
        (delivered,) = provider.delivered.values()
        assert (delivered["type"], delivered["data"]["customer_id"], delivered["data"]["step"]) == ("journey.step", ann, "call")
        assert delivered["data"]["data"] == {"colour": "blue"}
        errand = (await journeys.where(journey, ann))["errands"][0]
        assert (errand["state"], errand["attempts"]) == ("done", 3)

        provider.statuses = [410]
        bob = await play.customer("bob@hook.example")
        await journeys.call("POST", f"/{journey}/people", customer_ids=[bob])
        await journeys.run()
        await errands(play)
        errand = (await journeys.where(journey, bob))["errands"][0]
        assert (errand["state"], errand["reason"], errand["attempts"]) == ("failed", "gone", 1), "who answers 410 is not asked again"


async def test_a_step_sends_at_the_persons_best_hour(play: Stage) -> None:
    """U32: within a day, at the hour at which this person answered before; the others now."""
    journeys, template = Journeys(play), await play.template()
    ann, now = await play.customer("ann@best.example"), play.service.clock.now()
    await play.launched(template_id=template)
    await play.send_all()
    hour = (now.hour + 5) % 24
    for day in range(20):
        at = (now - timedelta(days=day + 1)).replace(hour=hour, minute=10)
        async with play.service.transaction() as tx:
            await tx.db.execute(
                "INSERT INTO engagement SELECT id, 'click', $2, false, 1, $3, $3 FROM message WHERE customer_id = $1", UUID(ann), day, at
            )
    journey = await journeys.published(by_api(mail={"type": "message", "template_id": template, "send": "best"}))
    await journeys.call("POST", f"/{journey}/people", customer_ids=[ann])
    await journeys.run()
    planned = (await play.sql("SELECT retry_at FROM message WHERE origin_id = $1", UUID(journey)))[0]["retry_at"].astimezone(UTC)
    assert planned.hour == hour
    assert timedelta(0) < planned - now < timedelta(days=1)
    mails = len(play.box.mails)
    await play.send_all()
    assert len(play.box.mails) == mails, "it waits for the hour"


async def test_a_branch_by_segment_goes_both_ways(play: Stage) -> None:
    """U29: who is in the segment when they come to the branch goes one way, who is not the other."""
    journeys = Journeys(play)
    rich, poor = await play.customer("rich@seg.example"), await play.customer("poor@seg.example")
    play.audience.segments["rich"] = [rich]
    journey = await journeys.published(by_api(
        purse={"type": "branch", "choices": [{"if": {"all": [{"segment": "rich"}, {"not": {"segment": "gone"}}]}, "next": "yes"}], "otherwise": "no"},
        yes={"type": "exit", "reason": "rich"}, no={"type": "exit", "reason": "poor"},
    ))
    await journeys.call("POST", f"/{journey}/people", customer_ids=[rich, poor])
    await journeys.run()
    assert [(await journeys.where(journey, one))["outcome"] for one in (rich, poor)] == ["rich", "poor"]


async def test_what_happened_since_the_entry_counts_also_before_we_came_to_it(play: Stage) -> None:
    """U29: the basket and the purchase are read together, after a pause of the reader: whoever bought is not written to."""
    journeys, ann = Journeys(play), await play.customer("late@x.example")
    journey = await journeys.published(basket(await play.template()))
    now, identity = play.service.clock.now(), play.service.hash_identity("user:late")
    async with play.service.transaction() as tx:
        await replicas.put_identities(tx.db, [(identity, "user", UUID(ann))], gone=[])
        for number, name in enumerate(("Product Added", "Order Completed")):
            at = now - timedelta(minutes=30 - number)
            await journey_errands.keep(tx.db, [("shop", identity, None, Happened(f"late-{number}", name, {}, at, at))])
    while await commands.bring_events(play.service):
        pass
    passage = await journeys.where(journey, ann)
    assert (passage["outcome"], passage["left_at"] is not None) == ("goal", True)


async def test_traits_and_cases_reach_their_services(play: Stage) -> None:
    """U29: the profile carries the trait, an employee finds the case; a repetition opens no second one."""
    made = await play.platform["customer"].call(
        "POST", "/api/v1/customers", json={"identities": ["user:zoe"], "traits": {"name": "Zoe"}}, scopes=["customers:write", "customers:read"]
    )
    assert made.status == 201, made.body
    zoe, journeys = made.json()["id"], Journeys(play)
    await play.profile(zoe, email="zoe@case.example")
    journey = await journeys.published(by_api(
        mark={"type": "trait", "set": {"unhappy": True}, "next": "call"}, call={"type": "case", "subject": "Call Zoe", "priority": "high"},
    ))
    await journeys.call("POST", f"/{journey}/people", customer_ids=[zoe])
    await journeys.run()
    await errands(play)
    async with play.service.transaction() as tx:  # as after a crash: nobody wrote down that it was done
        await tx.db.execute("UPDATE journey_errand SET state = 'waiting', due_at = now() WHERE journey_id = $1", UUID(journey))
    await errands(play)
    seen = await play.platform["customer"].call("GET", f"/api/v1/customers/{zoe}", scopes=["customers:read"])
    assert b'"unhappy":true' in seen.body.replace(b" ", b""), seen.body
    cases = await play.platform["interaction"].call("GET", f"/api/v1/customers/{zoe}/cases", scopes=["interactions:read"])
    assert [(case["subject"], case["priority"]) for case in cases.json()["data"]] == [("Call Zoe", "high")]
    passage = await journeys.where(journey, zoe)
    assert {(one["kind"], one["state"]) for one in passage["errands"]} == {("trait", "done"), ("case", "done")}
    assert datetime.fromisoformat(passage["left_at"]) <= play.service.clock.now()
