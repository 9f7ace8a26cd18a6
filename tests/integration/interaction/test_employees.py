"""Employees, teams and calendars; what somebody knows and has to do stays when they go."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.customer import CustomersMerged
from contracts.interaction import EmployeeChanged
from launcher.embedded_postgres import PrivateCluster
from tests.integration.interaction.desks import READ, WRITE, changed, employee, got, made, refused, team
from tests.integration.interaction.support import facts, settle
from tests.integration.interaction.test_orders import ANNA, BORIS
from tests.support.platform import started

pytestmark = pytest.mark.asyncio


async def test_who_leaves_loses_neither_open_cases_nor_notes_nor_what_they_knew(cluster: PrivateCluster) -> None:
    """D10."""
    async with started(cluster, "interaction") as platform:
        service = platform["interaction"]
        sales = await team(service, "Sales")
        mina = await employee(service, "Mina", team_ids=[sales["id"]])
        cases = [await made(service, "cases", {"subject": f"Offer {number}", "team_id": sales["id"], "customer_id": ANNA}) for number in range(3)]
        omid = await employee(service, "Omid", team_ids=[sales["id"]], capacity=2)
        await made(service, f"cases/{cases[0]['id']}/notes", {"content": "wants the big one", "employee_id": mina["id"]})
        for kind, content in (("habit", "calls on Mondays"), ("preference", "blue, never red"), ("trait", "patient"), ("need", "a lamp for the garden")):
            await made(service, f"customers/{ANNA}/notes", {"kind": kind, "content": content, "employee_id": mina["id"]})
        left = await employee(service, "Left")
        await changed(service, f"employees/{left['id']}", {"active": False})
        wrong = [
            refused(await service.call("POST", f"/api/v1/employees/{mina['id']}/hand-over", json={"to": to}, scopes=WRITE)) for to in (mina["id"], ANNA, left["id"])
        ]
        done = await changed(service, f"employees/{mina['id']}/hand-over", {"to": omid["id"], "deactivate": True}, method="POST")
        known = (await got(service, f"customers/{ANNA}/notes"))["data"]
        notes = (await got(service, f"cases/{cases[0]['id']}/notes"))["data"]
        now = [await got(service, f"cases/{case['id']}") for case in cases]
        gone = await got(service, f"employees/{mina['id']}")
        retired = await changed(service, f"customers/{ANNA}/notes/{known[3]['id']}", {"retired": True})
        async with service.service.transaction() as tx:
            tx.tell(CustomersMerged(
                merge_id="m1", survivor_id=BORIS, merged_id=ANNA, reason="same", identities=[], merged_at=service.service.clock.now()
            ))
        await settle(platform)
        of_both = (await got(service, f"customers/{BORIS}/notes?retired=true"))["data"]
        stranger = await service.call("PATCH", f"/api/v1/customers/{mina['id']}/notes/{known[0]['id']}", json={"content": "x"}, scopes=WRITE)
        told = [fact for fact in await facts(platform.log, "ecrm.interaction.employee_changed.v1", EmployeeChanged) if fact.employee_id == mina["id"]]
    assert wrong == [(422, "request.unknown_reference"), (422, "request.unknown_reference"), (409, "case.no_room")]
    assert done == {"handed_over": 2, "queued": 1}
    assert sorted((case["employee"] or "", case["team"]) for case in now) == [("", "Sales"), ("Omid", "Sales"), ("Omid", "Sales")]
    assert (gone["active"], gone["open_cases"]) == (False, 0)
    assert [(note["kind"], note["content"], note["author"], note["author_active"]) for note in known] == [
        ("habit", "calls on Mondays", "Mina", False), ("preference", "blue, never red", "Mina", False), ("trait", "patient", "Mina", False),
        ("need", "a lamp for the garden", "Mina", False),
    ]
    assert [(note["content"], note["author"]) for note in notes] == [("wants the big one", "Mina")]
    assert [note["kind"] for note in retired["data"]] == ["habit", "preference", "trait"]
    assert len(of_both) == 4
    assert refused(stranger) == (404, "note.unknown")
    assert [(fact.version, fact.active, fact.personal.name) for fact in told] == [(1, True, "Mina"), (2, False, "Mina")]


async def test_deactivating_somebody_gives_their_cases_to_others(cluster: PrivateCluster) -> None:
    """D10."""
    async with started(cluster, "interaction") as platform:
        service = platform["interaction"]
        desk = "00000000-0000-7000-8000-000000000001"
        mina = await employee(service, "Mina", team_ids=[desk])
        case = await made(service, "cases", {"subject": "One"})
        sara = await employee(service, "Sara", team_ids=[desk])
        await changed(service, f"employees/{mina['id']}", {"active": False})
        after = await got(service, f"cases/{case['id']}")
        history = [each["action"] for each in (await got(service, f"cases/{case['id']}/history"))["data"]]
        back = await changed(service, f"employees/{mina['id']}", {"active": True})
    assert (case["employee_id"], after["employee_id"], back["active"]) == (mina["id"], sara["id"], True)
    assert history == ["opened", "assigned", "left", "assigned"]


async def test_employees_are_imported_again_and_again_without_harm(cluster: PrivateCluster) -> None:
    async with started(cluster, "interaction") as platform:
        service = platform["interaction"]
        rows = [
            {"name": "Mina", "email": "Mina@Company.example", "skills": {"billing": 3}, "languages": ["fa", "en"], "capacity": 7},
            {"name": "No address", "email": "nowhere"}, {"name": "Omid", "email": "omid@company.example", "team_ids": [ANNA]}, {"email": "x@y.example"},
        ]
        first = await made(service, "employees/import", {"data": rows}, status=200)
        again = await made(service, "employees/import", {"data": rows}, status=200)
        text = "name,email,skills,languages,capacity\nMina Ahmadi,mina@company.example,billing:4;returns,fa;de,9\nSara,sara@company.example,,,\n"
        by_file = await service.call("POST", "/api/v1/employees/import", body=text.encode(), headers={"content-type": "text/csv"}, scopes=WRITE)
        listed = (await got(service, "employees?q=ahmadi"))["data"]
        paged = await got(service, "employees?limit=1")
        rest = await got(service, f"employees?limit=1&page_token={paged['next_page_token']}")
        bad = [
            await service.call("POST", "/api/v1/employees/import", body=body, headers={"content-type": kind}, scopes=WRITE)
            for body, kind in ((b"{}", "application/json"), (b"who,where\nx,y\n", "text/csv"), (b'name,email\n"x', "text/csv"), (b"name,email\n\xff,", "text/csv"))
        ]
    assert (first["created"], first["changed"], first["unchanged"]) == (1, 0, 0)
    assert [(row["line"], row["reason"][:20]) for row in first["refused"]] == [
        (2, "email: Value error, "), (3, "What this field name"), (4, "name: Field required")
    ]
    assert (again["created"], again["changed"], again["unchanged"], len(again["refused"])) == (0, 0, 1, 3)
    assert by_file.json() == {"created": 1, "changed": 1, "unchanged": 0, "refused": []}
    assert [(one["email"], one["skills"], one["languages"], one["capacity"]) for one in listed] == [
        ("mina@company.example", {"billing": 4, "returns": 1}, ["fa", "de"], 9)
    ]
    assert [one["name"] for one in (*paged["data"], *rest["data"])] == ["Mina Ahmadi", "Sara"]
    assert [refused(answer) for answer in bad] == [(422, "employee.bad_import")] * 4


async def test_teams_and_calendars_are_read_changed_and_guarded_against_each_other_s_writers(cluster: PrivateCluster) -> None:
    async with started(cluster, "interaction") as platform:
        service = platform["interaction"]
        iran = {
            "name": "Iran", "time_zone": "Asia/Tehran", "hours": {"saturday": [["08:00", "12:00"], ["13:00", "16:30"]], "sunday": [["08:00", "12:00"]]},
            "holidays": [{"jalali": "01-01", "name": "Nowruz"}, {"on": "2026-11-24"}],
        }
        calendar = await made(service, "calendars", iran)
        mina = await employee(service, "Mina", calendar_id=calendar["id"])
        support = await team(service, "Support", calendar_id=calendar["id"], member_ids=[mina["id"]])
        second = await team(service, "Second", fallback_id=support["id"])
        stale = await service.call("PATCH", f"/api/v1/teams/{support['id']}", json={"routing": "capacity"}, headers={"if-match": '"9"'}, scopes=WRITE)
        fresh = await service.call("PATCH", f"/api/v1/teams/{support['id']}", json={"routing": "capacity"}, headers={"if-match": '"1"'}, scopes=WRITE)
        renamed = await changed(service, f"calendars/{calendar['id']}", {**iran, "name": "Iran and Iraq"}, method="PUT")
        listed = (await got(service, "teams"))["data"]
        calendars = (await got(service, "calendars"))["data"]
        problems: list[Any] = [
            await service.call(method, f"/api/v1/{path}", json=body, scopes=WRITE, headers=headers)
            for method, path, body, headers in (
                ("PATCH", f"teams/{support['id']}", {"fallback_id": second["id"]}, {}),
                ("POST", "teams", {"name": "Support"}, {}),
                ("POST", "teams", {"name": "X", "member_ids": [ANNA]}, {}),
                ("POST", "teams", {"name": "X", "routing": "by_mood"}, {}),
                ("POST", "calendars", {"name": "X", "hours": {"monday": [["17:00", "09:00"]]}}, {}),
                ("POST", "calendars", {"name": "X", "time_zone": "Mars/Olympus", "hours": {"monday": [["09:00", "17:00"]]}}, {}),
                ("POST", "employees", {"name": "Other", "email": "mina@company.example"}, {}),
                ("POST", "employees", {"name": "Other", "email": "o@company.example", "skills": {"billing": 9}}, {}),
                ("POST", "employees", {"name": "Other", "email": "o@company.example", "calendar_id": ANNA}, {}),
                ("PATCH", f"employees/{mina['id']}", {"capacity": 3}, {"if-match": "2"}),
            )
        ]
        unknown = [(await service.call("GET", f"/api/v1/{name}/{ANNA}", scopes=READ)).json()["code"] for name in ("employees", "teams", "calendars")]
        forbidden = await service.call("POST", "/api/v1/teams", json={"name": "X"}, scopes=READ)
    assert (stale.status, fresh.status, fresh.headers["etag"], renamed["version"]) == (412, 200, '"2"', 2)
    assert {one["name"]: one["member_ids"] for one in listed} == {"Front desk": [], "Second": [], "Support": [mina["id"]]}
    assert calendars[0]["holidays"] == [{"name": "Nowruz", "jalali": "01-01"}, {"name": "", "on": "2026-11-24"}]
    assert [answer.status for answer in problems] == [422, 409, 422, 422, 422, 422, 409, 422, 422, 422]
    assert [answer.json()["code"] for answer in problems[:3]] == ["team.fallback_circle", "team.taken", "request.unknown_reference"]
    assert unknown == ["employee.unknown", "team.unknown", "calendar.unknown"]
    assert forbidden.status == 403
