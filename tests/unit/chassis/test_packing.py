"""Packs hold any records, in order; what is no pack is refused."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.eventlog import Record, unbroken
from chassis.eventlog.kafka import packing
from contracts import catalogue

NAMES = st.sampled_from(["ce_id", "ce_time", "پیوند", ""])
RECORDS = st.builds(
    Record, topic=st.just("t"), key=st.binary(max_size=5), value=st.none() | st.binary(max_size=20),
    headers=st.lists(st.tuples(NAMES, st.sampled_from([b"", b"same", b"\xff"])), max_size=4).map(tuple),
)


@settings(deadline=None)
@given(st.lists(RECORDS, min_size=1, max_size=40), st.integers(0, 2**40))
def test_what_is_packed_is_unpacked(records: list[Record], offset: int) -> None:
    base = packing.start(offset)
    stored = packing.unpack(packing.pack(records), topic="t", partition=3, base=base, appended_at=1.5)
    assert [(each.key, each.value, each.headers) for each in stored] == [(each.key, each.value, each.headers) for each in records]
    assert [each.offset for each in stored] == list(range(base, base + len(records)))
    assert unbroken(base, stored)
    assert stored[-1].next == packing.start(offset + 1)
    assert {packing.holder(each.offset) for each in stored} == {offset}


@settings(deadline=None)
@given(st.lists(RECORDS, min_size=2, max_size=10), st.data())
def test_a_missing_record_is_a_gap(records: list[Record], data: st.DataObject) -> None:
    stored = packing.unpack(packing.pack(records), topic="t", partition=0, base=0, appended_at=0.0)
    del stored[data.draw(st.integers(0, len(stored) - 2))]
    assert not unbroken(0, stored)


@pytest.mark.parametrize("value", [b"", b"\x90", b"\xc0", b"garbage", packing.pack([Record("t", b"k", b"v")])[:-1], b"\x91\x93\x91\xa1k\x90\x90"])
def test_what_is_no_pack_is_refused(value: bytes) -> None:
    with pytest.raises(ValueError):
        packing.unpack(value, topic="t", partition=0, base=0, appended_at=0.0)


@pytest.mark.parametrize("wrong", [Record("t", "text", b""), Record("t", b"", "text"), Record("t", b"", b"", (("h", "text"),))])  # type: ignore[arg-type]
def test_what_no_reader_could_decode_is_not_packed(wrong: Record) -> None:
    with pytest.raises(TypeError):
        packing.pack([Record("t", b"k", b"v", (("h", b"v"),))] * (1 if wrong.headers else 0) + [wrong])


def test_no_compacted_topic_is_packed() -> None:
    assert [topic.name for topic in catalogue.TOPICS if topic.packed and topic.compacted] == []
    assert [topic.name for topic in catalogue.TOPICS if topic.packed] == ["ecrm.collected", "ecrm.interaction"]
