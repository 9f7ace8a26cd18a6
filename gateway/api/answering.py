"""Answers the door gives itself: problem documents, and on SDK routes the SDKs' own shape."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, Final

import msgspec

from chassis.peers import Send

RawHeaders = Iterable[tuple[bytes, bytes]]

JSON: Final = b"application/json"
PROBLEM: Final = b"application/problem+json"

#: Refusals of collection: status and message, as the protocol names them.
COLLECTING: Final = {
    "unknown_key": (401, "the key is missing, unknown or revoked"),
    "source_disabled": (404, "the source of this key is disabled"),
    "slow_body": (408, "the body came too slowly"),
    "body_too_large": (413, "the body is larger than 5 MiB"),
    "rate_limited": (429, "the source sends more requests than agreed"),
    "quota_exceeded": (429, "the key has brought all the events or requests that it may bring on a day (UTC)"),
    "not_confirmed": (503, "the events were not confirmed in time; send them again"),
    "overloaded": (503, "too much is going on; send it again"),
    "starting": (503, "the service is starting; send it again"),
}

_encode = msgspec.json.Encoder().encode


async def answer(send: Send, status: int, body: bytes, content_type: bytes = JSON, headers: RawHeaders = ()) -> None:
    """A whole answer; 204 has no body and says nothing about one."""
    about = [] if status == 204 else [(b"content-type", content_type), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": [*about, *headers]})
    await send({"type": "http.response.body", "body": body})


async def problem(
    send: Send, status: int, code: str, message: str, *, request_id: str, retry_after: int | None = None, headers: RawHeaders = ()
) -> None:
    """A problem document (RFC 9457)."""
    body = {
        "type": f"urn:ecrm:problem:{code}", "title": HTTPStatus(status).phrase, "status": status, "code": code, "detail": message,
        "request_id": request_id,
    }
    sent = [*headers, (b"x-request-id", request_id.encode())]
    if retry_after is not None:
        sent.append((b"retry-after", str(retry_after).encode()))
    if status == 401:
        sent.append((b"www-authenticate", b"Bearer"))
    await answer(send, status, _encode(body), PROBLEM, sent)


async def refuse_collecting(
    send: Send, code: str, *, request_id: str, as_problem: bool, retry_after: int | None = None, headers: RawHeaders = ()
) -> None:
    """A refusal of a collection request: always `success`, `code` and `message`, else some SDKs try for ever."""
    status, message = COLLECTING[code]
    body: dict[str, Any] = {"success": False, "code": code, "message": message, "accepted": 0, "rejected": []}
    if as_problem:
        body = {"type": f"urn:ecrm:problem:{code}", "title": HTTPStatus(status).phrase, "status": status, "detail": message, **body}
    sent = [*headers, (b"x-request-id", request_id.encode())]
    if status in {429, 503}:
        sent.append((b"retry-after", str(retry_after or jitter()).encode()))
    await answer(send, status, _encode(body), PROBLEM if as_problem else JSON, sent)


def jitter() -> int:
    """Seconds after which to come back, so that not all come at once."""
    return 1 + secrets.randbelow(10)
