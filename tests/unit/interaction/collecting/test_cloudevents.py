"""CloudEvents over HTTP in three modes, and the reserved types."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import pytest

from contracts import collected, collection_schemas
from services.interaction.domain import collecting
from tests.unit.interaction.collecting.support import receipt

STRUCTURED = "application/cloudevents+json; charset=UTF-8"


def event(**fields: Any) -> dict[str, Any]:
    return {"specversion": "1.0", "id": "e-1", "source": "/shop", "type": "com.example.sold", "subject": "user:u", "data": {"a": 1}, **fields}


def send(body: bytes, content_type: str = STRUCTURED, headers: dict[str, str] | None = None, **given: Any) -> collecting.Outcome:
    found = collecting.read_events(body, content_type, (headers or {}).items())
    return collecting.check_events(found, receipt(**given), cloudevent=True)


def structured(*, given: dict[str, Any] | None = None, **fields: Any) -> collecting.Outcome:
    return send(json.dumps({name: part for name, part in event(**fields).items() if part is not ...}).encode(), **(given or {}))


def sole(outcome: collecting.Outcome) -> tuple[collected.Stamp, collected.CleanEvent, bytes]:
    assert outcome.rejected == []
    [accepted] = outcome.accepted
    stamp = collected.read_stamp(accepted.stamp)
    return stamp, collected.clean_event(accepted.value, stamp), accepted.value


def test_structured_mode_keeps_attributes_and_data_unchanged() -> None:
    sent = event(time="2018-04-05T17:31:00Z", comexampleext="x", other=5, datacontenttype="application/json", dataschema="https://example.com/s")
    stamp, found, value = sole(send(json.dumps(sent).encode()))
    assert json.loads(value) == sent
    assert (stamp.form, stamp.type, stamp.event, stamp.keys) == ("cloudevent", "event", "com.example.sold", ["user:u"])
    assert str(stamp.timestamp) == "2018-04-05 17:31:00+00:00"
    assert stamp.id == '["/shop","e-1"]'
    assert (found.kind, found.name, found.properties) == ("event", "com.example.sold", {"a": 1})
    assert found.context["cloudevent"] == {name: part for name, part in sent.items() if name != "data"}


def test_a_batch_is_checked_event_by_event() -> None:
    body = json.dumps([event(), event(id=""), 5, event(id="e-2")]).encode()
    outcome = send(body, "Application/CloudEvents-Batch+JSON")
    assert [(bad.position, bad.code) for bad in outcome.rejected] == [(1, "invalid_cloudevent"), (2, "not_an_object")]
    assert len(outcome.accepted) == 2
    for wrong, code in ((b"[]", "empty_batch"), (b"{}", "not_an_object"), (b"[1", "invalid_json"), (b"", "body_empty"), (b"[" + b"1," * 2500 + b"1]", "too_many_events")):
        with pytest.raises(collecting.RequestRefused) as refused:
            send(wrong, "application/cloudevents-batch+json")
        assert refused.value.code == code


BINARY = {"ce-specversion": "1.0", "ce-id": "e-1", "ce-source": "/shop", "ce-type": "com.example.sold", "ce-subject": "email:A@B.c"}


@pytest.mark.parametrize(
    ("body", "content_type", "member", "kept"),
    [
        (b'{"a": 1}', "application/json", "data", {"a": 1}), (b"[1, 2]", "application/vnd.x+json; charset=utf-8", "data", [1, 2]), (b"null", "text/json", "data", None),
        ("<a>سلام</a>".encode(), "application/xml", "data", "<a>سلام</a>"), (b'plain "text"', "text/plain", "data", 'plain "text"'),
        (b"\x00\xff", "application/octet-stream", "data_base64", "AP8="), (b"\xff", "text/plain; charset=latin-1", "data_base64", "/w=="), (b"", "", "data", ...),
    ],
)
def test_binary_mode_becomes_the_structured_form(body: bytes, content_type: str, member: str, kept: Any) -> None:
    stamp, found, value = sole(send(body, content_type, BINARY))
    told = json.loads(value)
    assert told.get(member, ...) == kept
    assert told.get("datacontenttype", "") == content_type
    assert stamp.keys == ["email:a@b.c"]
    assert found.context["cloudevent"]["type"] == "com.example.sold"


def test_header_values_lose_quotes_and_one_round_of_percent_encoding() -> None:
    _, found, _ = sole(send(b"", "", {**BINARY, "ce-name": '"Euro%20%E2%82%AC%20%F0%9F%98%80"', "ce-twice": "%2525", "ce-quoted": '"a\\"b"'}))
    attributes = found.context["cloudevent"]
    assert (attributes["name"], attributes["twice"], attributes["quoted"]) == ("Euro € 😀", "%25", 'a"b')
    assert send(b"", "", {**BINARY, "ce-name": "%FF"}).rejected[0].code == "invalid_cloudevent"


@pytest.mark.parametrize(
    ("body", "code"),
    [(b"{", "invalid_cloudevent"), (b'"\\ud83d"', "lone_surrogate"), (b'"\xff"', "invalid_utf8"), (b"1e400", "number_out_of_range"), (b"[" * 40 + b"]" * 40, "too_deep"), (b"[" * 5000 + b"]" * 5000, "too_deep"), (b'"\\u0000"', "nul_character"), (b'"4111111111111111"', "card_number")],
)
def test_binary_data_is_held_against_the_same_limits(body: bytes, code: str) -> None:
    assert send(body, "application/json", BINARY).rejected[0].code == code


@pytest.mark.parametrize(
    "fields",
    [
        {"specversion": "0.3"}, {"specversion": ...}, {"id": ...}, {"id": 5}, {"source": ""}, {"type": ...}, {"time": "yesterday"}, {"time": "2018-04-05"}, {"time": 5},
        {"subject": ""}, {"dataschema": 7}, {"datacontenttype": ""}, {"Extension": "x"}, {"ext_1": "x"}, {"ext": {"a": 1}}, {"ext": 1.5},
        {"data_base64": "AA=="}, {"data": ..., "data_base64": "A"}, {"data": ..., "data_base64": 5},
    ],
)
def test_wrong_attributes(fields: dict[str, Any]) -> None:
    assert structured(**fields).rejected[0].code == "invalid_cloudevent"


def test_the_duplicate_key_tells_source_and_id_apart() -> None:
    first, second = (sole(structured(source=source, id=number))[0].id for source, number in (("a", 'b","c'), ('a","b', "c")))
    assert first != second
    assert sole(structured(source="x" * 200))[0].id.startswith("sha256:")


@pytest.mark.parametrize(
    ("subject", "keys"),
    [
        ("user:u", ["user:u"]), ("anon:a", ["anon:a"]), ("email:A@B.c", ["email:a@b.c"]), ("phone:+989123456789", ["phone:+989123456789"]),
        ("ext:erp:77", ["ext:erp:77"]), ("phone:0912", []), ("ext:erp", []), ("order/77", []), ("email:nobody", []), (..., []),
    ],
)
def test_subjects(subject: Any, keys: list[str]) -> None:
    outcome = structured(subject=subject)
    assert sole(outcome)[0].keys == keys
    assert outcome.accepted[0].key == (keys[0].encode() if keys else b"source:src")
    strict = structured(subject=subject, given={"require_subject": True})
    assert [bad.code for bad in strict.rejected] == ([] if keys else ["missing_subject"])


@pytest.mark.parametrize("name", ["ecrm.consent.withdrawn.v1", "ecrm.interaction.recorded.v1", "ecrm.touchpoint.call.v2", "ecrm.touchpoint.telepathy.v1", "ecrm."])
def test_nobody_can_forge_the_platform_s_own_facts(name: str) -> None:
    assert structured(type=name).rejected[0].code == "unknown_reserved_type"


SHARED = {"initiator": "customer"}
TOUCHPOINTS: dict[str, dict[str, Any]] = {
    "call": {"answered": False, "duration_s": 0}, "email": {"direction": "inbound", "from": "a@b.c", "to": ["d@e.f"], "rfc_message_id": "<1@b.c>"},
    "fax": {"direction": "outbound", "number": "+49", "pages": 2}, "letter": {"direction": "inbound", "letter_date": "2024-01-02"},
    "face_to_face": {"place": "Teheran", "duration_s": 1800}, "chat": {"direction": "inbound", "conversation_id": "c", "text": "hi"},
    "sms": {"direction": "outbound", "phone": "+49", "text": "hi"},
    "social": {"direction": "inbound", "network": "x", "handle": "@a", "visibility": "public", "post_url": "https://x"},
    "partner": {"partner_id": "p", "action": "sale"}, "salesperson": {"employee_id": "e", "action": "demo"},
    "survey": {"survey_id": "s", "question_id": "q", "answer": 9}, "case_note": {"case_id": "c", "note": "n", "visibility": "internal"},
    "meeting": {"duration_s": 60}, "form": {"form": "f", "answers": {}}, "lead": {"lead_id": "l", "source": "fair"},
    "room_post": {"room": "r", "post_id": "p", "text": "t"}, "board_post": {"room": "r", "post_id": "p", "text": "t"},
    "bid": {"auction_id": "a", "amount_minor": 5, "currency": "EUR"}, "question": {"other": "user:o", "role": "author", "text": "t"},
    "answer": {"other": "user:o", "role": "recipient", "text": "t", "in_reply_to": "q"},
    "recommendation": {"other": "user:o", "role": "author", "text": "t"},
    "website": {"direction": "inbound"}, "other": {"direction": "inbound"}, "call_centre": {"direction": "inbound"},
    "marketer": {"direction": "outbound"}, "internal_system": {"direction": "inbound", "system": "erp"}, "in_person": {"place": "Shiraz"},
    "catalogue": {"direction": "inbound"}, "telemarketing": {"direction": "outbound", "phone": "+49"},
    "direct_mail": {"direction": "outbound", "letter_date": "2024-01-02"}, "fax_order": {"direction": "inbound", "number": "+49"},
    "web_shop": {"direction": "inbound"},
}


@pytest.mark.parametrize("kind", sorted(TOUCHPOINTS))
def test_each_kind_of_touch_point_needs_its_own_fields(kind: str) -> None:
    assert set(TOUCHPOINTS) == set(collection_schemas.TOUCHPOINT_KINDS)
    name, data = f"ecrm.touchpoint.{kind}.v1", {**SHARED, **TOUCHPOINTS[kind]}
    stamp, found, _ = sole(structured(type=name, data=data))
    assert (found.kind, found.channel, found.initiator, found.properties) == (kind, kind, "customer", data)
    assert stamp.keys == ["user:u"]
    for missing in data:
        refused = structured(type=name, data={field: part for field, part in data.items() if field != missing}).rejected
        assert [bad.code for bad in refused] == ["invalid_data"], missing
        alternatives = {"chat": "text", "social": "post_url"}
        assert refused[0].detail == ("/" if alternatives.get(kind) == missing else f"/{missing}")


def test_a_touch_point_names_its_customer_somewhere_and_may_say_when() -> None:
    data = {**SHARED, **TOUCHPOINTS["call"]}
    assert structured(type="ecrm.touchpoint.call.v1", subject=..., data=data).rejected[0].detail == "/customer"
    stamp, _, _ = sole(structured(type="ecrm.touchpoint.call.v1", subject=..., data={**data, "customer": "ext:crm:7", "occurred_at": "2024-01-02T03:04:05Z"}))
    assert (stamp.keys, str(stamp.timestamp)) == (["ext:crm:7"], "2024-01-02 03:04:05+00:00")


@pytest.mark.parametrize(
    ("word", "data", "detail"),
    [
        ("completed", {"order_id": "o", "total": 10, "currency": "EUR"}, None), ("completed", {"order_id": "o", "total": "10.50", "currency": "EUR"}, None),
        ("completed", {"total": 10, "currency": "EUR"}, "/order_id"), ("completed", {"order_id": "o", "total": 10}, "/currency"),
        ("completed", {"order_id": "o", "currency": "EUR"}, "/"), ("completed", {"order_id": "o", "total": "ten", "currency": "EUR"}, "/total"),
        ("completed", {"order_id": "o", "currency": "EUR", "products": [{"name": "x"}]}, "/products/0"),
        ("updated", {"order_id": "o"}, None), ("updated", {}, "/order_id"), ("cancelled", {"order_id": "o"}, None),
        ("shipped", {"order_id": "o", "shipped_at": "2024-01-02", "promised_on": "2024-01-05"}, None), ("shipped", {"order_id": "o"}, "/shipped_at"),
        ("delivered", {"order_id": "o", "delivered_at": "2024-01-02T03:04:05Z"}, None), ("delivered", {"order_id": "o"}, "/delivered_at"),
        ("refunded", {"order_id": "o"}, None), ("refunded", {"total": 5, "currency": "EUR"}, None), ("refunded", {}, "/"),
    ],
)
def test_orders_as_cloudevents(word: str, data: dict[str, Any], detail: str | None) -> None:
    outcome = structured(type=f"ecrm.order.{word}.v1", data=data)
    if detail is None:
        _, found, _ = sole(outcome)
        assert (found.kind, found.name) == ("track", f"Order {word.title()}")
    else:
        assert [(bad.code, bad.detail) for bad in outcome.rejected] == [("invalid_data", detail)]


def test_the_source_s_currency_counts_and_a_credit_note_needs_its_customer() -> None:
    assert sole(structured(type="ecrm.order.completed.v1", data={"order_id": "o", "total": 10}, given={"default_currency": "EUR"}))
    nobody = structured(type="ecrm.order.refunded.v1", subject=..., data={"total": 5, "currency": "EUR"})
    assert nobody.rejected[0].detail == "/customer"


def test_published_schemas_are_valid_and_named() -> None:
    for name in collection_schemas.NAMES:
        schema = collection_schemas.schema_of(name)
        assert schema is not None
        jsonschema_rs.meta.validate(schema)
        assert schema["$id"] == f"/schemas/{name}"
    assert collection_schemas.schema_of("nothing") is None
