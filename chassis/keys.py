"""The table of keys, in memory: which key opens which door.

Fed from the compacted topic `ecrm.state.keys`, so neither the gateway nor the collector asks a database. Until the topic was read
to its end once the table is not `loaded`, and a door answers 503, never 401: "not known yet" is not "wrong".
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from typing import Final

import msgspec

from chassis import clock as clocks
from chassis import telemetry
from chassis.eventlog import EventLog, Partition, Stored
from contracts import gateway

TOPIC: Final = "ecrm.state.keys"
FOLLOW_SECONDS: Final = 0.5
#: Every so many rounds the log is read although nothing is behind: one that was put back to an earlier state shows only so.
LOOK_ROUNDS: Final = 20

_decode = msgspec.json.Decoder(gateway.KeyState).decode
_log = telemetry.logger(__name__)


@lru_cache(maxsize=4096)
def key_hash(key_text: str) -> str:
    """SHA-256 of a key, hex: the form in which keys are kept and compared."""
    return hashlib.sha256(key_text.encode("utf-8", "surrogatepass")).hexdigest()


class KeyTable:
    """Keys by hash and sources by id. One per process; `start` follows the topic until `close`."""

    def __init__(self, clock: clocks.Clock | None = None) -> None:
        self._clock = clock or clocks.Clock()
        self._keys: dict[str, gateway.KeyState] = {}
        self._sources: dict[str, gateway.SourceSettings] = {}
        self._loaded = asyncio.Event()
        self._follower: asyncio.Task[None] | None = None

    @property
    def loaded(self) -> bool:
        """Whether the topic was read to its end at least once."""
        return self._loaded.is_set()

    async def start(self, log: EventLog, *, wait: float = 5.0) -> None:
        """Follow the topic from its first record. Returns when loaded, at the latest after `wait` seconds; then it goes on trying."""
        if self._follower is None:
            self._follower = asyncio.create_task(self._follow(log), name="key-table")
        with suppress(TimeoutError):
            await asyncio.wait_for(self._loaded.wait(), wait)

    async def close(self) -> None:
        """Stop following; the keys known so far stay."""
        follower, self._follower = self._follower, None
        if follower is not None:
            follower.cancel()
            with suppress(asyncio.CancelledError):
                await follower

    def find(self, key_text: str) -> gateway.KeyState | None:
        """The key's state, or None when the key is unknown, revoked or expired. A disabled source's key is found."""
        wanted = key_hash(key_text)
        state = self._keys.get(wanted)
        if state is None or not hmac.compare_digest(state.key_hash, wanted) or state.revoked:
            return None
        if state.expires_at is not None and state.expires_at <= self._clock.now():
            return None
        return state

    def by_hash(self, hashed: str) -> gateway.KeyState | None:
        """The state of a key of this hash while it opens anything."""
        state = self._keys.get(hashed)
        if state is None or state.revoked or (state.expires_at is not None and state.expires_at <= self._clock.now()):
            return None
        return state

    def source(self, source_id: str) -> gateway.SourceSettings | None:
        """The newest settings of a source that some key names."""
        return self._sources.get(source_id)

    async def expect_source(self, source_id: str, *, seconds: float = 2.0) -> gateway.SourceSettings | None:
        """The same, waited for: a source that was made a moment ago is on its way here by the log."""
        deadline = self._clock.monotonic() + seconds
        while (found := self.source(source_id)) is None and self._clock.monotonic() < deadline:
            await asyncio.sleep(0.05)
        return found

    def sources(self) -> Iterator[gateway.SourceSettings]:
        """All known sources (CORS asks which origins any of them allows)."""
        return iter(tuple(self._sources.values()))

    def put(self, state: gateway.KeyState) -> None:
        """Take over one key's state; an older version of a source's settings never replaces a newer one."""
        self._keys[state.key_hash] = state
        if state.source is not None:
            known = self._sources.get(state.source.source_id)
            if known is None or known.version <= state.source.version:
                self._sources[state.source.source_id] = state.source

    def remove(self, hashed: str) -> None:
        """Forget a key (a tombstone in the topic)."""
        self._keys.pop(hashed, None)

    async def _follow(self, log: EventLog) -> None:
        positions: dict[Partition, int] = {}
        behind = False
        for number in itertools.count():
            try:
                if not positions:
                    for partition in [Partition(TOPIC, each) for each in range(await log.partitions(TOPIC))]:
                        positions[partition] = (await log.bounds(partition))[0]
                if behind or number % LOOK_ROUNDS == 0 or await log.behind(positions):  # one question for all partitions
                    for partition in positions:
                        await self._read(log, partition, positions)
                self._loaded.set()
                behind = False
            except Exception as error:  # whatever the log has: what is known stays valid, and the next round reads from the beginning
                positions.clear()
                if not behind:
                    _log.warning("key_table_behind", error=error)
                behind = True
            await asyncio.sleep(FOLLOW_SECONDS)

    async def _read(self, log: EventLog, partition: Partition, positions: dict[Partition, int]) -> None:
        while records := await log.read(partition, positions[partition]):
            for record in records:
                self._apply(record)
            positions[partition] = records[-1].next

    def _apply(self, record: Stored) -> None:
        if record.value is None:
            self.remove(record.key.decode("utf-8", "replace"))
            return
        try:
            self.put(_decode(record.value))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:  # one unreadable key must not lock out all others
            _log.error("key_state_unreadable", error=error, offset=record.offset, partition=record.partition)
