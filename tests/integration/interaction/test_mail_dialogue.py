"""Both directions: a campaign's mail goes out, its answer, its bounce and its complaint come back to whom it concerns."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest

from chassis.peers import InProcess, Peers
from contracts.campaign import MessageBounced
from contracts.interaction import BounceReceived, ComplaintReceived
from launcher.embedded_postgres import PrivateCluster
from tests.integration.campaign.mailbox import Mailbox, mailbox
from tests.integration.campaign.stage import Audience, Stage
from tests.integration.interaction.mail import DOMAIN, KNOBS, bounce, complaint, deliver, mail, port_of
from tests.integration.interaction.support import facts, read_all
from tests.support.platform import TestPlatform, started

pytestmark = pytest.mark.asyncio


@asynccontextmanager
async def dialogue(cluster: PrivateCluster) -> AsyncIterator[tuple[TestPlatform, Stage, Mailbox]]:
    """Customers, consent, campaigns and interactions, with a mail server to send to and the door that mails come in by."""
    async with mailbox() as box:
        given = {"campaign": {"smtp_url": box.url, "smtp_timeout": 5}, "interaction": KNOBS}
        async with started(cluster, "customer", "consent", "campaign", "interaction", given=given, shared={"mail_domain": DOMAIN}) as platform:
            audience = Audience()
            service = platform["campaign"].service
            service.peers = Peers(
                {"analytics": InProcess(lambda: audience), "consent": InProcess(lambda: platform["consent"].running.app)}, service.tokens, service.name
            )
            yield platform, Stage(platform, box, audience), box


async def customer(platform: TestPlatform, play: Stage, email: str, user: str) -> str:
    answer = await platform["customer"].call(
        "POST", "/api/v1/customers", json={"identities": [f"user:{user}", f"email:{email}"], "traits": {"name": user, "email": email}}
    )
    assert answer.status == 201, answer.body
    found = str(answer.json()["id"])
    await platform.drain()
    await play.grant(found)
    play.audience.members.append(found)
    return found


async def sent(play: Stage, box: Mailbox, count: int) -> None:
    campaign = await play.campaign()
    assert (await play.act(campaign, "launch")).status == 202
    async with asyncio.timeout(30):
        while len(box.mails) < count:
            await asyncio.sleep(0.05)
    await play.platform.drain()


async def timeline(platform: TestPlatform, customer_id: str, **query: str) -> list[dict[str, Any]]:
    words = "&".join(f"{name}={value}" for name, value in query.items())
    answer = await platform["interaction"].call("GET", f"/api/v1/customers/{customer_id}/timeline?{words}")
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


async def test_an_answer_to_a_campaign_reaches_the_customers_timeline(cluster: PrivateCluster) -> None:
    """C11, C1, U12: the answer to a campaign's mail joins the thread of that message on its recipient's timeline, whoever it claims to be from."""
    async with dialogue(cluster) as (platform, play, box):
        ann = await customer(platform, play, "ann@x.example", "ann")
        await sent(play, box, 1)
        offer = box.message("ann@x.example")
        message_id = str((await play.sql("SELECT id FROM message WHERE customer_id = $1", UUID(ann)))[0]["id"])
        reply_to = str(offer["Reply-To"])
        assert reply_to.startswith("reply-")
        assert reply_to.endswith(f"@{DOMAIN}")

        port = port_of(platform)
        first = mail("Yes, please.", to=reply_to, subject="Re: Hello", message_id="<a1@x.example>", In_Reply_To=str(offer["Message-ID"]))
        await deliver(port, first, to=[reply_to])
        # From another address of hers, which nobody knows: the address it was sent to proves which message it answers.
        await deliver(port, mail("And one more thing", sender="ann.private@y.example", to=reply_to, message_id="<a2@y.example>"), to=[reply_to])
        # By the header alone, to an ordinary address.
        third = mail("Are you there?", to="help@shop.example", message_id="<a3@x.example>", References=str(offer["Message-ID"]))
        await deliver(port, third, to=["help@shop.example"])
        await platform.drain()
        await platform.drain()
        answered = await play.sql("SELECT message_id::text AS id FROM engagement WHERE kind = 'reply'")
        assert [row["id"] for row in answered] == [message_id]

        entries = await timeline(platform, ann, kind="email")
        assert {entry["data"]["properties"]["text"] for entry in entries} == {"Yes, please.", "And one more thing", "Are you there?"}
        assert {entry["data"]["properties"]["reply_to_message"] for entry in entries} == {message_id}
        assert len({entry["data"]["properties"]["thread"] for entry in entries}) == 1
        assert {entry["initiator"] for entry in entries} == {"customer"}
        assert not any(entry["data"]["properties"]["automatic"] for entry in entries)
        assert {entry["data"]["properties"].get("proven", False) for entry in entries} == {True, False}
        assert any(entry["kind"] == "message" for entry in await timeline(platform, ann))
        # One conversation, one case, and it waits for a person.
        cases = (await platform["interaction"].call("GET", f"/api/v1/customers/{ann}/cases")).json()["data"]
        assert len(cases) == 1, cases
        contacts = (await platform["interaction"].call("GET", f"/api/v1/cases/{cases[0]['id']}/contacts")).json()["data"]
        assert len(contacts) == 3


async def test_a_bounce_ends_mail_to_the_address(cluster: PrivateCluster) -> None:
    """A hard bounce reaches facts, the customer's address and later campaigns; a soft one changes nothing."""
    async with dialogue(cluster) as (platform, play, box):
        gone, full = await customer(platform, play, "gone@x.example", "gone"), await customer(platform, play, "full@x.example", "full")
        await sent(play, box, 2)
        port = port_of(platform)
        paths = {address: str(box.message(address)["Message-ID"]) for address in ("gone@x.example", "full@x.example")}
        envelope = dict(zip(box.recipients(), box.senders, strict=True))
        assert all(path.startswith("bounce-") and path.endswith(f"@{DOMAIN}") for path in envelope.values())
        assert len(set(envelope.values())) == 2
        # The report names the address that mail was forwarded to; the return path says which message it was.
        await deliver(port, bounce("forwarded@elsewhere.example", about=paths["gone@x.example"]), sender="", to=[envelope["gone@x.example"]])
        soft = bounce("full@x.example", status="5.2.2", diagnostic="552 5.2.2 Mailbox full", about=paths["full@x.example"])
        await deliver(port, soft, sender="", to=[envelope["full@x.example"]])
        await platform.drain()

        told = await facts(platform.log, "ecrm.interaction.bounce_received.v1", BounceReceived)
        assert sorted((each.hard, each.status, each.reason) for each in told) == [(False, "5.2.2", "mailbox_full"), (True, "5.1.1", "unknown_address")]
        bounced = [
            json.loads(record.value or b"") for record in await read_all(platform.log, "ecrm.campaign")
            if ("ce_type", b"ecrm.campaign.message_bounced.v1") in record.headers
        ]
        assert {MessageBounced(**each).hard for each in bounced} == {True, False}
        for customer_id, state in ((gone, "bouncing"), (full, "unverified")):
            points = (await platform["customer"].call("GET", f"/api/v1/customers/{customer_id}/contact-points")).json()
            assert {each["state"] for each in points["data"] if each["kind"] == "email"} == {state}, points
        assert {"bounce", "message"} <= {entry["kind"] for entry in await timeline(platform, gone)}

        before = len(box.mails)
        await sent(play, box, before + 1)
        await asyncio.sleep(0.5)
        assert box.recipients()[before:] == ["full@x.example"]
        reasons = await play.sql("SELECT reason FROM message WHERE customer_id = $1 ORDER BY id", UUID(gone))
        assert reasons[-1]["reason"] in ("bounced", "no_address")
        why = await platform["campaign"].call("GET", "/api/v1/suppressions/Gone@X.example")
        assert (why.status, why.json()["reason"], why.json()["status"]) == (200, "bounced", "5.1.1")
        assert (await platform["campaign"].call("DELETE", "/api/v1/suppressions/gone@x.example")).status == 204
        assert (await platform["campaign"].call("GET", "/api/v1/suppressions/gone@x.example")).status == 404


async def test_a_forged_report_changes_nothing(cluster: PrivateCluster) -> None:
    """Who sends a bounce or a complaint by SMTP cannot silence other people's addresses; who holds a key may tell of any."""
    async with dialogue(cluster) as (platform, play, box):
        ann = await customer(platform, play, "ann@x.example", "ann")
        await customer(platform, play, "eve@x.example", "eve")
        await sent(play, box, 2)
        port = port_of(platform)
        eves = str(box.message("eve@x.example")["Message-ID"])
        for raw in (bounce("ann@x.example"), bounce("ann@x.example", about=eves, status="5.1.2"), complaint("ann@x.example"), complaint("ann@x.example", feedback="opt-out", about=eves)):
            await deliver(port, raw, sender="", to=["abuse@shop.example"])
        await platform.drain()
        assert (await platform["campaign"].call("GET", "/api/v1/suppressions/ann@x.example")).status == 404
        assert (await platform["campaign"].call("GET", "/api/v1/suppressions/eve@x.example")).status == 200
        points = (await platform["customer"].call("GET", f"/api/v1/customers/{ann}/contact-points")).json()["data"]
        assert "bouncing" not in {each["state"] for each in points}
        assert b"withdrawn" not in (await platform["consent"].call("GET", f"/api/v1/customers/{ann}/consent")).body
        posted = await platform["interaction"].call("POST", "/api/v1/inbound/mail", body=bounce("ann@x.example", about="<other@x.example>"))
        assert posted.json()["recipients"][0]["kind"] == "hard"
        await platform.drain()
        assert (await platform["campaign"].call("GET", "/api/v1/suppressions/ann@x.example")).json()["status"] == "5.1.1"


async def test_a_complaint_withdraws_and_ends_mail_to_the_address(cluster: PrivateCluster) -> None:
    async with dialogue(cluster) as (platform, play, box):
        angry = await customer(platform, play, "angry@x.example", "angry")
        await customer(platform, play, "calm@x.example", "calm")
        await sent(play, box, 2)
        about = str(box.message("angry@x.example")["Message-ID"])
        await deliver(port_of(platform), complaint("angry@x.example", about=about), sender="fbl@provider.example", to=["abuse@shop.example"])
        await deliver(port_of(platform), complaint("calm@x.example", feedback="auth-failure"), sender="fbl@provider.example", to=["abuse@shop.example"])
        await platform.drain()
        told = await facts(platform.log, "ecrm.interaction.complaint_received.v1", ComplaintReceived)
        assert [each.feedback for each in told] == ["abuse"]
        state = await platform["consent"].call("GET", f"/api/v1/customers/{angry}/consent")
        assert b"withdrawn" in state.body
        before = len(box.mails)
        await sent(play, box, before + 1)
        await asyncio.sleep(0.5)
        assert box.recipients()[before:] == ["calm@x.example"]
        assert (await platform["campaign"].call("GET", "/api/v1/suppressions/angry@x.example")).json()["reason"] == "complained"


async def test_machines_are_told_apart_and_loops_end(cluster: PrivateCluster) -> None:
    """U12: what machines write is kept as automatic and makes no customer; nor does what comes too fast count as a person's."""
    async with dialogue(cluster) as (platform, play, box):
        await customer(platform, play, "ann@x.example", "ann")
        await sent(play, box, 1)
        offer, port = box.message("ann@x.example"), port_of(platform)
        automatic = {
            "auto_submitted": mail(message_id="<l1@x>", Auto_Submitted="auto-replied"),
            "precedence": mail(message_id="<l2@x>", Precedence="bulk"),
            "list": mail(message_id="<l3@x>", List_Id="<news.x.example>"),
            "auto_response_suppress": mail(message_id="<l4@x>", X_Auto_Response_Suppress="All"),
            "own_mail": mail(message_id=str(offer["Message-ID"])),
            "subject": mail(message_id="<l5@x>", subject="Automatic reply: away until Monday"),
            "machine_address": mail(message_id="<l6@x>", sender="no-reply@stranger.example"),
        }
        http = platform["interaction"]
        for reason, raw in automatic.items():
            answer = await http.call("POST", "/api/v1/inbound/mail", body=raw, headers={"content-type": "message/rfc822"})
            assert (answer.json()["automatic"], answer.json()["automatic_reason"]) == (True, reason)
        assert "empty" in (await http.call("POST", "/api/v1/inbound/mail?sender=", body=mail(message_id="<l7@x>"))).json()["automatic_reason"]
        person = await http.call("POST", "/api/v1/inbound/mail", body=mail(message_id="<l8@x>", Auto_Submitted="no"))
        assert (person.json()["automatic"], person.json()["automatic_reason"]) == (False, None)
        for number in range(31):
            await deliver(port, mail(str(number), sender="robot@x.example", message_id=f"<r{number}@x>"))
        await platform.drain()
        rows = await timeline(platform, (await _find(platform, "robot@x.example")), kind="email", limit="100")
        assert sum(not row["data"]["properties"]["automatic"] for row in rows) == 30
        assert {row["data"]["properties"].get("automatic_reason") for row in rows} == {None, "too_many"}
        assert (await platform["customer"].call("GET", "/api/v1/customers?identity=email:no-reply@stranger.example")).json()["data"] == []
        for service in platform.services.values():
            assert await service.service.database.fetch_value("SELECT count(*) FROM dead_letter") == 0
        subjects = (await http.call("GET", "/api/v1/cases?limit=100")).json()["data"]
        assert len(subjects) == 31, "a case for each letter of a person, none for a machine's"


async def _find(platform: TestPlatform, address: str) -> str:
    answer = await platform["customer"].call("GET", f"/api/v1/customers?identity=email:{address}")
    return str(answer.json()["data"][0]["id"])
