"""Bad input over HTTP: each kind gets its documented answer, never a 5xx, and the good events beside it are stored."""

from __future__ import annotations

import base64
import gzip
import json
import socket
import time
import uuid
from contextlib import suppress
from typing import Any

import httpx2
import pytest

from tests.support.upright import Upright

MIB = 1024 * 1024


def post(up: Upright, body: bytes, path: str = "/v1/batch", *, key: str | None = None, **headers: str) -> httpx2.Response:
    basic = base64.b64encode(f"{up.source_key if key is None else key}:".encode()).decode()
    sent = {"authorization": f"Basic {basic}", "content-type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    return httpx2.post(up.url + path, content=body, headers=sent, timeout=30)


def batch(*events: str) -> bytes:
    return ('{"batch":[' + ",".join(events) + "]}").encode()


def good(user: str, event: str) -> str:
    return json.dumps({"type": "track", "userId": user, "event": event})


def nested(levels: int) -> str:
    return '{"type":"track","userId":"deep","event":"Deep","properties":' + '{"a":' * levels + "1" + "}" * levels + "}"


def refused(answer: httpx2.Response) -> tuple[int, str]:
    said = answer.json()
    assert said["success"] is False
    assert said["message"]
    assert said["accepted"] == 0
    return answer.status_code, said["code"]


@pytest.fixture
def user() -> str:
    return f"careful-{uuid.uuid4().hex[:10]}"


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        ('{"type":"track","userId":"x","event":"A\\u0000B"}', "nul_character"),
        (nested(40), "too_deep"),
        ('{"type":"track","userId":"x","event":"Big","properties":{"n":123456789012345678901234567890}}', "number_out_of_range"),
        ('{"type":"track","userId":"x","event":"Lone","properties":{"a":"\\ud83d"}}', "lone_surrogate"),
        ('{"type":"track","userId":"x","event":"Large","properties":{"a":"' + "x" * 33_000 + '"}}', "event_too_large"),
        ('{"type":"track","userId":"x","event":"Card","properties":{"note":"4111 1111 1111 1111"}}', "card_number"),
        ('{"type":"track","userId":"x"}', "missing_event"),
        ('{"type":"fly","userId":"x"}', "unknown_type"),
        ('{"type":"track","event":"Nobody"}', "missing_identity"),
        ("[]", "not_an_object"),
    ],
)
def test_one_bad_event_never_costs_its_neighbours(up: Upright, user: str, bad: str, code: str) -> None:
    answer = post(up, batch(good(user, "Before"), bad, good(user, "After")))
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert (said["success"], said["accepted"]) == (True, 2)
    assert [(fault["index"], fault["code"]) for fault in said["rejected"]] == [(1, code)]
    assert "4111" not in answer.text
    entries = up.timeline(up.customer(f"user:{user}")["id"], 2)
    assert sorted(entry["name"] for entry in entries) == ["After", "Before"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", (400, "body_empty")),
        (b"   ", (400, "body_empty")),
        (b'{"batch":[', (400, "invalid_json")),
        (b'{"batch":[{"type":"track","userId":"x","event":"N","properties":{"n":NaN}}]}', (400, "invalid_json")),
        (b'{"batch":[{"type":"track","userId":"x","event":"N","properties":{"n":Infinity}}]}', (400, "invalid_json")),
        (b"\xef\xbb\xbf{}", (400, "invalid_json")),
        (b"[" * 200_000, (400, "invalid_json")),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, (400, "not_an_object")),  # no batch in it
        (b"\x00\x01\x02\xff", (400, "invalid_json")),
        (b"[1,2]", (400, "not_an_object")),
        (b'{"batch":{}}', (400, "not_an_object")),
        (b'{"batch":[]}', (400, "empty_batch")),
        (b'{"batch":[1,"x",null]}', (400, "nothing_attributable")),
        (batch(*["{}"] * 2501), (400, "too_many_events")),
    ],
)
def test_a_body_that_is_unusable_as_a_whole(up: Upright, body: bytes, expected: tuple[int, str]) -> None:
    assert refused(post(up, body)) == expected


def test_bodies_that_are_too_large(up: Upright, user: str) -> None:
    ten = batch(good(user, "Large"), '{"pad":"' + "x" * (10 * MIB) + '"}')
    assert refused(post(up, ten)) == (413, "body_too_large")
    bomb = gzip.compress(b" " * (600 * MIB // 4), 9)
    assert len(bomb) < MIB
    assert refused(post(up, bomb, content_encoding="gzip")) == (413, "body_too_large")
    assert refused(post(up, gzip.compress(bomb), content_encoding="gzip"))[0] in {400, 413}
    streamed = httpx2.post(
        up.url + "/v1/batch", content=(b"x" * 65_536 for _ in range(160)), auth=(up.source_key, ""), headers={"content-type": "application/json"}
    )
    assert refused(streamed) == (413, "body_too_large")
    assert post(up, batch(good(user, "Small"))).json()["accepted"] == 1
    entries = up.timeline(up.customer(f"user:{user}")["id"], 1)
    assert [entry["name"] for entry in entries] == ["Small"]


def test_encodings(up: Upright) -> None:
    packed = gzip.compress(batch(good("packed", "Packed")))
    assert post(up, packed, content_encoding="gzip").json()["accepted"] == 1
    assert refused(post(up, packed[:-6], content_encoding="gzip")) == (400, "bad_gzip")
    assert refused(post(up, packed + b"x", content_encoding="gzip")) == (400, "bad_gzip")
    assert refused(post(up, b"nonsense", content_encoding="gzip")) == (400, "bad_gzip")
    assert refused(post(up, packed, content_encoding="br")) == (415, "unsupported_encoding")


def test_keys(up: Upright) -> None:
    event = batch(good("keys", "Keyed"))
    assert refused(post(up, event, key="ecrm_wk_nobody_knows_this")) == (401, "unknown_key")
    assert refused(post(up, event, key="")) == (401, "unknown_key")
    assert refused(httpx2.post(up.url + "/v1/batch", content=event)) == (401, "unknown_key")
    assert refused(post(up, event, key=up.admin_key)) == (401, "unknown_key")
    made = up.ask("POST", "/api/v1/sources", {"name": f"closing {uuid.uuid4().hex[:6]}"}, expect=201)
    up.ask("PATCH", f"/api/v1/sources/{made['id']}", {"enabled": False})
    deadline = time.monotonic() + 20
    while (answer := post(up, event, key=made["key"])).status_code == 200 and time.monotonic() < deadline:  # within five seconds, on a machine with nothing else to do
        time.sleep(0.1)
    assert refused(answer) == (404, "source_disabled")


def test_scopes(up: Upright) -> None:
    reader = up.ask("POST", "/api/v1/keys", {"name": "reader", "scopes": ["customers:read"]}, expect=201)
    assert up.ask("GET", "/api/v1/customers", key=reader["key"])["data"] is not None
    for method, path, body in (
        ("POST", "/api/v1/consents/withdrawals", {"identity": "user:1", "purpose": "marketing"}), ("GET", "/api/v1/segments", None),
        ("POST", "/api/v1/keys", {"name": "mine", "scopes": ["admin"]}), ("GET", f"/api/v1/customers/{uuid.uuid4()}/timeline", None),
        ("POST", f"/api/v1/campaigns/{uuid.uuid4()}/launch", {}),
    ):
        answer = up.ask(method, path, body, key=reader["key"], expect=None)
        assert problem(answer) == (403, "auth.scope_missing"), path
    assert problem(up.ask("GET", "/api/v1/customers", key=up.source_key, expect=None))[0] == 403
    assert problem(up.ask("GET", "/api/v1/customers", key="ecrm_ak_unknown", expect=None)) == (401, "auth.required")
    up.ask("DELETE", f"/api/v1/keys/{reader['id']}", expect=204)
    assert problem(up.ask("GET", "/api/v1/customers", key=reader["key"], expect=None)) == (401, "auth.required")


def problem(answer: httpx2.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    said: dict[str, Any] = answer.json()
    assert said["status"] == answer.status_code
    assert {"type", "title", "detail", "request_id"} <= set(said)
    return answer.status_code, said["code"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 422), (b"", 422), (b"\xff\xfe", 422), (b'{"name":"a\\u0000b","rule":{"all":[]}}', 422), (b'{"name":NaN}', 422),
        (b'{"name":"x","rule":' + b'{"all":[' * 5000 + b"]}" * 5000 + b"}", 422), (b"[" * 100_000, 422),
    ],
)
@pytest.mark.parametrize("path", ["/api/v1/segments", "/api/v1/templates", "/api/v1/consents/grants", "/api/v1/interactions", "/api/v1/customers", "/api/v1/keys"])
def test_management_refuses_in_one_form(up: Upright, path: str, body: bytes, status: int) -> None:
    headers = {"authorization": f"Bearer {up.admin_key}", "content-type": "application/json"}
    answer = httpx2.post(up.url + path, content=body, headers=headers, timeout=30)
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.status_code in {status, 400, 405}
    problem(answer)


def test_wrong_methods_and_addresses(up: Upright) -> None:
    assert problem(up.ask("GET", "/api/v1/nothing", expect=None)) == (404, "route.unknown")
    assert problem(up.ask("DELETE", "/api/v1/segments", expect=None))[0] == 405
    assert problem(up.ask("PUT", "/api/v1/customers", {}, expect=None))[0] == 405
    for method in ("GET", "PUT", "DELETE", "PATCH"):
        answer = httpx2.request(method, up.url + "/v1/track", auth=(up.source_key, ""))
        assert 400 <= answer.status_code < 500, f"{method}: {answer.status_code} {answer.text}"
    for path in ("/api/v1/customers/%00", "/api/v1/customers?identity=%00", "/api/v1/customers?page_token=xx",
                 "/api/v1/customers?limit=-1", "/u/xx", "/t/c/xx", "/%ff%fe", "/api/v1/segments/x"):
        answer = up.ask("GET", path, expect=None)
        assert 400 <= answer.status_code < 500, f"{path}: {answer.status_code} {answer.text}"


@pytest.mark.parametrize(
    "raw",
    [
        b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"POST /v1/track HTTP/1.1\r\nhost: x\r\ncontent-length: -5\r\n\r\n",
        b"POST /v1/track HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nhost: x\r\n" + b"x: " + b"y" * 2_000_000 + b"\r\n\r\n", b"GET /" + b"a" * 2_000_000 + b" HTTP/1.1\r\nhost: x\r\n\r\n",
    ],
)
def test_what_is_no_http_is_cut_off_and_the_door_stays_open(up: Upright, raw: bytes) -> None:
    with socket.create_connection(("127.0.0.1", up.port), timeout=15) as connection:
        said = b""
        with suppress(OSError):  # it is cut while we still speak
            connection.sendall(raw)
            connection.shutdown(socket.SHUT_WR)
        with suppress(ConnectionError):
            said = connection.recv(4096)
    status = said.split(b" ")[1:2]
    assert not status or status[0].startswith(b"4"), said
    assert httpx2.get(up.url + "/healthz").status_code == 200
