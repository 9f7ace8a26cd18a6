"""Who gets a case: what speaks against whom, the teams' ways, and that the reasons are all there."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.interaction.domain.cases import routing
from services.interaction.domain.cases.routing import Candidate, Choice, Wanted
from services.interaction.domain.working_hours import ALWAYS, Calendar

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
TEAM, OTHER = uuid.UUID(int=1), uuid.UUID(int=2)
SHUT = Calendar(hours={"sunday": [("09:00", "10:00")]})


def person(name: str, **given: Any) -> Candidate:
    values: dict[str, Any] = {
        "id": uuid.uuid5(TEAM, name), "name": name, "email": f"{name}@x.example", "skills": {}, "languages": frozenset(), "capacity": 10,
        "open_cases": 0, "active": True, "away_until": None, "calendar": None, "last_assigned_at": None, "teams": frozenset({TEAM}), **given,
    }
    return Candidate(**values)


def choose(candidates: list[Candidate], *, routing_way: str = "least_busy", **wanted: Any) -> Choice:
    asked = Wanted(TEAM, wanted.get("skills", ()), wanted.get("language"), wanted.get("near", ()))
    return routing.choose(asked, candidates, routing=routing_way, now=NOW, works=lambda calendar: calendar is None or calendar.is_open(NOW))


def test_every_reason_against_somebody_is_kept() -> None:
    """C12."""
    people = [
        person("gone", active=False), person("away", away_until=NOW + timedelta(hours=1)), person("asleep", calendar=SHUT), person("full", open_cases=10),
        person("learning", skills={"billing": 1}), person("unable"), person("deaf", skills={"billing": 5}),
        person("fits", skills={"billing": 3}, languages=frozenset({"fa"}), calendar=ALWAYS),
    ]
    for one in people[:4]:
        one.skills, one.languages = {"billing": 5}, frozenset({"fa"})
    chosen = choose(people, skills=["billing:3"], language="fa")
    assert chosen.candidate is people[-1]
    reasons = {reason: [uuid.UUID(each) for each in found["employees"]] for reason, found in chosen.explained["left_out"].items()}
    assert reasons == {
        "inactive": [people[0].id], "away": [people[1].id], "outside_working_hours": [people[2].id], "full": [people[3].id],
        "skill:billing:3": [people[4].id, people[5].id], "language:fa": [people[6].id],
    }
    assert (chosen.explained["considered"], chosen.explained["fit"]) == (8, 1)


def test_a_language_that_nobody_speaks_is_waived_and_said() -> None:
    chosen = choose([person("one", languages=frozenset({"en"}))], language="fa")
    assert (chosen.candidate is not None, chosen.explained["waived"]) == (True, "language:fa")


def test_who_is_near_comes_first_unless_something_speaks_against_it() -> None:
    """C12: the owner of the customer, whoever had the case before."""
    busy, owner = person("busy", open_cases=0), person("owner", open_cases=9, teams=frozenset({OTHER}))
    assert choose([busy, owner], near=[("owner", "Owner@x.example".lower())]).candidate is owner
    owner.away_until = NOW + timedelta(days=1)
    chosen = choose([busy, owner], near=[("before", str(uuid.UUID(int=9))), ("owner", "OWNER")])
    assert (chosen.candidate, chosen.explained["near"]) == (busy, [{"as": "owner", "employee": str(owner.id), "against": "away"}])


def test_who_had_it_before_does_not_follow_it_to_another_team() -> None:
    before, now = person("before", teams=frozenset({OTHER})), person("now", open_cases=3)
    assert choose([before, now], near=[("before", str(before.id))]).candidate is now


def test_the_ways_of_teams() -> None:
    """U16."""
    early, late, big = (
        person("early", open_cases=5, last_assigned_at=NOW - timedelta(hours=2)), person("late", open_cases=1, last_assigned_at=NOW),
        person("big", open_cases=4, capacity=100, last_assigned_at=NOW - timedelta(hours=1)),
    )
    found = {way: choose([early, late, big], routing_way=way).candidate for way in ("round_robin", "least_busy", "capacity")}
    assert found == {"round_robin": early, "least_busy": late, "capacity": big}


@pytest.mark.parametrize(("people", "hopeless"), [([], True), ([person("one", open_cases=10)], False), ([person("two", capacity=0)], True)])
def test_whether_waiting_helps_is_told(people: list[Candidate], hopeless: bool) -> None:
    chosen = choose(people)
    assert (chosen.candidate, chosen.reason, chosen.hopeless) == (None, "queued", hopeless)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.booleans(), st.integers(0, 3)), max_size=12), st.sampled_from(("round_robin", "least_busy", "capacity")))
def test_nobody_gets_more_than_fits_and_everybody_is_accounted_for(rows: list[tuple[int, int, bool, int]], way: str) -> None:
    people = [
        person(str(number), open_cases=have, capacity=fits, active=active, skills={"a": skill} if skill else {})
        for number, (have, fits, active, skill) in enumerate(rows)
    ]
    chosen = choose(people, routing_way=way, skills=["a:2"])
    left_out = sum(found["count"] for found in chosen.explained["left_out"].values())
    assert left_out + chosen.explained["fit"] == len(people)
    if chosen.candidate is None:
        assert not any(each.active and each.skills.get("a", 0) >= 2 and each.open_cases < each.capacity for each in people)
    else:
        assert chosen.candidate.active
        assert chosen.candidate.open_cases < chosen.candidate.capacity
        assert chosen.candidate.skills["a"] >= 2
