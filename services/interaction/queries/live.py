"""What arrives, as it arrives: one follower of the log for all listeners of this process, a short queue for each of them.

    ecrm.interaction  --follower (only while somebody listens)-->  queues  -->  listeners
                      --read from where a listener left off----------^

Positions are those of the log, so a listener goes on where it was after a restart and at any process.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Final

import msgspec

from chassis import telemetry
from chassis.eventlog import NotConfirmed, Partition, Stored
from contracts import catalogue
from contracts.envelope import header
from contracts.interaction import InteractionRecorded
from services.interaction import errors
from services.interaction.domain import live
from services.interaction.domain.live import Event, Wanted
from services.interaction.settings import InteractionService

TOPIC: Final = catalogue.entry_of(InteractionRecorded).topic
LISTENERS: Final = 500
#: Events that wait for a listener before it is sent away.
WAITING: Final = 1000
#: Events of a partition, at least, that are read again for a listener that comes back; what follows them is left out with a gap.
CAUGHT_UP: Final = 10_000
HEARTBEAT_SECONDS: Final = 10.0
POLL_SECONDS: Final = 0.2
LINGER_SECONDS: Final = 30.0

LISTENING: Final = telemetry.gauge("ecrm_live_listeners", "Listeners of the live view")

_log = telemetry.logger(__name__)


class Listener:
    """One who watches. `dropped` says why it is sent away: `too_slow`, or `interrupted` when the log could not be followed any more."""

    def __init__(self, wanted: Wanted) -> None:
        self.wanted = wanted
        self.waiting: deque[Event] = deque()
        self.dropped = ""
        self.woken = asyncio.Event()

    def offer(self, event: Event) -> None:
        if not self.wanted.takes(event):
            return
        if len(self.waiting) >= WAITING:
            self.dropped = "too_slow"
        else:
            self.waiting.append(event)
        self.woken.set()


class Hub:
    """All listeners of a process, and the one task that reads for them."""

    def __init__(self, service: InteractionService) -> None:
        self._service = service
        self._listeners: set[Listener] = set()
        self._task: asyncio.Task[None] | None = None
        self._ready = asyncio.Event()
        self.offsets: list[int] = []

    @property
    def listeners(self) -> int:
        return len(self._listeners)

    async def join(self, wanted: Wanted) -> Listener:
        """A listener that hears everything from now on. Raises Unavailable when there are too many, or the log is away."""
        if len(self._listeners) >= LISTENERS:
            raise errors.too_many_listeners()
        if self._task is None or self._task.done():
            self._ready.clear()
            self._task = asyncio.create_task(self._follow(), name="interaction.live")
        try:
            await asyncio.wait_for(self._ready.wait(), 5)
        except TimeoutError:
            raise errors.not_confirmed() from None
        listener = Listener(wanted)
        self._listeners.add(listener)
        LISTENING.set(len(self._listeners))
        return listener

    def leave(self, listener: Listener) -> None:
        self._listeners.discard(listener)
        LISTENING.set(len(self._listeners))

    async def close(self) -> None:
        """Stop reading; the listeners end with the process."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _follow(self) -> None:
        """Read what is new while anybody listens, and a while longer for who comes back. Whatever ends it, nobody is left waiting."""
        try:
            await self._read()
        finally:
            for listener in tuple(self._listeners):
                listener.dropped = listener.dropped or "interrupted"
                listener.woken.set()
                self.leave(listener)

    async def _read(self) -> None:
        log = self._service.log
        partitions = [Partition(TOPIC, number) for number in range(await log.partitions(TOPIC))]
        self.offsets = [(await log.bounds(partition))[1] for partition in partitions]
        self._ready.set()
        alone_since: float | None = None
        while True:
            now = self._service.clock.monotonic()
            alone_since = None if self._listeners else (alone_since if alone_since is not None else now)
            if alone_since is not None and now - alone_since > LINGER_SECONDS:
                return
            found = False
            for number, partition in enumerate(partitions):
                try:
                    records = await log.read(partition, self.offsets[number], max_records=500)
                except NotConfirmed as error:
                    _log.warning("live_behind", error=error)
                    await asyncio.sleep(1)
                    continue
                for record in records:
                    self._offer(number, record)
                    found = True
            if not found:
                await asyncio.sleep(POLL_SECONDS)

    def _offer(self, number: int, record: Stored) -> None:
        self.offsets[number] = record.next
        event = event_of(record, live.position_text(self.offsets))
        if event is None:
            return
        for listener in tuple(self._listeners):
            listener.offer(event)
            if listener.dropped:
                self.leave(listener)


def event_of(record: Stored, position: str) -> Event | None:
    """None for a record that is no stored event."""
    try:
        return Event((header(record.headers, "ce_id") or b"").decode(), record.value or b"", position)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


async def follow(service: InteractionService, *, wanted: Wanted, after: str | None = None) -> AsyncGenerator[bytes, None]:
    """Server-sent events for one listener, until it leaves or does not keep up; `after` is the last id it saw.

    Raises Unavailable before the first piece.
    """
    hub: Hub = service.resources.live
    listener = await hub.join(wanted)
    try:
        if after is None:
            yield b"retry: 3000\nid: %s\n: listening\n\n" % live.position_text(hub.offsets).encode()
        else:
            async for piece in _missed(service, wanted, after, list(hub.offsets)):
                yield piece
        while True:
            if listener.waiting:
                pieces: list[bytes] = []
                while listener.waiting and len(pieces) < 100:
                    pieces.append(_piece(listener.waiting.popleft(), wanted))
                yield b"".join(pieces)
            elif listener.dropped:
                detail = b"Connect again with Last-Event-ID to go on."
                yield b'event: dropped\ndata: {"reason":"%s","detail":"%s"}\n\n' % (listener.dropped.encode(), detail)
                return
            else:
                listener.woken.clear()
                try:
                    await asyncio.wait_for(listener.woken.wait(), HEARTBEAT_SECONDS)
                except TimeoutError:
                    yield b"id: %s\n: heartbeat\n\n" % live.position_text(hub.offsets).encode()
    finally:
        hub.leave(listener)


async def _missed(service: InteractionService, wanted: Wanted, after: str, until: list[int]) -> AsyncGenerator[bytes, None]:
    """What a listener missed from its position to `until`; a gap where that is no longer kept, or too much."""
    offsets = live.read_position(after, len(until))
    if offsets is None:
        yield _gap("unknown_position", live.position_text(until))
        return
    lost = False
    for number, end in enumerate(until):
        first = (await service.log.bounds(Partition(TOPIC, number)))[0]
        lost |= offsets[number] < first
        offsets[number] = max(min(offsets[number], end), first)
    if lost:
        yield _gap("not_kept", live.position_text(offsets))
    for number, end in enumerate(until):
        caught_up = 0
        while offsets[number] < end:
            if caught_up >= CAUGHT_UP:
                offsets[number] = end
                yield _gap("too_much", live.position_text(offsets))
                break
            records = await service.log.read(Partition(TOPIC, number), offsets[number], max_records=500)
            if not records:
                break
            caught_up += len(records)
            missed: list[bytes] = []
            for record in records:
                if record.offset >= end:
                    break
                offsets[number] = record.next
                event = event_of(record, live.position_text(offsets))
                if event is not None and wanted.takes(event):
                    missed.append(_piece(event, wanted))
            if records[-1].offset >= end:
                offsets[number] = end
            if missed:
                yield b"".join(missed)


def _piece(event: Event, wanted: Wanted) -> bytes:
    return b"id: %s\nevent: interaction\ndata: %s\n\n" % (event.position.encode(), wanted.sees(event))


def _gap(reason: str, position: str) -> bytes:
    told = {"reason": reason}
    return b"id: %s\nevent: gap\ndata: %s\n\n" % (position.encode(), msgspec.json.encode(told))
