"""Channels: several mail servers, signed mails, HTTP providers with keys, work for employees, the app; and nothing twice."""

from __future__ import annotations

import base64
import json
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from chassis.errors import Unavailable
from chassis.ids import new_id
from chassis.settings import SettingsError
from launcher.embedded_postgres import PrivateCluster
from services.campaign import commands
from services.campaign.commands import Planned
from services.campaign.outbound.providers import read_providers
from tests.integration.campaign.mailbox import mailbox
from tests.integration.campaign.providers import HttpProvider, http_provider
from tests.integration.campaign.stage import Stage, stage
from tests.support.upright import free_port

pytestmark = pytest.mark.asyncio

LOOPBACK = {"private_networks": "127.0.0.0/8"}
TEXT = "Hello {{ customer.name }}, {{ data.word }} {{ unsubscribe_url }}"


async def retried(play: Stage) -> None:
    async with play.service.transaction() as tx:
        await tx.db.execute("UPDATE message SET retry_at = now() - interval '1 second' WHERE retry_at IS NOT NULL")


async def people(play: Stage, channel: str, count: int = 3) -> list[str]:
    found = []
    for number in range(count):
        customer = str(new_id())
        await play.profile(customer, email=None, phone=f"+49151000000{number}", traits={"push_token": f"token-{number}", "street": f"Way {number}", "city": "Yazd"})
        await play.grant(customer, channel=channel)
        play.audience.members.append(customer)
        found.append(customer)
    return found


async def text_template(play: Stage, subject: str = "News") -> str:
    answer = await play.http.call(
        "POST", "/api/v1/templates", json={"name": "Short", "format": "text", "locales": {"en": {"subject": subject, "body": TEXT}}, "fallback": ["en"]}
    )
    assert answer.status == 201, answer.body
    return str(answer.json()["id"])


def providers(*settings: dict[str, Any]) -> str:
    return json.dumps(settings)


async def test_the_next_mail_server_takes_over_and_nobody_gets_two(cluster: PrivateCluster) -> None:
    """U35: the first server is away, the second takes all; when the first loses answers, those mails go to nobody else."""
    async with mailbox() as second:
        async with stage(cluster, smtp_url=f"smtp://127.0.0.1:{free_port()} {second.url}") as play:
            await play.customers(20)
            campaign = await play.launched()
            await play.send_all()
            assert len(set(second.recipients())) == len(second.mails) == 20
            assert (await play.report(campaign))["accepted"] == 20
        async with mailbox() as first, stage(cluster, smtp_url=f"{first.url} {second.url}") as play:
            second.mails.clear()
            await play.customers(20)
            first.drop_reply = {"c3@x.example", "c7@x.example"}
            campaign = await play.launched()
            await play.send_all()
            assert second.mails == []
            assert len(set(first.recipients())) == len(first.mails) == 20
            report = await play.report(campaign)
            assert (report["accepted"], report["unknown"]) == (18, 2)


async def test_mails_are_signed_and_a_domain_gets_no_more_than_its_rate(cluster: PrivateCluster) -> None:
    """U37: both unsubscribe headers stand under the DKIM signature; U35: rates by domain."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    text = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    async with stage(
        cluster, dkim_key=text, dkim_selector="s1", dkim_domain="peyvand.example", domain_rates="slow.example=60"
    ) as play:
        for number in range(3):
            await play.customer(f"c{number}@slow.example")
        await play.customer("ann@x.example")
        await play.launched()
        async with play.service.transaction() as tx:
            await tx.db.execute("INSERT INTO pace (name, next_at) VALUES ('domain:slow.example', now() - interval '1 hour')")
        await play.send_all(rounds=4)
        assert sorted(address.partition("@")[2] for address in play.box.recipients()) == ["slow.example", "x.example"]
        raw = next(raw for address, raw in play.box.mails if address == "ann@x.example")
        assert dkim.verify(raw, dnsfunc=lambda *_, **__: b"v=DKIM1; k=rsa; p=" + base64.b64encode(public))
        head = raw.split(b"\r\n\r\n")[0].replace(b"\r\n ", b" ")
        assert b"list-unsubscribe:list-unsubscribe-post" in head.lower()


@pytest.mark.parametrize("channel", ["sms", "push"])
async def test_a_provider_with_keys_gets_everything_exactly_once(cluster: PrivateCluster, channel: str) -> None:
    """U35, F16: answers are lost, the provider is busy or breaks: asked again with the same key and the same bytes, all arrive once."""
    async with AsyncExitStack() as stack:
        provider = await stack.enter_async_context(http_provider())
        listed = providers(provider.setting("one", channel))
        play = await stack.enter_async_context(stage(cluster, smtp=False, shared=LOOPBACK, providers=listed))
        await people(play, channel, 5)
        provider.hang_up, provider.statuses = 2, [200, 200, 500, 429]
        campaign = await play.launched(template_id=await text_template(play), channel=channel, from_address="")
        for _ in range(4):
            await play.send_all()
            await retried(play)
        report = await play.report(campaign)
        assert (report["planned"], report["accepted"]) == (5, 5)
        assert len(provider.delivered) == 5
        assert len(provider.got) > 5
        assert all(len(bodies) == 1 for bodies in provider.bodies.values())
        one = next(iter(provider.delivered.values()))
        assert one["to"] in {f"+49151000000{n}" for n in range(5)} | {f"token-{n}" for n in range(5)}
        assert one["text"].startswith("Hello Ann")


async def test_a_provider_without_keys_is_never_asked_again(cluster: PrivateCluster) -> None:
    async with http_provider() as provider, stage(
        cluster, smtp=False, shared=LOOPBACK, providers=providers(provider.setting("one", "sms", idempotent=False))
    ) as play:
        await people(play, "sms", 4)
        provider.hang_up = 2
        campaign = await play.launched(template_id=await text_template(play), channel="sms", from_address="")
        for _ in range(3):
            await play.send_all()
            await retried(play)
        report = await play.report(campaign)
        assert (report["accepted"], report["unknown"], len(provider.got)) == (2, 2, 4)
        assert [row["reason"] for row in await play.sql("SELECT reason FROM message WHERE state = 'unknown'")] == ["reply_lost", "reply_lost"]


async def test_the_next_provider_takes_over_only_what_the_first_cannot_have(cluster: PrivateCluster) -> None:
    """U35: what the first may have taken waits for the first; all the rest goes to the second."""
    async with AsyncExitStack() as stack:
        first, second = [await stack.enter_async_context(http_provider()) for _ in range(2)]
        gone = HttpProvider()
        gone.url = f"http://127.0.0.1:{free_port()}/"
        play = await stack.enter_async_context(stage(
            cluster, smtp=False, shared=LOOPBACK, smtp_connections=1,
            providers=providers(first.setting("first", "sms"), gone.setting("gone", "sms"), second.setting("second", "sms")),
        ))
        await people(play, "sms", 3)
        first.hang_up = 1
        campaign = await play.launched(template_id=await text_template(play), channel="sms", from_address="")
        await commands.send_messages(play.service)
        pinned = (await play.sql("SELECT provider FROM message WHERE state = 'planned'"))
        assert [row["provider"] for row in pinned] == ["first"]
        carrier: Any = play.service.resources.carriers["marketing", "sms"]
        carrier.mark_away(carrier._providers[0])
        await people(play, "sms", 4)  # three of the numbers are there twice: nobody is written to twice
        other = await play.launched(template_id=await text_template(play), channel="sms", from_address="")
        for _ in range(4):
            await retried(play)
            await commands.send_messages(play.service)
        assert len(second.delivered) == 4
        assert [row["provider"] for row in await play.sql("SELECT provider FROM message WHERE state = 'planned'")] == ["first"]
        carrier._away_until.clear()
        await retried(play)
        await play.send_all()
        assert (await play.report(campaign))["accepted"] == 3
        assert (await play.report(other))["accepted"] == 4
        assert not set(first.delivered) & set(second.delivered)
        assert len(first.delivered) + len(second.delivered) == 7


async def test_a_dead_senders_messages_go_again_only_where_they_are_absorbed(cluster: PrivateCluster) -> None:
    """reliability 2.7.3: an expired hand-off to a provider with keys is repeated with the same key; of a mail it stays unknown."""
    async with http_provider() as provider, stage(cluster, shared=LOOPBACK, providers=providers(provider.setting("one", "sms"))) as play:
        await people(play, "sms", 2)
        sms = await play.launched(template_id=await text_template(play), channel="sms", from_address="")
        play.audience.members.clear()
        await play.customer("ann@x.example")
        mail = await play.launched()
        async with play.service.transaction() as tx:
            await tx.db.execute(
                """
                UPDATE message SET state = 'handing_off', lease_owner = id, lease_until = now() - interval '1 second', handed_off_at = now(),
                    attempts = 1, provider = CASE channel WHEN 'sms' THEN 'one' ELSE 'x' END, repeatable = channel = 'sms'
                """
            )
        await commands.sweep(play.service)
        await play.send_all()
        assert ((await play.report(sms))["accepted"], len(provider.delivered)) == (2, 2)
        assert ((await play.report(mail))["unknown"], play.box.mails) == (1, [])


@pytest.mark.parametrize(
    "broken",
    [
        "nonsense", '[{"name": "x"}]',
        providers({"name": "a", "channel": "email", "url": "https://x.example/", "secret": "whsec_aGVsbG8="}),
        providers({"name": "a", "channel": "sms", "url": "http://169.254.169.254/", "secret": "whsec_aGVsbG8="}),
        providers({"name": "a", "channel": "sms", "url": "https://127.0.0.1/", "secret": "whsec_aGVsbG8="}),
        providers({"name": "a", "channel": "sms", "url": "https://0x7f.1/", "secret": "whsec_aGVsbG8="}),
        providers({"name": "a", "channel": "sms", "url": "https://x.example/", "secret": "not base64"}),
    ],
)
async def test_providers_that_cannot_be(broken: str) -> None:
    """Nothing private is called (SSRF), and a wrong list is refused at the start."""
    with pytest.raises(SettingsError, match="ECRM_CAMPAIGN_PROVIDERS"):
        read_providers(broken, private_networks="")


@pytest.mark.parametrize(("channel", "kind"), [("phone", "call"), ("post", "task")])
async def test_calls_and_letters_are_work_for_employees(cluster: PrivateCluster, channel: str, kind: str) -> None:
    """U35: one task each with whom to call or where to write; a lost answer plans no second one."""
    async with stage(cluster, smtp=False, services=("consent", "interaction", "campaign")) as play:
        customers = await people(play, channel, 2)
        campaign = await play.launched(template_id=await text_template(play, "Call {{ customer.name }}"), channel=channel, from_address="")
        peer = play.service.peers["interaction"]
        real = peer.call
        lost: list[int] = []

        async def losing(method: str, path: str, **more: Any) -> Any:
            answer = await real(method, path, **more)
            if method == "POST" and len(lost) < 2:
                lost.append(answer.status)
                raise Unavailable("peer.unavailable", "No answer.")
            return answer

        peer.call = losing  # type: ignore[method-assign]
        for _ in range(4):
            await play.send_all()
            await retried(play)
        assert lost == [201, 201]
        report = await play.report(campaign)
        assert (report["planned"], report["accepted"]) == (2, 2)
        listed = await play.platform["interaction"].call("GET", "/api/v1/tasks")
        tasks = listed.json()["data"]
        assert sorted(task["customer_id"] for task in tasks) == sorted(customers)
        assert {task["kind"] for task in tasks} == {kind}
        assert {task["title"] for task in tasks} == {"Call Ann"}
        assert all(("+49151" if channel == "phone" else ", Yazd") in task["notes"] for task in tasks)


async def test_messages_wait_in_the_app(cluster: PrivateCluster) -> None:
    """U35: in-app; shown to its person only, until dismissed."""
    async with stage(cluster, smtp=False) as play:
        defined = await play.platform["consent"].call(
            "POST", "/api/v1/purposes", json={
                "purpose": "in-app", "basis": "opt_out", "legal_basis": "contract", "channels": ["in_app"], "title": {"en": "In the app"}, "wording": {"en": "News in the app."},
            },
        )
        assert defined.status in (200, 201), defined.body
        ann, bob = await people(play, "email", 2)
        template = UUID(await text_template(play))
        async with play.service.transaction() as tx:
            await commands.plan_messages(tx, play.service, [
                Planned(UUID(ann), "journey", new_id(), "s", template, 1, "in_app", "in-app", data={"word": "welcome", "expires_in_days": 3})
            ])
        await play.send_all()
        path = "/api/v1/messages/waiting?channel=in_app&customer_id="
        waiting = (await play.http.call("GET", path + ann)).json()["data"]
        assert [(one["title"], one["body"].partition(" http")[0].strip()) for one in waiting] == [("News", "Hello Ann, welcome")]
        assert (await play.http.call("GET", path + bob)).json()["data"] == []
        key = waiting[0]["key"]
        refused = await play.http.call("POST", f"/api/v1/messages/waiting/{key}/dismiss", json={"customer_id": bob})
        assert (refused.status, refused.json()["code"]) == (404, "message.unknown")
        assert (await play.http.call("POST", f"/api/v1/messages/waiting/{key}/dismiss", json={"customer_id": ann})).status == 204
        assert (await play.http.call("GET", path + ann)).json()["data"] == []
