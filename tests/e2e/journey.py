"""The main job as one story over HTTP, for any shape: from an anonymous click to a measured message and its end."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any
from urllib.parse import urlsplit

import httpx2
from aiosmtpd.controller import Controller

from tests.support.upright import Upright

BROWSER = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
SHOP = "https://shop.example/offer"
BODY = f"""<mjml><mj-body><mj-section><mj-column><mj-text>Hello {{{{ customer.name }}}}</mj-text>
<mj-button href="{SHOP}">Look</mj-button><mj-text><a href="{{{{ unsubscribe_url }}}}">unsubscribe</a></mj-text></mj-column></mj-section></mj-body></mjml>"""


class Box:
    """Mails that came in, by recipient."""

    def __init__(self) -> None:
        self.mails: dict[str, list[EmailMessage]] = {}

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        mail = message_from_bytes(envelope.original_content, policy=default)
        assert isinstance(mail, EmailMessage)
        for recipient in envelope.rcpt_tos:
            self.mails.setdefault(recipient, []).append(mail)
        return "250 kept"


@contextmanager
def mailbox(port: int) -> Iterator[Box]:
    """An SMTP server in a thread of its own."""
    box = Box()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()


def until(found: Callable[[], Any], what: str, *, seconds: float = 30) -> Any:
    """The first true answer; fails with `what` when there is none in time."""
    deadline = time.monotonic() + seconds
    while not (answer := found()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.1)
    return answer


def tell(up: Upright, box: Box) -> None:
    """Everything from the click to the withdrawal, each step seen from outside."""
    tag = uuid.uuid4().hex[:8]
    user, address = f"user-{tag}", f"sara.{tag}@shop.example"

    # a visitor looks around, then says who she is: her earlier clicks are hers
    up.collect([
        {"type": "page", "anonymousId": f"anon-{tag}", "name": "Home"},
        {"type": "track", "anonymousId": f"anon-{tag}", "event": "Product Viewed", "properties": {"product_id": "tea"}},
    ])
    visitor = up.customer(f"anon:anon-{tag}")
    assert visitor["known"] is False
    up.collect([
        {"type": "identify", "anonymousId": f"anon-{tag}", "userId": user, "traits": {"email": address, "name": "Sara", "tag": tag}},
        {"type": "track", "userId": user, "event": "Order Completed",
         "properties": {"order_id": f"o-{tag}", "total": 42.0, "currency": "EUR", "products": [{"product_id": "tea", "price": 42.0}]}},
    ])
    customer = up.customer(f"user:{user}")["id"]
    entries = up.timeline(customer, 5)
    assert sorted(entry["kind"] for entry in entries) == ["identify", "order", "page", "track", "track"]
    profile = until(lambda: (one := up.ask("GET", f"/api/v1/customers/{customer}"))["email"] and one, "the profile has its e-mail address")
    assert (profile["email"], profile["name"]) == (address, "Sara")
    assert up.customer(f"anon:anon-{tag}")["id"] == customer
    orders = until(lambda: up.ask("GET", f"/api/v1/customers/{customer}/orders")["data"], "the order is projected")
    assert [(order["order_id"], order["paid_minor"], order["currency"]) for order in orders] == [(f"o-{tag}", 4200, "EUR")]

    # a live segment with her alone in it
    rule = {"all": [{"trait": "tag", "op": "eq", "value": tag}, {"orders": {"measure": "count", "op": "gte", "value": 1}}]}
    segment = up.ask("POST", "/api/v1/segments", {"name": f"Tea {tag}", "rule": rule}, expect=201)["id"]
    members = until(lambda: up.ask("GET", f"/api/v1/segments/{segment}/members")["data"], "she is in the segment")
    assert [member["customer_id"] for member in members] == [customer]

    # without a grant nothing goes out, with one exactly one mail
    refused = campaign(up, segment, f"Too early {tag}")
    assert (refused["accepted"], refused["suppressed"]) == (0, 1)
    assert [(reason["state"], reason["reason"]) for reason in refused["reasons"]] == [("suppressed", "no_grant")]
    up.ask("POST", "/api/v1/consents/grants", {"customer_id": customer, "purpose": "marketing", "channel": "email", "source": "test"}, expect=201)
    report = campaign(up, segment, f"Spring {tag}")
    assert (report["planned"], report["accepted"], report["suppressed"]) == (1, 1, 0)
    (mail,) = box.mails[address]
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"

    # she follows the link: to the shop, and into the report; the message is on her timeline
    html = mail.get_body(("html",))
    assert html is not None
    link = re.search(r'href="([^"]*/t/c/[^"]+)"', html.get_content())
    assert link is not None
    time.sleep(2.5)  # followed sooner, a link counts as followed by a scanner
    visit = httpx2.get(up.url + urlsplit(link.group(1)).path, headers=BROWSER, follow_redirects=False)
    assert visit.status_code == 302
    assert visit.headers["location"].startswith(SHOP)
    report = until(
        lambda: (one := up.ask("GET", f"/api/v1/campaigns/{report['campaign_id']}/report"))["clicks"]["messages"] and one, "the click is counted"
    )
    assert (report["clicks"]["messages"], report["click_through_rate"], report["responded"]) == (1, 1.0, 1)
    on_timeline = until(
        lambda: [entry for entry in up.timeline(customer, 6) if entry["kind"] not in {"identify", "order", "page", "track"}], "the message is on the timeline"
    )
    assert any(entry["channel"] == "email" for entry in on_timeline)
    (sent,) = [message for message in up.ask("GET", f"/api/v1/customers/{customer}/messages")["data"] if message["state"] == "accepted"]
    assert sent["clicked"] is True

    # unsubscribing: looking changes nothing, POST withdraws, the next campaign sends nothing
    path = urlsplit(mail["List-Unsubscribe"].strip("<>")).path
    page = httpx2.get(up.url + path, headers=BROWSER)
    assert (page.status_code, "<form" in page.text) == (200, True)
    assert standing(up, customer) == "granted"
    done = httpx2.post(up.url + path, data={"List-Unsubscribe": "One-Click"})
    assert done.status_code == 200
    assert standing(up, customer) == "withdrawn"
    last = campaign(up, segment, f"Summer {tag}")
    assert (last["planned"], last["accepted"], last["suppressed"]) == (1, 0, 1)
    assert [reason["reason"] for reason in last["reasons"]] == ["withdrawn"]
    assert len(box.mails[address]) == 1

    # the whole person in one call
    view = up.ask("GET", f"/api/v1/customers/{customer}/360")
    assert view["profile"]["email"] == address
    assert not view.get("missing")


def standing(up: Upright, customer: str) -> str:
    found = up.ask("GET", f"/api/v1/customers/{customer}/consent")
    (state,) = [purpose["channels"]["email"]["state"] for purpose in found["purposes"] if purpose["purpose"] == "marketing"]
    return str(state)


def campaign(up: Upright, segment: str, name: str) -> dict[str, Any]:
    """Launch one to the segment; its report when it has finished, the sum checked."""
    template = up.ask("POST", "/api/v1/templates", {"name": name, "locales": {"en": {"subject": "Hello {{ customer.name }}", "body": BODY}}}, expect=201)
    made = up.ask("POST", "/api/v1/campaigns", {
        "name": name, "template_id": template["id"], "segment_id": segment, "from_address": "hello@shop.example", "from_name": "Shop",
    }, expect=201)
    up.ask("POST", f"/api/v1/campaigns/{made['id']}/launch", expect=202)
    report: dict[str, Any] = until(
        lambda: (one := up.ask("GET", f"/api/v1/campaigns/{made['id']}/report"))["status"] == "finished" and one, f"campaign {name} finished", seconds=60
    )
    assert report["planned"] == report["accepted"] + report["failed"] + report["suppressed"] + report["unknown"]
    return report
