"""Programmes that act by themselves: who joins, what is sent, what ends it; all of it by e-mail alone."""

from __future__ import annotations

import email
import re
from datetime import UTC, datetime, timedelta
from email.policy import default
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest

from contracts import links as sealed
from launcher.embedded_postgres import PrivateCluster
from services.campaign import commands
from tests.integration.campaign.programmes.club import LOYALTY, SENDER, Club
from tests.integration.campaign.stage import Stage, stage

pytestmark = pytest.mark.asyncio

MAIL = (
    '<mjml><mj-body><mj-section><mj-column><mj-text>{{ customer.name }}, {{ data.programme }}: <a href="{{ data.link }}">here</a> '
    "{{ data.reward.name }}</mj-text></mj-column></mj-section></mj-body></mjml>"
)
DAY = timedelta(days=1)


async def run(play: Stage) -> None:
    while await commands.sweep_programmes(play.service):
        pass
    while await commands.run_programmes(play.service):
        pass
    await play.send_all()


async def score(play: Stage, customer_id: str, name: str, value: str) -> None:
    async with play.service.transaction() as tx:
        assert await commands.note_score(tx, customer_id=UUID(customer_id), score=name, value=value, at=datetime.now(UTC))
        await commands.take_in_customer(tx, customer_id=UUID(customer_id), at=play.service.clock.now())


async def addressee(play: Stage, customer_id: str) -> str:
    found = await play.sql("SELECT email FROM recipient WHERE customer_id = $1", UUID(customer_id))
    return str(found[0]["email"])


def written(play: Stage, address: str) -> str:
    """The HTML of a person's newest mail."""
    raw = [mail for to, mail in play.box.mails if to == address][-1]
    body: Any = email.message_from_bytes(raw, policy=default).get_body(("html",))
    return str(body.get_content())


def links(play: Stage, address: str) -> list[str]:
    """The paths of programme links in a person's newest mail; tracked links are followed to where they lead."""
    opened = [sealed.open_link(play.service.link_secret, commands.CLICK, token)[2] for token in re.findall(r"/t/c/([\w-]+)", written(play, address))]
    return [urlsplit(url).path for url in opened if "/t/p/" in url]


async def test_win_back_joins_by_score_writes_in_steps_and_ends_with_an_order(cluster: PrivateCluster) -> None:
    """P14, P19: entry by churn score, two mails, exit on the first order; those held out get nothing and are counted."""
    async with stage(cluster) as play:
        club = Club(play)
        template = await play.template(body=MAIL)
        settings = {
            "kind": "win_back", "sender": SENDER, "entry": {"scores": {"churn": {"at_least": 0.7}}},
            "steps": [{"template_id": template}, {"template_id": template, "after_days": 5}],
        }
        programme = await club.programme(settings, holdout=0.5)
        people = [await club.person(number) for number in range(12)]
        for number, customer_id in enumerate(people):
            await score(play, customer_id, "churn", "0.9" if number < 10 else "0.2")
        await run(play)
        members = {one["customer_id"]: one for one in (await club.call("GET", f"/programmes/{programme}/members"))["data"]}
        assert set(members) == set(people[:10])
        treated = [one for one in members if members[one]["arm"] == "treated"]
        assert 0 < len(treated) < 10
        assert sorted(play.box.recipients()) == sorted([await addressee(play, one) for one in treated])
        await run(play)
        assert len(play.box.mails) == len(treated)
        await club.order(treated[0], 5_000)
        await club.age(6)
        await run(play)
        assert len(play.box.mails) == 2 * len(treated) - 1
        left = await club.standing(programme, treated[0])
        assert (left["left_reason"], left["next_at"]) == ("ordered", None)
        withheld = await play.sql("SELECT reason, count(*) AS n FROM message WHERE origin = 'programme' AND state = 'suppressed' GROUP BY 1")
        assert {row["reason"]: row["n"] for row in withheld} == {"holdout": 2 * (10 - len(treated))}


async def test_acquisition_is_for_those_who_never_ordered(cluster: PrivateCluster) -> None:
    """P14, M4: entry by stage; whoever orders is out, before the first mail too."""
    async with stage(cluster) as play:
        club = Club(play)
        template = await play.template(body=MAIL)
        ann, bob = await club.person(1), await club.person(2)
        await club.order(bob, 1_000)
        programme = await club.programme(
            {"kind": "acquisition", "sender": SENDER, "entry": {"stages": ["acquire"]}, "steps": [{"template_id": template, "after_days": 1}]}
        )
        await run(play)
        assert [one["customer_id"] for one in (await club.call("GET", f"/programmes/{programme}/members"))["data"]] == [ann]
        for somebody, found in ((ann, [ann]), (programme, [])):
            assert [one["customer_id"] for one in (await club.call("GET", f"/programmes/{programme}/members?customer={somebody}"))["data"]] == found
        await club.order(ann, 1_000)
        await club.age(2)
        await run(play)
        assert play.box.mails == []


async def test_a_reminder_at_ones_own_interval_and_a_purchase_stops_it(cluster: PrivateCluster) -> None:
    """P8: the median gap of the customer's own orders; an order before it sets a new date."""
    async with stage(cluster) as play:
        club = Club(play)
        programme = await club.programme({"kind": "repeat_purchase", "sender": SENDER, "template_id": await play.template(body=MAIL)})
        ann, bob = await club.person(1), await club.person(2)
        now = datetime.now(UTC)
        for days in (100, 69, 40):
            await club.order(ann, 1_000, at=now - days * DAY)
            await club.order(bob, 1_000, at=now - (days - 30) * DAY)
        await run(play)
        assert play.box.recipients() == [await addressee(play, ann)]
        await run(play)
        assert len(play.box.mails) == 1
        due = datetime.fromisoformat((await club.standing(programme, bob))["next_at"])
        assert abs(due - (now + 20 * DAY)) < DAY
        await club.order(bob, 1_000, at=now)
        later = datetime.fromisoformat((await club.standing(programme, bob))["next_at"])
        assert later - due > 5 * DAY


async def test_an_offer_for_a_tier_is_checked_at_send_and_at_redemption(cluster: PrivateCluster) -> None:
    """P5: the mail goes to gold members only; whoever falls out of the tier cannot redeem what the mail offered."""
    async with stage(cluster) as play:
        club = Club(play)
        loyalty = await club.programme({**LOYALTY, "tier_days": 30})
        reward = await club.reward(loyalty, name="Golden cup", points=0, tiers=["gold"])
        settings = {
            "kind": "individual", "sender": SENDER, "entry": {"orders_at_least": 1}, "exit_on_order": False,
            "steps": [{"template_id": await play.template(body=MAIL), "reward_id": reward}],
        }
        ann, bob = await club.person(1), await club.person(2)
        await club.order(ann, 60_000)
        await club.order(bob, 2_000)
        programme = await club.programme(settings)
        await run(play)
        assert play.box.recipients() == [await addressee(play, ann)]
        assert "Golden cup" in written(play, await addressee(play, ann))
        rows = await play.sql("SELECT customer_id, reason FROM message WHERE origin_id = $1 AND state = 'suppressed'", UUID(programme))
        assert [(str(row["customer_id"]), row["reason"]) for row in rows] == [(bob, "offer_reserved")]
        eligible = await club.call("GET", f"/programmes/rewards/{reward}/eligibility/{bob}")
        assert (eligible["allowed"], eligible["reason"]) == (False, "reserved")
        path = links(play, await addressee(play, ann))[0]
        page = await play.http.call("GET", path, scopes=None)
        assert (page.status, "Take your reward" in page.body.decode()) == (200, True)
        assert not await play.sql("SELECT FROM redemption")
        for expected in ("Done", "already"):
            done = await play.http.call("POST", path, scopes=None)
            assert (done.status, expected in done.body.decode()) == (200, True)
        await club.age(31)
        await run(play)
        refused = await club.call("POST", f"/programmes/rewards/{reward}/redemptions", {"customer_id": ann}, status=409)
        assert refused["code"] == "reward.reserved"


async def test_asking_after_a_delivery_and_a_bad_answer(cluster: PrivateCluster) -> None:
    """P11: a question after each delivery; the first answer counts; a bad one opens one case, even if opening it died half-way."""
    async with stage(cluster, services=("consent", "campaign", "interaction")) as play:
        club = Club(play)
        settings = {"kind": "satisfaction", "sender": SENDER, "template_id": await play.template(body=MAIL), "wait_hours": 24}
        await club.programme(settings)
        ann, bob = await club.person(1), await club.person(2)
        now = datetime.now(UTC)
        for customer_id in (ann, bob):
            await club.order(customer_id, 1_000, delivered_at=now + timedelta(minutes=1))
        await run(play)
        assert play.box.mails == []
        await club.age(1.1)
        await run(play)
        assert len(play.box.mails) == 2
        for customer_id, given in ((ann, 1), (bob, 5), (ann, 4)):
            path = links(play, await addressee(play, customer_id))[0]
            answer = await play.http.call(
                "POST", path, body=f"score={given}&words=late".encode(), headers={"content-type": "application/x-www-form-urlencoded"}, scopes=None
            )
            assert answer.status == 200, answer.body
        for _ in range(2):
            await commands.escalate_bad_answers(play.service)
            async with play.service.transaction() as tx:
                await tx.db.execute("UPDATE satisfaction_answer SET case_id = NULL")
        await club.order(bob, 2_000, delivered_at=now + timedelta(minutes=2))  # within the pause: not asked again
        await club.age(31)
        await club.order(bob, 3_000, delivered_at=datetime.now(UTC))
        await club.age(2)
        await run(play)
        assert len(play.box.mails) == 3
        cases = (await play.platform["interaction"].call("GET", "/api/v1/cases")).json()["data"]
        assert [(one["customer_id"], one["priority"]) for one in cases] == [(ann, "high")]


async def test_a_group_by_invitation(cluster: PrivateCluster) -> None:
    """P10, P19: invited by mail, joined by its link, active, and what that did to sales against those who stayed away."""
    async with stage(cluster) as play:
        club = Club(play)
        programme = await club.programme({"kind": "community", "sender": SENDER, "invitation_template_id": await play.template(body=MAIL)})
        group = (await club.call("POST", f"/programmes/{programme}/groups", {"name": "Tea drinkers"}))["id"]
        ann, bob = await club.person(1), await club.person(2)
        now = datetime.now(UTC)
        for customer_id in (ann, bob):
            await club.order(customer_id, 1_000, at=now - 5 * DAY)
        assert set((await club.call("POST", f"/programmes/groups/{group}/invitations", {"customer_ids": [ann, bob]}))["invited"]) == {ann, bob}
        assert (await club.call("POST", f"/programmes/groups/{group}/invitations", {"customer_ids": [ann]}))["invited"] == []
        await run(play)
        assert len(play.box.mails) == 2
        path = links(play, await addressee(play, ann))[0]
        assert (await play.http.call("POST", path, scopes=None)).status == 200
        await club.order(ann, 4_000)
        activity = {"customer_id": ann, "kind": "post", "id": "00000000-0000-7000-8000-000000000001"}
        for _ in range(2):
            await club.call("POST", f"/programmes/groups/{group}/activities", activity)
        refused = await club.call("POST", f"/programmes/groups/{group}/activities", {"customer_id": bob, "kind": "post"}, status=409)
        assert refused["code"] == "community.not_in_it"
        listed = (await club.call("GET", f"/programmes/{programme}/groups"))["data"]
        assert [(one["invited"], one["members"], one["activities"], one["active"]) for one in listed] == [(1, 1, 1, 1)]
        effect = await club.call("GET", f"/programmes/groups/{group}/effect?days=30")
        assert {one["group"]: (one["before_minor"], one["after_minor"]) for one in effect["groups"]} == {"members": (1000, 4000), "not_joined": (1000, 0)}
        assert effect["effect_minor_per_person"] == 4000


async def test_recommending(cluster: PrivateCluster) -> None:
    """P14: both get points when the newcomer's first order stands, once; nobody recommends to themselves or to old customers."""
    async with stage(cluster, smtp=False, services=("campaign",)) as play:
        club = Club(play)
        loyalty = await club.programme({**LOYALTY, "earn": [{"points": 1, "per_minor": 10_000_000, "currency": "EUR"}]})
        programme = await club.programme(
            {"kind": "referral", "loyalty_id": loyalty, "referrer_points": 100, "newcomer_points": 30, "least_minor": 1000}
        )
        ann, bob, old = await club.person(1, granted=False), await club.person(2, granted=False), await club.person(3, granted=False)
        await club.order(old, 5_000)
        code = (await club.call("POST", f"/programmes/{programme}/codes", {"customer_id": ann}))["code"]
        for who, refused in ((ann, "referral.oneself"), (old, "referral.ordered_before")):
            body = {"code": code, "customer_id": who}
            assert (await club.call("POST", f"/programmes/{programme}/referrals", body, status=409))["code"] == refused
        assert (await club.call("POST", f"/programmes/{programme}/referrals", {"code": "NONE", "customer_id": bob}, status=404))["code"] == "referral.unknown"
        await club.call("POST", f"/programmes/{programme}/referrals", {"code": code.lower(), "customer_id": bob})
        zoe = await club.person(4, granted=False)
        other = (await club.call("POST", f"/programmes/{programme}/codes", {"customer_id": zoe}))["code"]
        again = await club.call("POST", f"/programmes/{programme}/referrals", {"code": other, "customer_id": bob}, status=409)
        assert again["code"] == "referral.already"
        await club.order(bob, 500)
        order = await club.order(bob, 2_000)
        await club.order(bob, 2_000, order_id=order)
        await club.order(bob, 9_000)
        assert (await club.balance(loyalty, ann), await club.balance(loyalty, bob)) == (100, 30)
        seen = await club.call("POST", f"/programmes/{programme}/codes", {"customer_id": ann})
        assert (seen["code"], seen["came"], seen["rewarded"]) == (code, 1, 1)
        await club.audit(loyalty)


async def test_a_mail_is_statement_and_invitation(cluster: PrivateCluster) -> None:
    """P19: points and one's own code stand in the mail; what is redeemed by its link is paid with those points; a friend comes by the code."""
    body = MAIL.replace("{{ data.reward.name }}", "{{ data.points }} points, code {{ data.code }}")
    async with stage(cluster) as play:
        club = Club(play)
        loyalty = await club.programme({**LOYALTY, "tiers": []})
        referral = await club.programme({"kind": "referral", "loyalty_id": loyalty, "referrer_points": 100})
        reward = await club.reward(loyalty, points=70)
        ann, bob = await club.person(1), await club.person(2, granted=False)
        await club.order(ann, 9_000)
        await club.programme({
            "kind": "individual", "sender": SENDER, "entry": {"orders_at_least": 1}, "exit_on_order": False,
            "steps": [{"template_id": await play.template(body=body), "reward_id": reward}],
        })
        await run(play)
        text = written(play, await addressee(play, ann))
        told = re.search(r"90 points, code (\w+)", text)
        assert told is not None
        assert (await play.http.call("POST", links(play, await addressee(play, ann))[0], scopes=None)).status == 200
        assert await club.balance(loyalty, ann) == 20
        await club.call("POST", f"/programmes/{referral}/referrals", {"code": told[1], "customer_id": bob})
        await club.order(bob, 1_000)
        assert await club.balance(loyalty, ann) == 120
        await club.audit(loyalty)
