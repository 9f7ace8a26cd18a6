"""Messages to the public collection API: batches, several at once, repeated until the platform has answered for each."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
import msgspec

from chassis.tabular import RowError
from launcher import tls
from launcher.importing.messages import Message

BATCH_EVENTS: Final = 500
BATCH_BYTES: Final = 1_000_000
MESSAGE_BYTES: Final = 32 * 1024
AT_ONCE: Final = 4
#: Growing pauses of 0.2 to 30 s in between: about four minutes in all.
TRIES: Final = 12
RETRIED: Final = frozenset({408, 429, 500, 502, 503, 504})

_encode: Final = msgspec.json.Encoder(decimal_format="number").encode


class Aborted(Exception):
    """The platform does not take any of it; the message says what to do. What was confirmed before stays."""


class Posted:
    """A finished batch: messages taken, and rows refused."""

    def __init__(self, messages: Sequence[Message], refused: dict[int, RowError]) -> None:
        self.taken = [message for place, message in enumerate(messages) if place not in refused]
        self.refused = [
            RowError(line, refused[place].code, refused[place].reason)
            for place, message in enumerate(messages)
            if place in refused
            for line in message.lines
        ]


class Poster:
    """Posts with a source key. Every message keeps its id, so that posting again is harmless."""

    def __init__(self, url: str, key: str, *, waiting: Callable[[str], None]) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.netloc:
            raise Aborted(f"{url}: not an address; write for example http://127.0.0.1:8080")
        self._url = url.rstrip("/") + "/v1/batch"
        self._headers = {"authorization": aiohttp.encode_basic_auth(key, "", encoding="utf-8"), "content-type": "application/json"}
        self._waiting = waiting

    async def post_all(self, batches: AsyncIterator[list[Message]]) -> AsyncIterator[Posted]:
        """Outcomes in the order they arrive, at most four batches on the way. Raises Aborted."""
        timeout = aiohttp.ClientTimeout(total=60, sock_connect=5)
        async with tls.session(timeout=timeout, headers=self._headers) as session:
            tasks: set[asyncio.Task[Posted]] = set()
            try:
                async for batch in batches:
                    tasks.add(asyncio.create_task(self._post(session, batch)))
                    if len(tasks) >= AT_ONCE:
                        done, tasks = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                        for task in done:
                            yield await task
                while tasks:
                    done, tasks = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                    for task in done:
                        yield await task
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _post(self, session: aiohttp.ClientSession, messages: list[Message]) -> Posted:
        body = b'{"batch":[' + b",".join(_encode(message.content) for message in messages) + b"]}"
        for attempt in range(TRIES):
            pause, said = await self._once(session, body)
            if isinstance(said, tuple):
                return await self._answered(session, messages, *said)
            self._waiting(said)
            await asyncio.sleep(pause if pause is not None else random.uniform(0.1, min(30, 0.2 * 2**attempt)))  # noqa: S311 - jitter
        raise Aborted(f"{self._url} did not take a batch after {TRIES} tries. Run the same command again: what is there already is not added twice.")

    async def _once(self, session: aiohttp.ClientSession, body: bytes) -> tuple[float | None, tuple[int, dict[str, Any]] | str]:
        """The answer, or the seconds to wait (None: as you like) and why."""
        try:
            async with session.post(self._url, data=body, allow_redirects=False) as answer:
                if answer.status in RETRIED:
                    after = answer.headers.get("retry-after", "")
                    return float(after) if after.isdigit() else None, f"the platform answered {answer.status}, trying again"
                text = await answer.read()
                status = answer.status
        except (OSError, aiohttp.ClientError, TimeoutError) as error:
            return None, f"no answer ({type(error).__name__}), trying again"
        try:
            said = msgspec.json.decode(text, type=dict[str, Any])
        except msgspec.DecodeError:
            said = {}
        return None, (status, said)

    async def _answered(self, session: aiohttp.ClientSession, messages: list[Message], status: int, said: dict[str, Any]) -> Posted:
        if status == 200:
            refused = {
                int(fault["index"]): RowError(0, str(fault.get("code", "refused")), str(fault.get("detail", "")))
                for fault in said.get("rejected", [])
            }
            return Posted(messages, refused)
        code, reason = str(said.get("code", f"http_{status}")), str(said.get("message") or said.get("detail") or "")
        if status in {400, 413} and len(messages) > 1:  # halves, down to the message at fault
            middle = len(messages) // 2
            first, second = await self._post(session, messages[:middle]), await self._post(session, messages[middle:])
            first.taken += second.taken
            first.refused += second.refused
            return first
        if status in {400, 413}:
            return Posted(messages, {0: RowError(0, code, reason)})
        hint = {401: "The key is not known: give a source key with --key.", 404: "The source of this key is disabled, or there is no platform at this address."}
        raise Aborted(f"{self._url} answered {status} {code}. {hint.get(status, reason)}")


class Batcher:
    """Gathers messages until a batch is full."""

    def __init__(self) -> None:
        self._messages: list[Message] = []
        self._bytes = 0

    def add(self, message: Message) -> list[Message] | RowError | None:
        """A full batch that is to be posted first, an error for a message that is too large, or None."""
        size = len(_encode(message.content))
        if size > MESSAGE_BYTES:
            return RowError(message.lines[0], "event_too_large", f"more than {MESSAGE_BYTES} bytes")
        full = None
        if self._messages and (len(self._messages) >= BATCH_EVENTS or self._bytes + size > BATCH_BYTES):
            full = self.rest()
        self._messages.append(message)
        self._bytes += size
        return full

    def rest(self) -> list[Message]:
        """What was gathered and not posted yet."""
        gathered, self._messages, self._bytes = self._messages, [], 0
        return gathered
