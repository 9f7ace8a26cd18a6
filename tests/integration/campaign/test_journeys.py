"""Journeys over the API: drafts, versions, the abandoned basket from raw events, branches, splits, timers, errands."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.peers import InProcess, Peers
from contracts.identity import identity_key
from contracts.jalali import from_jalali, to_jalali
from launcher.embedded_postgres import PrivateCluster
from services.campaign import commands
from services.campaign.commands.journeys import listening
from services.campaign.domain.journeys.moving import Happened
from services.campaign.store import journey_errands, replicas
from tests.integration.campaign.stage import stage
from tests.integration.campaign.travelling import SCOPES, Journeys, basket
from tests.integration.interaction.support import checked, settle, track

pytestmark = pytest.mark.asyncio


async def test_an_abandoned_basket(cluster: PrivateCluster) -> None:
    """U28, U29"""
    async with stage(cluster, from_address="shop@peyvand.example") as play:
        journeys = Journeys(play)
        ann, bob, eve = [await play.customer(f"{name}@x.example") for name in ("ann", "bob", "eve")]
        template = await play.template(subject="Your {{ data.event.product }}")
        journey = await journeys.published(basket(template))
        for one in (ann, bob, eve):
            await journeys.happened(one, "Product Added", product="Lamp")
        await journeys.happened(ann, "Product Added", product="Table")
        assert (await journeys.figures(journey))["at_step"] == {"patience": 3}
        await journeys.happened(bob, "Order Completed", total=10)
        await journeys.later(journey)
        await play.send_all()
        assert sorted(play.box.recipients()) == ["ann@x.example", "eve@x.example"]
        assert play.box.message("ann@x.example")["Subject"] == "Your Lamp"
        await journeys.happened(ann, "Product Viewed", product="Lamp")
        await journeys.later(journey)
        figures = await journeys.figures(journey)
        assert figures["left"] == {"goal": 1, "interested": 1, "finished": 1}
        passage = await journeys.where(journey, ann)
        assert [(line["step"], line["did"]) for line in passage["history"]] == [
            ("patience", "entered"), ("patience", "waited"), ("mail", "message"), ("reaction", "event"), ("interested", "left"),
        ]
        assert passage["history"][2]["detail"]["state"] == "planned"
        # Once out, another basket lets them in again.
        await journeys.happened(ann, "Product Added", product="Chair")
        assert (await journeys.where(journey, ann))["left_at"] is None


async def test_who_buys_before_the_mail_goes_out_gets_none(cluster: PrivateCluster) -> None:
    """U29"""
    async with stage(cluster, from_address="shop@peyvand.example") as play:
        journeys = Journeys(play)
        ann = await play.customer("ann@x.example")
        journey = await journeys.published(basket(await play.template()))
        await journeys.happened(ann, "Product Added")
        await journeys.later(journey)
        await journeys.happened(ann, "Order Completed")
        await play.send_all()
        assert not play.box.mails
        assert (await journeys.figures(journey))["messages"] == [{"step": "mail", "state": "suppressed", "reason": "left_journey", "messages": 1}]


async def test_an_event_before_its_person_is_known(cluster: PrivateCluster) -> None:
    async with stage(cluster, from_address="shop@peyvand.example") as play:
        journeys = Journeys(play)
        ann = await play.customer("ann@x.example")
        journey = await journeys.published(basket(await play.template()))
        now = play.service.clock.now()
        identity = play.service.hash_identity(str(identity_key("anon", "browser-1")))
        async with play.service.transaction() as tx:
            await journey_errands.keep(tx.db, [("web", identity, None, Happened("e1", "Product Added", {}, now, now))] * 2)
        await listening.bring_events(play.service)
        assert (await journeys.figures(journey))["entered"] == 0
        async with play.service.transaction() as tx:
            await replicas.put_identities(tx.db, [(identity, "anon", UUID(ann))], gone=[])
            await journey_errands.wake(tx.db, [identity])
        await listening.bring_events(play.service)
        assert (await journeys.figures(journey))["entered"] == 1
        assert not await play.sql("SELECT * FROM journey_event")


async def test_at_most_once_per_person_per_rule(cluster: PrivateCluster) -> None:
    """U29: the same rule hits from many sides at the same time."""
    async with stage(cluster, from_address="shop@peyvand.example") as play:
        journeys = Journeys(play)
        people = await play.customers(5)
        steps = {"end": {"type": "exit"}}
        once = await journeys.published({"entry": {"api": {}}, "start": "end", "steps": steps})
        again = await journeys.published({"entry": {"api": {}}, "start": "end", "steps": steps, "reentry": "after_exit"})
        yearly = await journeys.published({"entry": {"api": {}}, "start": "end", "steps": steps, "reentry": {"after_days": 30}})
        for journey in (once, again, yearly):
            calls = [journeys.call("POST", f"/{journey}/people", customer_ids=people, key=f"k{number % 2}") for number in range(6)]
            answers = await asyncio.gather(*calls)
            assert sum(len(answer.json()["entered"]) for answer in answers) == 5
            await journeys.run()
            for _ in range(2):
                await journeys.call("POST", f"/{journey}/people", customer_ids=people, key="next")
        assert [(await journeys.figures(journey))["entered"] for journey in (once, again, yearly)] == [5, 10, 5]


async def test_branches_splits_goals_traits_and_cases(cluster: PrivateCluster) -> None:
    """U29"""
    async with stage(cluster, services=("customer", "interaction", "consent", "campaign"), from_address="shop@peyvand.example") as play:
        journeys = Journeys(play)
        ids = [await play.customer(f"c{number}@x.example", traits={"town": "Shiraz" if number < 20 else "Yazd", "visits": number}) for number in range(40)]
        journey = await journeys.published({
            "entry": {"api": {}}, "start": "where",
            "steps": {
                "where": {
                    "type": "branch", "otherwise": "away",
                    "choices": [{"if": {"all": [{"trait": "town", "value": "Shiraz"}, {"not": {"trait": "visits", "op": "gte", "value": 15}}]}, "next": "halves"}],
                },
                "halves": {"type": "split", "arms": [{"name": "a", "next": "won"}, {"name": "b", "weight": 3, "next": "away"}]},
                "won": {"type": "goal", "name": "half"},
                "away": {"type": "case", "subject": "Call them", "next": "mark"},
                "mark": {"type": "trait", "set": {"called": True}, "next": "marked"},
                "marked": {"type": "branch", "choices": [{"if": {"trait": "called", "value": True}, "next": "sure"}]},
                "sure": {"type": "exit", "reason": "sure"},
            },
        })
        answer = await journeys.call("POST", f"/{journey}/people", customer_ids=ids)
        assert len(answer.json()["entered"]) == 40
        await journeys.run()
        figures = await journeys.figures(journey)
        assert set(figures["left"]) == {"goal", "sure"}
        assert 1 <= figures["left"]["goal"] <= 9
        errands = await play.sql("SELECT kind, count(*) AS n FROM journey_errand GROUP BY kind ORDER BY kind")
        assert [(row["kind"], row["n"]) for row in errands] == [("case", figures["left"]["sure"]), ("trait", figures["left"]["sure"])]


async def test_from_raw_events_to_a_case_a_trait_and_a_mail(cluster: PrivateCluster) -> None:
    """U28, U29: the events go through the collected log; recorder, identities and triggers are the real ones."""
    services = ("customer", "interaction", "consent", "campaign")
    async with stage(cluster, services=services, read=True, from_address="shop@peyvand.example") as play:
        names = ("customer", "interaction", "consent")
        apps = {name: play.platform[name].running.app for name in names}
        play.service.peers = Peers({name: InProcess(lambda app=app: app) for name, app in apps.items()}, play.service.tokens, "campaign")  # type: ignore[misc]
        journeys = Journeys(play)
        now = play.service.clock.now()
        await play.platform.log.append(checked([{"type": "identify", "userId": "u1", "messageId": "m0", "traits": {"email": "ann@x.example"}}], received_at=now))
        await settle(play.platform)
        async with asyncio.timeout(20):
            while not (found := await play.sql("SELECT customer_id FROM recipient WHERE email = 'ann@x.example'")):
                await asyncio.sleep(0.1)
        ann = str(found[0]["customer_id"])
        await play.grant(ann)
        template = await play.template(subject="Your {{ data.event.product }}")
        basket_id = await journeys.published(basket(template))
        errand_id = await journeys.published({
            "entry": {"event": {"name": "Complained", "where": [{"property": "about", "op": "in", "value": ["price", "quality"]}]}}, "start": "call",
            "steps": {"call": {"type": "case", "subject": "Call Ann", "next": "mark"}, "mark": {"type": "trait", "set": {"unhappy": True}}},
        })
        now = play.service.clock.now()
        await play.platform.log.append(checked([
            track("u1", "Complained", "m1", {"about": "weather"}), track("u1", "Product Added", "m2", {"product": "Lamp"}),
            track("u1", "Page Seen", "m3"), track("u1", "Complained", "m4", {"about": "price"}),
        ], received_at=now))
        async with asyncio.timeout(30):
            while not await play.sql("SELECT FROM journey_errand WHERE state = 'done' AND kind = 'trait'"):
                await asyncio.sleep(0.2)
        assert (await journeys.figures(errand_id))["entered"] == 1
        async with play.service.transaction() as tx:  # as after a crash: nobody wrote down that it was done
            await tx.db.execute("UPDATE journey_errand SET state = 'waiting', due_at = now()")
        async with asyncio.timeout(30):
            while await play.sql("SELECT FROM journey_errand WHERE state = 'waiting'"):
                await asyncio.sleep(0.2)
        cases = await play.platform["interaction"].call("GET", f"/api/v1/customers/{ann}/cases", scopes=["interactions:read"])
        assert [case["subject"] for case in cases.json()["data"]] == ["Call Ann"]
        seen = await play.platform["customer"].call("GET", f"/api/v1/customers/{ann}", scopes=["customers:read"])
        assert b'"unhappy"' in seen.body
        await journeys.later(basket_id)
        async with asyncio.timeout(30):
            while not play.box.mails:
                await asyncio.sleep(0.2)
        assert play.box.message("ann@x.example")["Subject"] == "Your Lamp"


async def test_versions_stay_or_are_moved_by_choice(cluster: PrivateCluster) -> None:
    """U29"""
    async with stage(cluster, from_address="shop@peyvand.example") as play:
        journeys = Journeys(play)
        ann, bob = await play.customers(2)
        steps = {"pause": {"type": "wait", "for": {"days": 1}, "next": "end"}, "end": {"type": "exit", "reason": "old"}}
        journey = await journeys.published({"entry": {"api": {}}, "start": "pause", "steps": steps})
        await journeys.call("POST", f"/{journey}/people", customer_ids=[ann])
        await journeys.run()
        steps = {"rest": {"type": "wait", "for": {"days": 1}, "next": "end"}, "end": {"type": "exit", "reason": "new"}}
        answer = await journeys.call("PUT", f"/{journey}", name="B", definition={"entry": {"api": {}}, "start": "rest", "steps": steps})
        assert (answer.json()["version"], answer.json()["draft_number"]) == (1, 2)
        assert (await journeys.call("POST", f"/{journey}/publish")).json()["moved"] == 0
        await journeys.call("POST", f"/{journey}/people", customer_ids=[bob])
        assert [row["inside"] for row in (await journeys.call("GET", f"/{journey}/versions")).json()["data"]] == [1, 1]
        await journeys.later(journey)
        assert (await journeys.where(journey, ann))["outcome"] == "old"
        bad = await journeys.call("POST", f"/{journey}/publish", move={"rest": "nowhere"})
        assert (bad.status, bad.json()["code"]) == (422, "journey.invalid")
        moved = await journeys.call("POST", f"/{journey}/publish", move={"rest": "end"})
        assert moved.json()["moved"] == 1
        await journeys.run()
        assert (await journeys.where(journey, bob))["outcome"] == "new"


async def test_pause_holds_everybody_and_nothing_is_lost(cluster: PrivateCluster) -> None:
    async with stage(cluster, from_address="shop@peyvand.example") as play:
        journeys = Journeys(play)
        ann, bob = await play.customers(2)
        journey = await journeys.published(basket(await play.template()))
        await journeys.happened(ann, "Product Added")
        assert (await journeys.call("POST", f"/{journey}/pause")).json()["status"] == "paused"
        await journeys.happened(bob, "Product Added")
        await journeys.later(journey)
        await play.send_all()
        assert not play.box.mails
        assert (await journeys.call("POST", f"/{journey}/pause")).status == 409
        await journeys.call("POST", f"/{journey}/resume")
        await journeys.later(journey)
        await journeys.later(journey)
        await play.send_all()
        assert (await journeys.figures(journey))["entered"] == 2
        assert len(play.box.mails) >= 1
        await journeys.call("POST", f"/{journey}/close")
        assert (await journeys.figures(journey))["inside"] == 0
        assert (await journeys.call("POST", f"/{journey}/publish")).status == 409


async def test_jalali_birthdays(cluster: PrivateCluster) -> None:
    """U29, N11"""
    async with stage(cluster, from_address="shop@peyvand.example") as play:
        journeys = Journeys(play)
        await play.http.call("PUT", "/api/v1/pressure", json={"time_zone": "Asia/Tehran"}, scopes=["campaigns:send"])
        today = play.service.clock.now().date() + timedelta(days=1)
        year, month, day = to_jalali(today)
        born = from_jalali(year - 30, month, min(day, 29))
        ann = await play.customer("ann@x.example", traits={"birthday": born.isoformat()})
        bob = await play.customer("bob@x.example", traits={"birthday": f"{year - 20}-{month:02}-{min(day, 29):02}"})
        await play.customer("eve@x.example", traits={"birthday": (born + timedelta(days=40)).isoformat()})
        await play.customer("odd@x.example", traits={"birthday": "soon"})
        offset = (today - from_jalali(year, month, min(day, 29))).days
        journey = await journeys.published({
            "entry": {"date": {"trait": "birthday", "calendar": "jalali", "at": "10:00", "offset_days": offset}}, "start": "end",
            "steps": {"end": {"type": "exit"}},
        })
        for _ in range(8):
            await commands.look_for_occasions(play.service)
        found = (await journeys.call("GET", f"/{journey}/people")).json()["data"]
        assert {one["customer_id"] for one in found} == {ann, bob}
        assert datetime.fromisoformat(found[0]["due_at"]).astimezone(UTC).strftime("%H:%M") == "06:30"


async def test_segments_let_people_in_and_decide_branches(cluster: PrivateCluster) -> None:
    """U29"""
    async with stage(cluster, from_address="shop@peyvand.example") as play:
        journeys = Journeys(play)
        ann, bob = await play.customers(2)
        journey = await journeys.published({
            "entry": {"segment": {"id": "vip"}}, "start": "rich",
            "steps": {
                "rich": {"type": "branch", "choices": [{"if": {"segment": "rich"}, "next": "yes"}], "otherwise": "no"},
                "yes": {"type": "exit", "reason": "rich"}, "no": {"type": "exit", "reason": "poor"},
            },
        })
        now = play.service.clock.now()
        async with play.service.transaction() as tx:
            for segment, customer, on in (("vip", ann, "entered"), ("vip", ann, "entered"), ("other", bob, "entered"), ("vip", bob, "left")):
                await commands.note_membership(play.service, tx, segment_id=segment, customer_id=UUID(customer), on=on, at=now)
        play.audience.away = True
        await journeys.run()
        assert (await journeys.figures(journey))["inside"] == 1, "they wait until it is known"
        play.audience.away = False
        await journeys.later(journey)
        assert (await journeys.where(journey, ann))["outcome"] == "poor"
        assert (await journeys.call("GET", f"/{journey}/people/{bob}")).json()["code"] == "journey.not_inside"


async def test_people_are_merged_and_erased(cluster: PrivateCluster) -> None:
    async with stage(cluster, from_address="shop@peyvand.example") as play:
        journeys = Journeys(play)
        ann, old, bob = await play.customers(3)
        steps = {"pause": {"type": "wait", "for": {"days": 1}}}
        journey = await journeys.published({"entry": {"api": {}}, "start": "pause", "steps": steps})
        await journeys.call("POST", f"/{journey}/people", customer_ids=[ann, old, bob])
        await play.profile(old, merged_into=ann, version=2)
        assert (await journeys.figures(journey))["left"] == {"merged": 1}
        from chassis.holding import Person
        from contracts.customer import ErasureState
        from services.campaign.queries.holding import HOLDINGS

        async def held() -> set[str]:
            person = Person([UUID(ann), UUID(old)], [])
            return {each.table for each in HOLDINGS if each.category == "journeys" and await each.read(play.service, person, 0, 10)}

        assert await held() == {"journey_person", "journey_move"}

        async with play.service.transaction() as tx:
            state = ErasureState(request_id="r", customer_ids=[ann, old], identities=[], erased_at=play.service.clock.now())
            await commands.erase_people(play.service, tx, states=[state])
        assert await held() == set()
        assert [row["customer_id"] for row in await play.sql("SELECT customer_id FROM journey_person")] == [UUID(bob)]
        assert await play.sql("SELECT count(*) AS n FROM journey_move") == [(1,)]


@pytest.mark.parametrize(("change", "pointer"), [
    ({"start": "nowhere"}, "/start"),
    ({"steps": {"a": {"type": "wait", "for": {"days": 1}, "next": "b"}}, "start": "a"}, "/steps/a/next"),
    ({"steps": {"a": {"type": "fly"}}, "start": "a"}, "/steps/a"),
    ({"steps": {"a": {"type": "exit"}, "b": {"type": "exit"}}, "start": "a"}, "/steps/b"),
    ({"steps": {"a": {"type": "case", "subject": "x", "next": "b"}, "b": {"type": "case", "subject": "x", "next": "a"}}, "start": "a"}, "/steps/a"),
    ({"steps": {"a": {"type": "wait"}}, "start": "a"}, "/steps/a"),
    ({"steps": {"a": {"type": "wait", "for": {"days": 999}}}, "start": "a"}, "/steps/a/for/days"),
    ({"steps": {"a": {"type": "branch", "choices": [{"if": {"trait": "x", "op": "like"}}]}}, "start": "a"}, "/steps/a/choices/0/if/op"),
    ({"steps": {"a": {"type": "message", "template_id": "x"}}, "start": "a"}, "/steps/a/template_id"),
    ({"steps": {"a": {"type": "message", "template_id": str(uuid4()), "channel": "pigeon"}}, "start": "a"}, "/steps/a/channel"),
    ({"steps": {"a": {"type": "webhook", "url": "http://169.254.169.254/latest"}}, "start": "a"}, "/steps/a/url"),
    ({"entry": {}}, "/entry"),
    ({"entry": {"date": {"trait": "b", "at": "9:00"}}}, "/entry/date/at"),
    ({"reentry": "sometimes"}, "/reentry"),
])
async def test_definitions_that_make_no_sense(cluster: PrivateCluster, change: dict[str, Any], pointer: str) -> None:
    good = {"entry": {"api": {}}, "start": "a", "steps": {"a": {"type": "exit"}}}
    async with stage(cluster, from_address="shop@peyvand.example") as play:
        answer = await Journeys(play).call("POST", "", name="Bad", definition={**good, **change})
        assert (answer.status, answer.json()["code"]) == (422, "journey.invalid")
        assert any(fault["pointer"].startswith(pointer) for fault in answer.json()["errors"]), answer.json()


async def test_a_template_that_is_not_there(cluster: PrivateCluster) -> None:
    async with stage(cluster, from_address="shop@peyvand.example") as play:
        journeys = Journeys(play)
        made = await journeys.call("POST", "", name="Bad", definition=basket(str(uuid4())))
        answer = await journeys.call("POST", f"/{made.json()['id']}/publish")
        assert answer.json()["errors"][0]["pointer"] == "/steps/mail/template_id"
        assert (await journeys.call("GET", f"/{uuid4()}")).json()["code"] == "journey.unknown"
        assert (await play.http.call("GET", "/schemas/journey", scopes=None)).json()["properties"]["steps"]


async def test_what_is_refused_of_drafts(cluster: PrivateCluster) -> None:
    async with stage(cluster, smtp=False) as play:
        journeys = Journeys(play)
        definition = {"entry": {"api": {}}, "start": "a", "steps": {"a": {"type": "exit"}}}
        made = await journeys.call("POST", "", name="X", definition=definition)
        path = f"/api/v1/journeys/{made.json()['id']}"
        assert made.headers["etag"] == '"1"'
        for tag, status in (('"1"', 200), ('"1"', 409)):
            answer = await play.http.call("PUT", path, json={"name": "Y", "definition": definition}, scopes=SCOPES, headers={"if-match": tag})
            assert answer.status == status
        assert answer.json()["code"] == "journey.draft_moved"
        answer = await journeys.call("POST", f"/{made.json()['id']}/people", customer_ids=[str(uuid4())])
        assert (answer.status, answer.json()["code"]) == (409, "journey.wrong_status")
        reading = await play.http.call("POST", f"{path}/publish", scopes=["campaigns:read", "campaigns:write"])
        assert reading.status == 403


async def test_dates_of_waits(cluster: PrivateCluster) -> None:
    """N11: waiting until Nowruz, at nine in Tehran."""
    async with stage(cluster, from_address="shop@peyvand.example") as play:
        journeys = Journeys(play)
        await play.http.call("PUT", "/api/v1/pressure", json={"time_zone": "Asia/Tehran"}, scopes=["campaigns:send"])
        (ann,) = await play.customers(1)
        journey = await journeys.published({
            "entry": {"api": {}}, "start": "nowruz", "steps": {"nowruz": {"type": "wait", "date": {"jalali": "1500-01-01", "at": "09:00"}}},
        })
        await journeys.call("POST", f"/{journey}/people", customer_ids=[ann])
        await journeys.run()
        due = datetime.fromisoformat((await journeys.where(journey, ann))["due_at"])
        assert due.astimezone(UTC).date() == from_jalali(1500, 1, 1) == date(2121, 3, 21)
        assert (due.astimezone(UTC).hour, due.astimezone(UTC).minute) == (5, 30)
