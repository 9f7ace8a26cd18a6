"""The last step of an answer: what the caller does not see is taken out of it."""

from __future__ import annotations

import json
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.requests import Request

from chassis import field_rights
from chassis.errors import Forbidden
from chassis.peers import Scope, Send

HIDES: Final = "ecrm.hides"
_JSON: Final = (b"application/json", b"application/problem+json")
_REFUSED: Final = json.dumps(
    {
        "type": "urn:ecrm:problem:fields.hidden", "title": "Forbidden", "status": 403, "code": "fields.hidden",
        "detail": "Your role does not see all fields of this, and it cannot be shown in part.",
    }
).encode()


def hide(request: Request, hides: frozenset[str]) -> None:
    """Hide these fields in the answer to this request. Raises Forbidden when it filters or sorts by one of them."""
    request.scope[HIDES] = hides
    for name, value in parse_qsl(request.scope.get("query_string", b"").decode("latin-1")):
        asked = [name, *(value.split(",") if name in {"sort", "order", "fields", "filter", "trait"} else [])]
        if any(field_rights.names_hidden(one, hides) for one in asked):
            raise Forbidden("fields.hidden", "Your role does not see this field, so it cannot ask by it.")


class Rendering:
    """A `send` that holds an answer back until it is whole, if anything is to be hidden in it; else it changes nothing."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope = scope
        self._send = send
        self._start: Any = None
        self._body: list[bytes] = []
        self._refused = False

    async def __call__(self, message: Any) -> None:
        hides = self._scope.get(HIDES)
        if not hides:
            await self._send(message)
        elif message["type"] == "http.response.start":
            await self._begin(message)
        elif message["type"] == "http.response.body" and self._start is not None:
            self._body.append(message.get("body", b""))
            if not message.get("more_body"):
                await self._finish(hides)
        elif not self._refused:
            await self._send(message)

    async def _begin(self, message: Any) -> None:
        kind = next((value for name, value in message["headers"] if name.lower() == b"content-type"), b"").split(b";")[0].strip().lower()
        if kind in _JSON:
            self._start = message
        elif kind and message["status"] < 300:
            self._refused = True
            headers = [(b"content-type", b"application/problem+json"), (b"content-length", str(len(_REFUSED)).encode())]
            await self._send({"type": "http.response.start", "status": 403, "headers": headers})
            await self._send({"type": "http.response.body", "body": _REFUSED})
        else:
            await self._send(message)

    async def _finish(self, hides: frozenset[str]) -> None:
        whole = b"".join(self._body)
        body = json.dumps(field_rights.hidden(json.loads(whole), hides), ensure_ascii=False, separators=(",", ":")).encode() if whole else whole
        kept = [(name, value) for name, value in self._start["headers"] if name.lower() != b"content-length"]
        await self._send({**self._start, "headers": [*kept, (b"content-length", str(len(body)).encode())]})
        await self._send({"type": "http.response.body", "body": body})
