"""From the record to the clean event."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contracts import collected
from services.interaction.domain import collecting
from tests.unit.interaction.collecting.support import batch, clean, post, receipt, track


def one(event: dict[str, Any], **shared: Any) -> collected.CleanEvent:
    return clean(post(json.dumps({"batch": [event], **shared}).encode()))


def test_shared_parts_are_merged_under_the_event_s_own_key_by_key() -> None:
    event = track(context={"a": 1, "b": {"x": 1}}, integrations={"All": False})
    found = one(event, context={"b": {"y": 2}, "c": 3}, integrations={"All": True, "X": True})
    assert found.context == {"a": 1, "b": {"x": 1}, "c": 3, "integrations": {"All": False, "X": True}}
    assert one(track(), context={"c": 3}).context == {"c": 3}
    assert one(track(context=None, integrations=None), context={"c": 3}, integrations={"All": True}).context == {"c": 3, "integrations": {"All": True}}


def test_identify_traits_lie_over_those_of_the_context() -> None:
    event = {"type": "identify", "userId": "u", "traits": {"a": 1}, "context": {"traits": {"a": 2, "b": 3}}}
    assert one(event).traits == {"a": 1, "b": 3}
    assert one({"type": "identify", "userId": "u"}, context={"traits": {"b": 3}}).traits == {"b": 3}
    other = one(track(context={"traits": {"b": 3}}))
    assert other.traits == {}
    assert other.context == {"traits": {"b": 3}}


def test_every_part_has_its_place_and_nothing_is_lost() -> None:
    page = one({"type": "page", "userId": "u", "name": "Home", "category": "Docs", "properties": {"url": "x"}, "receivedAt": "r", "request_ip": "1.2.3.4"})
    assert (page.kind, page.name, page.channel, page.initiator) == ("page", "Home", "web", "customer")
    assert page.properties == {"url": "x", "category": "Docs"}
    assert page.context == {"fields": {"receivedAt": "r", "request_ip": "1.2.3.4"}}
    group = one({"type": "group", "userId": "u", "groupId": "g", "traits": {"name": "Acme"}})
    assert (group.properties, group.traits) == ({"groupId": "g"}, {"name": "Acme"})
    assert one({"type": "alias", "userId": "u", "previousId": "p"}).properties == {"previousId": "p"}
    bare = one(track(writeKey="k", _metadata={"x": 1}, messageId="m", timestamp="2024-01-02T03:04:05Z"))
    assert (bare.properties, bare.traits, bare.context) == ({}, {}, {})


@pytest.mark.parametrize(
    ("event", "kind", "channel", "initiator"),
    [
        (track(channel="web"), "track", "web", "customer"), (track(channel="mobile"), "track", "mobile", "customer"), (track(), "track", "server", "customer"),
        ({"type": "screen", "userId": "u"}, "screen", "mobile", "customer"), (track(event="Live Chat Message Sent"), "chat", "chat", "customer"),
        (track(event="Email Opened"), "track", "email", "company"),
        (track(event="ecrm.touchpoint.call.v1", properties={"initiator": "company", "answered": True, "duration_s": 60}), "call", "call", "company"),
    ],
)
def test_kind_channel_and_initiator(event: dict[str, Any], kind: str, channel: str, initiator: str) -> None:
    found = one(event)
    assert (found.kind, found.channel, found.initiator) == (kind, channel, initiator)
    assert found.properties == event.get("properties", {})


def test_the_digest_is_that_of_the_content_not_of_the_try() -> None:
    event = track(messageId="m", properties={"a": 1, "b": [1, {"c": 2, "d": 3}]})
    digest = one(event).digest
    retry = {**event, "properties": {"b": [1, {"d": 3, "c": 2}], "a": 1}, "sentAt": "2024-01-01T00:00:00Z", "receivedAt": "x", "request_ip": "y", "writeKey": "k", "_metadata": {"n": 2}}
    assert one(retry).digest == digest
    assert one(event, sentAt="2024-01-01T00:00:00Z").digest == digest
    assert one({**event, "properties": {"a": 2}}).digest != digest
    assert one({**event, "userId": "other"}).digest != digest
    assert one(event, context={"c": 1}).digest == one({**event, "context": {"c": 1}}).digest != digest
    assert len(one(track(messageId="m", userId=10**30)).digest) == 32


def test_touch_points_posted_by_employees() -> None:
    raw = json.dumps({"kind": "call", "id": "c-1", "customer": "email:A@B.c", "initiator": "customer", "answered": True, "duration_s": 60, "occurred_at": "2024-01-02T03:04:05Z"}).encode()
    accepted = collecting.check_touchpoint(raw, receipt())
    assert (accepted.key, accepted.value, accepted.id) == (b"email:a@b.c", raw, b"c-1")
    stamp = collected.read_stamp(accepted.stamp)
    found = collected.clean_event(accepted.value, stamp)
    assert (stamp.form, stamp.keys, str(stamp.timestamp)) == ("touchpoint", ["email:a@b.c"], "2024-01-02 03:04:05+00:00")
    assert (found.kind, found.name, found.channel, found.initiator) == ("call", "ecrm.touchpoint.call.v1", "call", "customer")
    assert found.properties["duration_s"] == 60


@pytest.mark.parametrize(
    ("change", "code", "detail"),
    [
        ({"kind": 5}, "invalid_data", "/kind"), ({"kind": "fax_machine"}, "unknown_reserved_type", None), ({"initiator": None}, "invalid_data", "/initiator"),
        ({"customer": "nobody"}, "invalid_data", "/customer"), ({"answered": "yes"}, "invalid_data", "/answered"),
        ({"summary": "4111111111111111"}, "card_number", None), ({"summary": "\x00"}, "nul_character", None),
        ({"attachments": [{"name": "a", "media_type": "b", "size": 1, "data": "AAAA"}]}, "invalid_data", "/attachments/0/data"),
    ],
)
def test_touch_points_are_refused_like_events(change: dict[str, Any], code: str, detail: str | None) -> None:
    good = {"kind": "call", "customer": "user:u", "initiator": "customer", "answered": True, "duration_s": 60}
    with pytest.raises(collecting.EventRefused) as refused:
        collecting.check_touchpoint(json.dumps({**good, **change}).encode(), receipt())
    assert refused.value.code == code
    assert detail is None or refused.value.detail == detail


def test_a_record_not_written_by_the_collector_is_not_read() -> None:
    import msgspec

    with pytest.raises(msgspec.DecodeError):
        collected.clean_event(b"{", collected.read_stamp(batch(track()).accepted[0].stamp))


@pytest.mark.parametrize("said", [[], {"a": 1}, 7, None, "nobody"])
def test_an_initiator_nobody_knows_is_the_usual_one_whatever_it_is(said: Any) -> None:
    found = one(track(event="Live Chat Started", properties={"initiator": said}))
    assert (found.kind, found.initiator) == ("chat", "customer")
