"""The interaction service as one story over HTTP, for any shape: mail to case to survey, work, selling, forms, knowledge, plans, visits, orders, erasure."""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2

from tests.e2e.journey import until
from tests.support.upright import Upright


def tell(up: Upright) -> None:
    """What employees do with contacts, each step seen from outside."""
    tag = uuid.uuid4().hex[:8]
    ann = up.ask("POST", "/api/v1/customers", {"identities": [f"user:ann-{tag}"], "traits": {"email": f"ann.{tag}@x.example", "name": "Ann"}}, expect=201)["id"]
    case = mail_to_case(up, tag, ann)
    case_to_survey(up, tag, case)
    work_and_selling(up, tag, ann)
    form(up, tag)
    knowledge(up, tag)
    plan(up, tag)
    orders_and_visits(up, tag, ann)
    external(up, tag)
    privacy(up, tag, ann)


def mail_to_case(up: Upright, tag: str, ann: str) -> str:
    """A mail comes in, is on the timeline and opens a case; the answer to it goes on with that case."""
    sent = datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S +0000")

    def mail(number: int, more: str = "") -> dict[str, Any]:
        text = (
            f"From: Ann <ann.{tag}@x.example>\r\nTo: help@shop.example\r\nSubject: My order {tag}\r\nMessage-ID: <{number}.{tag}@x.example>\r\n{more}"
            f"Date: {sent}\r\n\r\nWhere is it?\r\n"
        )
        headers = {"authorization": f"Bearer {up.admin_key}", "content-type": "message/rfc822"}
        answer = httpx2.post(f"{up.url}/api/v1/inbound/mail", content=text.encode(), headers=headers, timeout=30)
        assert answer.status_code == 202, answer.text
        found: dict[str, Any] = answer.json()
        return found

    first = mail(1)
    assert (first["kind"], first["automatic"]) == ("email", False)
    (case,) = until(lambda: up.ask("GET", f"/api/v1/customers/{ann}/cases")["data"], "the mail opens a case")
    assert case["status"] == "open"
    assert mail(2, f"In-Reply-To: <1.{tag}@x.example>\r\n")["thread"] == first["thread"]
    until(lambda: len(up.ask("GET", f"/api/v1/cases/{case['id']}/contacts")["data"]) == 2, "the second mail goes on with it")
    assert mail(2, f"In-Reply-To: <1.{tag}@x.example>\r\n")["ids"]  # delivered twice
    entries = up.ask("GET", f"/api/v1/customers/{ann}/timeline", params={"kind": "email"})["data"]
    assert len(entries) == 2
    return str(case["id"])


def case_to_survey(up: Upright, tag: str, case: str) -> None:
    """Routed to whoever can, answered, resolved, and the customer says how it was."""
    team = up.ask("POST", "/api/v1/teams", {"name": f"Support {tag}", "routing": "least_busy"}, expect=201)["id"]
    sara = up.ask(
        "POST", "/api/v1/employees", {"name": "Sara", "email": f"sara.{tag}@shop.example", "languages": ["fa", "en"], "capacity": 5, "team_ids": [team]},
        expect=201,
    )["id"]
    up.ask("POST", f"/api/v1/cases/{case}/assign", {"team_id": team})
    until(lambda: up.ask("GET", f"/api/v1/cases/{case}")["employee_id"] == sara, "somebody is responsible")
    assert up.ask("GET", f"/api/v1/cases/{case}/assignments")["data"]
    up.ask("POST", f"/api/v1/cases/{case}/notes", {"content": "Carrier asked"}, expect=201)
    reply = {"kind": "call", "text": "It comes tomorrow.", "fields": {"customer": f"user:ann-{tag}"}}
    up.ask("POST", f"/api/v1/cases/{case}/replies", reply, expect=202)
    until(lambda: [one for one in up.ask("GET", f"/api/v1/cases/{case}/contacts")["data"] if one["kind"] == "call"], "the call is on the case")
    assert len(up.ask("GET", f"/api/v1/cases/{case}/contacts")["data"]) == 3, "the mail that came twice counts once"
    up.ask("PATCH", f"/api/v1/cases/{case}", {"status": "resolved", "outcome": "delivered"})
    link = up.ask("GET", f"/api/v1/cases/{case}/survey-link")["url"]
    address = up.url + "/s/" + link.rpartition("/s/")[2]
    assert httpx2.get(address).status_code == 200
    assert httpx2.post(address, data={"score": "5"}).status_code in {200, 303}
    figures = up.ask("GET", "/api/v1/cases/figures")
    assert "5" in str(figures)


def work_and_selling(up: Upright, tag: str, ann: str) -> None:
    """A task is done and is a contact; a lead becomes a deal that the forecast knows."""
    due = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    task = up.ask("POST", "/api/v1/tasks", {"kind": "call", "title": "Call back", "customer_id": ann, "due_at": due, "reminders": [15]}, expect=201)["id"]
    assert up.ask("POST", f"/api/v1/tasks/{task}/done", {"outcome": "wants an offer", "duration_s": 60})["state"] == "done"
    calls = {"kind": "call"}
    until(lambda: len(up.ask("GET", f"/api/v1/customers/{ann}/timeline", params=calls)["data"]) == 2, "the call is on the timeline")
    lead = up.ask("POST", "/api/v1/leads", {"title": "Demo", "source": "fair", "contact": {"email": f"lead.{tag}@x.example"}}, expect=201)["id"]
    deal = {
        "title": f"Lamps {tag}", "value_minor": 250_000, "currency": "EUR", "expected_close": (datetime.now(UTC) + timedelta(days=20)).date().isoformat(),
        "next_step": {"title": "Send samples", "due_at": due},
    }
    made = until(lambda: _converted(up, lead, deal), "the lead's customer is known")
    assert made["stage"]
    assert any(line["open_minor"] >= 250_000 for line in up.ask("GET", "/api/v1/forecast?months=3")["data"])


def _converted(up: Upright, lead: str, deal: dict[str, Any]) -> dict[str, Any] | None:
    answer = up.ask("POST", f"/api/v1/leads/{lead}/convert", deal, expect=None)
    assert answer.status_code in {200, 409, 503}, answer.text
    found: dict[str, Any] = answer.json()
    return found if answer.status_code == 200 else None


def form(up: Upright, tag: str) -> None:
    """A page that people see in two languages, without a key."""
    definition = {
        "title": {"en": "Ask for a demo", "fa": "درخواست نمایش"}, "lead": {"source": "web", "score": 40},
        "fields": [{"name": "email", "type": "email", "label": {"en": "E-mail", "fa": "ایمیل"}, "required": True}],
    }
    up.ask("PUT", f"/api/v1/forms/demo-{tag}", definition, expect=None)
    up.ask("POST", f"/api/v1/forms/demo-{tag}/publish", {})
    page = httpx2.get(f"{up.url}/f/demo-{tag}?lang=fa")
    assert (page.status_code, 'dir="rtl"' in page.text) == (200, True)
    assert "default-src" in page.headers["content-security-policy"]
    assert httpx2.post(f"{up.url}/f/demo-{tag}", data={"email": "nobody"}).status_code == 422


def knowledge(up: Upright, tag: str) -> None:
    """An article is found though misspelt."""
    body = {"category": "returns", "language": "en", "title": f"How to return goods {tag}", "body": "Within **30 days**."}
    article = up.ask("POST", "/api/v1/articles", body, expect=201)["id"]
    up.ask("POST", f"/api/v1/articles/{article}/texts/en/state", {"version": 1, "state": "published"})
    found = up.ask("GET", "/api/v1/articles/search", params={"q": f"retrun {tag}"})["data"]
    assert article in str(found)


def plan(up: Upright, tag: str) -> None:
    """A strict plan sets aside what it does not know; corrected and released it is stored."""
    made = up.ask("POST", "/api/v1/sources", {"name": f"planned {tag}"}, expect=201)
    schema = {"type": "object", "required": ["product_id"]}
    up.ask("PUT", f"/api/v1/sources/{made['id']}/plan", {"mode": "strict", "events": {"Product Viewed": {"schema": schema}}}, expect=None)
    time.sleep(1.2)  # it is in force everywhere within a second

    def accepted() -> bool:
        answer = httpx2.post(f"{up.url}/v1/track", json={"userId": f"planned-{tag}", "event": "Product Viewed"}, auth=(made["key"], ""))
        return answer.status_code == 200

    until(accepted, "the new key opens the door")
    (entry,) = until(lambda: up.ask("GET", "/api/v1/quarantine", params={"source": made["id"]})["data"][:1], "what breaks the plan is set aside")
    assert entry["code"] == "plan_violation"
    right = {"type": "track", "event": "Product Viewed", "userId": f"planned-{tag}", "properties": {"product_id": "p1"}}
    up.ask("POST", f"/api/v1/quarantine/{entry['id']}/release", {"payload": right})
    assert up.customer(f"user:planned-{tag}")


def orders_and_visits(up: Upright, tag: str, ann: str) -> None:
    """What was looked at and bought, by visit, by currency and in the intake's books."""
    up.collect([
        {"type": "page", "userId": f"ann-{tag}", "name": "Home", "channel": "browser", "context": {"page": {"url": "https://shop.example/?utm_source=mail"}}},
        {"type": "track", "userId": f"ann-{tag}", "event": "Order Completed", "properties": {
            "order_id": f"o-{tag}", "total": 27.5, "currency": "EUR", "products": [{"product_id": "p1", "price": 27.5}],
        }},
    ])
    totals = until(lambda: up.ask("GET", f"/api/v1/customers/{ann}/orders/totals")["currencies"], "the order counts")
    assert totals[0]["currency"] == "EUR"
    assert until(lambda: up.ask("GET", f"/api/v1/customers/{ann}/sessions")["data"], "the visit is kept")
    refused = {"order_id": f"x-{tag}", "total": 1, "currency": "EUR", "note": "4111 1111 1111 1111"}
    said = up.collect([{"type": "track", "userId": f"ann-{tag}", "event": "Order Completed", "properties": refused}])
    assert said["rejected"][0]["code"] == "card_number"
    assert up.ask("GET", "/api/v1/intake")["data"]


def external(up: Upright, tag: str) -> None:
    """D13: a social network feeds in under its own name, with its basis; its word counts least until it is trusted."""
    refused = up.ask("POST", "/api/v1/sources", {"name": f"Social {tag}", "kind": "external"}, expect=422)
    assert refused["code"] == "sources.basis_needed"
    basis = {"basis": "public", "statement": "Posts that everybody can read; terms of the network, section 4"}
    social = up.ask("POST", "/api/v1/sources", {"name": f"Social {tag}", "kind": "external", "consent_basis": basis}, expect=201)
    assert (social["trust"], social["consent_basis"]) == ("low", basis)

    def feeds(city: str, number: int) -> bool:
        batch = [
            {"type": "identify", "userId": f"kim-{tag}", "messageId": f"i{number}-{tag}", "traits": {"city": city, "handle": "@kim"}},
            {"type": "track", "userId": f"kim-{tag}", "messageId": f"t{number}-{tag}", "event": "Social Post", "properties": {"text": "I like it"}},
        ]
        return httpx2.post(f"{up.url}/v1/batch", json={"batch": batch}, auth=(social["key"], ""), timeout=30).status_code == 200

    up.collect([{"type": "identify", "userId": f"kim-{tag}", "traits": {"city": "Qom"}}])
    until(lambda: feeds("Rome", 1), "the network's key opens the door")
    kim = up.customer(f"user:kim-{tag}")["id"]
    seen = until(lambda: (one := up.ask("GET", f"/api/v1/customers/{kim}"))["traits"].get("handle") and one, "the network's word is known")
    assert seen["traits"]["city"] == "Qom"
    assert (seen["provenance"]["handle"]["authority"], seen["provenance"]["handle"]["source"]) == ("external", social["id"])
    posts = until(lambda: [one for one in up.timeline(kim, 3) if one["source"] == social["id"] and one["kind"] == "track"], "its posts are on the timeline")
    assert len(posts) == 1
    up.ask("PATCH", f"/api/v1/sources/{social['id']}", {"trust": "high"})
    numbers = iter(range(2, 1000))
    until(lambda: feeds("Rome", next(numbers)) and up.ask("GET", f"/api/v1/customers/{kim}")["traits"]["city"] == "Rome", "it is believed")


def privacy(up: Upright, tag: str, ann: str) -> None:
    """U43: she asks to be forgotten; every service says that it has, and nothing of her answers."""
    body = {"customer_id": ann, "kind": "erasure", "verified_by": "identity card"}
    request = up.ask("POST", "/api/v1/privacy/requests", body, expect=201)["id"]
    running = up.ask("POST", f"/api/v1/privacy/requests/{request}/erase", expect=None)
    assert (running.status_code, running.headers["operation-location"][:19]) == (202, "/api/v1/operations/")
    until(lambda: up.ask("GET", f"/api/v1/privacy/requests/{request}")["state"] == "completed", "all services have erased", seconds=60)
    certificate = up.ask("GET", f"/api/v1/privacy/requests/{request}/certificate")["certificate"]
    assert set(certificate["services"]) == {"analytics", "campaign", "consent", "customer", "interaction"}
    assert up.ask("GET", f"/api/v1/customers/{ann}", expect=None).status_code == 404
    assert up.ask("GET", "/api/v1/customers", params={"identity": f"user:ann-{tag}"})["data"] == []
    up.collect([{"type": "track", "userId": f"ann-{tag}", "event": "Late"}])
    until(lambda: any(minute["erased"] for minute in up.ask("GET", "/api/v1/intake")["data"]), "what comes late is dropped and counted")
