"""C6: whoever is written to reads it in their own language, on every channel; each language has its own order of stand-ins."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from chassis.ids import new_id
from launcher.embedded_postgres import PrivateCluster
from services.campaign import commands
from services.campaign.commands import Planned
from tests.integration.campaign.mailbox import content
from tests.integration.campaign.providers import HttpProvider, http_provider
from tests.integration.campaign.stage import BODY, FA_BODY, Stage, stage
from tests.integration.campaign.test_carriers import LOOPBACK, providers

pytestmark = pytest.mark.asyncio

#: Language of a person -> what they read, where there are texts in en, fa and tr.
EXPECTED = {"en": "Hello", "fa-IR": "سلام", "ckb": "سلام", "az": "Merhaba", "az-Arab": "سلام", "de": "Hello", None: "Hello"}
ORDERS = "ckb=ar fa, az=tr, az-Arab=fa"
WORDS = {"en": "Hello", "fa": "سلام", "tr": "Merhaba"}


async def people(play: Stage, channel: str) -> dict[str, str]:
    """Customer -> what they should read."""
    found = {}
    for number, (language, expected) in enumerate(EXPECTED.items()):
        customer = str(new_id())
        traits = {"push_token": f"token-{number}", "street": f"Way {number}", "city": "Yazd"}
        await play.profile(customer, email=f"p{number}@x.example", phone=f"+4915100000{number}", language=language, traits=traits)
        await play.grant(customer, channel=channel)
        found[customer] = expected
    return found


async def template(play: Stage) -> str:
    locales = {locale: {"subject": f"{word} {{{{ customer.name }}}}", "body": f"{word} {{{{ unsubscribe_url }}}}"} for locale, word in WORDS.items()}
    answer = await play.http.call("POST", "/api/v1/templates", json={"name": "Short", "format": "text", "locales": locales, "fallback": ["en"]})
    assert answer.status == 201, answer.body
    return str(answer.json()["id"])


async def sent(play: Stage, channel: str, template_id: str) -> dict[str, str]:
    asked = await people(play, channel)
    play.audience.members = list(asked)
    campaign = await play.launched(template_id=template_id, channel=channel, from_address="shop@peyvand.example" if channel == "email" else "")
    await play.send_all()
    assert (await play.report(campaign))["accepted"] == len(asked)
    return asked


async def test_every_channel_speaks_the_persons_language(cluster: PrivateCluster) -> None:
    """C6: by e-mail, SMS, push, webhook, telephone, letter and in the app; Persian mails run from right to left."""
    async with http_provider() as provider:
        listed = providers(*(provider.setting(name, name) for name in ("sms", "push", "webhook")))
        services = ("consent", "interaction", "campaign")
        async with stage(cluster, services=services, shared=LOOPBACK, providers=listed, languages=ORDERS) as play:
            short = await template(play)
            for channel in ("sms", "push"):
                asked = await sent(play, channel, short)
                got = {one["customer_id"]: one["title"] for one in provider.delivered.values() if one["channel"] == channel}
                assert got == {customer: f"{word} Ann" for customer, word in asked.items()}, channel
            for channel in ("phone", "post"):
                asked = await sent(play, channel, short)
                listed_tasks: list[dict[str, Any]] = (await play.platform["interaction"].call("GET", "/api/v1/tasks?limit=100")).json()["data"]
                titles = {task["customer_id"]: task["title"] for task in listed_tasks if task["customer_id"] in asked}
                assert titles == {customer: f"{word} Ann" for customer, word in asked.items()}, channel

            mail = await play.template(
                fa={"subject": "سلام {{ customer.name }}", "body": FA_BODY},
                tr={"subject": "Merhaba {{ customer.name }}", "body": BODY.replace("Hello", "Merhaba")},
            )
            await sent(play, "email", mail)
            for number, (language, word) in enumerate(EXPECTED.items()):
                message = play.box.message(f"p{number}@x.example")
                html = content(message, "html")
                assert message["Subject"] == f"{word} Ann", language
                assert word in html
                assert ('dir="rtl"' in html) == (word == WORDS["fa"]), language
                assert ("۱٬۲۹۹" in html) == (word == WORDS["fa"]), "amounts, too"
            await without_asking(play, provider, UUID(short))


async def without_asking(play: Stage, provider: HttpProvider, template_id: UUID) -> None:
    """Channels that no marketing purpose has: messages of the service in the app, and to a webhook."""
    defined = await play.platform["consent"].call("POST", "/api/v1/purposes", json={
        "purpose": "told", "basis": "opt_out", "legal_basis": "contract", "channels": ["in_app", "webhook"], "title": {"en": "Told"}, "wording": {"en": "News."},
    })
    assert defined.status in (200, 201), defined.body
    asked = await people(play, "email")
    async with play.service.transaction() as tx:
        await commands.plan_messages(tx, play.service, [
            Planned(UUID(one), "journey", new_id(), channel, template_id, 1, channel, "told", data={}) for one in asked for channel in ("in_app", "webhook")
        ])
    await play.send_all()
    for customer, word in asked.items():
        waiting = (await play.http.call("GET", f"/api/v1/messages/waiting?channel=in_app&customer_id={customer}")).json()["data"]
        assert [one["title"] for one in waiting] == [f"{word} Ann"]
    got = {one["customer_id"]: one["title"] for one in provider.delivered.values() if one["channel"] == "webhook"}
    assert got == {customer: f"{word} Ann" for customer, word in asked.items()}
