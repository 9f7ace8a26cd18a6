"""Surveys, panels and focus groups: questions, answers and waves, tied to persons where known."""

from __future__ import annotations

from typing import Any

import pytest

from launcher.embedded_postgres import PrivateCluster
from tests.integration.interaction.support import published, settle
from tests.integration.interaction.test_orders import ANNA, know
from tests.support.platform import started

pytestmark = pytest.mark.asyncio

PANEL: dict[str, Any] = {
    "title": "Readers", "kind": "panel",
    "questions": [
        {"question_id": "nps", "text": "Would you recommend us?", "kind": "number", "least": 0, "most": 10, "trait": "nps"},
        {"question_id": "colour", "text": "Which colour?", "kind": "choice", "choices": ["red", "blue"]},
        {"question_id": "topics", "text": "Which topics?", "kind": "choices", "choices": ["art", "sport"]},
        {"question_id": "why", "text": "Why?"},
    ],
    "waves": [{"wave": "spring"}, {"wave": "autumn", "opens_on": "2020-09-01"}, {"wave": "past", "closes_on": "2020-01-31"}],
}


async def test_answers_belong_to_waves_and_persons_and_become_traits(cluster: PrivateCluster) -> None:
    """D21"""
    async with started(cluster, "interaction") as platform:
        service = platform["interaction"]
        await know(platform, {"user:anna": ANNA})
        put = await service.call("PUT", "/api/v1/surveys/readers", json=PANEL)

        async def post(**body: Any) -> Any:
            return await service.call("POST", "/api/v1/surveys/readers/answers", json=body)

        first = await post(id="a1", wave="spring", customer="user:anna", answers={"nps": 9, "colour": "red", "topics": ["art", "sport"], "why": "good"})
        again = await post(id="a1", wave="spring", customer="user:anna", answers={"nps": 9, "colour": "red", "topics": ["art", "sport"], "why": "good"})
        await settle(platform)
        changed = await post(wave="spring", customer="user:anna", answers={"nps": 7})
        later = await post(wave="autumn", customer="user:anna", answers={"nps": 10})
        unknown = await post(wave="spring", answers={"nps": 2, "colour": "blue"})
        await settle(platform)
        results = (await service.call("GET", "/api/v1/surveys/readers/results")).json()["data"]
        spring = (await service.call("GET", "/api/v1/surveys/readers/results?wave=spring")).json()["data"]
        mine = (await service.call("GET", f"/api/v1/customers/{ANNA}/surveys")).json()["data"]
        seen = (await service.call("GET", f"/api/v1/customers/{ANNA}/timeline?kind=survey")).json()["data"]
        told = [event for event in await published(platform.log) if event.kind == "identify"]
        listed = (await service.call("GET", "/api/v1/surveys")).json()["data"]
    assert put.status == 200
    assert (first.json()["ids"], changed.status, later.status, unknown.status) == (again.json()["ids"], 202, 202, 202)
    counts = {(row["wave"], row["question_id"]): (row["answers"], row["mean"], row["counts"]) for row in results}
    assert counts["spring", "nps"] == (2, 4.5, {"7": 1, "2": 1})
    assert counts["autumn", "nps"] == (1, 10.0, {"10": 1})
    assert counts["spring", "topics"] == (1, None, {"art": 1, "sport": 1})
    assert {row["wave"] for row in spring} == {"spring"}
    assert {(row["wave"], row["question_id"]): row["answer"] for row in mine}["spring", "nps"] == 7
    assert len(mine) == 5
    assert len(seen) == 6
    assert sorted(bytes(event.personal.traits) for event in told) == [b'{"nps":10}', b'{"nps":7}', b'{"nps":9}']
    assert [(row["survey_id"], row["kind"], len(row["questions"])) for row in listed] == [("readers", "panel", 4)]


async def test_answers_that_do_not_fit_are_refused_with_the_question(cluster: PrivateCluster) -> None:
    """D21"""
    async with started(cluster, "interaction") as platform:
        service = platform["interaction"]
        await service.call("PUT", "/api/v1/surveys/readers", json=PANEL)

        async def post(wave: str = "spring", **answers: Any) -> Any:
            return await service.call("POST", "/api/v1/surveys/readers/answers", json={"wave": wave, "answers": answers})

        faulty = [await post(nps=11), await post(nps="9"), await post(colour="green"), await post(topics=["x"]), await post(why=""), await post(age=3)]
        closed, odd = await post("past", nps=3), await post("never", nps=3)
        missing = await service.call("POST", "/api/v1/surveys/none/answers", json={"answers": {"a": 1}})
        twice = await service.call("PUT", "/api/v1/surveys/x", json={**PANEL, "questions": PANEL["questions"][:1] * 2})
        reader = await service.call("PUT", "/api/v1/surveys/x", json=PANEL, scopes=["interactions:read"])
        await settle(platform)
        results = (await service.call("GET", "/api/v1/surveys/readers/results")).json()["data"]
    assert [(answer.status, answer.json()["code"]) for answer in faulty] == [(422, "survey.bad_answer")] * 6
    assert [answer.json()["errors"][0]["pointer"] for answer in faulty][:3] == ["/answers/nps", "/answers/nps", "/answers/colour"]
    assert [answer.json()["code"] for answer in (closed, odd)] == ["survey.closed"] * 2
    assert (missing.status, twice.json()["code"], reader.status) == (404, "survey.names", 403)
    assert results == []
