"""`unmerge(merge(x)) = x`: random histories with merges and undoings end where the same histories without them end."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any, NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from launcher.embedded_postgres import PrivateCluster
from tests.integration.customer.asking import ask, got, owner
from tests.support.platform import TestPlatform, started

PEOPLE = 4
_worlds = itertools.count(1)


class Said(NamedTuple):
    """A system tells of a person, under one of their identities, and may name a new one."""

    person: int
    under: int
    trait: str
    value: int
    new: str | None


class Joined(NamedTuple):
    one: int
    two: int


class Parted(NamedTuple):
    which: int


people = st.integers(0, PEOPLE - 1)
said = st.builds(
    Said, people, st.integers(0, 9), st.sampled_from(["plan", "city", "email"]), st.integers(0, 5), st.sampled_from([None, "ext:crm:", "anon:"])
)
steps = st.lists(st.one_of(said, said, st.builds(Joined, people, people), st.builds(Parted, st.integers(0, 9))), max_size=14)
Step = Said | Joined | Parted


async def played(platform: TestPlatform, history: list[Step], order: list[int], *, merging: bool) -> list[Any]:
    """Each person at the end of a history; all merges that are left are undone, `order` says in which order."""
    world = f"w{next(_worlds)}"
    known = [[f"user:{world}-{person}"] for person in range(PEOPLE)]
    merges: list[str] = []
    for person, identities in enumerate(known):
        await _register(platform, identities, {"nick": f"{person}"})
    for number, step in enumerate(history):
        if isinstance(step, Said):
            identities = known[step.person]
            named = [identities[step.under % len(identities)]]
            if step.new:
                named.append(f"{step.new}{world}-{step.person}-{number}")
                identities.append(named[1])
            value = f"{world}-{step.person}-{step.value}@x.example" if step.trait == "email" else step.value
            if step.trait == "email":
                identities += [f"email:{value}"] if f"email:{value}" not in identities else []
            await _register(platform, named, {step.trait: value})
        elif merging and isinstance(step, Joined):
            pair = [await owner(platform, known[person][0]) for person in (step.one, step.two)]
            answer = await ask(platform, "POST", "/merges", {"survivor_id": pair[0], "merged_id": pair[1]})
            assert answer.status == (409 if pair[0] == pair[1] else 201), answer.body
            merges += [answer.json()["merge_id"]] if pair[0] != pair[1] else []
        elif merging and merges:
            assert isinstance(step, Parted)
            await _undo(platform, merges.pop(step.which % len(merges)))
    for place in order:
        if merges:
            await _undo(platform, merges.pop(place % len(merges)))
    for merge in merges:
        await _undo(platform, merge)
    return [await _person(platform, identities, world) for identities in known]


async def _register(platform: TestPlatform, identities: list[str], traits: dict[str, Any]) -> None:
    answer = await ask(platform, "POST", "/customers?upsert=true", {"identities": identities, "traits": traits})
    assert answer.status in {200, 201}, answer.body


async def _undo(platform: TestPlatform, merge: str) -> None:
    answer = await ask(platform, "POST", f"/merges/{merge}/undo")
    assert answer.status == 200, answer.body


async def _person(platform: TestPlatform, identities: list[str], world: str) -> Any:
    """Profile, provenance, identities and history of a person, without what differs between two worlds by its nature."""
    customer = await owner(platform, identities[0])
    view = await got(platform, f"/customers/{customer}")
    past = (await got(platform, f"/customers/{customer}/history?limit=500"))["data"]
    assert set(view["identities"]) == set(identities)
    assert view["merged"] == []
    plain = [
        view["traits"], view["known"], view["name"], view["email"], sorted(view["identities"]),
        {name: (each["value"], each["authority"], each["source"]) for name, each in view["provenance"].items()},
        [(row["trait"], row["value"], row["removed"], row["authority"]) for row in past],
    ]
    return _without(plain, world)


def _without(value: Any, world: str) -> Any:
    if isinstance(value, str):
        return value.replace(f"{world}-", "")
    if isinstance(value, list | tuple):
        return [_without(item, world) for item in value]
    return {name: _without(item, world) for name, item in value.items()} if isinstance(value, dict) else value


def test_unmerge_is_the_inverse_of_merge(cluster: PrivateCluster) -> None:
    """U5 N2: identities, profile, provenance and history, in random order of undoing, with events in between.

    `--hypothesis-profile=deep` plays 1,000 histories, else 15.
    """
    with asyncio.Runner() as runner:
        platforms = started(cluster, "customer", read=False)
        platform = runner.run(platforms.__aenter__())

        examples = settings().max_examples

        @settings(max_examples=examples if examples > 100 else 15, deadline=None, suppress_health_check=list(HealthCheck))
        @given(steps, st.lists(st.integers(0, 9), max_size=6))
        def plays(history: list[Step], order: list[int]) -> None:
            with_merges = runner.run(played(platform, history, order, merging=True))
            assert with_merges == runner.run(played(platform, history, order, merging=False))

        try:
            plays()
        finally:
            runner.run(platforms.__aexit__(None, None, None))
