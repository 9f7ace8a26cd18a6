"""The question after a resolution: one click, kept with whoever answered; and how touch points and cases went."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from contracts.interaction import CaseResolved, SurveyAnswered
from launcher.embedded_postgres import PrivateCluster
from tests.integration.interaction.desks import (
    READ,
    WRITE,
    case_of,
    changed,
    contact,
    employee,
    got,
    made,
    refused,
    until,
)
from tests.integration.interaction.support import facts, settle
from tests.integration.interaction.test_orders import ANNA, BORIS, know
from tests.integration.interaction.test_timeline import TOUCHPOINTS
from tests.support.platform import TestService, started

pytestmark = pytest.mark.asyncio

DESK = "00000000-0000-7000-8000-000000000001"


async def click(service: TestService, token: str, body: str) -> Any:
    headers = {"content-type": "application/x-www-form-urlencoded", "accept-language": "fa-IR,en;q=0.5"}
    return await service.call("POST", f"/s/{token}", body=body.encode(), headers=headers, scopes=None)


async def test_one_click_answers_and_is_kept_with_the_employee(cluster: PrivateCluster) -> None:
    """A21 and D20 rest on it."""
    async with started(cluster, "interaction") as platform:
        service = platform["interaction"]
        await know(platform, {"user:anna": ANNA})
        sara = await employee(service, "Sara", team_ids=[DESK])
        case = await case_of(service, await contact(platform, "call", answered=True, duration_s=9, summary="Lamp <b>broken</b>"))
        early = await service.call("GET", f"/api/v1/cases/{case['id']}/survey-link", scopes=READ)
        await changed(service, f"cases/{case['id']}", {"status": "resolved"})
        link = await got(service, f"cases/{case['id']}/survey-link")
        page = await service.call("GET", f"/s/{link['token']}", headers={"accept-language": "fa"}, scopes=None)
        head = await service.call("HEAD", f"/s/{link['token']}", scopes=None)
        untouched = (await got(service, f"cases/{case['id']}"))["surveys"]
        english = await service.call("GET", f"/s/{link['token']}", headers={"accept-language": "de,en"}, scopes=None)
        answers = [await click(service, link["token"], body) for body in ("score=2", "score=4&remark=" + quote("خوب بود"), "score=4", "score=9", "", "score=%ff")]
        strange = await service.call("GET", f"/s/{link['token'][:-3]}abc", scopes=None)
        strange_post = await click(service, "x" * 40, "score=5")
        after = (await got(service, f"cases/{case['id']}"))["surveys"]
        await settle(platform)
        told = await facts(platform.log, "ecrm.interaction.survey_answered.v1", SurveyAnswered)
        resolved = await facts(platform.log, "ecrm.interaction.case_resolved.v1", CaseResolved)
    assert refused(early) == (409, "case.not_resolved")
    assert link["url"].endswith(f"/s/{link['token']}")
    text = page.body.decode()
    assert 'lang="fa" dir="rtl"' in text
    assert "بسیار راضی" in text
    assert "&lt;b&gt;broken" in text
    assert "<b>broken" not in text
    assert 'lang="en" dir="ltr"' in english.body.decode()
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert (page.headers["cache-control"], head.status, untouched[0]["score"]) == ("no-store", 200, None)
    assert [answer.status for answer in answers] == [200, 200, 200, 422, 422, 422]
    assert [(one["resolution"], one["score"], one["remark"], one["employee_id"]) for one in after] == [(1, 4, "خوب بود", sara["id"])]
    assert (strange.status, strange_post.status) == (404, 404)
    assert [(fact.score, fact.employee_id, fact.customer_id, fact.channel) for fact in told] == [(2, sara["id"], ANNA, "call"), (4, sara["id"], ANNA, "call")]
    assert [fact.survey for fact in resolved] == [link["token"]]


async def test_averages_of_few_answers_are_hidden_and_times_are_told_by_channel(cluster: PrivateCluster) -> None:
    """C12: p50 and p95 by channel."""
    async with started(cluster, "interaction") as platform:
        service = platform["interaction"]
        sara = await employee(service, "Sara", team_ids=[DESK])
        shown = []
        for number in range(5):
            case = await case_of(service, await contact(platform, "fax" if number % 2 else "call", **(TOUCHPOINTS["fax"] if number % 2 else TOUCHPOINTS["call"])))
            await changed(service, f"cases/{case['id']}", {"status": "resolved"})
            link = await got(service, f"cases/{case['id']}/survey-link")
            await click(service, link["token"], f"score={number + 1}")
            shown.append((await got(service, "cases/figures"))["employees"][0]["satisfaction"])
        figures = await got(service, "cases/figures")
        nobody = await service.call("GET", "/api/v1/cases/figures?since=2026-02-01T00:00:00Z&until=2026-01-01T00:00:00Z", scopes=READ)
    assert shown == [None, None, None, None, 3.0]
    assert [(row["employee_id"], row["resolved"], row["answers"], row["open_cases"]) for row in figures["employees"]] == [(sara["id"], 5, 5, 0)]
    channels = {row["channel"]: row for row in figures["channels"]}
    assert {channel: (row["opened"], row["taken"], row["resolved"]) for channel, row in channels.items()} == {"call": (3, 3, 3), "fax": (2, 2, 2)}
    assert all(0 <= row["responsible_p50_s"] <= row["responsible_p95_s"] < 15 for row in channels.values())
    assert figures["total"]["opened"] == 5
    assert refused(nobody) == (422, "figures.bad_period")


async def test_the_view_of_touch_points_shows_in_out_waiting_outcome_and_who_uses_them(cluster: PrivateCluster) -> None:
    """M13."""
    async with started(cluster, "interaction") as platform:
        service = platform["interaction"]
        await know(platform, {"user:anna": ANNA, "email:anna@example.com": ANNA, "user:boris": BORIS})
        await employee(service, "Sara", team_ids=[DESK])
        first = await contact(platform, "call", answered=True, duration_s=10, outcome="called back")
        await contact(platform, "call", "user:boris", answered=False, duration_s=0, outcome="no answer")
        await contact(platform, "call", "user:boris", answered=True, duration_s=30, initiator="company", outcome="no answer")
        await contact(platform, "email", "email:anna@example.com", **TOUCHPOINTS["email"])
        await contact(platform, "letter", "user:stranger", direction="outbound", letter_date="2026-01-05", initiator="company")
        case = await case_of(service, first)
        await changed(service, f"cases/{case['id']}", {"status": "resolved", "outcome": "solved"})
        since = quote((service.service.clock.now() - timedelta(hours=1)).isoformat())
        await until(lambda: _all_of_them(service, since))
        view = await got(service, f"touchpoints/figures?since={since}")
        callers = await got(service, f"touchpoints/call/customers?since={since}&limit=1")
        more = await got(service, f"touchpoints/call/customers?since={since}&page_token={callers['next_page_token']}")
        letters = await got(service, f"touchpoints/letter/customers?since={since}")
    channels = {row["channel"]: row for row in view["channels"]}
    assert {channel: (row["contacts_in"], row["contacts_out"], row["kinds"][0]["customers"]) for channel, row in channels.items()} == {
        "call": (2, 1, 2), "email": (1, 0, 1), "letter": (0, 1, 1),
    }
    assert channels["call"]["outcomes"] == {"no answer": 2, "called back": 1, "case: solved": 1, "case: open": 1}
    assert 0 <= channels["call"]["responsible_p50_s"] < 15
    assert channels["letter"]["responsible_p50_s"] is None
    assert {row["customer_id"]: (row["contacts_in"], row["contacts_out"]) for row in (*callers["data"], *more["data"])} == {ANNA: (1, 0), BORIS: (1, 1)}
    assert [(row["customer_id"], len(row["identity"])) for row in letters["data"]] == [(None, 32)]


async def _all_of_them(service: TestService, since: str) -> bool:
    view = await got(service, f"touchpoints/figures?since={since}")
    return bool(sum(row["contacts_in"] + row["contacts_out"] for row in view["channels"]) == 5)


async def test_bad_input_is_refused_with_what_to_do(cluster: PrivateCluster) -> None:
    async with started(cluster, "interaction") as platform:
        service = platform["interaction"]
        case = await made(service, "cases", {"subject": "One"})
        gone = await made(service, "cases", {"subject": "Two"})
        await changed(service, f"cases/{gone['id']}/merge", {"into": case["id"]}, method="POST")
        path = f"/api/v1/cases/{case['id']}"
        asked: list[tuple[str, str, Any, int, str]] = [
            ("POST", "/api/v1/cases", {"subject": " "}, 422, "request.invalid"),
            ("POST", "/api/v1/cases", {"subject": "x", "mood": "bad"}, 422, "request.invalid"),
            ("POST", "/api/v1/cases", {"subject": "x", "customer": "nobody"}, 422, "interaction.invalid_data"),
            ("POST", "/api/v1/cases", {"subject": "x", "team_id": ANNA}, 422, "request.unknown_reference"),
            ("PATCH", path, {"status": "merged"}, 422, "request.invalid"),
            ("POST", f"{path}/replies", {"text": "hello"}, 409, "case.no_address"),
            ("POST", f"{path}/replies", {"text": "hello", "kind": "fax", "fields": {"customer": "user:1"}}, 422, "interaction.invalid_data"),
            ("POST", f"{path}/replies", {"text": "hello", "kind": "fax", "fields": {"case_id": ANNA}}, 422, "request.invalid"),
            ("POST", f"{path}/notes", {"content": "x", "employee_id": ANNA}, 422, "request.unknown_reference"),
            ("POST", f"{path}/relations", {"case_id": ANNA}, 422, "request.unknown_reference"),
            ("POST", f"{path}/merge", {"into": case["id"]}, 422, "case.bad_merge"),
            ("POST", f"{path}/merge", {"into": ANNA}, 422, "request.unknown_reference"),
            ("POST", f"/api/v1/cases/{gone['id']}/notes", {"content": "x"}, 409, "case.merged"),
            ("PATCH", f"/api/v1/cases/{ANNA}", {"priority": "low"}, 404, "case.unknown"),
            ("POST", f"/api/v1/customers/{ANNA}/notes", {"kind": "gossip", "content": "x"}, 422, "request.invalid"),
        ]
        for method, address, body, status, code in asked:
            answer = await service.call(method, address, json=body, scopes=WRITE)
            assert refused(answer) == (status, code), (address, body, answer.json())
        tags = [(await service.call("GET", f"/api/v1/cases?page_token={token}", scopes=READ)).json()["code"] for token in ("x", "WyJhIiwiYiJd")]
        await changed(service, f"cases/{case['id']}", {"status": "closed"})
        back = await service.call("PATCH", path, json={"status": "waiting"}, scopes=WRITE)
        reading = await service.call("PATCH", path, json={"status": "open"}, scopes=READ)
    assert tags == ["page.bad_token"] * 2
    assert (refused(back), reading.status) == ((409, "case.bad_move"), 403)
