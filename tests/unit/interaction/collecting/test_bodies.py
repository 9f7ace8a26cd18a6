"""Whole bodies: what makes a request unusable, and that one bad event never costs its neighbours."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import Any

import pytest

from services.interaction.domain import collecting
from tests.unit.interaction.collecting.support import batch, clean, post, receipt, track

GOOD = json.dumps(track()).encode()


def refusal(body: bytes) -> str:
    with pytest.raises(collecting.RequestRefused) as refused:
        post(body)
    return refused.value.code


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "body_empty"), (b" \n", "body_empty"), (b"not-a-valid-json", "invalid_json"), (b"{", "invalid_json"), (b'{"batch":[1,]}', "invalid_json"),
        (b'{"batch":[NaN]}', "invalid_json"), (b'{"batch":[Infinity]}', "invalid_json"), (b'\xef\xbb\xbf{"batch":[]}', "invalid_json"),
        (b'{"batch":[1]} x', "invalid_json"), (b'{"batch":[1]}\x00', "invalid_json"), (b"[1", "invalid_json"), (b"[1]", "not_an_object"),
        (b"null", "not_an_object"), (b'"x"', "not_an_object"), (b"5", "not_an_object"), (b"{}", "not_an_object"), (b'{"batch":null}', "not_an_object"),
        (b'{"batch":{}}', "not_an_object"), (b'{"batch":[]}', "empty_batch"), (b'{"batch":[' + b"1," * 2500 + b"1]}", "too_many_events"),
        (b"[" * 100_000, "invalid_json"), (b'{"batch":[' + b"[" * 5000 + b"]}", "invalid_json"), (b'[{"":' * 50_000, "invalid_json"),
        (b'{"batch":["\\ud83d", NaN]}', "invalid_json"), (b'{"batch":["\\ud83d", "\xff"]}', "invalid_json"),
    ],
)
def test_unusable_bodies(body: bytes, code: str) -> None:
    assert refusal(body) == code


def test_2500_events_are_accepted() -> None:
    assert len(batch(*[track()] * 2500).accepted) == 2500


MUST_REFUSE = [  # the kinds of broken documents of JSONTestSuite's n_ files
    b"[1 true]", b"[a\xc3\xa5]", b'["": 1]', b'[""],', b"[,1]", b"[1,,2]", b'["x",,]', b'["x"]]', b'["",]', b'["x"', b"[x", b"[3[4]]", b"[,]", b"[-]",
    b'[   , ""]', b'["a",\n4\n,1,', b"[1,]", b"[1,\n1\n,1", b"[*]", b"[nul]", b"[tru]", b"[fals]", b"[++1234]", b"[+1]", b"[+Inf]", b"[-01]",
    b"[-1.0.]", b"[-2.]", b"[-NaN]", b"[.-1]", b"[.2e-3]", b"[0.1.2]", b"[0.3e+]", b"[0.3e]", b"[0.e1]", b"[0E+]", b"[0e]", b"[1.0e-]", b"[1 000.0]",
    b"[1eE2]", b"[2.e+3]", b"[9.e+]", b"[Inf]", b"[NaN]", b"[1+2]", b"[0x1]", b"[0x42]", b"[-Infinity]", b"[-foo]", b"[- 1]", b"[-012]",
    b"[-.123]", b"[1ea]", b"[1.]", b"[.123]", b"[1.2a-3]", b"[1.8011670033376514H-308]", b"[012]", b'["x", truth]', b'{[: "x"}', b'{"x", null}',
    b'{"x"::"b"}', b'{"a":"a" 123}', b"{key: 'value'}", b'{"\xb9":"0",}', b'{"a" b}', b'{:"b"}', b'{"a" "b"}', b'{"a":', b'{"a"', b"{1:1}",
    b"{9999E9999:1}", b"{null:null,null:null}", b'{"id":0,,,,,}', b"{'a':0}", b'{"id":0,}', b'{"a":"b"}/**/', b'{"a":"b"}/', b'{"a":"b",,"c":"d"}',
    b'{a: "b"}', b'{"a":"a', b'{ "foo" : "bar", "a" }', b'{"a":"b"}#', b" ", b'["\\uD800\\"]', b'["\\uD800\\u"]', b'["\\uD800\\u1"]', b'["\\uD800\\u1x"]',
    b"[\xc3\xa9]", b'["\\\x00"]', b'["\\\\\\"]', b'["\\\t"]', b'["\\"]', b'["\\u00A"]', b'["\\uD834\\uDd"]', b'["\\a"]', b'["\\uqqqq"]', b'["\\x00"]',
    b'[\\u0020"asd"]', b"[\\n]", b'"', b"['single quote']", b"abc", b'["\\', b'["a\x00a"]', b'["new\nline"]', b'["\t"]', b'"\\UA66D"', b'""x',
    b"<.>", b"[<null>]", b"[1]x", b"[1]]", b'["asd]', b"a\xc3\xa5", b"[True]", b"1]", b'{"x": true,', b"[][]", b"]", b"\xef\xbb{}", b"\xe5", b"[",
    b"", b"[\x00]", b"2@", b"{}}", b'{"":', b'{"a":/*comment*/"b"}', b'{"a": true} "x"', b"['", b'["a', b"{[", b'{"a', b"{'a'", b'["\\{["\\{["\\{',
    b"*", b'{"a":"b"}#{}', b'[\\u000A""]', b"[1", b"[ false, nul", b"[ true, fals", b'{"asd":"asd"', b"\xc3\xa5", b"[\xe2\x81\xa0]", b"[\x0c]",
]


@pytest.mark.parametrize("document", MUST_REFUSE)
@pytest.mark.parametrize("frame", ["batch", "single"])
def test_broken_documents_are_400(document: bytes, frame: str) -> None:
    read = collecting.read_batch if frame == "batch" else (lambda body: collecting.read_single(body, "track"))
    with pytest.raises(collecting.RequestRefused) as refused:
        read(document)
    assert collecting.STATUS[refused.value.code] == 400


NEIGHBOURS = [
    (b'{"type":"track","userId":"u","event":"x\xff"}', "invalid_utf8"),
    (b'{"type":"track","userId":"u","event":"x\xed\xa0\x80"}', "invalid_utf8"),
    (b'{"type":"track","userId":"u","event":"cut \\ud83d"}', "lone_surrogate"),
    (b'{"type":"track","userId":"u","event":"e","properties":{"\\udc00":1}}', "lone_surrogate"),
    (b'{"type":"track","userId":"u","event":"e","properties":{"x":1e400}}', "number_out_of_range"),
    (b'{"type":"track","userId":"u","event":"e","properties":{"x":' + b"9" * 400 + b"}}", "number_out_of_range"),
    (b'{"type":"track","userId":"u","event":"e","properties":' + b"[" * 900 + b"]" * 900 + b"}", "too_deep"),
    (b'{"type":"track","userId":"u","event":"e","properties":' + b'{"a":' * 5000 + b"1" + b"}" * 5000 + b"}", "too_deep"),
    (b"[]", "not_an_object"), (b"null", "not_an_object"), (b"{}", "unknown_type"),
]


@pytest.mark.parametrize(("guilty", "code"), NEIGHBOURS)
def test_one_bad_event_never_costs_its_neighbours(guilty: bytes, code: str) -> None:
    persian = '{"type":"track","userId":"سارا","event":"دید 😀 \\ud83d\\ude00"}'.encode()
    outcome = post(b'{"batch":[' + b",".join([GOOD, guilty, persian]) + b"]}")
    assert [(event.position, event.code) for event in outcome.rejected] == [(1, code)]
    assert len(outcome.accepted) == 2
    assert clean(outcome, 1).name == "دید 😀 😀"


def test_a_lone_surrogate_beside_other_faults_refuses_each_for_its_own_reason() -> None:
    outcome = post(b'{"batch":["\\ud83d",{"type":"track","userId":"u","event":"e","properties":{"x":1e400}},' + GOOD + b"]}")
    assert [(event.position, event.code) for event in outcome.rejected] == [(0, "lone_surrogate"), (1, "number_out_of_range")]
    assert len(outcome.accepted) == 1


def test_a_lone_surrogate_in_the_shared_context_concerns_every_event() -> None:
    outcome = post(b'{"context":{"page":"\\ud83d"},"batch":[' + GOOD + b"]}")
    assert [event.code for event in outcome.rejected] == ["lone_surrogate"]


def test_a_quote_storm_inside_a_deep_body_is_read_once() -> None:
    storm = b'{"batch":[' + b"[" * 3000 + b"]" * 3000 + b',"' + b'\\"' * 500_000
    assert refusal(storm) == "invalid_json"


def test_the_slice_is_kept_as_sent() -> None:
    sent = b'{ "type":"track",\t"userId" : 7.0, "event":"e", "properties":{"p":1.10, "p":1.20},"writeKey":"k"}'
    outcome = post(b'{"batch":[' + sent + b"]}")
    assert outcome.accepted[0].value == sent
    assert clean(outcome).properties == {"p": 1.2}


def test_a_single_event_takes_its_type_from_the_path() -> None:
    found = collecting.read_single(b'{"type":"track","userId":"u","name":"Home","writeKey":"k"}', "page")
    assert found.write_key == "k"
    event = clean(collecting.check_events(found, receipt()))
    assert (event.kind, event.name) == ("page", "Home")


def test_nothing_attributable() -> None:
    nobody: list[list[Any]] = [
        [{"type": "track"}], [[{"data": "valid-json"}]], [5, {}], [{"type": "track", "event": "e", "userId": ""}],
    ]
    for events in nobody:
        assert batch(*events).nothing_attributable
    for events in ([{"type": "track"}, track()], [{"type": "x", "userId": "u"}], [{"type": "track", "userId": True}]):
        assert not batch(*events).nothing_attributable


def inflate(encoding: str, *chunks: bytes) -> bytes:
    inflater = collecting.Inflater(encoding)
    for chunk in chunks:
        inflater.feed(chunk)
    return inflater.finish()


def test_gzip_comes_out_as_it_went_in_whatever_the_chunks() -> None:
    body = json.dumps({"batch": [track(messageId=str(number)) for number in range(500)]}).encode()
    packed = gzip.compress(body)
    assert inflate("gzip", packed) == body
    assert inflate(" GZIP ", *(packed[place : place + 1] for place in range(len(packed)))) == body
    assert inflate("", body) == inflate("identity", body) == body
    assert inflate("gzip") == b""
    assert inflate("gzip", gzip.compress(b"")) == b""


@pytest.mark.parametrize(
    ("encoding", "chunks", "code"),
    [
        ("br", [], "unsupported_encoding"), ("deflate", [], "unsupported_encoding"), ("gzip, gzip", [], "unsupported_encoding"),
        ("gzip", [b"{}"], "bad_gzip"), ("gzip", [gzip.compress(b"x" * 1000)[:-5]], "bad_gzip"), ("gzip", [gzip.compress(b"x") + b"y"], "bad_gzip"),
        ("gzip", [gzip.compress(b"x"), b"y"], "bad_gzip"), ("gzip", [gzip.compress(b"x") + gzip.compress(b"y")], "bad_gzip"),
        ("gzip", [zlib.compress(b"x")], "bad_gzip"), ("gzip", [gzip.compress(b"\0" * 200_000_000)], "body_too_large"),
        ("gzip", [gzip.compress(b"\0" * 200_000)], "body_too_large"), ("", [b"x" * (5 * 1024 * 1024), b"x"], "body_too_large"),
    ],
)
def test_inflating_refuses(encoding: str, chunks: list[bytes], code: str) -> None:
    with pytest.raises(collecting.RequestRefused) as refused:
        inflate(encoding, *chunks)
    assert refused.value.code == code


def test_a_body_of_exactly_5_mib_passes() -> None:
    assert len(inflate("", b"x" * (5 * 1024 * 1024))) == 5 * 1024 * 1024
