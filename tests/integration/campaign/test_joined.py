"""M11: marketing, sales and support are joined: an order, a case and a campaign response each start work in the other two."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlsplit
from uuid import UUID

import pytest
import pytest_asyncio

from chassis.peers import InProcess, Peers
from launcher.embedded_postgres import PrivateCluster
from services.campaign.domain.journeys.heard import NAMES
from services.campaign.domain.journeys.moving import Happened
from services.campaign.store import journey_errands
from services.interaction.domain.collecting.outcome import EventRefused
from services.interaction.domain.collecting.reserved import check_reserved
from tests.integration.campaign.mailbox import content
from tests.integration.campaign.stage import Stage, stage
from tests.integration.campaign.test_responses import BROWSER
from tests.integration.campaign.travelling import Journeys
from tests.integration.interaction.mail import DOMAIN, mail

pytestmark = pytest.mark.asyncio(loop_scope="module")
PEERS = ("customer", "interaction", "consent")
ORDER, OPENED, RESOLVED = "ecrm.interaction.order_placed.v1", "ecrm.interaction.case_opened.v1", "ecrm.interaction.case_resolved.v1"
CLICKED, REPLIED = "ecrm.campaign.message_clicked.v1", "ecrm.interaction.reply_received.v1"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def play(cluster: PrivateCluster) -> AsyncIterator[Stage]:
    """All readers and jobs run: nothing here is moved by hand."""
    shared = {"mail_domain": DOMAIN}
    async with stage(cluster, services=(*PEERS, "campaign"), read=True, shared=shared, from_address="shop@peyvand.example") as play:
        apps = {name: play.platform[name].running.app for name in PEERS}
        transports = {name: InProcess(lambda app=app: app) for name, app in apps.items()}  # type: ignore[misc]
        play.service.peers = Peers({**transports, "analytics": InProcess(lambda: play.audience)}, play.service.tokens, "campaign")
        yield play


async def until(found: Callable[[], Awaitable[Any]]) -> Any:
    """What there is as soon as there is any."""
    async with asyncio.timeout(60):
        while not (seen := await found()):
            await asyncio.sleep(0.1)
    return seen


async def asked(play: Stage, method: str, path: str, body: Mapping[str, Any] | None = None, *, service: str = "interaction") -> Any:
    answer = await play.platform[service].call(method, f"/api/v1{path}", json=body)
    assert answer.status < 300, (path, answer.body)
    return answer.json()


async def listed(play: Stage, path: str) -> list[Any]:
    found: list[Any] = (await asked(play, "GET", path))["data"]
    return found


async def person(play: Stage, name: str, **traits: str) -> str:
    """A customer whom every service knows, and who wants our mail."""
    body = {"identities": [f"user:{name}", f"email:{name}@joined.example"], "traits": {"name": name, "email": f"{name}@joined.example", **traits}}
    made: str = (await asked(play, "POST", "/customers", body, service="customer"))["id"]
    await play.platform.drain()
    await play.grant(made)
    return made


async def mailed(play: Stage, address: str, subject: str) -> str:
    """The text of the mail of this subject, once it has come."""

    async def there() -> str | None:
        for recipient, _ in list(play.box.mails):
            message = play.box.message(recipient)
            if recipient == address and str(message["Subject"]) == subject:
                return content(message, "html")
        return None

    return str(await until(there))


async def test_an_order_starts_work_in_marketing_and_in_support(play: Stage) -> None:
    """M11: the first order of more than 100 brings a mail of marketing and a case of support, once; a smaller one or an old one nothing."""
    template = await play.template(subject="Thanks for {{ data.event.order_id }}")
    journey = await Journeys(play).published({
        "entry": {"event": {"name": ORDER, "where": [{"property": "net_minor", "op": "gte", "value": 10_000}]}}, "start": "thank",
        "steps": {
            "thank": {"type": "message", "template_id": template, "next": "care"},
            "care": {"type": "case", "subject": "First large order: does everything fit?", "kind": "onboarding"},
        },
    })
    buyer, now = await person(play, "buyer"), play.service.clock.now()
    for order, total, days in (("old", 500, 30), ("small", 5, 0), ("large", 250, 0), ("second", 300, 0)):
        at = (now - timedelta(days=days)).isoformat()
        await asked(play, "POST", "/orders", {"customer_id": buyer, "order_id": order, "total": total, "currency": "EUR", "ordered_at": at})
        await play.platform.drain()
    await mailed(play, "buyer@joined.example", "Thanks for large")
    cases = await until(lambda: listed(play, f"/customers/{buyer}/cases"))
    assert [(case["subject"], case["kind"]) for case in cases] == [("First large order: does everything fit?", "onboarding")]
    passage = await Journeys(play).where(journey, buyer)
    assert passage["data"]["event"]["order_id"] == "large"
    assert (await Journeys(play).figures(journey))["entered"] == 1
    assert play.box.recipients().count("buyer@joined.example") == 1


async def test_a_case_starts_work_in_marketing_and_in_sales(play: Stage) -> None:
    """M11: an opened case ends the offers that were on their way and puts the customer on the list of calls of sales; resolved, it brings a question."""
    journeys, caller = Journeys(play), await person(play, "caller")
    offer = await journeys.published({
        "entry": {"api": {}}, "start": "wait", "leave_on": [{"event": {"name": OPENED}}],
        "steps": {"wait": {"type": "wait", "for": {"days": 1}, "next": "mail"}, "mail": {"type": "message", "template_id": await play.template()}},
    })
    sales = await journeys.published({
        "entry": {"event": {"name": OPENED, "where": [{"property": "kind", "value": "upgrade"}]}}, "start": "call",
        "steps": {
            "call": {"type": "task", "title": "Asks for more: call", "due_in": {"hours": 4}, "next": "lead"},
            "lead": {"type": "lead", "title": "Wants an upgrade", "source": "support", "score": 70},
        },
    })
    template = await play.template(subject="How did we do?", body="<mjml><mj-body><mj-section><mj-column><mj-text>{{ data.event.outcome }}</mj-text></mj-column></mj-section></mj-body></mjml>")
    await journeys.published({
        "entry": {"event": {"name": RESOLVED, "where": [{"property": "kind", "value": "upgrade"}]}}, "start": "ask",
        "steps": {"ask": {"type": "message", "template_id": template}},
    })
    await journeys.call("POST", f"/{offer}/people", customer_ids=[caller])
    case = await asked(play, "POST", "/cases", {"subject": "Is there a larger one?", "kind": "upgrade", "customer_id": caller})

    async def called() -> Any:
        return await listed(play, f"/tasks?customer_id={caller}")

    (task,) = await until(called)
    assert (task["kind"], task["title"], task["state"]) == ("call", "Asks for more: call", "open")
    assert task["due_at"] is not None
    leads = await until(lambda: listed(play, "/leads?source=support"))
    assert [(lead["customer_id"], lead["title"], lead["score"]) for lead in leads] == [(caller, "Wants an upgrade", 70)]

    async def out() -> bool:
        return bool((await journeys.where(offer, caller))["outcome"] == "left")

    assert await until(out), "who has a case gets no offers meanwhile"
    async with play.service.transaction() as tx:  # as after a crash: nobody wrote down that it was done
        await tx.db.execute("UPDATE journey_errand SET state = 'waiting', due_at = now() WHERE journey_id = $1", UUID(sales))

    async def done() -> bool:
        return {one["state"] for one in (await journeys.where(sales, caller))["errands"]} == {"done"}

    assert await until(done)
    assert (len(await called()), len(await listed(play, "/leads?source=support"))) == (1, 1), "a repetition makes nothing twice"
    await asked(play, "PATCH", f"/cases/{case['id']}", {"status": "resolved", "outcome": "a larger one was found"})
    assert "a larger one was found" in await mailed(play, "caller@joined.example", "How did we do?")


async def test_a_response_to_a_campaign_starts_work_in_sales_and_in_support(play: Stage) -> None:
    """M11: a click calls for sales (a call, and a case for the customer's owner), a reply opens a case of support and a lead; the order counts for the campaign."""
    owner = await asked(play, "POST", "/employees", {"name": "Sara", "email": "sara@joined.example", "capacity": 10})
    reader = await person(play, "reader", owner="sara@joined.example")
    play.audience.segments["readers"] = [reader]
    campaign, journeys = await play.campaign(segment_id="readers"), Journeys(play)
    of_campaign = [{"property": "campaign_id", "value": campaign}]
    await journeys.published({
        "entry": {"event": {"name": CLICKED, "where": of_campaign}}, "start": "call",
        "steps": {"call": {"type": "task", "title": "Looked at the offer", "next": "own"}, "own": {"type": "case", "subject": "Offer for you", "kind": "sales"}},
    })
    await journeys.published({
        "entry": {"event": {"name": REPLIED, "where": of_campaign}}, "start": "lead",
        "steps": {"lead": {"type": "lead", "title": "Answered the offer", "source": "campaign", "campaign": campaign}},
    })
    assert (await play.act(campaign, "launch")).status == 202
    html = await mailed(play, "reader@joined.example", "Hello reader")
    path = next(urlsplit(url).path for url in re.findall(r'https?://[^"]*/t/c/[\w-]+', html))
    await until(lambda: play.sql("SELECT FROM message WHERE state = 'accepted' AND customer_id = $1", UUID(reader)))
    async with play.service.transaction() as tx:  # whoever follows a link at once is a machine
        await tx.db.execute("UPDATE message SET handed_off_at = handed_off_at - interval '1 hour' WHERE customer_id = $1", UUID(reader))
    await play.http.call("GET", path, headers={"user-agent": "Barracuda"}, scopes=None)
    assert await listed(play, f"/tasks?customer_id={reader}") == [], "a machine's click is no response"
    assert (await play.http.call("GET", path, headers=BROWSER, scopes=None)).status == 302
    tasks = await until(lambda: listed(play, f"/tasks?customer_id={reader}"))
    assert [(task["kind"], task["title"]) for task in tasks] == [("call", "Looked at the offer")]

    async def owned() -> Any:
        return [case for case in await listed(play, f"/customers/{reader}/cases") if case["employee_id"] is not None]

    assert [(case["subject"], case["kind"], case["employee_id"]) for case in await until(owned)] == [("Offer for you", "sales", owner["id"])]

    offer = play.box.message("reader@joined.example")
    raw = mail("How much is the blue one?", sender="reader@joined.example", to=str(offer["Reply-To"]), subject="Re: Hello", message_id="<r1@joined.example>",
               In_Reply_To=str(offer["Message-ID"]))
    taken = await play.platform["interaction"].call(
        "POST", f"/api/v1/inbound/mail?recipient={quote(str(offer['Reply-To']))}", body=raw, headers={"content-type": "message/rfc822"}
    )
    assert taken.status == 202, taken.body
    leads = await until(lambda: listed(play, "/leads?source=campaign"))
    assert [(lead["customer_id"], lead["campaign"]) for lead in leads] == [(reader, campaign)]

    async def both() -> Any:
        found = await listed(play, f"/customers/{reader}/cases")
        return found if len(found) == 2 else None

    assert {(case["channel"], case["subject"]) for case in await until(both)} >= {("email", "Re: Hello")}

    at = play.service.clock.now().isoformat()
    await asked(play, "POST", "/orders", {"customer_id": reader, "order_id": "from-offer", "total": 40, "currency": "EUR", "ordered_at": at})

    async def counted() -> Any:
        return (await play.report(campaign))["outcome"]["revenue"]

    assert await until(counted)


async def test_facts_are_not_to_be_forged_or_misspelt(play: Stage) -> None:
    """M11: an event of that name from outside is refused; a fact nobody tells is a fault of the definition; the past has no facts to test with."""
    journeys = Journeys(play)
    steps = {"a": {"type": "exit"}}
    for name in ("ecrm.interaction.case_closed.v1", "ecrm.campaign.message_planned.v1"):
        answer = await journeys.call("POST", "", name="Bad", definition={"entry": {"event": {"name": name}}, "start": "a", "steps": steps})
        assert (answer.status, answer.json()["code"]) == (422, "journey.invalid")
        assert answer.json()["errors"][0]["pointer"] == "/entry/event/name"
        assert RESOLVED in answer.json()["errors"][0]["detail"]
    made = await journeys.call("POST", "", name="Cases", definition={"entry": {"event": {"name": OPENED}}, "start": "a", "steps": steps})
    answer = await journeys.call("POST", f"/{made.json()['id']}/backtests")
    assert (answer.status, answer.json()["code"]) == (422, "backtest.not_possible")
    assert "no recorded event" in answer.body.decode()
    for name in NAMES:
        with pytest.raises(EventRefused, match="unknown_reserved_type"):
            check_reserved(name, {"kind": "upgrade"}, customer=True)


async def test_facts_wait_for_their_customer_and_go_with_them(play: Stage) -> None:
    """M11: a fact that names a merged customer reaches who they are now; whoever is erased takes what waits along."""
    journeys, ann = Journeys(play), await person(play, "merging")
    journey = await journeys.published({"entry": {"event": {"name": OPENED, "where": [{"property": "kind", "value": "merge"}]}}, "start": "a", "steps": {"a": {"type": "exit"}}})
    other = await person(play, "merged")
    await asked(play, "POST", "/merges", {"survivor_id": ann, "merged_id": other}, service="customer")
    await play.platform.drain()
    await asked(play, "POST", "/cases", {"subject": "Who am I?", "kind": "merge", "customer_id": other})

    async def entered() -> bool:
        return bool((await journeys.figures(journey))["entered"])

    assert await until(entered)
    assert (await journeys.where(journey, ann))["outcome"] == "finished"
    now = play.service.clock.now()
    async with play.service.transaction() as tx:
        await journey_errands.keep(tx.db, [("ecrm", b"\x01" * 16, UUID(int=5), Happened("gone", OPENED, {}, now, now))])
        gone = await journey_errands.erase_events(tx.db, [], [UUID(int=5)])
    assert gone == 1
