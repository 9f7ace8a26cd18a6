"""Playbooks: each ships, starts, does what it says to whom its stage is, is changed and stopped."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from launcher.embedded_postgres import PrivateCluster
from services.campaign import commands
from services.campaign.domain.playbooks import STAGE_FOCUS
from tests.integration.campaign.programmes.club import Club
from tests.integration.campaign.programmes.test_caring import addressee, run, score
from tests.integration.campaign.stage import Stage, stage

pytestmark = pytest.mark.asyncio

DAY = timedelta(days=1)
WHO = {"from_address": "shop@peyvand.example", "from_name": "Shop"}


async def everybody(play: Stage, club: Club) -> dict[str, str]:
    """One customer in each stage, all of whom agreed to be written to."""
    people = {name: await club.person(number) for number, name in enumerate(("acquire", "enhance", "retain"))}
    now = datetime.now(UTC)
    for days in (60, 31):
        await club.order(people["enhance"], 4_000, at=now - days * DAY)
    for days in (400, 300, 200):
        await club.order(people["retain"], 90_000, at=now - days * DAY)
    for name, customer_id in people.items():
        await score(play, customer_id, "stage", name)
        async with play.service.transaction() as tx:
            await commands.replicate_said(tx, said={UUID(customer_id): {"marketing": {"email": "granted"}}})
    return people


async def start(club: Club, key: str, **more: Any) -> Any:
    return await club.call("POST", f"/playbooks/{key}/start", {**WHO, **more}, status=201)


async def written(play: Stage, run_made: Any) -> dict[str, set[str]]:
    """Programme -> customers it wrote to, or would have but for its control group."""
    found = {}
    for ref, programme_id in run_made["programmes"].items():
        rows = await play.sql("SELECT DISTINCT customer_id FROM message WHERE origin_id = $1", UUID(programme_id))
        found[ref] = {str(row["customer_id"]) for row in rows}
    return found


async def test_a_playbook_for_each_focus_of_each_stage(cluster: PrivateCluster) -> None:
    """M4: three foci in each of three stages; each one started reaches the customer of its stage and no other one."""
    async with stage(cluster) as play:
        club = Club(play)
        listed = (await club.call("GET", "/playbooks?family=stage"))["data"]
        assert {name: {one["focus"] for one in listed if one["stage"] == name} for name in STAGE_FOCUS} == {
            name: set(foci) for name, foci in STAGE_FOCUS.items()
        }
        assert all(set(one["title"]) == {"en", "fa"} for one in listed)
        people = await everybody(play, club)
        runs = {one["key"]: await start(club, one["key"]) for one in listed}
        now = datetime.now(UTC)
        for customer_id in people.values():
            if customer_id != people["acquire"]:
                await club.order(customer_id, 100, delivered_at=now + timedelta(seconds=1))
        await run(play)
        await club.age(8)
        await run(play)
        for one in listed:
            reached = await written(play, runs[one["key"]]["made"])
            people_reached = set().union(*reached.values())
            if one["key"] in ("enhance-serve", "retain-listen"):  # they ask after every delivery, in whatever stage
                assert people[one["stage"]] in people_reached, one["key"]
            elif one["key"] == "retain-adapt":  # nobody is gold yet, so the gift is withheld
                assert people_reached == {people["retain"]}
            elif one["key"] == "enhance-bundle":  # the order of today ended it
                assert people_reached <= {people["enhance"]}
            elif one["key"] == "enhance-reduce-cost":
                assert reached["care"] == {people["enhance"]}
            else:
                assert people_reached == {people[one["stage"]]}, one["key"]
        for name, customer_id in people.items():
            chosen = await club.call("GET", f"/playbooks/choices/{customer_id}")
            assert chosen["stage"] == name
            assert {one["key"] for one in chosen["runs"]} == {one["key"] for one in listed if one["stage"] == name}


async def test_nine_practices_run(cluster: PrivateCluster) -> None:
    """M21: each practice ships as an example that runs: mails that are planned, or a message on the site."""
    async with stage(cluster) as play:
        club = Club(play)
        listed = (await club.call("GET", "/playbooks?family=practice"))["data"]
        assert {one["focus"] for one in listed} == {
            "database", "individualised", "customer-intimacy", "technology-enabled", "dialogue", "interactive", "permission", "one-to-one",
            "mass-customisation",
        }
        people = await everybody(play, club)
        runs = {one["focus"]: await start(club, one["key"]) for one in listed}
        await club.order(people["retain"], 100, delivered_at=datetime.now(UTC) + timedelta(seconds=1))
        async with play.service.transaction() as tx:
            await tx.db.execute("UPDATE customer_order SET look_at = now()")
        await club.look()
        await run(play)
        await club.age(1)
        await run(play)
        for focus, made in runs.items():
            reached = await written(play, made["made"])
            for ref, customers in reached.items():
                if ref != "parts":
                    assert customers, (focus, ref)
        assert len((await written(play, runs["mass-customisation"]["made"]))["first"]) == 1
        places = {
            "technology-enabled": ("home", people["enhance"], 0), "interactive": ("basket", people["enhance"], 3000), "permission": ("home", people["retain"], 0),
        }
        for focus, (place, customer_id, total) in places.items():
            body = {"placement": place, "user_id": customer_id, "basket": {"total_minor": total}}
            answer = await club.call("POST", "/decisions", body, status=200)
            ours = set(runs[focus]["made"]["site"].values())
            assert {why["message_id"] for why in answer["why"] if why["reason"] in ("chosen", "lower_priority")} & ours, focus


async def test_a_marketer_changes_starts_and_stops_one(cluster: PrivateCluster) -> None:
    """M4: a playbook is data: written back changed, started as drafts or at once, stopped; what leads nowhere is refused."""
    async with stage(cluster) as play:
        club = Club(play)
        found = await club.call("GET", "/playbooks/acquire-innovate")
        assert found.pop("version") == 0
        found["mails"]["news"]["locales"]["en"]["subject"] = "Our own words"
        assert (await club.call("PUT", "/playbooks/acquire-innovate", found, status=200))["version"] == 1
        ann = await club.person()
        waiting = await start(club, "acquire-innovate", launch=False)
        programme = await club.call("GET", f"/programmes/{waiting['made']['programmes']['care']}")
        assert (programme["status"], programme["playbook"]) == ("draft", "acquire-innovate")
        begun = await start(club, "acquire-innovate")
        await run(play)
        members = (await club.call("GET", f"/programmes/{begun['made']['programmes']['care']}/members"))["data"]
        assert [one["customer_id"] for one in members] == [ann]
        if members[0]["arm"] == "treated":
            assert play.box.message(await addressee(play, ann))["Subject"] == "Our own words"
        for _ in range(2):
            stopped = await club.call("POST", f"/playbooks/runs/{begun['id']}/stop", status=200)
        assert stopped["status"] == "stopped"
        programme = await club.call("GET", f"/programmes/{begun['made']['programmes']['care']}")
        assert programme["status"] == "ended"
        wrong = {**found, "programmes": [{**found["programmes"][0], "settings": {**found["programmes"][0]["settings"], "steps": [{"template_id": "$gone"}]}}]}
        for path, body, status, code in (
            ("/playbooks/acquire-innovate", wrong, 422, "playbook.invalid"), ("/playbooks/other", found, 422, "playbook.invalid"),
        ):
            assert (await club.call("PUT", path, body, status=status))["code"] == code
        assert (await club.call("POST", "/playbooks/nothing/start", WHO, status=404))["code"] == "playbook.unknown"
        assert (await club.call("POST", f"/playbooks/runs/{ann}/stop", status=404))["code"] == "playbook.run_unknown"
