"""The live view: server-sent events (WHATWG HTML, 9.2) of what is stored, as it is stored."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Query, Response

from chassis.errors import Refusal
from chassis.peers import Receive, Scope, Send
from services.interaction import queries
from services.interaction.api.timeline import Here, Reader
from services.interaction.domain.live import CONTENT, SENSITIVE, Wanted

router = APIRouter(tags=["interactions"])

#: A listener that takes nothing for so long is gone.
SEND_SECONDS: Final = 60.0

Texts = Annotated[list[str], Query(max_length=50)]


class EventStream(Response):
    """Pieces as they come, until there are none or nobody listens any more."""

    media_type = "text/event-stream"

    def __init__(self, first: bytes, pieces: AsyncGenerator[bytes, None]) -> None:
        super().__init__(headers={"cache-control": "no-store", "x-accel-buffering": "no"})
        del self.headers["content-length"]
        self._first = first
        self._pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        sending = asyncio.create_task(self._send(send))
        leaving = asyncio.create_task(_gone(receive))
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sending, leaving):
                task.cancel()
            await asyncio.gather(sending, leaving, return_exceptions=True)
            await self._pieces.aclose()

    async def _send(self, send: Send) -> None:
        await _within(send, {"type": "http.response.body", "body": self._first, "more_body": True})
        async for piece in self._pieces:
            await _within(send, {"type": "http.response.body", "body": piece, "more_body": True})
        await _within(send, {"type": "http.response.body", "body": b""})


async def _within(send: Send, message: Any) -> None:
    async with asyncio.timeout(SEND_SECONDS):
        await send(message)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


@router.get("/api/v1/live", status_code=200, response_class=EventStream, responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}})
async def follow(
    here: Here, caller: Reader, source: Texts = [], kind: Texts = [], channel: Texts = [],  # noqa: B006 - FastAPI copies defaults
    last_event_id: Annotated[str | None, Header(max_length=1000)] = None, after: Annotated[str | None, Query(max_length=1000)] = None,
) -> Response:
    """What is stored, as it is stored. Events are `interaction`, `gap` (some are missing) and `dropped` (the last one: you did not keep up).

    Contents need `customers:read`, those marked sensitive `customers:sensitive`. Send the last id as `Last-Event-ID` (or `after`) to go on
    where you were.
    """
    wanted = Wanted(
        sources=frozenset(source), kinds=frozenset(kind), channels=frozenset(channel), content=caller.may(CONTENT), sensitive=caller.may(SENSITIVE)
    )
    pieces = queries.live.follow(here, wanted=wanted, after=last_event_id if last_event_id is not None else after)
    try:
        first = await anext(pieces)
    except StopAsyncIteration:
        first = b""
    except Refusal:
        await pieces.aclose()
        raise
    return EventStream(first, pieces)
