"""The quick check of usual messages and the thorough one write the same, and the quick one takes nothing the other refuses."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts import collected
from services.interaction.domain import collecting
from services.interaction.domain.collecting import messages, shared, typical
from tests.unit.interaction.collecting.support import receipt
from tests.unit.interaction.collecting.test_fuzz import DEEP, LONG_KEYS, TRICKY, VALUES

TIMES: st.SearchStrategy[Any] = st.sampled_from([
    "2026-11-23T03:56:20.374Z", "2026-11-23T03:56:20.374+03:30", "2026-11-23T03:56:20", "2026-11-23", "2026-11-23T03:56:20.1234567Z", "1795406180374", "179540618",
    1795406180374, 1795406180.5, "never", "", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "2030-01-01T00:00:00Z", None, {}, " 2026-11-23T03:56:20Z ",
])
IDS: st.SearchStrategy[Any] = st.sampled_from(["u-1", " u-1 ", "", "  ", "کاربر", "u" * 512, "u" * 513, 7, 7.0, None, True, {"id": 1}, [], "4111111111111111"])
TEXTS = st.sampled_from(["Viewed", "Order Refunded", "ecrm.x", "ecrm.touchpoint.call.v1", " ", "", "e" * 256, "e" * 257, 'say "hi"', "\u0600", 5, None])
ODD = TRICKY | VALUES | DEEP | LONG_KEYS
PARTS: st.SearchStrategy[Any] = st.dictionaries(st.text(max_size=4) | st.sampled_from(["email", "phone", "payment_token"]), ODD, max_size=3) | st.sampled_from([None, [], {}, 5, [1], "x"])
CONTEXTS = PARTS | st.fixed_dictionaries({}, optional={
    "gpc": st.sampled_from([True, False, None, "true"]), "ip": st.sampled_from(["198.51.100.7", "", None, 5, "x" * 65]),
    "userAgent": st.sampled_from(["Mozilla/5.0", "Googlebot/2.1", "", None, 5]), "traits": PARTS, "page": VALUES,
})
EVENTS = st.fixed_dictionaries({"type": st.sampled_from(["track", "page", "screen", "identify", "group", "alias", "x", 5])}, optional={
    "userId": IDS, "anonymousId": IDS, "user_id": IDS, "anonymous_id": IDS, "action": TEXTS, "event": TEXTS, "name": TEXTS, "groupId": IDS, "previousId": IDS,
    "messageId": st.sampled_from(["m-1", " m-1\u00a0", "", None, 7, "m" * 129, "\u0000m"]), "timestamp": TIMES, "originalTimestamp": TIMES, "sentAt": TIMES,
    "properties": PARTS, "traits": PARTS, "context": CONTEXTS, "integrations": VALUES, "else": ODD, "writeKey": IDS,
})
#: What stands in JSON texts but does not come out of an encoder.
WRITTEN = ["1e400", "-1E+400", "0.1e0400", "1e308", "1.5e-400", "9007199254740992", "0.00000000000000000000001", "1e3", '"1e400"', '"b:1e400"', '"0f1e4000"', '"\\u0041"', '"\\/"']


def thorough(slice_: bytes, kind: str, given_receipt: collecting.Receipt, sent_at: Any) -> collecting.Accepted | None:
    parts = shared.read_shared(collecting.Body([], sent_at=sent_at), ip_rule="keep")
    try:
        return messages.check_message(slice_, messages.decode_event(slice_, parts), kind, parts, given_receipt)
    except collecting.EventRefused:
        return None


def compare(body: collecting.Body, **about: Any) -> int:
    """Both checks on each event; how many the quick one took."""
    about_request = receipt(**about)
    usual = typical.usual(body, about_request, shared.read_shared(body, ip_rule="keep"))
    if usual is None:
        return 0
    taken = 0
    for slice_ in body.items:
        quick = usual.stamped(slice_)
        if quick is None:
            continue
        taken += 1
        full = thorough(slice_, body.kind, about_request, body.sent_at)
        assert full is not None, slice_
        assert (quick.key, quick.value) == (full.key, full.value)
        found, expected = collected.read_stamp(quick.stamp), collected.read_stamp(full.stamp)
        without_id = {"receipt_id": "", **({"id": ""} if found.id == found.receipt_id else {})}
        assert msgspec.structs.replace(found, **without_id) == msgspec.structs.replace(expected, **without_id)
        assert quick.id == found.id.encode()
    return taken


SOURCES = st.fixed_dictionaries({"kind": st.sampled_from(["browser", "server"])}, optional={
    "gpc": st.booleans(), "ip": st.sampled_from(["198.51.100.7", None]), "user_agent": st.sampled_from(["Mozilla/5.0", "Googlebot", "", None]),
    "default_region": st.just("IR"),
})


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(EVENTS, min_size=1, max_size=3), SOURCES, TIMES, st.booleans(), st.sampled_from(WRITTEN), st.booleans())
def test_both_checks_say_the_same(events: list[dict[str, Any]], about: dict[str, Any], sent_at: Any, ascii_only: bool, written: str, at_once: bool) -> None:
    text = json.dumps({"batch": [{**event, "more": "@@"} for event in events], "sentAt": sent_at}, ensure_ascii=ascii_only).replace('"@@"', written)
    if at_once:
        compare(collecting.read_batch(text.encode()), **about)
        return
    one = json.dumps(events[0], ensure_ascii=ascii_only)[:-1] + f', "more": {written}}}'
    compare(collecting.read_single(one.encode(), "track"), **about)


USUAL = {
    "type": "track", "event": "Product Viewed", "anonymousId": "a-1", "messageId": "ajs-next-1795406180374-507f1f77bcf86cd799439011", "timestamp": "2026-11-23T03:56:20.374Z",
    "properties": {"product_id": "507f1e47700086cd799439011", "price": 18.99, "tags": ["a", "b"], "title": "کفش"},
    "context": {"userAgent": "Mozilla/5.0", "page": {"path": "/fa/کفش"}, "traits": {"email": "a@b.c"}},
}


@pytest.mark.parametrize("change", [
    {}, {"userId": "u-1"}, {"userId": None}, {"type": "page", "name": "Home"}, {"type": "identify", "userId": "u-1", "traits": {"plan": "gold"}, "context": {}},
    {"originalTimestamp": "2026-11-23T03:56:20.374Z", "sentAt": "2026-11-23T03:56:20.384Z"}, {"timestamp": None}, {"context": {"gpc": True}}, {"sentAt": None},
])
@pytest.mark.parametrize("kind", ["browser", "server"])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_what_is_usual_is_taken_at_once(change: dict[str, Any], kind: str, ascii_only: bool) -> None:
    body = json.dumps({"batch": [{**USUAL, **change}] * 3, "sentAt": "2026-11-23T03:56:20.384Z"}, ensure_ascii=ascii_only).encode()
    assert compare(collecting.read_batch(body), kind=kind, ip="198.51.100.7", user_agent="Mozilla/5.0") == 3


@pytest.mark.parametrize("written", ["1e400", "-1E+400", "0.1e0400", "[1e400]", '"\\u0000"', '"4111111111111111"', '{"' + "k" * 257 + '":1}', "9007199254740992", "[" * 31 + "]" * 31])
def test_what_is_never_decoded_is_refused_all_the_same(written: str) -> None:
    body = f'{{"batch":[{{"type":"track","userId":"u","event":"e","properties":{{"a":{written}}}}}, {{"type":"track","userId":"u","event":"e"}}]}}'.encode()
    outcome = collecting.check_events(collecting.read_batch(body), receipt())
    assert [refused.position for refused in outcome.rejected] == [0]
    assert len(outcome.accepted) == 1


def test_bad_text_within_what_is_never_decoded_is_refused() -> None:
    body = b'{"batch":[{"type":"track","userId":"u","event":"e","properties":{"a":"\xff"}},{"type":"track","userId":"u","event":"e"}]}'
    assert [refused.code for refused in collecting.check_events(collecting.read_batch(body), receipt()).rejected] == ["invalid_utf8"]


def test_names_written_with_escapes_are_the_same_names() -> None:
    body = rb'{"batch":[{"\u0074ype":"track","\u0075serId":"u","event":"e","conte\u0078t":{"g\u0070c":true}}]}'
    read = collecting.read_batch(body)
    assert compare(read) == 1
    assert collected.read_stamp(collecting.check_events(read, receipt()).accepted[0].stamp).gpc
