"""One identity taken out of a customer it never was merged into, and put back."""

from __future__ import annotations

import asyncio
import itertools
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chassis.clock import Clock
from launcher.embedded_postgres import PrivateCluster
from tests.integration.consent.test_statements import standing
from tests.integration.customer.asking import ask, got, owner, registered
from tests.integration.customer.happenings import append, happened
from tests.integration.interaction.support import RECEIVED, checked
from tests.support.platform import TestPlatform, started

FAST = {"consent": {"barrier_seconds": 0.3}}
_numbers = itertools.count(1)


def event(kind: str, minute: int, **given: Any) -> dict[str, Any]:
    at = RECEIVED - timedelta(hours=9) + timedelta(minutes=minute)
    return {"type": kind, "messageId": f"split-{next(_numbers)}", "timestamp": at.isoformat(), **given}


async def collect(platform: TestPlatform, *events: dict[str, Any]) -> None:
    await platform.log.append(checked(events))
    await platform.drain()


async def timeline(platform: TestPlatform, customer: str) -> list[str]:
    answer = await platform["interaction"].call("GET", f"/api/v1/customers/{customer}/timeline")
    assert answer.status == 200, answer.body
    return [entry["name"] or entry["kind"] for entry in reversed(answer.json()["data"])]


async def split(platform: TestPlatform, customer: str, identity: str, **options: Any) -> Any:
    answer = await ask(platform, "POST", f"/customers/{customer}/identities/{identity}/split", {"reason": "a shared phone"}, **options)
    assert answer.status == 201, answer.body
    await platform.drain()
    return answer.json()


async def consent(platform: TestPlatform, word: str, **said: str) -> None:
    body = {"purpose": "marketing", "source": "form", **said}
    assert (await platform["consent"].call("POST", f"/api/v1/consents/{word}", json=body)).status in {200, 201}
    await platform.drain()


@pytest.mark.asyncio
async def test_an_identity_is_split_off_with_all_that_is_its_own_and_put_back(cluster: PrivateCluster) -> None:
    """U5: preview, events, traits, addresses and consent go along; no event ties the two again; undoing brings everything together."""
    async with started(cluster, "customer", "interaction", "consent", given=FAST) as platform:
        await collect(
            platform,
            event("identify", 0, userId="ada", anonymousId="phone-1", traits={"city": "Shiraz", "plan": "gold"}),
            event("track", 1, userId="ada", event="Mine"),
        )
        await collect(platform, event("identify", 3, anonymousId="phone-1", traits={"city": "Yazd", "nick": "Bob"}))
        # Told earlier and heard later: it counts only once the other voice is gone.
        await collect(platform, event("identify", 2, userId="ada", traits={"city": "Tehran"}), event("track", 4, anonymousId="phone-1", event="His"))
        ada = await owner(platform, "user:ada")
        assert ada is not None and await owner(platform, "anon:phone-1") == ada
        await consent(platform, "grants", identity="anon:phone-1", channel="sms")
        await consent(platform, "grants", identity="user:ada", channel="email")
        await consent(platform, "withdrawals", customer_id=ada, channel="push")
        before = await got(platform, f"/customers/{ada}")
        assert before["traits"] == {"city": "Yazd", "nick": "Bob", "plan": "gold"}
        known_before = Clock().now()

        path = f"/customers/{ada}/identities/anon:phone-1/split"
        shown = (await ask(platform, "POST", f"{path}/preview")).json()
        assert (shown["stays"]["traits"], shown["goes"]["traits"]) == ({"city": "Tehran", "plan": "gold"}, {"city": "Yazd", "nick": "Bob"})
        assert (shown["stays"]["identities"], shown["goes"]["identities"], shown["only_identity"]) == (["user:ada"], ["anon:phone-1"], False)
        assert (await got(platform, f"/customers/{ada}"))["traits"] == before["traits"]

        done = await split(platform, ada, "anon:phone-1", headers={"if-match": f'"{before["version"]}"'})
        bob = done["customer_id"]
        assert (done["from_id"], await owner(platform, "anon:phone-1")) == (ada, bob)
        one, two = await got(platform, f"/customers/{ada}"), await got(platform, f"/customers/{bob}")
        assert (one["traits"], two["traits"]) == (shown["stays"]["traits"], shown["goes"]["traits"])
        assert (one["known"], two["known"], one["version"] > before["version"]) == (True, False, True)
        assert sorted(await timeline(platform, ada)) == ["Mine", "identify", "identify"]
        assert sorted(await timeline(platform, bob)) == ["His", "identify"]
        assert [(await standing(platform, who, channel="sms"))["state"] for who in (ada, bob)] == ["unspoken", "granted"]
        assert [(await standing(platform, who, channel="email"))["state"] for who in (ada, bob)] == ["granted", "unspoken"]
        assert [(await standing(platform, who, channel="push"))["state"] for who in (ada, bob)] == ["withdrawn", "withdrawn"]
        past = await got(platform, f"/customers/{bob}?as_of={known_before.isoformat().replace('+00:00', 'Z')}")
        assert (past["id"], past["traits"], sorted(past["identities"])) == (ada, before["traits"], ["anon:phone-1", "user:ada"])
        (listed,) = (await got(platform, f"/merges?customer={bob}"))["data"]
        assert (listed["split"], listed["reason"], listed["undone_at"]) == (True, "a shared phone", done["split_at"])

        # The next events do not tie them again.
        await collect(platform, event("identify", 5, userId="ada", anonymousId="phone-1", traits={"plan": "silver"}))
        assert (await owner(platform, "anon:phone-1"), await owner(platform, "user:ada")) == (bob, ada)

        answer = await ask(platform, "POST", f"/customers/{bob}/identities/anon:phone-1/split/undo")
        assert answer.status == 200, answer.body
        await platform.drain()
        together = await got(platform, f"/customers/{ada}")
        assert together["traits"] == before["traits"] | {"plan": "silver"}
        assert sorted(together["identities"]) == sorted(before["identities"])
        assert len(await timeline(platform, ada)) == 6
        # A merge like any other: taken back once more, each is alone again.
        assert (await ask(platform, "POST", f"/merges/{answer.json()['merge_id']}/undo")).status == 200
        assert (await got(platform, f"/customers/{bob}"))["traits"] == two["traits"]


@pytest.mark.asyncio
async def test_what_cannot_be_split_is_refused_with_the_reason(cluster: PrivateCluster) -> None:
    """U5: bad input."""
    async with started(cluster, "customer", read=False) as platform:
        one = await registered(platform, "user:1", "ext:crm:1", email="one@x.example")
        alone = await registered(platform, "user:2")
        for customer, identity, status, code in (
            (one, "user:2", 404, "identity.unknown"), (one, "nonsense", 422, "customer.bad_identity"), (alone, "user:2", 409, "identity.only_one"),
            ("00000000-0000-7000-8000-000000000000", "user:2", 404, "customer.unknown"),
        ):
            answer = await ask(platform, "POST", f"/customers/{customer}/identities/{identity}/split")
            assert (answer.status, answer.json()["code"]) == (status, code)
        late = await ask(platform, "POST", f"/customers/{one}/identities/ext:crm:1/split", headers={"if-match": '"99"'})
        assert (late.status, late.json()["code"]) == (412, "customer.changed_meanwhile")
        answer = await ask(platform, "POST", f"/customers/{one}/identities/ext:crm:1/split/undo")
        assert (answer.status, answer.json()["code"]) == (409, "identity.not_split")
        # An address goes with what was stated of it, and is the profile's no longer.
        points = {"contact_points": [{"kind": "email", "value": "one@x.example", "state": "verified"}]}
        assert (await ask(platform, "PUT", f"/customers/{one}/contact-points", points)).status == 200
        gone = (await ask(platform, "POST", f"/customers/{one}/identities/email:one@x.example/split")).json()["customer_id"]
        (point,) = (await got(platform, f"/customers/{gone}/contact-points"))["data"]
        assert (point["value"], point["state"]) == ("one@x.example", "verified")
        # The address was told under user:1, so the trait stays a trait there; it recognises the other one.
        assert (await got(platform, f"/customers/{one}"))["identities"].count("email:one@x.example") == 0
        third = await registered(platform, "user:3")
        assert (await ask(platform, "POST", "/merges", {"survivor_id": third, "merged_id": gone})).status == 201
        answer = await ask(platform, "POST", f"/customers/{gone}/identities/email:one@x.example/split/undo")
        assert (answer.status, answer.json()["code"]) == (409, "identity.merged_since")


class Word(NamedTuple):
    """Somebody tells a trait at a time, under the first or the second identity."""

    under: int
    trait: str
    value: int
    minute: int
    server: bool


words = st.builds(Word, st.integers(0, 1), st.sampled_from(["plan", "city"]), st.integers(0, 4), st.integers(0, 30), st.booleans())


async def told(platform: TestPlatform, world: str, chosen: list[Word]) -> None:
    await append(platform.log, [
        happened(
            "identify", f"user:{world}" if word.under == 0 else f"ext:crm:{world}", traits={word.trait: word.value}, minute=word.minute,
            authority="server" if word.server else "browser", event_id=f"{world}-{number}",
        )
        for number, word in enumerate(chosen)
    ])
    await platform.drain()


async def lived(platform: TestPlatform, chosen: list[Word], *, apart: bool) -> list[Any]:
    """The two identities' traits and history in the end, when they were one for a while, or never."""
    world = f"s{next(_numbers)}"
    keys = [f"user:{world}", f"ext:crm:{world}"]
    if apart:
        for key in keys:
            await registered(platform, key)
    else:
        await registered(platform, *keys)
    await told(platform, world, chosen)
    if not apart:
        customer = await owner(platform, keys[0])
        answer = await ask(platform, "POST", f"/customers/{customer}/identities/{keys[1]}/split")
        assert answer.status == 201, answer.body
    found = []
    for key in keys:
        view = await got(platform, f"/customers/{await owner(platform, key)}")
        found.append((view["traits"], {name: (each["value"], each["authority"], each["set_at"]) for name, each in view["provenance"].items()}))
    return found


def test_a_split_ends_as_if_the_two_had_never_been_one(cluster: PrivateCluster) -> None:
    """U5: whatever was told under either identity in whatever order."""
    with asyncio.Runner() as runner:
        platforms = started(cluster, "customer")
        platform = runner.run(platforms.__aenter__())

        @settings(max_examples=200 if settings().max_examples > 100 else 12, deadline=None, suppress_health_check=list(HealthCheck))
        @given(st.lists(words, max_size=8))
        def lives(chosen: list[Word]) -> None:
            assert runner.run(lived(platform, chosen, apart=False)) == runner.run(lived(platform, chosen, apart=True))

        try:
            lives()
        finally:
            runner.run(platforms.__aexit__(None, None, None))
