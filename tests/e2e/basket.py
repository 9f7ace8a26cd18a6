"""An abandoned basket as one story over HTTP, for any shape: the event, the wait, the mail to who did not buy, and why."""

from __future__ import annotations

import uuid

from tests.e2e.journey import BODY, Box, until
from tests.support.upright import Upright


def tell(up: Upright, box: Box) -> None:
    """Ann and Bob put something into the basket; Bob buys while the journey waits; only Ann is written to, and an employee finds a case."""
    tag = uuid.uuid4().hex[:8]
    people = {}
    for name in ("ann", "bob"):
        up.collect([{"type": "identify", "userId": f"{name}-{tag}", "traits": {"email": f"{name}.{tag}@x.example", "name": name}}])
        people[name] = up.customer(f"user:{name}-{tag}")["id"]
        grant = {"customer_id": people[name], "purpose": "marketing", "channel": "email", "source": "test"}
        until(lambda body=grant: up.ask("POST", "/api/v1/consents/grants", body, expect=None).status_code == 201, "the grant is taken")  # type: ignore[misc]
    template = up.ask("POST", "/api/v1/templates", {
        "name": f"Basket {tag}", "locales": {"en": {"subject": "Your {{ data.event.product }}", "body": BODY}},
    }, expect=201)["id"]
    journey = up.ask("POST", "/api/v1/journeys", {"name": f"Basket {tag}", "definition": {
        "entry": {"event": {"name": "Product Added", "where": [{"property": "tag", "op": "eq", "value": tag}]}}, "start": "patience",
        "leave_on": [{"event": {"name": "Basket Paid"}, "goal": "bought"}],
        "steps": {
            "patience": {"type": "wait", "for": {"seconds": 6}, "next": "mail"},
            "mail": {"type": "message", "template_id": template, "from_address": "shop@shop.example", "next": "call"},
            "call": {"type": "case", "subject": f"Call about the basket {tag}"},
        },
    }}, expect=201)["id"]
    up.ask("POST", f"/api/v1/journeys/{journey}/publish", expect=None)
    for name in people:
        up.collect([{"type": "track", "userId": f"{name}-{tag}", "event": "Product Added", "properties": {"tag": tag, "product": "Lamp"}}])
    up.collect([{"type": "track", "userId": f"bob-{tag}", "event": "Basket Paid", "properties": {"tag": tag}}])
    until(lambda: up.ask("GET", f"/api/v1/journeys/{journey}/figures")["entered"] == 2, "both came in")
    (mail,) = until(lambda: box.mails.get(f"ann.{tag}@x.example"), "the mail about the basket")
    assert mail["Subject"] == "Your Lamp"
    figures = until(
        lambda: (one := up.ask("GET", f"/api/v1/journeys/{journey}/figures"))["inside"] == 0 and one, "both have left"
    )
    assert figures["left"] == {"finished": 1, "goal": 1}
    assert f"bob.{tag}@x.example" not in box.mails
    cases = until(lambda: up.ask("GET", f"/api/v1/customers/{people['ann']}/cases")["data"], "the case is opened")
    assert [case["subject"] for case in cases] == [f"Call about the basket {tag}"]
    why = up.ask("GET", f"/api/v1/journeys/{journey}/decisions/{people['ann']}")
    (made,) = why["messages"]
    assert made["receives"] is True
    assert {check["check"] for check in made["checks"]} >= {"address", "channel", "consent", "pressure", "ledger"}
    bob = up.ask("GET", f"/api/v1/journeys/{journey}/people/{people['bob']}")["passages"][0]
    assert (bob["outcome"], [line["did"] for line in bob["history"]][-1]) == ("goal", "left")
