"""Section by section: what refuses one event, in which order, and what only leaves a note."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from tests.unit.interaction.collecting.support import batch, clean, code, post, stamp, track


def nested(levels: int) -> dict[str, Any]:
    """`levels` objects inside each other."""
    found: dict[str, Any] = {}
    for _ in range(levels - 1):
        found = {"a": found}
    return found


REFUSED = [
    (5, "not_an_object"), ("text", "not_an_object"), (None, "not_an_object"), ([{"type": "track"}], "not_an_object"),
    (track(properties={"x": "y" * 33_000}), "event_too_large"),
    (track(properties=nested(32)), "too_deep"),
    (track(properties={"x": list(range(1996))}), "too_many_values"),
    (track(properties={"k" * 257: 1}), "key_too_long"),
    (track(properties={"é" * 129: 1}), "key_too_long"),
    (track(properties={"x": "a\x00b"}), "nul_character"), (track(properties={"a\x00b": 1}), "nul_character"), (track(userId="a\x00"), "nul_character"),
    (track(properties={"x": 2**53}), "number_out_of_range"), (track(properties={"x": [-(2**53)]}), "number_out_of_range"),
    (track(properties={"x": 10**30}), "number_out_of_range"),
    (track(type="purchase"), "unknown_type"), (track(type=5), "unknown_type"), ({"userId": "u"}, "unknown_type"), (track(type="Track"), "unknown_type"),
    (track(userId=True), "bad_identity"), (track(userId=["u"]), "bad_identity"), (track(anonymousId=False), "bad_identity"),
    (track(userId="u" * 513), "identity_too_long"), (track(anonymousId="u" * 513), "identity_too_long"),
    (track(userId=None), "missing_identity"), (track(userId=""), "missing_identity"), (track(userId=" \t"), "missing_identity"),
    ({"type": "alias", "anonymousId": "a", "previousId": "p"}, "missing_identity"),
    ({"type": "track", "userId": "u"}, "missing_event"), (track(event=""), "missing_event"), (track(event="  "), "missing_event"),
    (track(event=7), "missing_event"), (track(event="e" * 257), "event_too_long"),
    ({"type": "group", "userId": "u"}, "missing_group_id"), ({"type": "group", "userId": "u", "groupId": True}, "bad_identity"),
    ({"type": "alias", "userId": "u"}, "missing_previous_id"), ({"type": "alias", "userId": "u", "previousId": " "}, "missing_previous_id"),
    (track(properties="x"), "bad_properties"), (track(properties=[1]), "bad_properties"), (track(traits=1), "bad_traits"),
    (track(context="x"), "bad_context"),
    (track(properties={"x": "4111 1111 1111 1111"}), "card_number"), (track(properties={"a": [{"b": "4111-1111-1111-1111"}]}), "card_number"),
    (track(properties={"x": "6037997599999999"[:15] + "0"}), ""), (track(properties={"x": "4111111111111112"}), ""),
    (track(event="ecrm.consent.withdrawn.v1"), "unknown_reserved_type"), (track(event="ecrm.touchpoint.call.v1"), "invalid_data"),
]


@pytest.mark.parametrize(("event", "expected"), REFUSED)
def test_refusals(event: Any, expected: str) -> None:
    assert code(event) == expected


ACCEPTED = [
    track(properties=nested(31)), track(properties={"x": list(range(1995))}), track(properties={"k" * 256: 1}),
    track(properties={"x": 2**53 - 1, "y": 1e21, "z": 1.5}), track(userId=10**30), track(userId="u" * 512), track(event="e" * 256),
    track(properties=None), track(properties=[]), track(traits=[], context=[]), track(userId=None, anonymousId="a"),
    {"action": "track", "user_id": "u", "event": "old"}, {"type": "page", "anonymous_id": "a"}, {"type": "screen", "userId": {"id": 456}},
    {"type": "alias", "userId": "u", "previousId": "u"}, {"type": "group", "userId": "u", "groupId": 7},
    track(properties={"payment_token": "4111111111111111", "Token": {"value": "4111111111111111"}}),
    track(properties={"phone": "+4111111111111111", "order": "4111111111111111-A", "n": 4111111111111112}),
    track(timestamp="not a time", sentAt={}), track(messageId=["odd"]), track(messageId=True), track(properties={"text": 'say "hi" \\ \n'}),
]


@pytest.mark.parametrize("event", ACCEPTED)
def test_accepted(event: dict[str, Any]) -> None:
    assert code(event) == ""


ORDER = [
    (track(properties={"x": 2**53, "y": "\x00"}), "nul_character"),
    (track(type="x", properties={"x": 2**53}), "number_out_of_range"),
    ({"type": "x", "userId": True}, "unknown_type"),
    ({"type": "track", "userId": True}, "bad_identity"),
    ({"type": "track", "event": "", "properties": 1}, "missing_identity"),
    (track(event="", properties=1), "missing_event"),
    (track(properties=1, traits=1, context=1), "bad_properties"),
    (track(traits=1, context=1), "bad_traits"),
    (track(context=1, properties={"x": "4111111111111111"}), "bad_context"),
    (track(event="ecrm.x", properties={"x": "4111111111111111"}), "card_number"),
    (track(properties={"k" * 257: nested(40), "x": "\x00"}), "too_deep"),
]


@pytest.mark.parametrize(("event", "expected"), ORDER)
def test_the_first_failure_is_the_answer(event: Any, expected: str) -> None:
    assert code(event) == expected


def test_an_event_of_exactly_32_kib_is_accepted_and_one_byte_more_is_not() -> None:
    empty = json.dumps(track(properties={"x": ""})).encode()
    fits = json.dumps(track(properties={"x": "y" * (32 * 1024 - len(empty))})).encode()
    assert len(fits) == 32 * 1024
    assert not post(b'{"batch":[' + fits + b"]}").rejected
    assert post(b'{"batch":[' + fits.replace(b"y", b"yy", 1) + b"]}").rejected[0].code == "event_too_large"


def test_what_the_batch_shares_counts_in_every_event() -> None:
    big = {"batch": [track(), track(properties={"x": "y" * 20_000})], "context": {"a": "b" * 20_000}}
    assert [event.position for event in post(json.dumps(big).encode()).rejected] == [1]
    many = {"batch": [track(properties={"x": list(range(1500))}), track()], "context": {"a": list(range(1500))}}
    assert [event.code for event in post(json.dumps(many).encode()).rejected] == ["too_many_values"]
    deep = {"batch": [track()], "context": nested(32)}
    assert post(json.dumps(deep).encode()).rejected[0].code == "too_deep"
    nul = {"batch": [track()], "context": {"a": "\x00"}}
    assert post(json.dumps(nul).encode()).rejected[0].code == "nul_character"
    card = {"batch": [track()], "context": {"a": "4111111111111111"}}
    assert post(json.dumps(card).encode()).rejected[0].code == "card_number"
    wrong = {"batch": [track()], "context": 5}
    assert post(json.dumps(wrong).encode()).rejected[0].code == "bad_context"


@pytest.mark.parametrize(
    "number",
    [
        "4111111111111111", "4222222222222", "5555555555554444", "2223003122003222", "378282246310005", "6011111111111117", "30569309025904",
        "3530111333300000", "6200000000000005", "6037991234567893", "۴۱۱۱۱۱۱۱۱۱۱۱۱۱۱۱", "4111\u00a01111 1111-1111",
    ],
)
def test_card_numbers_are_recognised_and_never_kept(number: str) -> None:
    refused = batch(track(messageId="m-1", properties={"note": number}), track()).rejected
    assert [event.code for event in refused] == ["card_number"]
    assert refused[0].payload is None
    assert refused[0].message_id is None
    plain = json.dumps({"batch": [track(properties={"note": number})]}, ensure_ascii=False)
    assert post(plain.encode()).rejected[0].code == "card_number"
    assert post(plain.replace(number[0], f"\\u{ord(number[0]):04x}").encode()).rejected[0].code == "card_number"


@pytest.mark.parametrize("number", ["1234567812345678", "0000000000000000", "4111111111111", "41111111111111111111", "4111  11111111111x"])
def test_other_digits_are_no_card_numbers(number: str) -> None:
    assert code(track(properties={"note": number})) == ""


@pytest.mark.parametrize(
    "text",
    [
        "call me, card 4111 1111 1111 1111 exp 12/29", "(4111-1111-1111-1111)", "4111111111111111, please", "card:\n4111111111111111\nthanks.",
        "شمارهٔ کارت: ۶۰۳۷ ۹۹۱۲ ۳۴۵۶ ۷۸۹۳", "amex 3782 822463 10005", "it is 378282246310005.", 4111111111111111, 378282246310005,
    ],
)
def test_card_numbers_within_a_text_and_as_numbers_are_refused(text: str | int) -> None:
    """D18"""
    refused = batch(track(properties={"deep": [{"note": text}]}), track()).rejected
    assert [(event.code, event.payload, event.message_id) for event in refused] == [("card_number", None, None)]
    assert "4111" not in refused[0].detail
    assert code({"type": "identify", "userId": "u", "traits": {"note": text}}) == "card_number"
    assert code(track(properties={str(text): 1})) == "card_number"
    assert code(track(properties={"card_token": text})) == ""


@pytest.mark.parametrize(
    "text",
    [
        "order 4111-1111-11", "ord-4111111111111111", "https://shop.example/4111111111111111", "id=4111111111111111", "+4111111111111111",
        "4111111111111112 is wrong", "1795406180374123 us", 1795406180374, 1795406180374123, 1795406180374123456 // 1000, "v4111111111111111x",
        "4111.1111.1111.1111", "507f1f77bcf86cd799439011", "node-next-1795406180374-6f9c8bd8-000000000042", "4111 1111 1111", 4111111111111,
    ],
)
def test_ids_telephones_addresses_and_times_are_no_cards(text: str | int) -> None:
    """D18"""
    assert code(track(properties={"note": text})) == ""


def test_card_number_as_an_id_or_message_id_is_refused_too() -> None:
    assert code(track(userId="4111111111111111")) == "card_number"
    assert code(track(messageId="4111111111111111")) == "card_number"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("u", "user:u"), (456, "user:456"), (456.0, "user:456"), (1.5, "user:1.5"), (10**20, f"user:{10**20}"), ({"id": 456}, 'user:{"id":456}'),
        ({"b": 1, "a": {"d": 1, "c": 2}}, 'user:{"a":{"c":2,"d":1},"b":1}'), ("  u ", "user:u"),
    ],
)
def test_the_partition_key_is_the_user_id_as_text(sent: Any, kept: str) -> None:
    outcome = batch(track(userId=sent, anonymousId="a"))
    assert outcome.accepted[0].key == kept.encode()
    assert stamp(outcome).keys == [kept]  # a track event links nothing


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (" \u0000\u00a0\t\n\r\u034f ", None), ("\u0000 -a-random-string \u00a0\t\n\r\u034f", "-a-random-string"), ("", None), (None, None), (7, "7"),
        ("ajs-next-1-a", "ajs-next-1-a"), ("a\u0000b", "ab"), ("x" * 128, "x" * 128),
        ("x" * 129, "sha256:" + hashlib.sha256(b"x" * 129).hexdigest()),
    ],
)
def test_message_ids_are_cleaned_never_refused(sent: Any, kept: str | None) -> None:
    found = stamp(batch(track(messageId=sent))).id
    assert found == kept if kept is not None else found.startswith("00000000-0000-7000-")


def test_identify_links_only_what_the_source_may_say() -> None:
    event = {
        "type": "identify", "userId": "u", "anonymousId": "a", "traits": {"email": " Sara@Example.COM "},
        "context": {"traits": {"phone": "0912 345 6789", "email": "old@example.com"}},
    }
    server = stamp(batch(event, default_region="IR"))
    assert server.keys == ["user:u", "anon:a", "email:sara@example.com", "phone:+989123456789"]
    assert server.notes == []
    assert stamp(batch(event)).keys == ["user:u", "anon:a", "email:sara@example.com"]  # without a region the number does not parse
    browser = stamp(batch(event, kind="browser"))
    assert browser.keys == ["user:u", "anon:a"]
    assert browser.notes == ["not_from_browser"]


def test_alias_links_the_former_id_and_a_browser_never_joins_two_people() -> None:
    event = {"type": "alias", "userId": "u", "previousId": "p"}
    assert stamp(batch(event)).keys == ["user:u", "anon:p", "user:p"]
    assert stamp(batch(event, kind="browser")).keys == ["user:u", "anon:p"]
    assert stamp(batch({**event, "previousId": "u"})).keys == ["user:u"]


def test_group_and_track_link_nothing() -> None:
    assert stamp(batch({"type": "group", "userId": "u", "anonymousId": "a", "groupId": "g", "traits": {"email": "a@b.c"}})).keys == ["user:u"]
    assert stamp(batch(track(anonymousId="a", properties={"email": "a@b.c"}))).keys == ["user:u-1"]


@pytest.mark.parametrize(
    ("rule", "address", "kept"),
    [
        ("keep", "203.0.113.9", "203.0.113.9"), ("truncate", "203.0.113.9", "203.0.113.0"), ("truncate", "2001:db8:1:2::5", "2001:db8:1::"),
        ("drop", "203.0.113.9", None), ("truncate", "nonsense", None),
    ],
)
def test_addresses_follow_the_rule_of_the_source(rule: str, address: str, kept: str | None) -> None:
    body = json.dumps({"batch": [track(context={"ip": address, "x": 1}, request_ip=address)], "context": {"ip": address}}).encode()
    outcome = post(body, address_rule=rule)
    assert stamp(outcome).ip == kept
    assert clean(outcome).context.get("ip") == kept
    if rule != "keep":
        assert address.encode() not in outcome.accepted[0].value
        assert address.encode() not in outcome.accepted[0].stamp


def test_a_browser_s_address_and_agent_are_the_connection_s() -> None:
    event = track(context={"ip": "1.2.3.4", "userAgent": "Inside"})
    found = stamp(batch(event, kind="browser", ip="198.51.100.7", user_agent="Mozilla/5.0"))
    assert (found.ip, found.user_agent, found.authority) == ("198.51.100.7", "Mozilla/5.0", "browser")
    found = stamp(batch(event, ip="198.51.100.7", user_agent="python-requests"))
    assert (found.ip, found.user_agent, found.authority) == ("1.2.3.4", "Inside", "server")


def test_crawlers_are_flagged_and_gpc_is_noticed() -> None:
    assert stamp(batch(track(), kind="browser", user_agent="Mozilla/5.0 (compatible; Googlebot/2.1)")).notes == ["crawler"]
    assert stamp(batch(track(), gpc=True)).gpc
    assert stamp(batch(track(context={"gpc": True}))).gpc
    assert not stamp(batch(track(context={"gpc": "true"}))).gpc


def test_a_browser_does_not_report_refunds_or_complaints() -> None:
    for name in ("Order Refunded", "Email Bounced", "Email Marked as Spam"):
        assert stamp(batch(track(event=name), kind="browser")).notes == ["not_from_browser"]
        assert stamp(batch(track(event=name))).notes == []


def test_details_are_short_and_never_repeat_values() -> None:
    secret = "secret-value-" * 30
    events = [event for event, expected in REFUSED if expected and isinstance(event, dict)]
    outcome = batch(*({**event, "note": secret} for event in events), track(userId=[secret]), track(event=secret))
    assert outcome.rejected
    for event in outcome.rejected:
        assert len(event.detail) <= 200
        assert "secret" not in event.detail
