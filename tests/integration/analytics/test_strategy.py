"""Assessments by date, the mark of going live, staff behind a permission, attributes without use."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.interaction import CaseResolved, SurveyAnswered
from launcher.embedded_postgres import PrivateCluster
from services.analytics.domain import assessments
from tests.integration.analytics.story import DAY, NOW, ask, tell
from tests.support.platform import TestPlatform, started
from tests.unit.analytics.shop import belongs, customer_id, event, order, profile

pytestmark = pytest.mark.asyncio


async def give(platform: TestPlatform, kind: str, day: str, answers: dict[str, Any], subject: str = "", status: int = 201) -> Any:
    return await ask(platform, "POST", f"/assessments/{kind}", {"assessed_on": day, "answers": answers, "subject": subject}, status=status)


ORIENTED = dict.fromkeys(assessments.KINDS["orientation"].items, 3)
FACTORS = dict.fromkeys(assessments.FACTORS, 3)
MATRIX = [[0, 1, 2, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 1, 0], [0, 0, 0, 0, 4], [0, 0, 0, 0, 0]]


async def test_assessments_are_dated_with_trend_and_go_live_waits_for_the_checklist(cluster: PrivateCluster) -> None:
    """M8, M10, M14, M15, M16, K10"""
    async with started(cluster, "analytics") as platform:
        await give(platform, "orientation", "2026-01-01", ORIENTED)
        await give(platform, "orientation", "2026-04-01", ORIENTED | {"customer_1": 5, "customer_2": 5, "customer_3": 5})
        history = await ask(platform, "GET", "/assessments/orientation")
        assert [one["result"]["maturity"] for one in history["data"]] == [0, 2]
        assert history["data"][1]["item_change"]["customer_1"] == 2
        assert (history["data"][1]["change"]["customer"], history["slope"]["customer"], history["data"][1]["result"]["dominant"]) == (2, 2, "customer")

        scored = await give(platform, "readiness_score", "2026-01-01", {"leadership": 80, "project_management": 60, "technology": 90.5})
        assert scored["result"]["score"] == 73.575

        matrix = (await give(platform, "factors", "2026-01-01", FACTORS | {"technology": 1, "influence": MATRIX}))["result"]
        assert (matrix["gives"]["markets"], matrix["takes"]["knowledge_management"], matrix["drives"], matrix["weakest"]) == (3, 4, "markets", "technology")

        offers = [{"name": "ours", "own": True, "price": 3, "quality": 5, "service": 4}, {"name": "A", "own": False, "price": 4, "quality": 3, "service": 3}]
        gap = (await give(platform, "rivals", "2026-01-01", {"offers": offers}, subject="Books"))["result"]
        assert (gap["price_gap"], gap["quality_gap"], gap["service_gap"], gap["gap"]) == (-1, 2, 1, pytest.approx(2 / 3, abs=1e-6))
        assert len((await ask(platform, "GET", "/assessments/rivals?subject=Books"))["data"]) == 1

        await give(platform, "knowledge", "2026-01-01", {"trust": 4, "commitment": 3, "culture": 2, "social": 3})
        again = await give(platform, "knowledge", "2026-01-01", {"trust": 5, "commitment": 3, "culture": 2, "social": 3})
        assert again["result"]["mean"] == 3.25
        assert len((await ask(platform, "GET", "/assessments/knowledge"))["data"]) == 1

        assert (await ask(platform, "POST", "/go-live", status=409))["code"] == "go_live.not_ready"
        ready = dict.fromkeys(assessments.CHECKLIST, True)
        await give(platform, "readiness", "2026-01-01", ready | {"technology": False})
        assert (await ask(platform, "POST", "/go-live", status=409))["missing"] == ["technology"]
        assert (await ask(platform, "GET", "/go-live"))["live"] is False
        await give(platform, "readiness", "2026-02-01", ready | {"technology": {"waived_by": "Sara Ahmadi", "reason": "pilot on one shop"}})
        assert (await ask(platform, "POST", "/go-live", status=201))["result"]["waived"] == ["technology"]
        assert (await ask(platform, "GET", "/go-live"))["live"] is True

        for kind, answers, subject, code, status in (
            ("luck", {}, "", "assessment.unknown", 404), ("orientation", {}, "", "assessment.bad_answer", 422), ("orientation", ORIENTED | {"sales_1": 6}, "", "assessment.bad_answer", 422),
            ("orientation", ORIENTED, "Books", "assessment.bad_answer", 422), ("rivals", {"offers": offers}, "", "assessment.bad_answer", 422), ("rivals", {"offers": offers[:1]}, "B", "assessment.bad_answer", 422),
            ("factors", FACTORS | {"influence": [[1] * 5] * 5}, "", "assessment.bad_answer", 422), ("readiness", ready | {"technology": {"reason": "x"}}, "", "assessment.bad_answer", 422),
            ("readiness_score", {"leadership": True, "project_management": 1, "technology": 1}, "", "assessment.bad_answer", 422),
        ):
            assert (await give(platform, kind, "2026-01-01", answers, subject, status))["code"] == code, (kind, answers)
        assert {one["kind"] for one in (await ask(platform, "GET", "/assessments"))["data"]} == set(assessments.KINDS)


async def test_staff_by_team_and_attributes_without_use(cluster: PrivateCluster) -> None:
    """M9, D15, D20: small groups are hidden, the permission is asked for."""
    async with started(cluster, "analytics") as platform:

        def solved(number: int, team: str) -> CaseResolved:
            return CaseResolved(
                case_id=f"c{number}", resolution=1, kind="billing", channel="email", customer_id=customer_id(number), team_id=team, employee_id=f"e-{team}",
                opened_at=NOW - 3 * DAY, answered_at=NOW - 2 * DAY, resolved_at=NOW - 2 * DAY, survey="s",
            )

        await tell(
            platform.log, *(profile(number, city="Tehran", shoe=42) for number in range(1, 8)), *(belongs(str(number), number) for number in range(1, 8)),
            *(solved(number, "t1") for number in range(1, 6)), *(solved(number, "t2") for number in (6, 7)), order("1", "o1", net=500, at=NOW - DAY), order("6", "o2", net=900, at=NOW - DAY),
            SurveyAnswered(case_id="c1", resolution=1, score=5, customer_id=customer_id(1), team_id="t1", employee_id="e-t1", channel="email", answered_at=NOW - DAY),
            event("1", "Viewed", at=NOW, sku="x", colour="red"),
        )
        await platform.drain()
        found = await ask(platform, "GET", "/staff?by=team")
        assert [(one["key"], one["cases"], one["csat_mean"], one["praise"], one["revenue_after_minor"], one["median_first_answer_s"]) for one in found["data"]] == [("t1", 5, 5, 1, 500, 86400)]
        assert found["hidden"] == 1
        assert [(one["key"], one["praise"]) for one in (await ask(platform, "GET", "/staff?by=employee"))["data"]] == [("e-t1", 1)]
        window = f"from={(NOW - 30 * DAY).date()}&to={(NOW + DAY).date()}"
        share = await ask(platform, "GET", f"/metrics/staff_share?{window}&by=employee")
        assert (share["value"], {one["key"]: (one["numerator"], one["denominator"]) for one in share["groups"]}) == (1, {"e-t1": (500, 1400), "e-t2": (900, 1400)})
        notes = {row["id"]: row["note"] for row in (await ask(platform, "GET", f"/metrics/staff_share/rows?{window}"))["data"]}
        assert notes == {"o1": "e-t1: praise for case c1", "o2": "e-t2: solved case c6"}
        for path in ("staff_share?by=employee", "staff_share/rows"):
            assert (await ask(platform, "GET", f"/metrics/{path}", status=403, scopes=["analytics:read"]))["code"] == "forbidden.scope"
        await ask(platform, "GET", "/metrics/staff_share?by=team", scopes=["analytics:read"])
        await ask(platform, "GET", "/staff", status=403, scopes=["analytics:read"])
        await ask(platform, "POST", "/segments", {"name": "Tehran", "rule": {"trait": "city", "op": "eq", "value": "Tehran"}}, status=201)
        await ask(platform, "POST", "/computed-traits", {"name": "skus", "definition": {"event": "Viewed", "measure": "distinct", "property": "sku"}}, status=201)
        unused = await ask(platform, "GET", "/attributes/unused?days=90")
        assert {(one["kind"], one["name"], one["bearers"]) for one in unused["data"]} == {("trait", "shoe", 7), ("property", "colour", 1)}
        assert (unused["collected"], unused["used"]) == (4, 2)
        assert unused["looked_at"] == ["segments", "computed_traits", "models", "reports"], "nobody answers for the templates here"
        await ask(platform, "POST", "/reports", {"name": "Colours", "figures": [{"key": "red", "sql": "SELECT count(*) FROM events WHERE json_extract_string(properties, '$.colour') = 'red'"}]}, status=201)
        unused = await ask(platform, "GET", "/attributes/unused?days=90")
        assert [one["name"] for one in unused["data"]] == ["shoe"]
        assert (await ask(platform, "GET", "/attributes/unused?days=0", status=422))["code"] == "request.invalid"
