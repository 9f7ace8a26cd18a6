"""Which addresses are answered at which port, and what readiness says while a process ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from chassis.peers import App, Receive, Scope, Send

METRICS: Final = "/metrics"
ADMIN: Final = frozenset({"/healthz", "/readyz", METRICS})

_NOWHERE: Final = b'{"type":"urn:ecrm:problem:route.unknown","title":"Not Found","status":404,"code":"route.unknown","detail":"There is nothing at this address."}'
_DRAINING: Final = b'{"status":"not ready","missing":["it is ending"]}'


@dataclass
class State:
    """Shared by the doors of a process. While it drains it answers, but says it is not ready, so that no new work is sent here."""

    draining: bool = False


class Public:
    """Everything; without metrics where they have a port of their own."""

    def __init__(self, app: App, state: State, *, metrics: bool) -> None:
        self._app = app
        self._state = state
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path")
        if path == "/readyz" and self._state.draining:
            await _answer(send, 503, _DRAINING)
        elif path == METRICS and not self._metrics:
            await _answer(send, 404, _NOWHERE, b"application/problem+json")
        else:
            await self._app(scope, receive, send)


class Admin:
    """Health and metrics, nothing else."""

    def __init__(self, app: App, state: State) -> None:
        self._inner = Public(app, state, metrics=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] not in ADMIN:
            await _answer(send, 404, _NOWHERE, b"application/problem+json")
        else:
            await self._inner(scope, receive, send)


async def _answer(send: Send, status: int, body: bytes, kind: bytes = b"application/json") -> None:
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", kind), (b"content-length", str(len(body)).encode())]})
    await send({"type": "http.response.body", "body": body})
