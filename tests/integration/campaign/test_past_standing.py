"""N5: tiers, lists, computed traits, parts of scores and journeys as they stood: what is asked later equals what was answered then."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
from msgspec.structs import replace

from launcher.embedded_postgres import PrivateCluster
from services.campaign.store import programmes
from tests.integration.analytics.story import tell
from tests.integration.campaign.programmes.club import LOYALTY, Club
from tests.integration.campaign.stage import Stage, stage
from tests.integration.campaign.test_past_decisions import decisions, known, members, registered, until
from tests.integration.campaign.travelling import Journeys
from tests.unit.analytics.shop import event, order

pytestmark = pytest.mark.asyncio


async def analytics(play: Stage, method: str, path: str, body: Any = None) -> Any:
    answer = await play.platform["analytics"].call(method, f"/api/v1{path}", json=body)
    assert answer.status < 300, (path, answer.body)
    return answer.json() if answer.body else None


async def journey_decisions(play: Stage, journey: str, people: list[str], at: datetime | None = None) -> list[Any]:
    found = []
    for person in people:
        path = f"/api/v1/journeys/{journey}/decisions/{person}" + (f"?as_of={quote(at.isoformat())}" if at else "")
        answer = await play.http.call("GET", path, scopes=["campaigns:read"])
        assert answer.status == 200, answer.body
        found.append(answer.json())
    return found


def stood(made: Any) -> dict[str, Any]:
    """What a decision about a journey stood on."""
    return {
        "state": made["state"], "holds": {each["check"]: each["holds"] for each in made["checks"]},
        "inside": [each["detail"] for each in made["checks"] if each["check"] == "entry"],
        "branches": [
            (each["step"], each["choice"], each["passed_at"], [(clause["pointer"], clause["holds"], clause["seen"]) for clause in each["clauses"]])
            for each in made["branches"]
        ],
        "messages": [
            (each["step"], each["receives"], {check["check"]: check["holds"] for check in each["checks"]}, each["would_change"]) for each in made["messages"]
        ],
    }


def parts(decision: Any) -> dict[str, Any]:
    """What scores were made of, as far as the answer of the present says it."""
    evidence = next(each for each in decision["checks"] if each["check"] == "selection")["evidence"]["parts"] or {}
    return {score: {name: value for name, value in part.items() if name not in ("previous", "since")} for score, part in evidence.items()}


@pytest.mark.timeout(300)
async def test_the_standing_of_then(cluster: PrivateCluster) -> None:
    """N5: three moments of a campaign and a journey, over everything that changed in between."""
    services = ("customer", "analytics", "consent", "campaign")
    async with stage(cluster, services=services, read=True, from_address="shop@peyvand.example") as play:
        people = [await registered(play, number, town="Shiraz", email=f"s{number}@x.example") for number in range(2)]
        await play.grant(*people)
        await play.platform.drain()
        programme = await Club(play).programme({**LOYALTY, "tiers": [{"name": "gold", "from_points": 100}]})
        listed = (await analytics(play, "POST", "/segments", {"name": "Press", "kind": "list"}))["id"]
        await analytics(play, "POST", f"/segments/{listed}/members", {"add": people[:1]})
        lead = {"points": [{"rule": {"trait": "town", "op": "eq", "value": "Shiraz"}, "points": 10}]}
        traits = {
            name: (await analytics(play, "POST", "/computed-traits", {"name": name, "definition": definition}))["id"]
            for name, definition in (("views", {"event": "Viewed"}), ("lead", lead))
        }
        inner = (await analytics(play, "POST", "/segments", {"name": "Shirazi", "rule": {"trait": "town", "op": "eq", "value": "Shiraz"}}))["id"]
        rule = {"all": [
            {"segment": listed}, {"computed": {"name": "views", "op": "gte", "value": 2}}, {"computed": {"name": "lead", "op": "gte", "value": 5}},
            {"segment": inner},
        ]}
        segment = (await analytics(play, "POST", "/segments", {"name": "Readers", "rule": rule}))["id"]
        now, who = play.service.clock.now(), play.service.hash_identity("user:p0").hex()
        await tell(
            play.platform.log, replace(event("p0", "Viewed", at=now, event_id="v1"), identity=who), replace(event("p0", "Viewed", at=now, event_id="v2"), identity=who),
            replace(order("p0", "o1", net=20_000, at=now), identity=who),
        )

        async def settled(wanted: set[str], tiers: set[str]) -> None:
            async def reached() -> bool:
                async with play.service.read() as db:
                    held = (await programmes.tiers_of(db, [UUID(people[0])])).get(UUID(people[0]), set())
                return await members(play, segment) == wanted and held == tiers

            await until(reached)
            await play.platform.drain()

        async def scored() -> bool:
            return {each["score"] for each in (await analytics(play, "GET", f"/customers/{people[0]}/scores"))["data"]} >= {"rfm", "stage"}

        await settled({people[0]}, {"gold"})
        await until(scored)
        await play.platform.drain()

        template, journeys, before_journey = await play.template(), Journeys(play), play.service.clock.now()
        definition: dict[str, Any] = {
            "entry": {"api": {}}, "start": "where", "reentry": "after_exit",
            "steps": {
                "where": {"type": "branch", "choices": [{"if": {"all": [{"segment": segment}, {"trait": "town", "value": "Shiraz"}]}, "next": "mail"}], "otherwise": "rest"},
                "mail": {"type": "message", "template_id": template, "reserved_for": {"tiers": ["gold"]}, "next": "rest"},
                "rest": {"type": "wait", "for": {"days": 3}},
            },
        }
        made = await journeys.call("POST", "", name="Past", definition=definition)
        journey, drafted = made.json()["id"], play.service.clock.now()
        assert (await journeys.call("POST", f"/{journey}/publish")).status == 200
        await journeys.call("POST", f"/{journey}/people", customer_ids=people)

        async def sent() -> bool:
            rows = await play.sql("SELECT state FROM message WHERE origin_id = $1", UUID(journey))
            inside = (await journeys.figures(journey))["at_step"]
            return [row["state"] for row in rows] == ["accepted"] and inside == {"rest": 2}

        await until(sent)
        campaigns = [await play.campaign(segment_id=segment, reserved_for={"tiers": ["gold"]})]
        answered, told = await decisions(play, campaigns, people), await journey_decisions(play, journey, people)
        then = play.service.clock.now()
        assert [each["receives"] for each in answered.values()] == [True, False]
        assert [each["state"] for each in told] == ["inside", "inside"]
        assert [clause["holds"] for clause in told[0]["branches"][0]["clauses"]] == [True, True]

        # the list, a definition, the town, the tier and the journey itself change
        await analytics(play, "POST", f"/segments/{listed}/members", {"remove": people[:1]})
        await analytics(play, "PUT", f"/computed-traits/{traits['views']}", {"definition": {"event": "Listened"}})
        answer = await play.platform["customer"].call("PATCH", f"/api/v1/customers/{people[0]}", json={"traits": {"town": "Yazd"}})
        assert answer.status == 200, answer.body
        await Club(play).call("POST", f"/programmes/{programme}/pause")
        steps = {**definition["steps"], "where": {**definition["steps"]["where"], "otherwise": "stay"}, "stay": {"type": "wait", "for": {"days": 9}}}
        for name in ("mail",):
            steps[name] = {**steps[name], "next": "stay"}
        del steps["rest"]
        answer = await play.http.call(
            "PUT", f"/api/v1/journeys/{journey}", json={"name": "Past", "definition": {**definition, "steps": steps}}, scopes=["campaigns:write"]
        )
        assert answer.status == 200, answer.body
        moved = await journeys.call("POST", f"/{journey}/publish", move={"rest": "stay"})
        assert moved.json()["moved"] == 2, moved.body
        await journeys.call("DELETE", f"/{journey}/people/{people[1]}")
        await settled(set(), set())

        async def rests() -> bool:
            return bool((await journeys.where(journey, people[0]))["waiting"])

        async def recomputed() -> bool:
            return bool((await analytics(play, "GET", f"/customers/{people[0]}/scores"))["computed"] == {})

        await until(rests)
        await until(recomputed)  # what was stored a moment longer than it was true is no standing
        await play.platform.drain()
        changed, changed_told = await decisions(play, campaigns, people), await journey_decisions(play, journey, people)
        middle = play.service.clock.now()
        assert changed_told[1]["state"] == "left"

        # and once more: the programme runs again, the trait is gone, the journey is closed
        await Club(play).call("POST", f"/programmes/{programme}/start")
        await analytics(play, "PUT", f"/segments/{inner}", {"name": "Shirazi", "rule": {"trait": "town", "op": "eq", "value": "Tabriz"}})
        await play.platform["analytics"].call("DELETE", f"/api/v1/computed-traits/{traits['lead']}")
        assert (await journeys.call("POST", f"/{journey}/close")).status == 200
        await play.platform.drain()

        for moment, campaign_then, journey_then in ((then, answered, told), (middle, changed, changed_told)):
            later = await decisions(play, campaigns, people, moment)
            for pair, decision in campaign_then.items():
                assert known(later[pair]) == known(decision), pair
                assert parts(later[pair]) == parts(decision), pair
                segment_check = next(each for each in later[pair]["checks"] if each["check"] == "segment")
                assert segment_check["evidence"]["as_now"] == []
            assert [stood(each) for each in await journey_decisions(play, journey, people, moment)] == [stood(each) for each in journey_then]
        assert known(answered[campaigns[0], people[0]])["clauses"] != known(changed[campaigns[0], people[0]])["clauses"]
        assert "rfm" in parts(answered[campaigns[0], people[0]])
        assert stood(told[0]) != stood(changed_told[0])

        draft = (await journey_decisions(play, journey, people[:1], drafted))[0]
        assert (draft["state"], draft["checks"][0]["holds"], draft["messages"]) == ("never", False, [])
        answer = await play.http.call("GET", f"/api/v1/journeys/{journey}/decisions/{people[0]}?as_of={quote(before_journey.isoformat())}", scopes=["campaigns:read"])
        assert (answer.status, answer.json()["code"]) == (404, "journey.unknown")
        answer = await play.http.call("GET", f"/api/v1/journeys/{journey}/decisions/{people[0]}?as_of=yesterday", scopes=["campaigns:read"])
        assert (answer.status, answer.json()["code"]) == (422, "request.invalid")
