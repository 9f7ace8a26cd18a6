"""Leads, opportunities, quotes and the forecast over HTTP (U19, P16)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from contracts.interaction import LeadOpened, OpportunityMoved, OpportunityStalled, TaskDue
from launcher.embedded_postgres import PrivateCluster
from services.interaction import commands
from tests.integration.interaction.support import facts, settle
from tests.integration.interaction.test_orders import ANNA, know
from tests.support.platform import TestPlatform, TestService, started

pytestmark = pytest.mark.asyncio

STEP = {"title": "Send samples", "due_at": "2027-05-01T09:00:00Z"}


async def ask(service: TestService, method: str, path: str, body: Any = None, *, status: int = 200) -> dict[str, Any]:
    answer = await service.call(method, f"/api/v1{path}", json=body, scopes=["interactions:write", "interactions:read"])
    assert answer.status == status, answer.json()
    found: dict[str, Any] = answer.json()
    return found


async def people(platform: TestPlatform, count: int, *, team: UUID | None = None) -> list[str]:
    """Employees, the last one away, in a team."""
    made = sorted(str(uuid4()) for _ in range(count))
    now = datetime.now(UTC)
    async with platform["interaction"].service.transaction() as tx:
        if team is not None:
            await tx.db.execute("INSERT INTO team VALUES ($1, 'Field sales', 'least_busy', NULL, NULL, 1, $2)", team, now)
        for number, employee in enumerate(made):
            await tx.db.execute(
                "INSERT INTO employee (id, name, email, skills, languages, capacity, active, away_until, version, created_at, changed_at) "
                "VALUES ($1, 'E', $2, '[]', '{}', 5, true, $3, 1, $4, $4)",
                UUID(employee), f"{employee}@example.com", now + timedelta(days=1) if number == count - 1 else None, now,
            )
            if team is not None:
                await tx.db.execute("INSERT INTO team_member VALUES ($1, $2)", team, UUID(employee))
    return made


async def deal(service: TestService, **given: Any) -> dict[str, Any]:
    body = {"customer_id": ANNA, "title": "Lamps", "value_minor": 10_000, "currency": "EUR", "expected_close": "2027-03-31", "next_step": STEP, **given}
    return await ask(service, "POST", "/opportunities", body, status=201)


async def test_leads_are_assigned_in_turn_and_somebody_is_told_to_call(cluster: PrivateCluster) -> None:
    """P16: round robin also when leads come at the same time; who is away gets none; the first call is planned and reminded."""
    team = uuid4()
    async with started(cluster, "interaction") as platform:
        service = platform["interaction"]
        staff = await people(platform, 4, team=team)
        await ask(service, "PUT", "/leads/rules", {"rules": [{"name": "web", "source": "web", "team_id": str(team), "contact_within_minutes": 30}]})
        bodies = [{"title": "Demo", "source": "web", "contact": {"email": f"p{n}@example.com"}} for n in range(9)]
        opened = await asyncio.gather(*(ask(service, "POST", "/leads", body, status=201) for body in bodies))
        other = await ask(service, "POST", "/leads", {"title": "Fair", "source": "fair"}, status=201)
        tasks = (await ask(service, "GET", f"/tasks?team_id={team}"))["data"]
        again = await ask(service, "POST", "/leads", bodies[0], status=409)
        await settle(platform)
        told = await facts(platform.log, "ecrm.interaction.lead_opened.v1", LeadOpened)
        page = await ask(service, "GET", "/leads?source=web&limit=5")
        rest = await ask(service, "GET", f"/leads?source=web&limit=5&page_token={page['next_page_token']}")
    assert sorted(lead["employee_id"] for lead in opened) == sorted(staff[:3] * 3)
    assert (other["employee_id"], other["rule"], {lead["rule"] for lead in opened}) == (None, None, {"web"})
    assert sorted(task["lead_id"] for task in tasks) == sorted(lead["id"] for lead in opened)
    assert {tuple(task["reminders"]) for task in tasks} == {(0,)}
    assert (again["code"], again["lead_id"]) == ("lead.open_already", opened[0]["id"])
    assert {fact.lead_id for fact in told} == {lead["id"] for lead in [*opened, other]}
    assert len({lead["id"] for lead in page["data"] + rest["data"]}) == 9


async def test_a_lead_becomes_a_customer_and_an_opportunity_once(cluster: PrivateCluster) -> None:
    """U19: the lead stands on the customer's timeline; converting twice gives one customer and one opportunity."""
    async with started(cluster, "interaction", "customer") as platform:
        service = platform["interaction"]
        lead = await ask(
            service, "POST", "/leads", {"title": "Demo", "source": "web", "language": "fa", "contact": {"email": "Cleo@Example.com", "name": "Cleo"}}, status=201
        )
        await settle(platform)
        given = {"title": "Lamps", "value_minor": 5000, "currency": "EUR", "expected_close": "2027-03-31", "next_step": STEP}
        both = await asyncio.gather(*(ask(service, "POST", f"/leads/{lead['id']}/convert", given) for _ in range(2)))
        await settle(platform)
        customers = (await platform["customer"].call("GET", "/api/v1/customers?identity=email:cleo@example.com")).json()["data"]
        timeline = await ask(service, "GET", f"/customers/{both[0]['customer_id']}/timeline?kind=lead")
        closed = await ask(service, "PATCH", f"/leads/{lead['id']}", {"score": 5}, status=409)
        nobody = await ask(service, "POST", "/leads", {"title": "?", "source": "fair"}, status=201)
        no_contact = await ask(service, "POST", f"/leads/{nobody['id']}/convert", given, status=409)
        gone = await ask(service, "POST", f"/leads/{nobody['id']}/disqualify", {"reason": "wrong number"})
        after = await ask(service, "POST", f"/leads/{nobody['id']}/convert", given, status=409)
    assert both[0]["id"] == both[1]["id"]
    assert [each["id"] for each in customers] == [both[0]["customer_id"]]
    assert [entry["id"] for entry in timeline["data"]] == [lead["interaction_id"]]
    assert (closed["code"], no_contact["code"], gone["reason"], after["code"]) == ("lead.closed", "lead.no_contact", "wrong number", "lead.no_contact")


async def test_a_deal_goes_through_its_stages(cluster: PrivateCluster) -> None:
    """U19, P16: probability follows the stage, time in stages is kept, an open deal has a next step, a lost one a reason."""
    async with started(cluster, "interaction") as platform:
        service = platform["interaction"]
        no_step = await ask(service, "POST", "/opportunities", {
            "customer_id": ANNA, "title": "x", "currency": "EUR", "expected_close": "2027-03-31",
        }, status=422)
        made = await deal(service, value_minor=None, products=[{"product_id": "p1", "quantity": 3, "price_minor": 1999}])
        moved = await ask(service, "POST", f"/opportunities/{made['id']}/stage", {"stage": "proposal"})
        own = await ask(service, "PATCH", f"/opportunities/{made['id']}", {"probability": 65, "category": "commit"})
        kept = await ask(service, "POST", f"/opportunities/{made['id']}/stage", {"stage": "negotiation"})
        given_back = await ask(service, "PATCH", f"/opportunities/{made['id']}", {"probability": None})
        no_reason = await ask(service, "POST", f"/opportunities/{made['id']}/stage", {"stage": "lost"}, status=422)
        lost = await ask(service, "POST", f"/opportunities/{made['id']}/stage", {"stage": "lost", "reason": "price"})
        steps = (await ask(service, "GET", f"/tasks?opportunity_id={made['id']}"))["data"]
        reopened_bare = await ask(service, "POST", f"/opportunities/{made['id']}/stage", {"stage": "new"}, status=422)
        reopened = await ask(service, "POST", f"/opportunities/{made['id']}/stage", {"stage": "new", "next_step": STEP})
        await settle(platform)
        told = await facts(platform.log, "ecrm.interaction.opportunity_moved.v1", OpportunityMoved)
    assert (no_step["code"], no_step["errors"][0]["pointer"]) == ("opportunity.no_next_step", "/next_step")
    assert (made["value_minor"], made["probability"], made["category"], made["stage"]) == (5997, 10, "pipeline", "new")
    assert (moved["probability"], moved["category"], own["probability"], kept["probability"], kept["category"]) == (50, "best_case", 65, 65, "commit")
    assert (given_back["probability"], no_reason["code"]) == (75, "opportunity.no_reason")
    assert (lost["state"], lost["reason"], lost["probability"], lost["category"]) == ("lost", "price", 0, "omitted")
    assert [step["state"] for step in steps] == ["cancelled"]
    assert (reopened_bare["code"], reopened["state"], reopened["closed_at"]) == ("opportunity.no_next_step", "open", None)
    assert [stay["stage"] for stay in reopened["history"]] == ["new", "proposal", "negotiation", "lost", "new"]
    ends = [stay["left_at"] for stay in reopened["history"]]
    assert (ends[:-1], ends[-1]) == ([stay["entered_at"] for stay in reopened["history"][1:]], None)
    assert [fact.stage for fact in told if fact.opportunity_id == made["id"]] == ["new", "proposal", "negotiation", "lost", "new"]


async def test_stalled_deals_are_listed_and_told_once(cluster: PrivateCluster) -> None:
    """P16: too long in a stage; no next step any more; what a new step heals may stall again."""
    async with started(cluster, "interaction") as platform:
        service = platform["interaction"]
        late, idle, fine = [await deal(service, title=title) for title in ("late", "idle", "fine")]
        async with service.service.transaction() as tx:
            await tx.db.execute("UPDATE opportunity SET stage_due = now() - interval '1 minute' WHERE id = $1", UUID(late["id"]))
        await ask(service, "POST", f"/tasks/{idle['next_step_id']}/done", {"outcome": "sent"})
        for _ in range(2):
            await commands.opportunities.tell_stalled(service.service)
        listed = (await ask(service, "GET", "/opportunities?stalled=true"))["data"]
        await ask(service, "POST", f"/opportunities/{idle['id']}/stage", {"stage": "new", "next_step": STEP})
        await commands.opportunities.tell_stalled(service.service)
        healed = await ask(service, "GET", f"/opportunities/{idle['id']}")
        await ask(service, "POST", f"/tasks/{healed['next_step_id']}/cancel")
        await commands.opportunities.tell_stalled(service.service)
        await settle(platform)
        told = await facts(platform.log, "ecrm.interaction.opportunity_stalled.v1", OpportunityStalled)
    assert [(each["id"], each["stalled"]) for each in listed] == [(idle["id"], ["idle"]), (late["id"], ["late"])]
    assert healed["stalled"] == []
    assert sorted((fact.opportunity_id, fact.why) for fact in told) == sorted([(late["id"], "late"), (idle["id"], "idle"), (idle["id"], "idle")])
    assert fine["stalled"] == []


async def test_quotes_are_followed_up_until_they_are_answered(cluster: PrivateCluster) -> None:
    """P16: the follow-up is reminded at its time; an answer cancels it."""
    now = datetime.now(UTC)
    async with started(cluster, "interaction") as platform:
        service = platform["interaction"]
        made = await deal(service)
        soon = {"valid_until": (now + timedelta(days=9)).date().isoformat(), "follow_up_at": (now - timedelta(seconds=1)).isoformat()}
        first = (await ask(service, "POST", f"/opportunities/{made['id']}/quotes", {"number": "Q1", **soon}, status=201))["data"]
        twice = await ask(service, "POST", f"/opportunities/{made['id']}/quotes", {"number": "Q1", **soon}, status=409)
        past = await ask(service, "POST", f"/opportunities/{made['id']}/quotes", {"number": "Q2", "valid_until": "2020-01-01"}, status=422)
        await commands.tasks.tell_due_tasks(service.service)
        answered = (await ask(service, "POST", f"/opportunities/{made['id']}/quotes/{first[0]['id']}/answer", {"state": "declined"}))["data"]
        other = await ask(service, "POST", f"/opportunities/{made['id']}/quotes/{first[0]['id']}/answer", {"state": "accepted"}, status=409)
        follow_up = await ask(service, "GET", f"/tasks/{first[0]['follow_up_id']}")
        await settle(platform)
        told = await facts(platform.log, "ecrm.interaction.task_due.v1", TaskDue)
    assert (first[0]["value_minor"], first[0]["currency"], first[0]["state"]) == (10_000, "EUR", "sent")
    assert (twice["code"], past["errors"][0]["pointer"], other["code"]) == ("quote.twice", "/valid_until", "quote.answered")
    assert (answered[0]["state"], follow_up["state"], follow_up["title"]) == ("declined", "cancelled", "Follow up quote Q1")
    assert [fact.task_id for fact in told] == [first[0]["follow_up_id"]]


async def test_the_forecast_is_by_month_and_currency(cluster: PrivateCluster) -> None:
    """U19: weighted by probability and by category; a changed pipeline counts at once for deals that follow it."""
    async with started(cluster, "interaction") as platform:
        service = platform["interaction"]
        for value, day, currency, more in (
            (10_001, "2027-03-31", "EUR", {}), (20_000, "2027-03-01", "EUR", {"stage": "negotiation"}), (7, "2027-04-01", "EUR", {}),
            (500, "2027-03-15", "IRR", {"probability": 33}), (900, "2028-01-01", "EUR", {}),
        ):
            await deal(service, value_minor=value, expected_close=day, currency=currency, **more)
        won = await deal(service, value_minor=4_000)
        await ask(service, "POST", f"/opportunities/{won['id']}/stage", {"stage": "won"})
        lines = (await ask(service, "GET", "/forecast?from=2027-03-09&months=2"))["data"]
        now = (await ask(service, "GET", "/forecast"))["data"]
        pipeline = await ask(service, "GET", "/pipelines/sales")
        stages = [{**stage, "probability": 20} if stage["id"] == "new" else stage for stage in pipeline["stages"]]
        await ask(service, "PUT", "/pipelines/sales", {"name": "Sales", "stages": stages})
        later = (await ask(service, "GET", "/forecast?from=2027-03-01&months=1"))["data"]
        in_use = await ask(service, "PUT", "/pipelines/sales", {"name": "Sales", "stages": stages[1:]}, status=409)
        bad = await ask(service, "PUT", "/pipelines/other", {"name": "Other", "stages": stages[:2]}, status=422)
    assert [(line["month"], line["currency"], line["open_minor"], line["weighted_minor"]) for line in lines] == [
        ("2027-03-01", "EUR", 30_001, 16_000), ("2027-03-01", "IRR", 500, 165), ("2027-04-01", "EUR", 7, 1),
    ]
    assert lines[0]["categories"] == {"commit": 20_000, "best_case": 0, "pipeline": 10_001, "omitted": 0}
    assert [(line["won"], line["won_minor"], line["open"]) for line in now if line["won"]] == [(1, 4_000, 0)]
    assert [(line["currency"], line["weighted_minor"]) for line in later] == [("EUR", 17_000), ("IRR", 165)]
    assert (in_use["code"], in_use["stages"], bad["code"]) == ("pipeline.stage_in_use", ["new"], "pipeline.bad_stages")


async def test_work_of_who_left_becomes_the_team_s(cluster: PrivateCluster) -> None:
    """U14, P16: tasks, leads and deals of a deactivated employee."""
    team = uuid4()
    async with started(cluster, "interaction") as platform:
        service = platform["interaction"]
        await know(platform, {"user:anna": ANNA})
        employee = (await people(platform, 1, team=team))[0]
        task = await ask(service, "POST", "/tasks", {"title": "x", "employee_id": employee}, status=201)
        lead = await ask(service, "POST", "/leads", {"title": "x", "source": "y", "employee_id": employee}, status=201)
        made = await deal(service, employee_id=employee)
        async with service.service.transaction() as tx:
            await tx.db.execute("UPDATE employee SET active = false WHERE id = $1", UUID(employee))
        await commands.leads.hand_over_left(service.service)
        owners = [
            [(await ask(service, "GET", path))[name] for name in ("employee_id", "team_id")]
            for path in (f"/tasks/{task['id']}", f"/leads/{lead['id']}", f"/opportunities/{made['id']}", f"/tasks/{made['next_step_id']}")
        ]
    assert owners == [[None, str(team)]] * 4


async def test_bad_sales_input_is_refused_with_a_pointer(cluster: PrivateCluster) -> None:
    async with started(cluster, "interaction") as platform:
        service = platform["interaction"]
        good = {"customer_id": ANNA, "title": "x", "currency": "EUR", "expected_close": "2027-03-31", "next_step": STEP}
        for path, body, pointer in (
            ("/opportunities", {**good, "currency": "ZZZ"}, "/currency"), ("/opportunities", {**good, "stage": "sold"}, "/stage"),
            ("/opportunities", {**good, "stage": "won"}, "/stage"), ("/opportunities", {**good, "pipeline": "none"}, "/pipeline"),
            ("/opportunities", {**good, "value_minor": -1}, "/body/value_minor"), ("/opportunities", {**good, "probability": 101}, "/body/probability"),
            ("/leads", {"title": "x", "source": "y", "contact": {"email": "nobody"}}, "/contact/email"),
            ("/leads", {"title": "x", "source": "y", "contact": {"phone": "12"}}, "/contact/phone"),
            ("/leads", {"title": "x", "source": "y", "score": 500}, "/body/score"),
        ):
            answer = await ask(service, "POST", path, body, status=422)
            assert answer["errors"][0]["pointer"] == pointer
        for path, code in ((f"/leads/{UUID(int=1)}", "lead.unknown"), (f"/opportunities/{UUID(int=1)}", "opportunity.unknown"), ("/pipelines/none", "pipeline.unknown")):
            assert (await ask(service, "GET", path, status=404))["code"] == code
