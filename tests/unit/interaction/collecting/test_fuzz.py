"""Whatever is posted: a known refusal of the request, or each event accepted or refused by a known code; never anything else."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts import collected
from services.interaction.domain import collecting
from services.interaction.domain.collecting import outcome as outcomes
from services.interaction.domain.collecting import walking
from tests.unit.interaction.collecting.support import receipt

KNOWN = set(outcomes.DETAILS) | {"invalid_data", "invalid_cloudevent"}
TYPES = ["identify", "track", "page", "screen", "group", "alias"]

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4), max_leaves=12)
NAMES = st.sampled_from([
    "type", "userId", "anonymousId", "event", "properties", "traits", "context", "messageId", "timestamp", "sentAt", "originalTimestamp", "groupId",
    "previousId", "integrations", "name", "category", "action", "user_id", "specversion", "id", "source", "subject", "data", "time",
])
RESERVED = ["ecrm.touchpoint.call.v1", "ecrm.order.completed.v1", "ecrm.x", "Order Refunded"]
EVENTS = st.dictionaries(NAMES, VALUES | st.sampled_from([*TYPES, "1.0", "user:u", "2024-01-02T03:04:05Z", *RESERVED]), max_size=10)
GOOD = st.fixed_dictionaries({"type": st.sampled_from(TYPES), "userId": st.just("u"), "event": st.just("e"), "groupId": st.just("g"), "previousId": st.just("p")})
ITEMS = st.lists(EVENTS | VALUES | GOOD, max_size=5)
JSON_BODIES = st.fixed_dictionaries({"batch": ITEMS | VALUES}, optional={"context": VALUES, "integrations": VALUES, "sentAt": VALUES, "writeKey": VALUES})
BROKEN = [b"\\u0000", b"\\ud83d", b"\xff", b"\x00", b"NaN", b"1e999", b"[" * 1200, b"{", b'"', b"\\", b"9" * 30, b"4111111111111111", b"\xef\xbb\xbf", b"\\udc00\\ud83d"]


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """A batch body, often damaged somewhere."""
    body = json.dumps(draw(JSON_BODIES), ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")
    for _ in range(draw(st.integers(0, 2))):
        place = draw(st.integers(0, len(body)))
        body = body[:place] + draw(st.sampled_from(BROKEN) | st.binary(max_size=4)) + body[place + draw(st.integers(0, 3)) :]
    return body


def read(body: bytes, form: str) -> collecting.Body:
    if form == "batch":
        return collecting.read_batch(body)
    if form == "single":
        return collecting.read_single(body, "track")
    return collecting.read_events(body, form, [("ce-id", "1"), ("ce-source", "s"), ("ce-type", "t"), ("ce-specversion", "1.0")])


def check(body: bytes, form: str) -> None:
    try:
        found = read(body, form)
        collecting.check_count(found)
    except collecting.RequestRefused as refused:
        assert collecting.STATUS[refused.code] in {400, 413, 415}
        return
    result = collecting.check_events(found, receipt(kind="browser" if len(body) % 2 else "server"), cloudevent="cloudevent" in form or form == "")
    assert len(result.accepted) + len(result.rejected) == len(found.items)
    for bad in result.rejected:
        assert bad.code in KNOWN
        assert len(bad.detail) <= 200
    for good in result.accepted:
        event = collected.clean_event(good.value, collected.read_stamp(good.stamp))
        shown = json.dumps([event.properties, event.traits, event.context, event.name, event.stamp.keys, event.stamp.id], ensure_ascii=False)
        assert "\x00" not in shown
        shown.encode()  # no lone surrogate
        assert "\\u0000" not in shown.replace("\\\\", "")
        assert len(event.digest) == 32


FORMS = ["batch", "single", "application/cloudevents+json", "application/cloudevents-batch+json", ""]


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(bodies(), st.sampled_from(FORMS))
def test_damaged_bodies(body: bytes, form: str) -> None:
    check(body, form)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200), st.sampled_from(FORMS))
def test_any_bytes(body: bytes, form: str) -> None:
    check(body, form)


SEEDS = [
    json.dumps({"batch": [{"type": kind, "userId": "u", "anonymousId": "a", "event": "e", "groupId": "g", "previousId": "p", "messageId": "m",
                           "timestamp": "2024-01-02T03:04:05Z", "properties": {"a": [1, 1.5, None, True, "سلام 😀"]}, "context": {"traits": {"email": "a@b.c"}}}
                          for kind in TYPES], "context": {"ip": "1.2.3.4"}, "sentAt": "2024-01-02T03:04:05Z"}, ensure_ascii=ascii_only).encode()
    for ascii_only in (True, False)
]
TOKENS = [*BROKEN, b",", b":", b"}", b"]", b"[]", b"{}", b"null", b"true", b"-", b"1e5", b'"type"', b'"ecrm.touchpoint.call.v1"', b'"data":', b'"batch":']


def damaged(dice: random.Random) -> bytes:
    """A body with one to six damages."""
    body = bytearray(dice.choice(SEEDS))
    for _ in range(dice.randint(1, 6)):
        place = dice.randrange(len(body) + 1)
        body[place : place + dice.choice((0, 1, 1, 5, 40))] = dice.choice(TOKENS) if dice.random() < 0.8 else dice.randbytes(2)
    return bytes(body)


@pytest.mark.slow
def test_50000_damaged_bodies() -> None:
    dice = random.Random(42)
    for _ in range(50_000):
        check(damaged(dice), dice.choice(FORMS))


def thorough(event: dict[str, Any]) -> bool:
    """Whether anything in the event would be refused, found by looking at every value."""
    shape = walking.walk(event, careful=True)
    return bool(shape.code or shape.nul or shape.number or shape.card)


TRICKY = st.sampled_from([
    "4111111111111111", "my card: 4111 1111 1111 1111.", "(4111-1111-1111-1111)", "a\n4111111111111111\tb", 4111111111111111, 378282246310005,
    "pay 3782 822463 10005 now", "کارت ۶۰۳۷ ۹۹۱۲ ۳۴۵۶ ۷۸۹۳", "x 6037991234567893", "4111 1111-1111 1111", "۴۱۱۱۱۱۱۱۱۱۱۱۱۱۱۱", "\x00", "a" * 300, '"' * 300, "\\", 2**53, -(2**53), 2**53 - 1, "4111\u00a0111111111111", "٤١١١١١١١١١١١١١١١",
])
DEEP = st.integers(0, 40).map(lambda levels: json.loads('{"a":' * levels + "1" + "}" * levels))
LONG_KEYS = st.dictionaries(st.sampled_from(["k" * 256, "k" * 257, "é" * 128, "é" * 129, '"' * 257]), SCALARS, max_size=2)
SUSPECTS = st.dictionaries(st.text(max_size=5), TRICKY | VALUES | DEEP | LONG_KEYS, max_size=5)


@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
@given(SUSPECTS, st.booleans())
def test_the_quick_proof_never_lets_anything_through_that_the_walk_would_refuse(event: dict[str, Any], ascii_only: bool) -> None:
    slice_ = json.dumps(event, ensure_ascii=ascii_only).encode("utf-8")
    if walking.is_plain(slice_):
        assert not thorough(event)
    if not walking.needs_care(slice_):
        shape = walking.walk(event, careful=True)
        assert not (shape.nul or shape.number or shape.card)
