"""The recorded SDK requests, the published example events and the contract of an existing gateway."""

from __future__ import annotations

import base64
import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from services.interaction.domain.collecting.inflating import MAX_BODY
from tests.integration.interaction.collecting.support import CAPTURED_KEY, DISABLED_KEY, Door, basic

pytestmark = pytest.mark.asyncio

Find = Callable[[str], Path]

IDS = {"type": "track", "event": "e"}
DIRTY = {"blank_message_id": " \u0000\u00a0\t\n\r\u034f ", "dirty_message_id": "\u0000 -a-random-string \u00a0\t\n\r\u034f"}


def request_of(case: str) -> tuple[bytes, dict[str, str]]:
    """Body and headers of a row of the contract; events get the name that this platform asks of a track event."""

    def batch(**fields: Any) -> bytes:
        return json.dumps({"batch": [{**IDS, "userId": "u", **fields}]}).encode()

    bodies: dict[str, bytes] = {
        "nil_body": b"", "not_json": b"not-a-valid-json", "empty_batch": b'{"batch":[]}', "no_ids": b'{"batch":[{"type":"track"}]}',
        "nested_array": b'{"batch":[[{"data":"valid-json","foo":"bar"}]]}', "too_large": b" " * (MAX_BODY + 1), "int_user_id": batch(userId=456),
        "object_user_id": batch(userId={"id": 456}), "keep_received_at": batch(receivedAt="2020-01-01T00:00:00Z", request_ip="1.2.3.4"),
        **{name: batch(messageId=text) for name, text in DIRTY.items()},
    }
    headers = {"no_auth": {}, "empty_user": basic(""), "bad_key": basic("unknown"), "disabled_source": basic(DISABLED_KEY)}
    return bodies.get(case, batch()), headers.get(case, basic())


async def test_the_contract_of_an_existing_gateway(door: Door, example_file: Find) -> None:
    with example_file("ingest/gateway_contract.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    elsewhere = {"rate_limited"}  # rates are kept in front of the collector
    assert len(rows) == 17
    for row in rows:
        if row["case"] not in elsewhere:
            body, headers = request_of(row["case"])
            reply = await door.ask("POST", "/v1/batch", body, headers=headers)
            assert reply.status == int(row["expected_status"]), row["case"]
    events = {event.stamp.id: event for event in await door.events()}
    assert "-a-random-string" in events
    kept = next(event for event in events.values() if "fields" in event.context)
    assert kept.context["fields"] == {"receivedAt": "2020-01-01T00:00:00Z", "request_ip": "1.2.3.4"}
    assert {"user:456", 'user:{"id":456}'} <= {event.stamp.keys[0] for event in events.values()}


EXPECTED = {"rudder-python": 6, "rudder-python-plain": 6, "segment-node": 6, "segment-python": 7, "segment-python-gzip": 7}


@pytest.mark.parametrize("sdk", sorted(EXPECTED))
async def test_recorded_sdk_requests_byte_for_byte(sdk: str, door: Door, example_file: Find) -> None:
    capture = json.loads(example_file(f"ingest/sdk_captures/{sdk}/01.json").read_text(encoding="utf-8"))
    reply = await door.ask(capture["method"], capture["path"], base64.b64decode(capture["body_base64"]), headers=capture["headers"])
    sent = capture["body_json"]["batch"]
    assert (reply.status, reply.json) == (200, {"success": True, "accepted": EXPECTED[sdk], "rejected": []})
    events = {event.stamp.id: event for event in await door.events()}
    assert set(events) == {event["messageId"] for event in sent}
    for event in sent:
        found = events[event["messageId"]]
        assert found.kind == event["type"]
        assert found.stamp.keys[0] == (f"user:{event['userId']}" if event.get("userId") else f"anon:{event['anonymousId']}")
        if event["type"] == "track":
            assert found.properties == event.get("properties", {})
        if event["type"] == "identify":
            assert found.traits == event.get("traits", event["context"].get("traits"))
            assert f"email:{found.traits['email'].casefold()}" in found.stamp.keys
        assert CAPTURED_KEY not in json.dumps([found.properties, found.traits, found.context])


async def test_published_examples_are_accepted_and_read_back(door: Door, example_file: Find) -> None:
    examples = [entry["payload"] for entry in json.loads(example_file("ingest/segment_spec_examples.json").read_text(encoding="utf-8"))]
    assert len(examples) == 71
    sent = []
    for number, example in enumerate(examples):
        event = {"type": "track", **example, "messageId": f"example-{number}"}
        if not any(event.get(name) for name in ("userId", "anonymousId", "user_id", "anonymous_id")):
            event["userId"] = "u"
        sent.append(event)
    reply = await door.post("/v1/batch", {"batch": sent})
    assert (reply.status, reply.json["accepted"], reply.json["rejected"]) == (200, 71, [])
    events = {event.stamp.id: event for event in await door.events()}
    for number, event in enumerate(sent):
        found = events[f"example-{number}"]
        if event["type"] in {"track", "screen"}:
            assert found.properties == event.get("properties", {})
        elif event["type"] == "page":
            assert event.get("properties", {}).items() <= found.properties.items()
        assert found.stamp.event == (event.get("event") or event.get("name") or "") or event["type"] in {"identify", "group", "alias"}
