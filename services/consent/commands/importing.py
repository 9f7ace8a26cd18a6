"""Old consents come from files, with their evidence: checked row by row, recorded as what they are, once."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from chassis.ids import new_id
from chassis.tabular import BadMapping, Layout, Meanings, Row, RowError
from chassis.tabular import reading as files
from chassis.unit_of_work import Transaction
from services.consent import errors
from services.consent.commands.recording import again_on_collision, record
from services.consent.commands.stating import grant_ends
from services.consent.domain.importing import ALIKE, TARGETS, Listed, Misfit, read_row
from services.consent.domain.statements import GRANTED, Entry, Purpose
from services.consent.settings import ConsentService
from services.consent.store import imports, purposes
from services.consent.store.imports import Import

A_SLICE = 500
MEANINGS = Meanings("consents", TARGETS, ALIKE)


async def start_import(
    service: ConsentService, *, name: str, format: str, layout: dict[str, Any], content: bytes, dry_run: bool, actor: str
) -> Import:
    """Keep a file to be read at once. Raises UnreadableImport when its columns cannot be understood."""
    made = Import(new_id(), name, format, layout, dry_run, "waiting", actor, service.clock.now(), None, None, 0, 0, 0, 0, None)
    try:
        first = next(_rows(content, made), None)
    except BadMapping as bad:
        raise errors.UnreadableImport(str(bad)) from None
    if first is None:
        raise errors.UnreadableImport("it has no rows")
    async with service.transaction() as tx:
        await imports.insert(tx.db, made, content=content)
    return made


async def run_imports(service: ConsentService) -> bool:
    """Read the oldest file that waits, slice by slice, each in a transaction of its own; one process at a time. True: there was one."""
    async with service.read() as db:
        job = await imports.oldest_waiting(db)
        if job is None:
            return False
        rows = islice(_rows(await imports.content(db, job.id), job), job.done, None)
    done = job.done
    while True:
        try:
            part = await asyncio.to_thread(lambda: list(islice(rows, A_SLICE)))
        except BadMapping as bad:
            async with service.transaction() as tx:
                await imports.finish(tx.db, job.id, state="failed", at=service.clock.now(), error=str(bad)[:500])
            return True
        await again_on_collision(lambda: _slice(service, job, done, part))  # noqa: B023 - awaited at once
        done += len(part)
        if len(part) < A_SLICE:
            return True


async def _slice(service: ConsentService, job: Import, done: int, part: Sequence[Row | RowError]) -> None:
    async with service.transaction() as tx:
        await _take(service, tx, job, done, part)
        if len(part) < A_SLICE:
            await imports.finish(tx.db, job.id, state="done", at=service.clock.now())


async def _take(service: ConsentService, tx: Transaction, job: Import, done: int, part: Sequence[Row | RowError]) -> None:
    defined = await purposes.newest(tx.db)
    now = service.clock.now()
    zone = Layout.model_validate(job.layout).zone
    refused: list[RowError] = []
    listed: dict[bytes, Listed] = {}
    repeated = 0
    for row in part:
        if isinstance(row, RowError):
            refused.append(row)
            continue
        try:
            said = read_row(row.cells, defined, name=job.name, now=now, zone=zone)
        except Misfit as misfit:
            refused.append(RowError(row.line, misfit.code, misfit.reason))
            continue
        repeated += said.digest in listed
        listed[said.digest] = said
    known = await imports.known(tx.db, list(listed))
    fresh = [said for digest, said in listed.items() if digest not in known]
    if not job.dry_run and fresh:
        entries = [_entry(service, said, defined[said.purpose], job) for said in fresh]
        recorded = await record(tx, entries, defined)
        await imports.remember(tx.db, {said.digest: one.entry_id for said, one in zip(fresh, recorded, strict=True)})
    await imports.note_errors(tx.db, job.id, refused)
    await imports.advance(
        tx.db, job.id, done=done + len(part), recorded=len(fresh), unchanged=len(known) + repeated, refused=len(refused)
    )


def _entry(service: ConsentService, said: Listed, purpose: Purpose, job: Import) -> Entry:
    return Entry(
        new_id(), said.customer_id, service.hash_identity(said.identity) if said.identity else None, said.language, said.source,
        {**said.evidence, "import": str(job.id)}, job.actor, said.purpose, said.channel, said.state, said.wording_version or purpose.version,
        purpose.legal_basis, said.said_at, service.clock.now(), expires_at=grant_ends(purpose, said.said_at) if said.state == GRANTED else None,
    )


def _rows(content: bytes, job: Import) -> Iterator[Row | RowError]:
    """Raises BadMapping."""
    layout = Layout.model_validate({**job.layout, "format": job.format})
    with tempfile.NamedTemporaryFile(prefix="ecrm-consents-") as file:
        file.write(content)
        file.flush()
        yield from files.rows(Path(file.name), MEANINGS, layout)
