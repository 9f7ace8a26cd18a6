"""On-site decisions: who it is, what they get now, why, and what they do not get without permission."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from launcher.embedded_postgres import PrivateCluster
from services.campaign import commands
from tests.integration.campaign.programmes.club import LOYALTY, Club
from tests.integration.campaign.stage import Stage, stage

pytestmark = pytest.mark.asyncio


async def message(club: Club, name: str, **more: Any) -> str:
    text = {"locales": {"en": {"title": name}, "fa": {"title": f"{name} فارسی"}}, "fallback": ["en"]}
    return str((await club.call("POST", "/site-messages", {"name": name, "placement": "home", **text, **more}, status=201))["id"])


async def ask(club: Club, **given: Any) -> Any:
    return await club.call("POST", "/decisions", {"placement": "home", **given}, status=200)


def shown(answer: Any) -> str | None:
    return None if answer["message"] is None else str(answer["message"]["name"])


async def said(play: Stage, customer_id: str, purposes: dict[str, dict[str, str]] | None) -> None:
    async with play.service.transaction() as tx:
        await commands.replicate_said(tx, said={UUID(customer_id): purposes})


async def test_each_visit_is_recognised_and_told_why(cluster: PrivateCluster) -> None:
    """P15, A19: first time, returning, known, customer; the highest priority that fits, and the reason of every other one."""
    async with stage(cluster, smtp=False, services=("campaign",)) as play:
        club = Club(play)
        await message(club, "welcome", priority=10, conditions={"visitors": ["first_time"]})
        await message(club, "again", priority=5, conditions={"visitors": ["returning"]})
        await message(club, "delivery", priority=20, conditions={"basket_at_least_minor": 1, "basket_below_minor": 5000, "basket_currency": "EUR"})
        await message(club, "customers", priority=15, conditions={"orders_at_least": 1})
        first = await ask(club, anonymous_id="a-1")
        assert (shown(first), first["visitor"]["kind"]) == ("welcome", "first_time")
        assert {one["name"]: one["reason"] for one in first["why"]} == {
            "delivery": "basket", "customers": "unrecognised", "welcome": "chosen", "again": "visitor",
        }
        second = await ask(club, anonymous_id="a-1")
        assert (shown(second), second["visitor"]["kind"]) == ("again", "returning")
        basket = {"total_minor": 3_200, "currency": "EUR", "lines": [{"product_id": "p1", "category": "tea"}]}
        third = await ask(club, anonymous_id="a-1", basket=basket)
        assert (shown(third), third["message"]["values"]) == ("delivery", {"missing_minor": 1800})
        assert shown(await ask(club)) == "welcome"
        ann = await club.person(granted=False)
        known = await ask(club, user_id=ann)
        assert (known["visitor"]["kind"], known["visitor"]["stage"], shown(known)) == ("known", "acquire", None)
        await club.order(ann, 1_000)
        await said(play, ann, {"marketing": {"email": "granted"}})
        bought = await ask(club, user_id=ann, anonymous_id="a-9", locale="fa")
        assert (bought["visitor"]["kind"], shown(bought), bought["message"]["content"]["title"]) == ("customer", "customers", "customers فارسی")
        assert (bought["visitor"]["customer_id"], bought["message"]["values"]) == (ann, {"name": "Ann"})
        assert (await club.call("POST", f"/decisions/{bought['decision_id']}/click", status=204)) is None
        bad = await club.call("POST", "/decisions", {"placement": "home", "identities": ["what"]}, status=422)
        assert bad["code"] == "decision.bad_identity"
        assert (await club.call("POST", f"/decisions/{ann}/click", status=404))["code"] == "decision.unknown"


async def test_nothing_personal_without_permission(cluster: PrivateCluster) -> None:
    """P15, R1, R2: what is chosen by stage, tier or score needs a grant; a withdrawal on the site or everywhere ends it at once."""
    async with stage(cluster, smtp=False, services=("campaign",)) as play:
        club = Club(play)
        await message(club, "personal", conditions={"scores": {"churn": {"at_least": 0.5}}})
        ann = await club.person(granted=False)
        async with play.service.transaction() as tx:
            await commands.note_score(tx, customer_id=UUID(ann), score="churn", value="0.9", at=datetime.now(UTC))
        for purposes, expected in (
            (None, "no_grant"), ({"marketing": {"email": "granted"}}, "chosen"), ({"marketing": {"email": "granted", "on_site": "withdrawn"}}, "withdrawn"),
            ({"marketing": {"email": "granted"}, "*": {"*": "withdrawn"}}, "withdrawn"), ({"service": {"email": "granted"}}, "no_grant"),
        ):
            await said(play, ann, purposes)
            answer = await ask(club, user_id=ann)
            assert (answer["why"][0]["reason"], shown(answer)) == (expected, "personal" if expected == "chosen" else None), purposes


async def test_caps_offers_and_control_groups(cluster: PrivateCluster) -> None:
    """P5, P15, U31: not more often than the cap over all the visitor's devices; an offer only while it can be had; those held out see nothing."""
    async with stage(cluster, smtp=False, services=("campaign",)) as play:
        club = Club(play)
        loyalty = await club.programme(LOYALTY)
        reward = await club.reward(loyalty, points=0, stock=1, tiers=["gold"])
        offer = await message(club, "offer", priority=5, reward_id=reward, cap=2)
        await message(club, "plain")
        ann, bob = await club.person(1, granted=False), await club.person(2, granted=False)
        for one, net in ((ann, 60_000), (bob, 1_000)):
            await club.order(one, net)
            await said(play, one, {"marketing": {"email": "granted"}})
        assert shown(await ask(club, user_id=bob)) == "plain"
        await club.link("device", ann)
        assert [shown(await ask(club, **who)) for who in ({"user_id": ann}, {"user_id": "device"}, {"user_id": ann})] == ["offer", "offer", "plain"]
        await play.sql("UPDATE decision SET at = at - interval '8 days' RETURNING id")
        assert shown(await ask(club, user_id=ann)) == "offer"
        await play.sql("UPDATE decision SET at = at - interval '8 days' RETURNING id")
        await club.call("POST", f"/programmes/rewards/{reward}/redemptions", {"customer_id": ann}, status=201)
        gone = await ask(club, user_id=ann)
        assert (shown(gone), gone["why"][0]["reason"]) == ("plain", "offer")
        await club.call("DELETE", f"/site-messages/{offer}", status=204)
        held = await message(club, "half", priority=9, holdout=0.5)
        answers = [await ask(club, anonymous_id=f"v-{number}") for number in range(30)]
        assert {shown(one) for one in answers} == {"half", None}
        assert [shown(await ask(club, anonymous_id=f"v-{number}")) for number in range(5)] == [shown(one) for one in answers[:5]]
        figures = await club.call("GET", f"/site-messages/{held}/figures")
        assert sum(arm["visitors"] for arm in figures["arms"]) == 30
        assert {arm["arm"] for arm in figures["arms"]} == {"treated", "holdout"}
