"""The pure part of recording: what is published, counted, catalogued and signalled."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from contracts import collected
from contracts.collected import Stamp
from contracts.interaction import InteractionRecorded
from services.interaction.domain import products, recording, signals

RECEIVED = datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC)


def event(body: dict[str, Any], **stamped: Any) -> recording.Incoming:
    given: dict[str, Any] = {
        "id": "m1", "type": "track", "event": body.get("event", ""), "source": "shop", "receipt_id": "019a0000-0000-7000-8000-000000000001",
        "received_at": RECEIVED, "timestamp": RECEIVED, "keys": ["user:1", "anon:2"], **stamped,
    }
    return recording.read(2, 17, msgspec.json.encode(body), msgspec.json.encode(Stamp(**given)))


def test_the_published_record_names_hashes_and_keeps_the_content() -> None:
    incoming = event({"event": "Seen", "properties": {"n": 1, "t": "سلام"}}, notes=["crawler"])
    out = recording.outgoing(incoming, {}, b"k" * 32, ("order_incomplete", "crawler"))
    told = msgspec.json.decode(out.record, type=InteractionRecorded)
    assert (told.id, told.identity, len(told.links)) == ("m1", out.identity.hex(), 1)
    assert bytes(told.personal.properties) == '{"n":1,"t":"سلام"}'.encode()
    assert told.notes == ["crawler", "order_incomplete"]
    row = dict(zip(("id", "identity", "kind"), recording.row(out)[:3], strict=True))
    assert row == {"id": "019a0000-0000-7000-8000-000000000001", "identity": out.identity, "kind": "track"}
    assert recording.row(out)[-3:-1] == (2, 17)


@pytest.mark.parametrize(("purpose", "kept"), [("sales", "sales"), ("fair", None), (7, None), (["sales"], None)])
def test_only_the_three_purposes_of_a_contact_filter(purpose: Any, kept: str | None) -> None:
    properties = {"purpose": purpose, "sensitive": True, "initiator": "company"}
    out = recording.outgoing(event({"event": "ecrm.touchpoint.call.v1", "properties": properties}), {}, b"k", ())
    assert out.purpose == kept
    assert msgspec.json.decode(out.record, type=InteractionRecorded).sensitive


def test_marks_differ_by_source_and_id_even_where_they_run_together() -> None:
    assert len({recording.mark_of("a", "bc"), recording.mark_of("ab", "c"), recording.mark_of("a", "bd")}) == 3


def test_the_tally_counts_by_source_and_minute_and_refused_events_bear_no_receipt() -> None:
    tally = recording.Tally()
    one, two = "019a0000-0000-7000-8000-000000000001", "ff9a0000-0000-7000-f000-000000000002"
    later = RECEIVED.replace(minute=1)
    tally.add(0, "shop", RECEIVED, one)
    tally.add(1, "shop", RECEIVED.replace(second=59), two)
    tally.add(4, "shop", RECEIVED, two)
    tally.add(0, "site", later, two)
    first, second = tally.rows()
    assert first[:9] == (RECEIVED.replace(second=0), "shop", 1, 1, 0, 0, 1, 0, 0)
    assert second[:3] == (later.replace(second=0), "site", 1)
    xor = (first[9] % 2**64) << 64 | first[10] % 2**64
    assert xor == int(one.replace("-", ""), 16) ^ int(two.replace("-", ""), 16)
    assert all(-(2**63) <= number < 2**63 for number in (*first[8:], *second[8:]))


def test_products_take_newer_texts_and_keep_what_is_absent() -> None:
    older, newer = RECEIVED.replace(hour=1), RECEIVED.replace(hour=2)
    first = event({"event": "Cart Viewed", "properties": {"products": [{"sku": "p", "name": "Lamp", "brand": "B"}, 7]}}, timestamp=older)
    second = event({"event": "Cart Viewed", "properties": {"products": [{"product_id": "p", "name": "Lamp II"}]}}, timestamp=newer)
    shop = event({"event": "X", "properties": {"products": [{"product_id": "p", "name": "Hoax", "url": "u"}]}}, authority="browser")
    for order in ((first, second, shop), (shop, second, first), (second, shop, first)):
        found: dict[str, products.ProductRow] = {}
        for each in order:
            products.collect(each.event, found)
        assert found == {"p": ("p", "Lamp II", None, "B", None, "u", None, newer)}


@pytest.mark.parametrize(
    ("name", "stamped", "signal"),
    [
        ("Email Unsubscribed", {}, "unsubscribed"), ("Email Marked as Spam", {}, "spam"), ("Email Opened", {}, None),
        ("Email Unsubscribed", {"authority": "browser"}, None), ("Seen", {"gpc": True}, "gpc"),
        ("Email Unsubscribed", {"authority": "browser", "gpc": True}, "gpc"),
    ],
)
def test_signals(name: str, stamped: dict[str, Any], signal: str | None) -> None:
    seen = signals.signal_of(event({"event": name}, **stamped).event, "aa")
    assert (seen.signal if seen else None) == signal


def test_a_conflict_keeps_the_stamp_so_that_it_can_be_released() -> None:
    incoming = event({"event": "Seen"})
    aside = recording.conflict(incoming)
    assert aside.stamp is not None
    assert collected.read_stamp(aside.stamp).id == "m1"
    assert (aside.refusal.code, aside.payload) == ("id_conflict", b'{"event":"Seen"}')
