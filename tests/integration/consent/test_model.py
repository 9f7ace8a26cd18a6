"""Random histories of grants, withdrawals, merges and permits against a model that just plays them in order."""

from __future__ import annotations

import random
from uuid import UUID

import pytest

from chassis.ids import new_id
from launcher.embedded_postgres import PrivateCluster
from services.consent import commands
from services.consent.commands import Grant, Subject
from services.consent.commands.permitting import Member
from services.consent.settings import ConsentService
from tests.support.platform import started

pytestmark = pytest.mark.asyncio

CHANNELS = ("email", "sms")
PURPOSES = {"marketing": None, "service": "granted"}  # what nothing said means


class Model:
    """One state per family; a merge takes the stricter; everything said later simply replaces it."""

    def __init__(self) -> None:
        self.root: dict[UUID, UUID] = {}
        self.said: dict[tuple[UUID, str, str], str] = {}

    def top(self, customer: UUID) -> UUID:
        while customer in self.root:
            customer = self.root[customer]
        return customer

    def say(self, customer: UUID, purpose: str, channel: str, state: str) -> None:
        self.said[self.top(customer), purpose, channel] = state

    def merge(self, survivor: UUID, merged: UUID) -> None:
        root = self.top(survivor)
        for purpose in PURPOSES:
            for channel in CHANNELS:
                both = {self.said.get((one, purpose, channel)) for one in (root, merged)} - {None}
                if both:
                    self.said[root, purpose, channel] = "withdrawn" if "withdrawn" in both else "granted"
        self.root[merged] = root

    def allowed(self, customer: UUID, purpose: str, channel: str) -> bool:
        return (self.said.get((self.top(customer), purpose, channel)) or PURPOSES[purpose]) == "granted"


async def play(service: ConsentService, chance: random.Random) -> int:
    """One history of four customers; returns how many answers were compared."""
    model, customers, compared = Model(), [new_id() for _ in range(4)], 0
    for _ in range(chance.randint(4, 14)):
        customer, purpose, channel = chance.choice(customers), chance.choice(list(PURPOSES)), chance.choice(CHANNELS)
        act = chance.choice(["grant", "grant", "withdraw", "withdraw", "merge", "permit"])
        if act == "grant":
            await commands.grant_consents(service, grants=[Grant(Subject(customer), purpose, channel, "t", {})], actor="t")
            model.say(customer, purpose, channel, "granted")
        elif act == "withdraw":
            await commands.withdraw_consent(
                service, subject=Subject(customer), purpose=purpose, channel=channel, source="t", evidence={}, actor="t"
            )
            model.say(customer, purpose, channel, "withdrawn")
        elif act == "merge":
            merged = chance.choice(customers)
            if merged in model.root or model.top(customer) == merged:
                continue
            async with service.transaction() as tx:
                await commands.merge_customers(service, tx, survivor=customer, merged=merged, merged_at=service.clock.now())
            model.merge(customer, merged)
        members = [Member(one, some, how, "s", "") for one in customers for some in PURPOSES for how in CHANNELS]
        given = await commands.grant_permits(service, members=members)
        found = {members[one.asked][:3] for one in given.granted}
        expected = {member[:3] for member in members if model.allowed(*member[:3])}
        assert found == expected, act
        assert len(given.granted) + len(given.denied) == len(members)
        if given.batch_id is not None:
            await commands.close_permits(service, batch_id=given.batch_id, outcomes={})
        compared += len(members)
    return compared


@pytest.mark.parametrize("seed", [11, 12, 13])
async def test_permits_follow_the_model(cluster: PrivateCluster, seed: int) -> None:
    chance = random.Random(seed)
    async with started(cluster, "consent", given={"consent": {"barrier_seconds": 0.1}}) as platform:
        compared = sum([await play(platform["consent"].service, chance) for _ in range(25)])
        assert compared > 2000
        entries = await platform["consent"].service.database.fetch_value("SELECT count(*) FROM entry")
        assert entries > 50
