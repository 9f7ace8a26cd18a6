"""Paths, keys, limits and answers of the endpoint."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import pytest

from contracts import collected, collection_schemas
from contracts.envelope import header
from tests.integration.interaction.collecting.support import (
    API_KEY,
    BROWSER_KEY,
    DISABLED_KEY,
    KEY,
    READ_KEY,
    Door,
    basic,
    refusal_of,
)

pytestmark = pytest.mark.asyncio

TRACK = {"type": "track", "userId": "u-1", "event": "Viewed", "properties": {"a": 1}}
BATCH = {"batch": [TRACK]}


async def test_every_path_with_and_without_a_slash(door: Door) -> None:
    singles = {"identify": "i", "track": "t", "page": "p", "screen": "s", "group": "g", "alias": "a"}
    body = {**TRACK, "groupId": "g", "previousId": "p", "type": "ignored"}
    for kind, short in singles.items():
        for path in (f"/v1/{kind}", f"/v1/{short}", f"/v1/{kind}/", f"/v1/{short}/", f"/api/s/{kind}", f"/api/s/s2s/{kind}"):
            reply = await door.post(path, body)
            assert (reply.status, reply.json) == (200, {"success": True, "accepted": 1, "rejected": []}), path
            assert reply.headers["content-type"] == "application/json"
        assert [event.stamp.type for event in await door.events()] == [kind] * 6
    for path in ("/v1/batch", "/v1/b", "/v1/import", "/v1/import/", "/v1/batch/", "/beacon/v1/batch"):
        assert (await door.post(path, BATCH)).status == 200
    assert len(await door.events()) == 6


async def test_other_addresses_and_methods(door: Door) -> None:
    assert (await door.ask("GET", "/v1/batch", headers=basic())).status == 405
    assert (await door.ask("POST", "/v1/nothing", b"{}", headers=basic())).status == 404
    assert (await door.ask("POST", "/pixel/v1/track", b"")).status == 405
    reply = await door.ask("POST", "/v1/m", b"x" * 100_000)
    assert (reply.status, reply.json) == (200, {"success": True})
    assert (await door.post("/api/s/purchase", TRACK)).json["rejected"][0]["code"] == "unknown_type"
    for name in collection_schemas.NAMES:
        reply = await door.ask("GET", f"/schemas/{name}", resolved=None)
        assert (reply.status, reply.json) == (200, collection_schemas.schema_of(name))
    assert (await door.ask("GET", "/schemas/none", resolved=None)).status == 404


MASKED = {**TRACK, "writeKey": "id:***"}

CREDENTIALS: list[tuple[dict[str, str], dict[str, Any], str, str, int]] = [
    (basic(), BATCH, "/v1/batch", "", 200), (basic(colon=":password"), BATCH, "/v1/batch", "", 200), (basic(colon=""), BATCH, "/v1/batch", "", 200),
    ({"authorization": basic()["authorization"].replace("Basic", "bASIC")}, BATCH, "/v1/batch", "", 200),
    ({"authorization": basic()["authorization"].rstrip("=")}, BATCH, "/v1/batch", "", 200),
    (basic("wrong"), BATCH, "/v1/batch", "", 401), (basic(""), BATCH, "/v1/batch", "", 401), ({"authorization": "Basic %%%"}, BATCH, "/v1/batch", "", 401),
    ({"authorization": "Digest x"}, BATCH, "/v1/batch", "", 401), ({"authorization": ""}, BATCH, "/v1/batch", "", 401),
    (basic("revoked-key"), BATCH, "/v1/batch", "", 401), (basic(DISABLED_KEY), BATCH, "/v1/batch", "", 404),
    (basic("wrong"), {**BATCH, "writeKey": KEY}, "/v1/batch", "", 401),  # the first form decides
    ({"authorization": f"Bearer {API_KEY}"}, BATCH, "/v1/batch", "", 200), ({"authorization": f"Bearer {READ_KEY}"}, BATCH, "/v1/batch", "", 401),
    ({"authorization": "Bearer oauth"}, {**BATCH, "writeKey": KEY}, "/v1/batch", "", 200), ({"authorization": "Bearer oauth"}, BATCH, "/v1/batch", "", 401),
    ({"x-write-key": KEY}, MASKED, "/api/s/track", "", 200), ({"x-write-key": "no"}, {**TRACK, "writeKey": KEY}, "/api/s/track", "", 401),
    ({}, BATCH, "/beacon/v1/batch", f"writeKey={KEY}", 200), ({}, BATCH, "/v1/batch", f"writeKey={KEY}", 401), ({}, BATCH, "/beacon/v1/batch", "writeKey=no", 401),
    ({}, {**BATCH, "writeKey": KEY}, "/v1/batch", "", 200), ({}, {**TRACK, "writeKey": KEY}, "/v1/track", "", 200), ({}, BATCH, "/v1/batch", "", 401),
    ({}, {**BATCH, "writeKey": DISABLED_KEY}, "/v1/batch", "", 404), ({}, {**BATCH, "writeKey": 5}, "/v1/batch", "", 401),
    ({}, {"batch": [{**TRACK, "writeKey": KEY}]}, "/v1/batch", "", 401), (basic(API_KEY), BATCH, "/v1/batch", "", 401),
]


async def test_keys_in_their_order(door: Door) -> None:
    for number, (headers, body, path, query, status) in enumerate(CREDENTIALS):
        reply = await door.ask("POST", path, json.dumps(body).encode(), headers=headers, query=query)
        assert reply.status == status, number
        assert status == 200 or reply.json["code"] == {401: "unknown_key", 404: "source_disabled"}[status]
    accepted = await door.events()
    assert len(accepted) == sum(1 for row in CREDENTIALS if row[4] == 200)
    assert {event.stamp.source for event in accepted} == {"shop", "partner"}
    assert all("writeKey" not in json.dumps([event.properties, event.traits, event.context]) for event in accepted)


async def test_the_gateway_s_word_decides_and_without_it_nothing_is_a_4xx(door: Door) -> None:
    assert (await door.ask("POST", "/v1/batch", json.dumps(BATCH).encode(), resolved="web")).status == 200
    [event] = await door.events()
    assert (event.stamp.source, event.stamp.authority) == ("web", "browser")
    assert (await door.post("/v1/batch", BATCH, resolved="off")).status == 404
    assert (await door.post("/v1/batch", BATCH, resolved="not-read-yet")).json["code"] == "starting"
    assert (await door.post("/v1/batch", BATCH, resolved=None)).status == 503


async def test_a_key_in_a_header_is_checked_before_the_body_and_one_in_the_body_after(door: Door) -> None:
    assert (await door.ask("POST", "/v1/batch", b"{", headers=basic("wrong"))).status == 401
    assert (await door.ask("POST", "/v1/batch", b"{")).json["code"] == "invalid_json"
    assert (await door.ask("POST", "/v1/batch", b"")).json["code"] == "body_empty"
    assert (await door.ask("POST", "/v1/batch", b'{"batch":[]}')).json["code"] == "unknown_key"


BODIES: list[tuple[bytes, dict[str, str], int, str]] = [
    (b"", {}, 400, "body_empty"), (gzip.compress(b""), {"content-encoding": "gzip"}, 400, "body_empty"), (b"not json", {}, 400, "invalid_json"),
    (b"[]", {}, 400, "not_an_object"), (b'{"batch":5}', {}, 400, "not_an_object"), (b"{}", {"content-encoding": "gzip"}, 400, "bad_gzip"),
    (gzip.compress(b"{}") + b"x", {"content-encoding": "gzip"}, 400, "bad_gzip"), (b'{"batch":[]}', {}, 400, "empty_batch"),
    (b'{"batch":[' + b"1," * 2500 + b"1]}", {}, 400, "too_many_events"), (b'{"batch":[{"type":"track"}]}', {}, 400, "nothing_attributable"),
    (b'{"batch":[[{"data":"valid-json"}]]}', {}, 400, "nothing_attributable"), (b" " * (5 * 1024 * 1024 + 1), {}, 413, "body_too_large"),
    (b"", {"content-length": str(5 * 1024 * 1024 + 1)}, 413, "body_too_large"), (gzip.compress(b" " * 6_000_000), {"content-encoding": "gzip"}, 413, "body_too_large"),
    (b"{}", {"content-encoding": "br"}, 415, "unsupported_encoding"),
]


async def test_unusable_requests(door: Door) -> None:
    for number, (body, headers, status, code) in enumerate(BODIES):
        reply = await door.ask("POST", "/v1/batch", body, headers={**basic(), **headers})
        assert (reply.status, reply.json["code"]) == (status, code), number
        assert reply.json["success"] is False
        assert reply.json["message"]
        assert reply.json["accepted"] == 0
        assert "retry-after" not in reply.headers
        [record] = await door.appended()  # time, size and code; a body only where events could be told apart
        refusal = refusal_of(record)
        assert header(record.headers, "ce_type") == b"ecrm.collected.refused.v1"
        assert (record.key, refusal.source) == (b"shop", "shop")
        if code == "nothing_attributable":
            assert record.value
        else:
            assert (record.value, refusal.code, refusal.index) == (b"", code, -1)


async def test_content_types_do_not_matter_and_gzip_comes_in_chunks(door: Door) -> None:
    body = json.dumps(BATCH).encode()
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "", "application/json; charset=utf-8"):
        assert (await door.ask("POST", "/v1/batch", body, headers={**basic(), "content-type": content_type})).status == 200
    packed = gzip.compress(body)
    chunks = [packed[:10], packed[10:20], packed[20:]]
    headers = {**basic(), "content-encoding": "gzip", "content-type": "application/x-www-form-urlencoded"}
    assert (await door.ask("POST", "/v1/batch", chunks, headers=headers)).json["accepted"] == 1
    assert len(await door.events()) == 5


async def test_good_events_are_confirmed_beside_bad_ones_and_the_bad_are_kept(door: Door) -> None:
    good = [{**TRACK, "messageId": f"m-{number}", "writeKey": KEY} for number in range(3)]
    bad = {"type": "track", "userId": "u", "messageId": "b-1", "writeKey": KEY, "event": ""}
    card = {**TRACK, "properties": {"n": "4111111111111111"}}
    reply = await door.post("/v1/batch", {"batch": [good[0], bad, good[1], card, good[2]]}, headers={**basic(), "traceparent": "00-" + "a" * 32 + "-" + "b" * 16 + "-01"})
    assert reply.status == 200
    assert reply.json == {
        "success": True, "accepted": 3,
        "rejected": [
            {"index": 1, "message_id": "b-1", "code": "missing_event", "detail": "track needs a non-empty event"},
            {"index": 3, "message_id": None, "code": "card_number", "detail": "a payment card number must not be sent; send a token"},
        ],
    }
    records = await door.appended()
    accepted = [record for record in records if header(record.headers, "ce_type") == b"ecrm.collected.v1"]
    assert [header(record.headers, "ce_id") for record in accepted] == [b"m-0", b"m-1", b"m-2"]  # one key: in order
    for record in accepted:
        assert record.key == b"user:u-1"
        assert header(record.headers, "ce_source") == b"shop"
        assert header(record.headers, "ce_specversion") == b"1.0"
        assert header(record.headers, "traceparent") == b"00-" + b"a" * 32 + b"-" + b"b" * 16 + b"-01"
    refused = {refusal_of(record).code: record for record in records if record not in accepted}
    assert json.loads(refused["missing_event"].value or b"") == {**bad, "writeKey": "***"}
    assert refused["card_number"].value == b""
    assert b"4111" not in b"".join(value for _, value in refused["card_number"].headers)
    assert KEY.encode() not in b"".join(value for record in refused.values() for _, value in record.headers)


async def test_the_pixel_always_answers_with_an_image(door: Door) -> None:
    query = f"writeKey={BROWSER_KEY}&anonymousId=a&event=Opened&properties.x=1&properties.%D8%B3=%D8%B3"
    for sent in (query, "writeKey=no&event=x", "", f"writeKey={BROWSER_KEY}", f"writeKey={DISABLED_KEY}&anonymousId=a&event=x"):
        reply = await door.ask("GET", "/pixel/v1/track", query=sent, headers={"x-ecrm-client-ip": "198.51.100.7"})
        assert (reply.status, reply.headers["content-type"]) == (200, "image/gif")
        assert reply.body == base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
    assert (await door.ask("GET", "/pixel/v1/page", query=f"writeKey={BROWSER_KEY}&userId=u&name=Home")).status == 200
    events = await door.events()
    assert sorted((event.kind, event.name) for event in events) == [("page", "Home"), ("track", "Opened")]
    opened = next(event for event in events if event.kind == "track")
    assert opened.properties == {"x": "1", "س": "س"}
    assert (opened.stamp.keys, opened.stamp.ip) == (["anon:a"], "198.51.100.7")


async def test_cloudevents_answer_with_problems(door: Door) -> None:
    event = {"specversion": "1.0", "id": "1", "source": "/s", "type": "x.y", "subject": "user:u", "data": {"a": 1}}
    headers = {"authorization": f"Bearer {API_KEY}", "content-type": "application/cloudevents+json"}
    reply = await door.post("/v1/events", event, headers=headers)
    assert reply.json == {"success": True, "accepted": 1, "rejected": []}
    reply = await door.post("/v1/events/", [event, {**event, "id": ""}], headers={**headers, "content-type": "application/cloudevents-batch+json"})
    assert (reply.json["accepted"], reply.json["rejected"][0]["code"]) == (1, "invalid_cloudevent")
    binary = {"authorization": headers["authorization"], "ce-specversion": "1.0", "ce-id": "2", "ce-source": "/s", "ce-type": "x.y", "ce-subject": "user:u", "content-type": "text/plain"}
    assert (await door.ask("POST", "/v1/events", b"hello", headers=binary)).json["accepted"] == 1
    assert [found.properties for found in await door.events()] == [{"a": 1}, {"a": 1}, {"data": "hello"}]
    reply = await door.ask("POST", "/v1/events", b"{", headers=headers)
    assert (reply.status, reply.headers["content-type"]) == (400, "application/problem+json")
    assert (reply.json["status"], reply.json["code"], reply.json["type"]) == (400, "invalid_json", "about:blank")
    assert (await door.post("/v1/events", {**event, "writeKey": KEY}, headers={"content-type": "application/cloudevents+json"})).status == 401
    reply = await door.ask("OPTIONS", "/v1/events", headers={"webhook-request-origin": "partner.example"})
    assert (reply.status, reply.headers["webhook-allowed-origin"]) == (200, "partner.example")


async def test_a_batch_of_2500_is_one_answer(door: Door) -> None:
    events = [{**TRACK, "messageId": f"m-{number}", "userId": f"u-{number}"} for number in range(2500)]
    assert (await door.post("/v1/batch", {"batch": events})).json["accepted"] == 2500
    assert {event.stamp.id for event in await door.events()} == {f"m-{number}" for number in range(2500)}


async def test_it_tells_how_much_it_accepted(door: Door) -> None:
    await door.post("/v1/batch", {"batch": [TRACK, {"type": "track"}, TRACK]})
    await door.app.teller.tell()  # type: ignore[attr-defined]
    accepted, receipts = 0, 0
    tallies = []
    for record in await door.appended():
        stamp = header(record.headers, collected.STAMP)
        if stamp is not None:
            accepted, receipts = accepted + 1, receipts ^ int(collected.read_stamp(stamp).receipt_id.replace("-", ""), 16)
        told = header(record.headers, collected.TALLY)
        if told is not None:
            tallies.append(collected.read_tally(told))
    assert [(tally.source, tally.accepted, int(tally.receipts, 16)) for tally in tallies] == [("shop", 2, receipts)]
    assert accepted == 2
