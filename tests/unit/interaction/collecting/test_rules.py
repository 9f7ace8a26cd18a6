"""R8: which pages, events, categories and fields a source's rules keep out, however they are written."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from chassis import ids
from contracts.gateway import CollectionRules, SourceSettings
from services.interaction.domain import collecting

PLANTED = "planted-7f3a"


def outcome_of(rules: CollectionRules, *events: dict[str, Any], gpc: bool = False, cloudevent: bool = False, **shared: Any) -> collecting.Outcome:
    source = SourceSettings(source_id="shop", name="shop", never=rules)
    receipt = collecting.Receipt(source=source, received_at=datetime(2026, 3, 1, tzinfo=UTC), new_id=ids.new_text_id, gpc=gpc)
    return collecting.check_events(collecting.read_batch(json.dumps({"batch": events, **shared}).encode()), receipt, cloudevent=cloudevent)


def left(outcome: collecting.Outcome) -> bytes:
    """Everything that would be written."""
    return b"".join([*(event.key + event.value + event.stamp + event.id for event in outcome.accepted), *((event.payload or b"") + repr(event).encode() for event in outcome.rejected)])


def page(url: str, **more: Any) -> dict[str, Any]:
    return {"type": "page", "anonymousId": "a1", "properties": {"url": url, **more}}


@pytest.mark.parametrize(
    "url",
    [
        "/health/hiv", "/health", "/health/", "/HEALTH/x", "https://shop.example/health/hiv?q=1", "https://shop.example/%68ealth/hiv",
        "https://shop.example/%2568ealth/hiv", "//shop.example/health/hiv", "/a/../health/hiv", "//health/hiv", "/./health/hiv", "shop.example/health/hiv",
        "https://shop.example/#/health/hiv", "https://shop.example/#!/health/hiv", "/health/hiv#top", "https://user:pw@shop.example:8443/health/hiv",
    ],
)
def test_a_page_is_recognised_however_it_is_written(url: str) -> None:
    rules = CollectionRules(paths=["/health/*"])
    for event in (page(url), {"type": "page", "userId": "u", "context": {"page": {"path": url, "title": PLANTED}}}, {
        "type": "track", "event": "Read", "userId": "u", "context": {"page": {"url": url}}, "properties": {"title": PLANTED}}):
        outcome = outcome_of(rules, event)
        assert (outcome.accepted, outcome.rejected, outcome.dropped, outcome.kept_out) == ([], [], 1, {"path": 1}), event


@pytest.mark.parametrize("url", ["/healthy", "/shop/health/x", "https://shop.example/", "/", "", "no path", "health.example/x", "https://[bad/health/x"])
def test_other_pages_are_collected(url: str) -> None:
    outcome = outcome_of(CollectionRules(paths=["/health/*"]), page(url))
    assert (len(outcome.accepted), outcome.kept_out) == (1, {})


def test_patterns_with_a_host_and_with_a_query() -> None:
    rules = CollectionRules(paths=["https://private.example/*", "/search?q=*secret*"])
    assert outcome_of(rules, page("https://private.example/x")).dropped == 1
    assert outcome_of(rules, page("https://shop.example/x")).dropped == 0
    assert outcome_of(rules, page("https://shop.example/search?q=my-secret-thing")).dropped == 1


def test_the_page_before_is_not_told_either() -> None:
    rules = CollectionRules(paths=["/health/*"])
    event = page("/cart", referrer=f"https://shop.example/health/{PLANTED}", links=[f"/health/{PLANTED}", "/cart"])
    event["context"] = {"page": {"path": "/cart", "referrer": f"https://shop.example/health/{PLANTED}"}}
    outcome = outcome_of(rules, event)
    assert outcome.kept_out == {"field": 3}
    assert len(outcome.accepted) == 1
    assert PLANTED.encode() not in left(outcome)
    assert b'"/cart"' in left(outcome)


def test_events_and_categories() -> None:
    rules = CollectionRules(events=["Therapy *", "com.example.lab.*"], categories=["medicine/*", "adult"])
    track = {"type": "track", "userId": "u", "event": "Product Viewed"}
    for event in (
        {**track, "event": "therapy booked"}, {"type": "page", "userId": "u", "name": "Therapy overview"},
        {**track, "properties": {"category": "Medicine/HIV"}}, {"type": "page", "userId": "u", "category": "adult"},
    ):
        assert outcome_of(rules, event).dropped == 1, event
    assert outcome_of(rules, {**track, "event": "A Therapy"}).dropped == 0
    cloud = {"specversion": "1.0", "id": "1", "source": "/lab", "type": "com.example.lab.result", "data": {"x": PLANTED}}
    assert outcome_of(rules, cloud, cloudevent=True).dropped == 1
    order = {**track, "properties": {"products": [{"product_id": "1", "category": "adult", "name": PLANTED}, {"product_id": "2", "category": "books"}]}}
    outcome = outcome_of(rules, order)
    assert (outcome.kept_out, len(outcome.accepted)) == ({"field": 1}, 1)
    assert PLANTED.encode() not in left(outcome)


def test_fields_at_their_places_and_anywhere() -> None:
    rules = CollectionRules(fields=["properties.diagnosis", "traits.email", "properties.items.*.note", "ssn", "context.device"])
    outcome = outcome_of(
        rules,
        {
            "type": "identify", "userId": "u1", "traits": {"email": f"{PLANTED}@x.example", "name": "N", "deep": {"SSN": PLANTED}},
            "context": {"traits": {"email": f"{PLANTED}@x.example"}, "device": {"id": PLANTED}},
        },
        {"type": "track", "userId": "u1", "event": "E", "properties": {"Diagnosis": PLANTED, "items": {"a": {"note": PLANTED}}, "list": [{"ssn": PLANTED}]}},
        context={"device": {"id": PLANTED}, "ssn": PLANTED, "library": {"name": "l"}},
    )
    assert len(outcome.accepted) == 2
    assert outcome.kept_out == {"field": 9}
    assert PLANTED.encode() not in left(outcome)
    assert b'"library"' in left(outcome)
    assert b"email:" not in left(outcome), "no identity is made of what is not collected"
    cloud = {"specversion": "1.0", "id": "1", "source": "/s", "type": "x.y", "subject": "user:1", "data": {"diagnosis": PLANTED, "n": 1}}
    outcome = outcome_of(rules, cloud, cloudevent=True)
    assert (outcome.kept_out, PLANTED.encode() in left(outcome)) == ({"field": 1}, False)


def test_refused_events_leave_no_trace_of_what_is_never_collected() -> None:
    rules = CollectionRules(paths=["/health/*"], fields=["diagnosis"])
    outcome = outcome_of(
        rules,
        {"type": "wrong", "userId": "u", "properties": {"diagnosis": PLANTED}},  # refused, and without the field in quarantine
        {"type": "wrong", "userId": "u", "properties": {"url": f"/health/{PLANTED}"}},  # not even refused
        {"type": "track", "userId": "u", "event": "E", "properties": {"diagnosis": PLANTED, "n": 2**60}},
        {"type": "track", "userId": "u", "event": "E", "properties": {"x": "y" * 40_000, "diagnosis": PLANTED}},
    )
    assert (len(outcome.rejected), outcome.dropped) == (3, 1)
    assert PLANTED.encode() not in left(outcome)
    deep: Any = PLANTED
    for _ in range(600):
        deep = {"x": deep}
    assert PLANTED.encode() not in left(outcome_of(rules, {"type": "track", "userId": "u", "event": "E", "properties": deep}))


def test_global_privacy_control_as_the_source_wants_it() -> None:
    event = {"type": "track", "userId": "u", "event": "E"}
    assert outcome_of(CollectionRules(), event, gpc=True).dropped == 0
    assert outcome_of(CollectionRules(gpc="drop"), event, gpc=True).kept_out == {"gpc": 1}
    assert outcome_of(CollectionRules(gpc="drop"), {**event, "context": {"gpc": True}}).dropped == 1
    assert outcome_of(CollectionRules(gpc="drop"), event).dropped == 0


def test_hostile_patterns_and_addresses_cost_no_time() -> None:
    rules = CollectionRules(paths=["/" + "*a" * 50, "*" + "x*" * 100 + "/end"])
    began = time.process_time()
    outcome_of(rules, *[page("/" + "a" * 8000 + "b" + "x" * 100) for _ in range(3)])
    assert time.process_time() - began < 1.0
