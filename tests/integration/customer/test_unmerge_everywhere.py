"""`unmerge(merge(A, B)) = (A, B)` in every service: random lives of two people with and without a mistaken merge end the same."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from launcher.embedded_postgres import PrivateCluster
from tests.integration.campaign.stage import Stage, stage
from tests.integration.customer.asking import ask, owner
from tests.integration.interaction.support import RECEIVED, checked
from tests.support.platform import TestPlatform

SERVICES = ("customer", "interaction", "analytics", "consent", "campaign")
WORLDS = 5
_worlds = itertools.count(1)


class Happened(NamedTuple):
    """An event of a person: under the user id, the device or the address."""

    person: int
    under: str
    name: str


class Told(NamedTuple):
    person: int
    trait: str
    value: str


class Ordered(NamedTuple):
    person: int
    under: str
    amount: int


class Refused(NamedTuple):
    """By the customer's id (while the two are one it holds for both) or by the address."""

    person: int
    channel: str
    by_id: bool


class Granted(NamedTuple):
    person: int
    channel: str


Step = Happened | Told | Ordered | Refused | Granted
people = st.integers(0, 1)
under = st.sampled_from(["user", "anon", "email"])
channels = st.sampled_from(["email", "sms"])
happening = st.one_of(
    st.builds(Happened, people, under, st.sampled_from(["Viewed", "Asked"])), st.builds(Ordered, people, under, st.integers(1, 9)),
    st.builds(Told, people, st.sampled_from(["plan", "city"]), st.sampled_from(["gold", "free", "Yazd"])),
    st.builds(Refused, people, channels, st.booleans()),
)
anything = st.one_of(happening, st.builds(Granted, people, channels))


class Life(NamedTuple):
    """What happens before the merge, while the two are one, and after the undoing."""

    before: list[Step]
    between: list[Step]
    after: list[Step]
    survivor: int


lives = st.builds(Life, st.lists(anything, max_size=5), st.lists(happening, max_size=6), st.lists(anything, max_size=4), people)


class World:
    """Two people of their own, living one of the lives."""

    def __init__(self, platform: TestPlatform, life: Life, *, merging: bool) -> None:
        self.platform = platform
        self.life = life
        self.merging = merging
        self.name = f"w{next(_worlds)}"
        self.clock = itertools.count()
        self.ids: list[str] = []
        self.merge_id = ""
        self.orders = itertools.count(1)

    def key(self, person: int, kind: str) -> str:
        value = f"{self.name}-{person}"
        return f"{value}@x.example" if kind == "email" else value

    def event(self, person: int, kind: str, under: str = "user", **given: Any) -> dict[str, Any]:
        at = RECEIVED - timedelta(hours=10) + timedelta(minutes=next(self.clock))
        who: dict[str, Any] = {"anonymousId": self.key(person, "anon")} if under == "anon" else {"userId": self.key(person, "user")}
        if under == "email":
            who = {"userId": self.key(person, "user"), "context": {"traits": {"email": self.key(person, "email")}}}
        return {"type": kind, "messageId": f"{self.name}-{next(self.clock)}", "timestamp": at.isoformat(), **who, **given}

    def born(self) -> list[dict[str, Any]]:
        return [
            {**self.event(person, "identify"), "anonymousId": self.key(person, "anon"), "traits": {"email": self.key(person, "email"), "nick": str(person)}}
            for person in (0, 1)
        ]

    async def known(self) -> None:
        found = [await owner(self.platform, f"user:{self.key(person, 'user')}") for person in (0, 1)]
        self.ids = [one for one in found if one is not None]
        assert len(set(self.ids)) == 2

    def events(self, steps: Sequence[Step]) -> list[dict[str, Any]]:
        said: list[dict[str, Any]] = []
        for step in steps:
            match step:
                case Happened(person, under, name):
                    said.append(self.event(person, "track", under, event=name))
                case Told(person, trait, value):
                    said.append(self.event(person, "identify", traits={trait: value}))
                case Ordered(person, under, amount):
                    properties = {"order_id": f"{self.name}-o{next(self.orders)}", "total": amount, "currency": "EUR"}
                    said.append(self.event(person, "track", under, event="Order Completed", properties=properties))
        return said

    async def say(self, steps: Sequence[Step], *, between: bool = False) -> None:
        """What people say of consent; without the merge a refusal of that time is said of both."""
        for step in steps:
            if isinstance(step, Granted):
                await self._consent("grants", 201, customer_id=self.ids[step.person], channel=step.channel, source="test")
            elif isinstance(step, Refused) and not step.by_id:
                await self._consent("withdrawals", 200, identity=f"email:{self.key(step.person, 'email')}", channel=step.channel)
            elif isinstance(step, Refused):
                for one in (self.ids if between and not self.merging else [self.ids[step.person]]):
                    await self._consent("withdrawals", 200, customer_id=one, channel=step.channel)

    async def _consent(self, what: str, status: int, **said: Any) -> None:
        answer = await self.platform["consent"].call("POST", f"/api/v1/consents/{what}", json={"purpose": "marketing", **said})
        assert answer.status == status, answer.body

    async def merge(self) -> None:
        pair = [self.ids[self.life.survivor], self.ids[1 - self.life.survivor]]
        answer = await ask(self.platform, "POST", "/merges", {"survivor_id": pair[0], "merged_id": pair[1]})
        assert answer.status == 201, answer.body
        self.merge_id = answer.json()["merge_id"]

    async def part(self) -> None:
        answer = await ask(self.platform, "POST", f"/merges/{self.merge_id}/undo")
        assert answer.status == 200, answer.body

    async def shown(self, segments: Sequence[str], campaign: str) -> list[Any]:
        """Both people as every service shows them, without what differs between two worlds by its nature."""
        return [await self._person(one, segments, campaign) for one in self.ids]

    async def _person(self, customer: str, segments: Sequence[str], campaign: str) -> Any:
        view = await self._got("customer", f"/customers/{customer}")
        timeline = (await self._got("interaction", f"/customers/{customer}/timeline?limit=200"))["data"]
        orders = (await self._got("interaction", f"/customers/{customer}/orders"))["data"]
        scores = await self._got("analytics", f"/customers/{customer}/scores")
        why = [(await self._got("analytics", f"/segments/{segment}/why/{customer}"))["holds"] for segment in segments]
        consent = (await self._got("consent", f"/customers/{customer}/consent"))["purposes"]
        decision = await self._got("campaign", f"/campaigns/{campaign}/decisions/{customer}")
        plain = {
            "customer": [view["id"] == customer, view["traits"], view["known"], sorted(view["identities"]), view["merged"]],
            "provenance": {name: (each["value"], each["source"], each["set_at"]) for name, each in view["provenance"].items()},
            "timeline": sorted((entry["kind"], entry["name"], entry["occurred_at"]) for entry in timeline),
            "orders": sorted((order["order_id"], order["paid_minor"]) for order in orders),
            "scores": [scores["known"], scores["stage"], sorted(one["segment_id"] for one in scores["segments"])],
            "segments": why,
            "consent": {each["purpose"]: {name: one["state"] for name, one in each["channels"].items()} for each in consent},
            "campaign": [decision["receives"], [(check["check"], check["holds"]) for check in decision["checks"]]],
        }
        return _without(plain, self.name)

    async def _got(self, service: str, path: str) -> Any:
        answer = await self.platform[service].call("GET", f"/api/v1{path}")
        assert answer.status == 200, (path, answer.status, answer.body)
        return answer.json()


def _without(value: Any, world: str) -> Any:
    match value:
        case str():
            return value.replace(f"{world}-", "")
        case list() | tuple():
            return [_without(item, world) for item in value]
        case dict():
            return {name: _without(item, world) for name, item in value.items()}
        case _:
            return value


async def collect(platform: TestPlatform, events: list[dict[str, Any]]) -> None:
    """As the collector takes them."""
    if events:
        await platform.log.append(checked(events))
    await platform.drain()


async def play(played: Stage, chosen: list[Life], segments: Sequence[str], campaign: str) -> None:
    """Each life twice, with the merge and without, all of them at once; in the end every two worlds look the same."""
    platform = played.platform
    pairs = [(World(platform, life, merging=True), World(platform, life, merging=False)) for life in chosen]
    worlds = [world for pair in pairs for world in pair]
    await collect(platform, [event for world in worlds for event in world.born()])
    for world in worlds:
        await world.known()
    for phase in ("before", "between", "after"):
        await collect(platform, [event for world in worlds for event in world.events(getattr(world.life, phase))])
        for world in worlds:
            await world.say(getattr(world.life, phase), between=phase == "between")
        await platform.drain()
        for world in worlds:
            if world.merging and phase != "after":
                await (world.merge() if phase == "before" else world.part())
        await platform.drain()
    deadline = time.monotonic() + 15  # segments follow within seconds
    while True:
        shown = [[await world.shown(segments, campaign) for world in pair] for pair in pairs]
        if all(one == other for one, other in shown) or time.monotonic() > deadline:
            break
        await asyncio.sleep(0.3)
    for (one, other), life in zip(shown, chosen, strict=True):
        differing = [(name, a[name], b[name]) for a, b in zip(one, other, strict=True) for name in a if a[name] != b[name]]
        assert not differing, life


async def prepared(played: Stage) -> tuple[list[str], str]:
    """Two segments, by a trait and by orders, and a campaign to the second."""
    segments = []
    for name, rule in (("Gold", {"trait": "plan", "op": "eq", "value": "gold"}), ("Buyers", {"orders": {"measure": "count", "op": "gte", "value": 2}})):
        answer = await played.platform["analytics"].call("POST", "/api/v1/segments", json={"name": name, "rule": rule})
        assert answer.status == 201, answer.body
        segments.append(str(answer.json()["id"]))
    return segments, await played.campaign(segment_id=segments[1])


@pytest.mark.timeout(900)
def test_unmerge_is_the_inverse_of_merge_in_every_service(cluster: PrivateCluster) -> None:
    """N2: profile, identities, timeline, orders, scores, segments, consent and what a campaign would do; events come in between.

    `--hypothesis-profile=deep` plays more.
    """
    with asyncio.Runner() as runner:
        stages = stage(cluster, services=SERVICES, read=True)
        played = runner.run(stages.__aenter__())
        examples = 20 if settings().max_examples > 100 else 3

        @settings(max_examples=examples, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
        @given(st.lists(lives, min_size=WORLDS, max_size=WORLDS))
        def plays(chosen: list[Life]) -> None:
            runner.run(play(played, chosen, segments, campaign))

        try:
            segments, campaign = runner.run(prepared(played))
            plays()
        finally:
            runner.run(stages.__aexit__(None, None, None))
