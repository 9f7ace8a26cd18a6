"""Work to do over HTTP (U14): planned, listed, reminded once, finished onto the timeline."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from contracts.interaction import TaskDue
from launcher.embedded_postgres import PrivateCluster
from services.interaction import commands
from tests.integration.interaction.support import facts, settle
from tests.integration.interaction.test_orders import ANNA, know
from tests.support.platform import TestPlatform, started

pytestmark = pytest.mark.asyncio

URL = "/api/v1/tasks"


async def planned(platform: TestPlatform, **given: Any) -> dict[str, Any]:
    answer = await platform["interaction"].call("POST", URL, json={"title": "Call back", **given}, scopes=["interactions:write"])
    assert answer.status == 201, answer.json()
    found: dict[str, Any] = answer.json()
    return found


async def test_a_finished_call_stands_on_the_timeline_once(cluster: PrivateCluster) -> None:
    """U14: outcome and notes; finishing it twice adds nothing, finishing it otherwise is refused."""
    async with started(cluster, "interaction") as platform:
        await know(platform, {"user:anna": ANNA})
        await platform["interaction"].call(
            "POST", "/api/v1/interactions", json={"kind": "case_note", "customer": "user:anna", "initiator": "company", "case_id": "1", "note": "n", "visibility": "internal"}
        )
        await settle(platform)
        task = await planned(platform, kind="call", customer_id=ANNA, employee_id=str(uuid4()))
        done = {"outcome": "wants an offer", "notes": "till Friday", "duration_s": 340}
        first = await platform["interaction"].call("POST", f"{URL}/{task['id']}/done", json=done)
        again = await platform["interaction"].call("POST", f"{URL}/{task['id']}/done", json=done)
        other = await platform["interaction"].call("POST", f"{URL}/{task['id']}/done", json={"outcome": "no interest"})
        await settle(platform)
        listed = (await platform["interaction"].call("GET", f"/api/v1/customers/{ANNA}/timeline?kind=call")).json()["data"]
    assert (first.status, again.status, other.status, other.json()["code"]) == (200, 200, 409, "task.closed")
    assert [entry["id"] for entry in listed] == [first.json()["interaction_id"]]
    said = listed[0]["data"]["properties"]
    assert (said["outcome"], said["summary"], said["employee_id"], said["answered"]) == ("wants an offer", "till Friday", task["employee_id"], True)


async def test_reminders_are_told_exactly_once_and_again_when_the_time_moves(cluster: PrivateCluster) -> None:
    """U14: two processes ask at the same time; what is closed is not reminded."""
    now = datetime.now(UTC)
    async with started(cluster, "interaction") as platform:
        service = platform["interaction"].service
        task = await planned(platform, due_at=(now + timedelta(hours=1)).isoformat(), reminders=[120, 90, 5], team_id=str(uuid4()))
        soon = datetime.now(UTC) + timedelta(seconds=4)
        closed = await planned(platform, due_at=(soon + timedelta(hours=2)).isoformat(), reminders=[120])
        await platform["interaction"].call("POST", f"{URL}/{closed['id']}/cancel")
        assert datetime.now(UTC) < soon, "closed too late to tell anything"
        await asyncio.gather(*(commands.tasks.tell_due_tasks(service) for _ in range(4)))
        await settle(platform)
        told = await facts(platform.log, "ecrm.interaction.task_due.v1", TaskDue)
        moved = await platform["interaction"].call("PATCH", f"{URL}/{task['id']}", json={"due_at": (now + timedelta(minutes=100)).isoformat()})
        await asyncio.sleep(max(0.0, (soon - datetime.now(UTC)).total_seconds()))
        await commands.tasks.tell_due_tasks(service)
        await settle(platform)
        later = await facts(platform.log, "ecrm.interaction.task_due.v1", TaskDue)
    ours = [fact for fact in told if fact.task_id == task["id"]]
    assert sorted(fact.minutes_before for fact in ours) == [90, 120]
    assert {fact.team_id for fact in ours} == {task["team_id"]}
    assert moved.json()["version"] == 2
    assert sorted(fact.minutes_before for fact in later if fact.task_id == task["id"]) == [90, 120, 120]
    assert not [fact for fact in later if fact.task_id == closed["id"]]


async def test_late_work_is_listed_and_a_series_goes_on(cluster: PrivateCluster) -> None:
    """U14: the overdue list in pages, the next of a series, the calendar file, an employee's work handed to the team."""
    now = datetime.now(UTC)
    employee, team = uuid4(), uuid4()
    async with started(cluster, "interaction") as platform:
        service = platform["interaction"]
        late = [await planned(platform, due_at=(now - timedelta(days=day)).isoformat(), employee_id=str(employee)) for day in (1, 3, 2)]
        await planned(platform, title="no time")
        weekly = await planned(
            platform, kind="meeting", title="Jour fixe", due_at=(now + timedelta(days=1)).isoformat(), time_zone="Asia/Tehran", reminders=[30],
            recurrence={"every": "week"},
        )
        one = (await service.call("GET", f"{URL}?overdue=true&limit=2")).json()
        two = (await service.call("GET", f"{URL}?overdue=true&limit=2&page_token={one['next_page_token']}")).json()
        await service.call("POST", f"{URL}/{weekly['id']}/done", json={"outcome": "held"})
        following = (await service.call("GET", f"{URL}?kind=meeting&state=open")).json()["data"]
        calendar = await service.call("GET", f"{URL}/{weekly['id']}/calendar.ics")
        untimed = (await service.call("GET", f"{URL}?state=open")).json()["data"][-1]
        no_calendar = await service.call("GET", f"{URL}/{untimed['id']}/calendar.ics")
        async with service.service.transaction() as tx:
            moved = await commands.tasks.hand_over_tasks(tx, employee_id=employee, team_id=team, now=now)
        of_team = (await service.call("GET", f"{URL}?team_id={team}")).json()["data"]
    assert [task["id"] for task in one["data"] + two["data"]] == [late[1]["id"], late[2]["id"], late[0]["id"]]
    assert two["next_page_token"] is None
    assert [(task["occurrence"], task["series_id"], task["reminders"]) for task in following] == [(1, weekly["id"], [30])]
    assert datetime.fromisoformat(following[0]["due_at"]) == datetime.fromisoformat(weekly["due_at"]) + timedelta(days=7)
    assert calendar.headers["content-type"] == "text/calendar; charset=utf-8"
    assert b"SUMMARY:Jour fixe" in calendar.body
    assert (untimed["title"], no_calendar.status) == ("no time", 409)
    assert (moved, {task["employee_id"] for task in of_team}) == (3, {None})


async def test_bad_tasks_are_refused_with_a_pointer(cluster: PrivateCluster) -> None:
    async with started(cluster, "interaction") as platform:
        service = platform["interaction"]
        for body, pointer in (
            ({"title": " "}, "/body/title"), ({"title": "a\x00b"}, "/body/title"), ({"title": "x", "kind": "party"}, "/body/kind"),
            ({"title": "x", "reminders": [5]}, "/due_at"), ({"title": "x", "recurrence": {"every": "day"}}, "/due_at"),
            ({"title": "x", "time_zone": "Mars/Olympus"}, "/time_zone"), ({"title": "x", "due_at": "2027-01-01T10:00:00"}, "/body/due_at"),
            ({"title": "x", "state": "done"}, "/body/state"),
        ):
            answer = await service.call("POST", URL, json=body)
            assert (answer.status, answer.json()["errors"][0]["pointer"]) == (422, pointer)
        unknown = await service.call("GET", f"{URL}/{UUID(int=1)}")
        reader = await service.call("POST", URL, json={"title": "x"}, scopes=["interactions:read"])
        page = await service.call("GET", f"{URL}?page_token=WyJ4IiwgMV0")
    assert (unknown.status, unknown.json()["code"], reader.status, page.json()["code"]) == (404, "task.unknown", 403, "page.bad_token")
