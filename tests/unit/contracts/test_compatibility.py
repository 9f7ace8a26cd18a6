"""A fact keeps its promise to old readers and old records."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from contracts import catalogue, decoding
from contracts.compatibility import breaches
from launcher import publishing


@pytest.mark.parametrize("entry", catalogue.ENTRIES, ids=lambda entry: entry.wire)
def test_every_published_form_still_holds(entry: catalogue.Entry) -> None:
    known = publishing.revisions(entry.wire)
    assert known, f"{entry.wire} is not published: run `make contracts`"
    now = publishing.schema_of(entry)
    assert json.loads(known[-1].read_text(encoding="utf-8")) == now, "run `make contracts`"
    for path in known:
        assert breaches(json.loads(path.read_text(encoding="utf-8")), now) == []


@pytest.mark.parametrize("entry", catalogue.ENTRIES, ids=lambda entry: entry.wire)
def test_every_published_example_still_parses(entry: catalogue.Entry) -> None:
    for path in publishing.revisions(entry.wire):
        example = path.with_name(path.name.replace(".schema.", ".example.")).read_bytes()
        fact = decoding.decode(entry.fact, example)
        assert getattr(fact, entry.key)
        assert decoding.decode(entry.fact, msgspec.json.encode(fact)) == fact


def test_published_files_were_not_edited() -> None:
    assert (publishing.PUBLISHED / "SHA256SUMS").read_text(encoding="utf-8") == publishing.digests()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"properties": {"a": {"type": "string"}, "b": {"type": "integer"}}, "required": ["a"]}, []),
        ({"properties": {"a": {"type": "string"}, "b": {"type": "integer"}}, "required": ["a", "b"]}, ["/b: new and required"]),
        ({"properties": {}, "required": []}, ["/a: removed"]),
        ({"properties": {"a": {"type": "integer"}}, "required": ["a"]}, ["/a: type was string, is integer"]),
    ],
)
def test_breaches(change: dict[str, Any], expected: list[str]) -> None:
    old = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
    assert breaches(old, {"type": "object", **change}) == expected
