"""Appending to the log: everything confirmed or nothing promised; a circuit that spares a log that is away; the quota of quarantine."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec

from chassis import telemetry
from chassis.clock import Clock
from chassis.eventlog import EventLog, Headers, NotConfirmed, Record
from contracts import collected
from services.interaction.domain import collecting

DEADLINE: Final = 5.0
FAILURES: Final = 3
PROBE_SECONDS: Final = 1.0
HOUR: Final = 3600.0

_WRITE_KEY: Final = re.compile(rb'("writeKey"\s*:\s*)"(?:[^"\\]|\\.)*"')
_SPEC: Final = ("ce_specversion", b"1.0")
_ACCEPTED: Final = ("ce_type", collected.ACCEPTED_TYPE.encode())
_REFUSED: Final = ("ce_type", collected.REFUSED_TYPE.encode())

_log = telemetry.logger(__name__)


class Confirmer:
    """Appends with the deadline; after 3 failures in a row it refuses at once and asks the log every second whether it is back."""

    def __init__(self, log: EventLog, clock: Clock) -> None:
        self._log = log
        self._clock = clock
        self._failures = 0
        self._asked = 0.0

    async def ensure_closed(self) -> None:
        """Raises RequestRefused (`not_confirmed`) while the circuit is open."""
        if self._failures < FAILURES:
            return
        now = self._clock.monotonic()
        if now - self._asked < PROBE_SECONDS:
            raise collecting.RequestRefused("not_confirmed")
        self._asked = now
        if not await self._log.healthy():
            raise collecting.RequestRefused("not_confirmed")
        self._failures = 0
        _log.info("circuit_closed")

    async def append(self, records: Sequence[Record], *, deadline: float = DEADLINE) -> None:
        """Return when all records are durable. Raises RequestRefused (`not_confirmed`): then the outcome is unknown."""
        if not records:
            return
        try:
            await self._log.append(records, deadline=deadline)
        except (NotConfirmed, OSError, TimeoutError) as error:
            self._failures += 1
            if self._failures == FAILURES:
                self._asked = self._clock.monotonic()
                _log.warning("circuit_opened", error=error)
            raise collecting.RequestRefused("not_confirmed") from None
        self._failures = 0


class Quota:
    """How many payloads of a source go to quarantine within an hour; beyond they are only counted."""

    def __init__(self, clock: Clock, per_hour: int) -> None:
        self._clock = clock
        self._per_hour = per_hour
        self._used: dict[str, tuple[float, int]] = {}

    def take(self, source_id: str) -> bool:
        """Whether one more fits."""
        now = self._clock.monotonic()
        began, used = self._used.get(source_id, (now, 0))
        if now - began >= HOUR:
            began, used = now, 0
        if used >= self._per_hour:
            return False
        self._used[source_id] = (began, used + 1)
        return True


def accepted_records(outcome: collecting.Outcome, source_id: str, trace: Headers) -> list[Record]:
    """The accepted events as records, in their order."""
    source = ("ce_source", source_id.encode())
    return [
        Record(
            collected.TOPIC, event.key, event.value,
            (_SPEC, ("ce_id", event.id), source, _ACCEPTED, (collected.STAMP, event.stamp), *trace),
        )
        for event in outcome.accepted
    ]


def refused_records(outcome: collecting.Outcome, receipt: collecting.Receipt, quota: Quota) -> list[Record]:
    """The refused events as records, as far as the quota goes; the payload without write keys, none for card numbers."""
    records = []
    for event in outcome.rejected:
        if quota.take(receipt.source.source_id):
            payload = _WRITE_KEY.sub(rb'\1"***"', event.payload) if event.payload else b""
            refusal = collected.Refusal(
                code=event.code, detail=event.detail, source=receipt.source.source_id, receipt_id=receipt.new_id(),
                received_at=receipt.received_at, digest=event.digest, size=event.size, index=event.position, message_id=event.message_id,
            )
            records.append(_refused_record(refusal, payload))
    return records


def dropped_record(outcome: collecting.Outcome, receipt: collecting.Receipt) -> Record:
    """How much the source's rules kept out of this request: numbers and a day, nothing else."""
    source = receipt.source.source_id
    drops = collected.Drops(source=source, day=receipt.received_at.date(), counts=outcome.kept_out)
    return Record(
        collected.TOPIC, source.encode(), b"",
        (
            _SPEC, ("ce_id", receipt.new_id().encode()), ("ce_source", source.encode()), ("ce_type", collected.DROPPED_TYPE.encode()),
            (collected.DROPS, msgspec.json.encode(drops)),
        ),
    )


def refused_request(code: str, receipt_id: str, received_at: datetime, source_id: str, size: int) -> Record:
    """A request that could not be used as a whole: time, size and code, no body."""
    refusal = collected.Refusal(
        code=code, detail=collecting.MESSAGES[code], source=source_id, receipt_id=receipt_id, received_at=received_at,
        digest=hashlib.sha256(b"").hexdigest(), size=size,
    )
    return _refused_record(refusal, b"")


def _refused_record(refusal: collected.Refusal, payload: bytes) -> Record:
    source = refusal.source.encode()
    return Record(
        collected.TOPIC, source, payload,
        (
            _SPEC, ("ce_id", refusal.receipt_id.encode()), ("ce_source", source), _REFUSED,
            (collected.REFUSAL, msgspec.json.encode(refusal)),
        ),
    )
