"""One transaction: rows and the facts told about them, committed together."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

import msgspec
from uuid_utils import uuid7

from chassis import outbox, telemetry
from chassis.clock import Clock
from chassis.database import Connection, Database
from chassis.eventlog import Record
from contracts import catalogue
from contracts.envelope import Envelope, Headers
from contracts.fact import Fact

_encode = msgspec.json.Encoder().encode


class Transaction:
    """What a command or reaction works with: `db` is the connection inside the open transaction."""

    def __init__(self, db: Connection, *, service: str, clock: Clock) -> None:
        self.db = db
        self._service = service
        self._clock = clock
        self._told: list[Record] = []
        self.causation = ""
        self._now: datetime | None = None
        self._headers: dict[tuple[str, str, str, str], Headers] = {}

    @property
    def told(self) -> int:
        """How many records will be published."""
        return len(self._told)

    def tell(self, fact: Fact, *, subject: str | None = None) -> None:
        """Publish a fact, or the new value of a state topic, when and only when the transaction commits."""
        entry = catalogue.entry_of(type(fact))
        key = str(getattr(fact, entry.key))
        if entry.topic.startswith("ecrm.state."):
            self._told.append(Record(entry.topic, key.encode(), _encode(fact), _state_headers(entry.wire)))
            return
        subject_text = key if subject is None else subject
        headers = (*self._shared(entry.wire), ("ce_id", str(uuid7()).encode()), ("ce_subject", subject_text.encode()))
        self._told.append(Record(entry.topic, key.encode(), _encode(fact), headers))

    def _shared(self, wire: str) -> Headers:
        """The headers that all facts of one kind have in common, while this transaction works on one cause."""
        cause = (wire, self.causation, telemetry.correlation.get(), telemetry.traceparent())
        if cause not in self._headers:
            self._now = self._now or self._clock.now()
            envelope = Envelope(
                id="", type=wire, source=f"/{self._service}", time=self._now, correlation=cause[2], causation=cause[1], traceparent=cause[3]
            )
            self._headers[cause] = tuple(pair for pair in envelope.headers() if pair[0] != "ce_id")
        return self._headers[cause]

    def forget(self, state: type[Fact], key: str) -> None:
        """Remove a key from a state topic (a tombstone)."""
        self._told.append(Record(catalogue.entry_of(state).topic, key.encode(), None))

    def append(self, record: Record) -> None:
        """Publish a record as it is, when and only when the transaction commits: for topics whose records are no facts of the catalogue."""
        self._told.append(record)

    def mark(self) -> int:
        """Where the telling stands, for `rewind`."""
        return len(self._told)

    def rewind(self, mark: int) -> None:
        """Take back what was told since `mark`, together with a savepoint's rows."""
        del self._told[mark:]

    async def flush(self) -> None:
        """Write what was told to the outbox; done by the unit of work right before the commit."""
        if self._told:
            await outbox.put(self.db, self._told)
            self._told = []


def _state_headers(wire: str) -> tuple[tuple[str, bytes], ...]:
    return (("ce_type", wire.encode()),)


@asynccontextmanager
async def transaction(
    database: Database, *, service: str, clock: Clock, committed: Callable[[], None]
) -> AsyncIterator[Transaction]:
    """Commit at the end, roll back on any exception; `committed` is called after a commit that told something."""
    async with database.connection() as db:
        async with db.transaction():
            work = Transaction(db, service=service, clock=clock)
            yield work
            told = work.told
            await work.flush()
        if told:
            committed()
