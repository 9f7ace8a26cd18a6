"""The answers of collection, in the language of the SDKs; CloudEvents clients get problem documents for refused requests."""

from __future__ import annotations

import base64
import secrets
from typing import Any, Final, NamedTuple

import msgspec

from chassis.peers import Send
from services.interaction.domain import collecting

JSON: Final = b"application/json"
PROBLEM: Final = b"application/problem+json"
PIXEL: Final = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")


class Answer(NamedTuple):
    """A status, a body and headers beside its type."""

    status: int
    body: bytes
    content_type: bytes = JSON
    headers: tuple[tuple[bytes, bytes], ...] = ()

    async def send(self, send: Send) -> None:
        length = str(len(self.body)).encode()
        headers = [(b"content-type", self.content_type), (b"content-length", length), *self.headers]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


def success(outcome: collecting.Outcome) -> Answer:
    """200: everything accepted is durable; what was refused is listed with its reason."""
    return Answer(200, _encode({"success": True, "accepted": len(outcome.accepted) + outcome.dropped, "rejected": _rejected(outcome)}))


def refusal(code: str, outcome: collecting.Outcome | None = None, *, problem: bool = False) -> Answer:
    """A refusal of the whole request, always with `success`, `code` and `message`: without them some SDKs try for ever."""
    status, message = collecting.STATUS[code], collecting.MESSAGES[code]
    body: dict[str, Any] = {
        "success": False, "code": code, "message": message, "accepted": 0, "rejected": _rejected(outcome) if outcome else [],
    }
    if problem:
        body = {"type": "about:blank", "title": message, "status": status, "detail": message, **body}
    headers: tuple[tuple[bytes, bytes], ...] = ()
    if status == 503:
        headers = ((b"retry-after", str(1 + secrets.randbelow(10)).encode()),)
    return Answer(status, _encode(body), PROBLEM if problem else JSON, headers)


def pixel() -> Answer:
    return Answer(200, PIXEL, b"image/gif", ((b"cache-control", b"no-store"),))


def plain(status: int, code: str, message: str, *, allow: str = "") -> Answer:
    """An answer that is not about events: unknown address or method."""
    headers = ((b"allow", allow.encode()),) if allow else ()
    return Answer(status, _encode({"success": False, "code": code, "message": message}), JSON, headers)


def _rejected(outcome: collecting.Outcome) -> list[dict[str, Any]]:
    return [
        {"index": event.position, "message_id": event.message_id, "code": event.code, "detail": event.detail} for event in outcome.rejected
    ]


def _encode(body: dict[str, Any]) -> bytes:
    return msgspec.json.encode(body)
