"""Scans for duplicates: asked for, run in a process of their own, what they found taken over at once."""

from __future__ import annotations

import asyncio
import json
import tempfile
from itertools import islice
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import msgspec

from chassis import telemetry
from chassis.ids import new_id
from chassis.unit_of_work import Transaction
from services.customer import errors, store
from services.customer.commands.repeating import transactional
from services.customer.commands.scan_process import COMMAND, Found, Profile, Summary, encode, framed, items
from services.customer.domain import traits
from services.customer.settings import CustomerService

#: A process that was cut off is started again this often in all.
ATTEMPTS: Final = 3
#: A person would agree: what counts as likely, and is listed unless asked otherwise.
LIKELY: Final = 0.5
WRITTEN_AT_ONCE: Final = 10_000
SAID_EVERY: Final = 1.0

_log = telemetry.logger(__name__)
_decode = msgspec.msgpack.Decoder(Found).decode
_summary = msgspec.msgpack.Decoder(Summary).decode


class Broken(Exception):
    """The process ended without a result."""


@transactional
async def ask_scan(service: CustomerService, tx: Transaction, *, by: str) -> UUID:
    """A scan of all customers that a job will run. Raises Conflict, with its id, while another one waits or runs."""
    scan_id = new_id()
    if not await store.duplicates.insert_scan(tx.db, scan_id=scan_id, at=service.clock.now(), by=by):
        waiting = await store.duplicates.open_scan(tx.db)
        raise errors.scan_runs(waiting.id if waiting else None)
    return scan_id


async def work_on_scans(service: CustomerService) -> bool:
    """Run the scan that waits, or the one whose process was cut off. True when there was one."""
    async with service.read() as db:
        scan = await store.duplicates.open_scan(db)
    if scan is None:
        return False
    if scan.attempts >= ATTEMPTS:
        await _settle(service, scan.id, "failed", error=f"the comparing process was cut off {ATTEMPTS} times; is there enough memory?")
        return True
    async with service.transaction() as tx:
        await store.duplicates.begin_scan(tx.db, scan_id=scan.id, at=service.clock.now())
    with tempfile.TemporaryDirectory(prefix="ecrm-scan-") as folder:
        profiles, pairs = Path(folder) / "profiles", Path(folder) / "pairs"
        await _write_profiles(service, profiles)
        try:
            await _compare(service, scan.id, profiles, pairs)
        except Broken:
            _log.warning("scan_cut_off", service=service.name, attempt=scan.attempts + 1)
            return True
        await _take_over(service, scan.id, pairs)
    return True


async def _write_profiles(service: CustomerService, path: Path) -> None:
    """All customers as they are known now, without what is sensitive."""
    async with service.read() as db, db.transaction(isolation="repeatable_read", readonly=True):
        definitions = await store.definitions.current(db, service.resources.definitions)
        with path.open("wb") as file:
            head: tuple[UUID, str] | None = None
            family: list[traits.Traits] = []
            async for root, kind, document in store.duplicates.documents(db):
                if head is not None and head[0] != root:
                    file.write(_profile(*head, traits.values(definitions.open(traits.joined(family, definitions.weights)))))
                    family = []
                head = (root, kind)
                family.append(traits.read(document))
            if head is not None:
                file.write(_profile(*head, traits.values(definitions.open(traits.joined(family, definitions.weights)))))


def _profile(root: UUID, kind: str, values: dict[str, Any]) -> bytes:
    return framed(encode(Profile(root.bytes, kind == "person", values)))


async def _compare(service: CustomerService, scan_id: UUID, profiles: Path, pairs: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *COMMAND, str(profiles), str(pairs),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        said_at = service.clock.monotonic()
        async for line in process.stdout:
            if service.clock.monotonic() - said_at >= SAID_EVERY:
                said_at = service.clock.monotonic()
                async with service.transaction() as tx:
                    await store.duplicates.note_progress(tx.db, scan_id=scan_id, progress=float(line))
        if await process.wait():
            raise Broken
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _take_over(service: CustomerService, scan_id: UUID, path: Path) -> None:
    found = items(path)
    likely = 0
    summary = Summary(0, 0, 0)
    async with service.transaction() as tx:
        await store.duplicates.stage(tx.db)
        while batch := list(islice(found, WRITTEN_AT_ONCE)):
            rows = []
            for item in batch:
                try:
                    pair = _decode(item)
                except msgspec.ValidationError:
                    summary = _summary(item)
                    continue
                likely += pair.score >= LIKELY
                rows.append(_row(pair))
            await store.duplicates.add_staged(tx.db, rows=rows)
        await store.duplicates.take_staged(tx.db, scan_id=scan_id, at=service.clock.now())
        await store.duplicates.settle_scan(
            tx.db, scan_id=scan_id, state="done", at=service.clock.now(), profiles=summary.profiles, compared=summary.compared,
            pairs=summary.pairs, likely=likely,
        )
    _log.info("scan_ended", service=service.name, count=summary.pairs)


def _row(pair: Found) -> tuple[Any, ...]:
    return (
        UUID(bytes=pair.low), UUID(bytes=pair.high), pair.score, pair.household, json.dumps(pair.reasons),
        UUID(bytes=pair.group) if pair.group else None,
    )


async def _settle(service: CustomerService, scan_id: UUID, state: str, *, error: str) -> None:
    async with service.transaction() as tx:
        await store.duplicates.settle_scan(tx.db, scan_id=scan_id, state=state, at=service.clock.now(), error=error)
