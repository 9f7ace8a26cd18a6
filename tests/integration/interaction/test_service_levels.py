"""Service levels on the running service: due times, warning, breach and escalation, each once, also when the job dies in between."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from launcher.embedded_postgres import PrivateCluster
from services.interaction import commands
from tests.integration.interaction.desks import READ, WRITE, changed, employee, got, made, refused, team
from tests.support.platform import TestService, started

pytestmark = pytest.mark.asyncio


class Later:
    """The service's clock, some time ahead."""

    def __init__(self, service: TestService) -> None:
        self._clock = service.service.clock
        self.ahead = timedelta()
        service.service.clock = self  # type: ignore[assignment]

    def now(self) -> datetime:
        return self._clock.now() + self.ahead

    def timestamp(self) -> float:
        return self.now().timestamp()

    def monotonic(self) -> float:
        return self._clock.monotonic()


async def test_a_warning_then_a_breach_that_escalates_each_once(cluster: PrivateCluster) -> None:
    """U17."""
    async with started(cluster, "interaction", read=False) as platform:
        service = platform["interaction"]
        clock = Later(service)
        support, bosses = await team(service, "Support"), await team(service, "Bosses")
        await employee(service, "Sara", team_ids=[support["id"]])
        boss = await employee(service, "Boss", team_ids=[bosses["id"]])
        await made(service, "service-policies", {"name": "all", "rank": 900, "answer_minutes": 6000})
        gold = await made(service, "service-policies", {
            "name": "urgent", "rank": 1, "priority": "high", "answer_minutes": 60, "resolve_minutes": 240, "warn_share": 0.5, "escalate_to": bosses["id"],
        })
        case = await made(service, "cases", {"subject": "Fire", "priority": "high", "team_id": support["id"]})
        opened = datetime.fromisoformat(case["opened_at"])
        seen = []
        for minutes in (10, 31, 32, 61, 62):
            clock.ahead = timedelta(minutes=minutes)
            await asyncio.gather(*(commands.cases.watch_service_levels(service.service) for _ in range(2)))
            await commands.cases.assign_waiting(service.service)
            now = await got(service, f"cases/{case['id']}")
            seen.append((minutes, now["priority"], now["employee"], [(alarm["target"], alarm["level"]) for alarm in now["alarms"]]))
        history = [each["action"] for each in (await got(service, f"cases/{case['id']}/history"))["data"]]
        overdue = [one["id"] for one in (await got(service, "cases?overdue=true"))["data"]]
        figures = await got(service, "cases/figures")
    assert (case["policy_id"], datetime.fromisoformat(case["answer_due"]) - opened) == (gold["id"], timedelta(hours=1))
    warned, breached = [("answer", "warning")], [("answer", "warning"), ("answer", "breach")]
    assert seen == [
        (10, "high", "Sara", []), (31, "high", "Sara", warned), (32, "high", "Sara", warned), (61, "urgent", boss["name"], breached),
        (62, "urgent", boss["name"], breached),
    ]
    assert history == ["opened", "assigned", "warning", "breach", "assigned"]
    assert overdue == [case["id"]]
    assert figures["total"]["breached"] == 1


async def test_the_clock_stands_while_we_wait_and_goes_on_in_business_time(cluster: PrivateCluster) -> None:
    """U17: pause, holidays, working hours."""
    async with started(cluster, "interaction", read=False) as platform:
        service = platform["interaction"]
        clock = Later(service)
        today = clock.now()
        days = [(today + timedelta(days=ahead)).date().isoformat() for ahead in (1, 2)]
        week = {day: [["00:00", "24:00"]] for day in "monday tuesday wednesday thursday friday saturday sunday".split()}
        calendar = await made(service, "calendars", {"name": "Bridge", "hours": week, "holidays": [{"on": day} for day in days]})
        await made(service, "service-policies", {"name": "all", "resolve_minutes": 24 * 60, "calendar_id": calendar["id"]})
        case = await made(service, "cases", {"subject": "Slow"})
        due = datetime.fromisoformat(case["resolve_due"])
        waiting = await changed(service, f"cases/{case['id']}", {"status": "waiting"})
        clock.ahead = timedelta(days=30)
        await commands.cases.watch_service_levels(service.service)
        quiet = await got(service, f"cases/{case['id']}")
        again = await changed(service, f"cases/{case['id']}", {"status": "open"})
    assert due - datetime.fromisoformat(case["opened_at"]) == timedelta(days=3)
    assert (waiting["paused_at"] is not None, quiet["alarms"], again["paused_at"]) == (True, [], None)
    assert timedelta(hours=23) < datetime.fromisoformat(again["resolve_due"]) - datetime.now(UTC) - timedelta(days=30) <= timedelta(hours=24)


async def test_a_watch_that_dies_raises_nothing_and_the_next_one_raises_it_once(cluster: PrivateCluster) -> None:
    async with started(cluster, "interaction", read=False) as platform:
        service = platform["interaction"]
        clock = Later(service)
        await made(service, "service-policies", {"name": "all", "answer_minutes": 1})
        cases = [await made(service, "cases", {"subject": str(number)}) for number in range(5)]
        clock.ahead = timedelta(minutes=2)
        watch = asyncio.create_task(commands.cases.watch_service_levels(service.service))
        await asyncio.sleep(0.003)
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)
        await commands.cases.watch_service_levels(service.service)
        await commands.cases.watch_service_levels(service.service)
        found = [await got(service, f"cases/{case['id']}") for case in cases]
    assert [[(alarm["target"], alarm["level"]) for alarm in one["alarms"]] for one in found] == [[("answer", "breach")]] * 5
    assert {one["priority"] for one in found} == {"high"}


async def test_resolved_cases_are_closed_after_their_time(cluster: PrivateCluster) -> None:
    async with started(cluster, "interaction", read=False) as platform:
        service = platform["interaction"]
        clock = Later(service)
        case = await made(service, "cases", {"subject": "Done"})
        await changed(service, f"cases/{case['id']}", {"status": "resolved", "outcome": "solved"})
        statuses = []
        for days in (13, 15):
            clock.ahead = timedelta(days=days)
            await commands.cases.close_settled(service.service)
            statuses.append((await got(service, f"cases/{case['id']}"))["status"])
    assert statuses == ["resolved", "closed"]


async def test_policies_are_changed_under_their_etag(cluster: PrivateCluster) -> None:
    async with started(cluster, "interaction", read=False) as platform:
        service = platform["interaction"]
        made_one = await service.call("POST", "/api/v1/service-policies", json={"name": "gold", "tier": "gold", "answer_minutes": 5}, scopes=WRITE)
        path = f"/api/v1/service-policies/{made_one.json()['id']}"
        first = await service.call("PATCH", path, json={"active": False}, headers={"if-match": made_one.headers["etag"]}, scopes=WRITE)
        answers: list[Any] = [
            await service.call("PATCH", path, json={"active": True}, headers={"if-match": made_one.headers["etag"]}, scopes=WRITE),
            await service.call("POST", "/api/v1/service-policies", json={"name": "gold"}, scopes=WRITE),
            await service.call("POST", "/api/v1/service-policies", json={"name": "x", "team_id": made_one.json()["id"]}, scopes=WRITE),
            await service.call("GET", "/api/v1/service-policies/00000000-0000-7000-8000-00000000000a", scopes=READ),
        ]
        short = await service.call("POST", "/api/v1/service-policies", json={"name": "y", "answer_minutes": 0}, scopes=WRITE)
    assert (first.status, first.json()["active"], short.status) == (200, False, 422)
    assert [refused(answer) for answer in answers] == [
        (412, "service_policy.changed_meanwhile"), (409, "service_policy.taken"), (422, "request.unknown_reference"), (404, "service_policy.unknown"),
    ]
