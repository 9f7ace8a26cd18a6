"""Saying how much was accepted: what the readers have must come to the same, or something was lost on the way."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from chassis import ids, telemetry
from chassis.eventlog import EventLog, NotConfirmed, Record
from contracts import collected
from services.interaction.domain import collecting

#: Seconds from the first event that was not yet told to the telling.
EVERY: Final = 10.0
#: Minutes that are remembered; an event belongs to the minute in which it came, so older ones are complete.
REMEMBERED: Final = 3

_log = telemetry.logger(__name__)


class Teller:
    """Counts what the log has confirmed and appends the counts a while later. A process that dies leaves its last seconds untold."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._name = ids.new_text_id()
        self._counts: dict[tuple[datetime, str], list[int]] = {}
        self._changed: set[tuple[datetime, str]] = set()
        self._telling: asyncio.Task[None] | None = None

    def add(self, source_id: str, received_at: datetime, accepted: Sequence[collecting.Accepted]) -> None:
        """Events of one request that were confirmed."""
        if not accepted:
            return
        of = (received_at.replace(second=0, microsecond=0), source_id)
        counted = self._counts.setdefault(of, [0, 0])
        counted[0] += len(accepted)
        for event in accepted:
            counted[1] ^= int(event.receipt_id.replace("-", ""), 16)
        self._changed.add(of)
        if self._telling is None or self._telling.done():
            self._telling = asyncio.create_task(self._tell_later(), name="collector.tally")

    async def tell(self) -> None:
        """Append what changed since the last time. Raises NotConfirmed: then it is told the next time."""
        changed, self._changed = self._changed, set()
        try:
            await self._log.append([self._record(*of) for of in sorted(changed)])
        except BaseException:
            self._changed |= changed
            raise
        newest = max(minute for minute, _ in changed)
        for of in [of for of in self._counts if of not in self._changed and (newest - of[0]).total_seconds() > 60 * REMEMBERED]:
            del self._counts[of]

    async def _tell_later(self) -> None:
        while self._changed:
            await asyncio.sleep(EVERY)
            try:
                await self.tell()
            except (NotConfirmed, OSError) as error:
                _log.warning("tally_not_told", error=error)

    def _record(self, minute: datetime, source_id: str) -> Record:
        accepted, receipts = self._counts[(minute, source_id)]
        tally = collected.Tally(collector=self._name, source=source_id, minute=minute, accepted=accepted, receipts=f"{receipts:032x}")
        source = source_id.encode()
        headers = (("ce_specversion", b"1.0"), ("ce_type", collected.TALLY_TYPE.encode()), ("ce_source", source))
        return Record(collected.TOPIC, source, b"", (*headers, (collected.TALLY, msgspec.json.encode(tally))))
