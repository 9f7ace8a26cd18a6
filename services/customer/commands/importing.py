"""Imports of lists of customers: declared, received in pieces, worked through a slice at a time; each slice is one transaction.

How far an import is stands in the same transaction as what its rows did, so after a crash it goes on behind the last row that counts.
"""

from __future__ import annotations

import asyncio
import json
import operator
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from chassis import telemetry
from chassis.ids import new_id
from chassis.tabular import BadMapping, Layout, Row, RowError, reading
from chassis.tabular.values import Refused
from chassis.unit_of_work import Transaction
from services.customer import errors, store
from services.customer.commands import strangers
from services.customer.commands.collecting import contact_identities
from services.customer.commands.repeating import transactional
from services.customer.commands.resolving import Assertion, resolve
from services.customer.domain import importing, traits
from services.customer.domain.definitions import Definitions
from services.customer.domain.graph import Claim, Named, Owned
from services.customer.domain.importing import Listed
from services.customer.settings import CustomerService

#: Small enough that others are not kept waiting for long, large enough that statements cost little a row.
SLICE: Final = 500
MAX_PARTS: Final = 10_000
#: Beyond it a file is not what it was taken for.
MAX_ERRORS_KEPT: Final = 100_000

RECEIVING, QUEUED, RUNNING, DONE, FAILED, CANCELLED, UNDOING, UNDONE = (
    "receiving", "queued", "running", "done", "failed", "cancelled", "undoing", "undone",
)

_log = telemetry.logger(__name__)


@dataclass
class Tally:
    """What became of a slice of rows."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    errors: list[tuple[int, str, str]] = field(default_factory=list)
    homes: dict[UUID, bool] = field(default_factory=dict)


@dataclass
class Checked:
    """A slice of the file: how many rows, what they say by line, and those that were refused."""

    count: int = 0
    lines: list[int] = field(default_factory=list)
    listed: list[Listed] = field(default_factory=list)
    errors: list[tuple[int, str, str]] = field(default_factory=list)


class Rehearsed(Exception):
    """A dry run got this far; nothing of it stays."""

    def __init__(self, tally: Tally) -> None:
        super().__init__()
        self.tally = tally


@transactional
async def declare_import(
    service: CustomerService, tx: Transaction, *, name: str, format: str, layout: Layout, origin: Mapping[str, Any], dry_run: bool,
    as_of: datetime | None, by: str,
) -> UUID:
    """An import whose file is to follow. `origin` says where the list comes from; `as_of` since when its rows are so (default: now)."""
    import_id, now = new_id(), service.clock.now()
    row = store.imports.Row(
        import_id, name, format, layout.model_dump_json(exclude_defaults=True), json.dumps(dict(origin)), dry_run, RECEIVING, now, by, as_of or now
    )
    await store.imports.insert(tx.db, row=row)
    return import_id


@transactional
async def put_import_part(service: CustomerService, tx: Transaction, *, import_id: UUID, number: int, content: bytes) -> None:
    """Keep a piece of the file; the same number again takes its place. Raises Unknown, Conflict once the import was started."""
    await _in_state(tx, import_id, RECEIVING)
    await store.imports.put_part(tx.db, import_id=import_id, number=number, content=content)


@transactional
async def start_import(service: CustomerService, tx: Transaction, *, import_id: UUID, parts: int) -> None:
    """All `parts` pieces have arrived: begin. Raises Unknown, Conflict when pieces are missing or it was started before."""
    await _in_state(tx, import_id, RECEIVING)
    count, highest, size = await store.imports.measure_parts(tx.db, import_id=import_id)
    if not count or count != parts or highest != parts:
        raise errors.import_incomplete(count, parts)
    await store.imports.queue(tx.db, import_id=import_id, parts=count, size=size)


@transactional
async def cancel_import(service: CustomerService, tx: Transaction, *, import_id: UUID) -> None:
    """Stop; the rows that were dealt with stay, and can be undone. Raises Unknown, Conflict when it has ended."""
    await _in_state(tx, import_id, RECEIVING, QUEUED, RUNNING)
    await store.imports.settle(tx.db, import_id=import_id, state=CANCELLED, at=service.clock.now())
    await store.imports.drop_parts(tx.db, import_id=import_id)


async def _in_state(tx: Transaction, import_id: UUID, *states: str) -> store.imports.Row:
    row = await store.imports.find(tx.db, import_id=import_id, lock=True)
    if row is None:
        raise errors.unknown_import()
    if row.state not in states:
        raise errors.import_is(row.state)
    return row


async def run_import(service: CustomerService, *, row: store.imports.Row) -> None:
    """Work through an import, or go on with it, until its end, its cancelling or a failure that is its own."""
    with tempfile.NamedTemporaryFile(prefix="ecrm-import-", suffix=f".{row.format}") as file:
        async with service.read() as db:
            async for content in store.imports.parts(db, import_id=row.id):
                file.write(content)
        file.flush()
        try:
            await _run(service, row, Path(file.name))
        except BadMapping as error:
            await _end(service, import_id=row.id, state=FAILED, error=str(error)[:1000])


async def _run(service: CustomerService, row: store.imports.Row, path: Path) -> None:
    layout = Layout.model_validate({**json.loads(row.layout), "format": row.format})
    total = await asyncio.to_thread(reading.count_rows, path, layout)
    async with service.transaction() as tx:
        await store.imports.begin(tx.db, import_id=row.id, total=total, at=service.clock.now())
    rows = reading.rows(path, importing.MEANINGS, layout)
    done = row.done
    await asyncio.to_thread(lambda: sum(1 for _ in islice(rows, done)))
    ahead = asyncio.create_task(_read(service, row, layout, rows))
    try:
        while (checked := await ahead).count:
            ahead = asyncio.create_task(_read(service, row, layout, rows))
            if not await _slice(service, row=row, checked=checked, since=done):
                return  # cancelled, or another process works on it
            done += checked.count
    finally:
        await asyncio.gather(ahead, return_exceptions=True)  # the thread reads the file that is about to go
    await _end(service, import_id=row.id, state=DONE)


@transactional
async def _end(service: CustomerService, tx: Transaction, *, import_id: UUID, state: str, error: str | None = None) -> None:
    row = await store.imports.find(tx.db, import_id=import_id, lock=True)
    if row is not None and row.state in {QUEUED, RUNNING}:
        await store.imports.settle(tx.db, import_id=import_id, state=state, at=service.clock.now(), error=error)
        await store.imports.drop_parts(tx.db, import_id=import_id)
        _log.info("import_ended", service=service.name, state=state, count=row.done)


async def _read(service: CustomerService, row: store.imports.Row, layout: Layout, rows: Iterator[Row | RowError]) -> Checked:
    """The next slice, in a thread: meanwhile the slice before it is stored, and everybody else is answered."""
    async with service.read() as db:
        definitions = await store.definitions.current(db, service.resources.definitions)
    region = service.settings.default_region or None
    return await asyncio.to_thread(lambda: _check(islice(rows, SLICE), layout, definitions, region=region, name=row.name))


def _check(rows: Iterable[Row | RowError], layout: Layout, definitions: Definitions, *, region: str | None, name: str) -> Checked:
    checked = Checked()
    for each in rows:
        checked.count += 1
        if isinstance(each, RowError):
            checked.errors.append((each.line, each.code, each.reason))
            continue
        try:
            said = importing.read_row(each, layout, definitions, region=region, name=name)
        except Refused as refused:
            checked.errors.append((each.line, refused.code, refused.reason))
            continue
        checked.lines.append(each.line)
        checked.listed.append(said)
    return checked


async def _slice(service: CustomerService, *, row: store.imports.Row, checked: Checked, since: int) -> bool:
    try:
        return await _take(service, row=row, checked=checked, since=since)
    except Rehearsed as rehearsed:
        return await _count(service, row=row, tally=rehearsed.tally, since=since, rows=checked.count)


@transactional
async def _take(service: CustomerService, tx: Transaction, *, row: store.imports.Row, checked: Checked, since: int) -> bool:
    """Resolve a slice of rows and count it."""
    held = await store.imports.find(tx.db, import_id=row.id, lock=True)
    if held is None or held.state != RUNNING or held.done != since:
        return False
    tally = Tally(errors=[*checked.errors])
    if checked.listed:
        await _resolve(service, tx, row, checked.lines, checked.listed, tally)
    if row.dry_run:
        raise Rehearsed(tally)
    return await _note(tx, row=row, tally=tally, since=since, rows=checked.count)


@transactional
async def _count(service: CustomerService, tx: Transaction, *, row: store.imports.Row, tally: Tally, since: int, rows: int) -> bool:
    tally.homes.clear()
    return await _note(tx, row=row, tally=tally, since=since, rows=rows)


async def _note(tx: Transaction, *, row: store.imports.Row, tally: Tally, since: int, rows: int) -> bool:
    held = await store.imports.find(tx.db, import_id=row.id)
    if tally.errors and held is not None and held.refused < MAX_ERRORS_KEPT:
        await store.imports.note_errors(tx.db, import_id=row.id, errors=tally.errors)
    if tally.homes:
        await store.imports.note_customers(tx.db, import_id=row.id, homes=list(tally.homes.items()))
    return await store.imports.advance(
        tx.db, import_id=row.id, since=since, done=since + rows, created=tally.created, updated=tally.updated, unchanged=tally.unchanged,
        refused=len(tally.errors),
    )


async def _resolve(
    service: CustomerService, tx: Transaction, row: store.imports.Row, lines: Sequence[int], listed: Sequence[Listed], tally: Tally
) -> None:
    """As events of a server would do it, but what is known already is not told again: running an import twice changes nothing."""
    assertions = [_assertion(service, row, line, said) for line, said in zip(lines, listed, strict=True)]
    await store.identities.hold_still(tx.db)
    known = {
        found.identity: found
        for found in await store.identities.find(tx.db, identities={named.hash for each in assertions for named in each.claim.named})
    }
    present = await _present(tx, {found.customer_id for found in known.values()})
    same = operator.eq if row.format == "jsonl" else importing.says_the_same
    news = []
    for each in assertions:
        owners = [known[named.hash].customer_id for named in each.claim.named if named.hash in known]
        have = present.get(owners[0], {}) if owners else {}
        told = {name: trait for name, trait in each.traits.items() if name not in have or not same(have[name], trait.value)}
        news.append(Assertion(each.claim, told))
    alone = strangers.strangers(service.resources.rules, news, known)
    fresh = dict(zip(alone, await strangers.add(service, tx, [news[place] for place in alone]), strict=True)) if alone else {}
    tally.created += len(fresh)
    tally.homes.update(dict.fromkeys(fresh.values(), True))
    rest = [(line, each) for place, (line, each) in enumerate(zip(lines, news, strict=True)) if place not in fresh]
    owned = {identity: Owned(found.customer_id, found.home_id) for identity, found in known.items()}
    outcome = await resolve(service, tx, [each for _, each in rest], known=owned)
    for (line, each), home in zip(rest, outcome.homes, strict=True):
        if home is None:
            tally.errors.append((line, "refused_identity", "the identity names nobody by the identity rules"))
        elif home in outcome.graph.created and home not in tally.homes:
            tally.created += 1
            tally.homes[home] = True
        elif each.traits or any(named.hash not in known for named in each.claim.named):
            tally.updated += 1
            tally.homes.setdefault(home, False)
        else:
            tally.unchanged += 1


def _assertion(service: CustomerService, row: store.imports.Row, line: int, said: Listed) -> Assertion:
    at, source, event_id = said.at or row.as_of, f"import:{row.name}", f"import:{row.id}:{line}"
    named = [Named(service.hash_identity(key), key.partition(":")[0], key) for key in said.identities]
    named += contact_identities(service, said.traits)
    unique = list({each.hash: each for each in named}.values())
    told = {name: traits.Trait(value, traits.SERVER, at, (-1, -1), event_id, source) for name, value in said.traits.items() if value is not None}
    primary, links = (unique[0], tuple(unique[1:])) if unique else (None, ())
    return Assertion(Claim(primary, links, server=True, alias=False, at=at, source=source, event_id=event_id, type=said.type), told)


async def _present(tx: Transaction, roots: set[UUID]) -> dict[UUID, dict[str, Any]]:
    """The values that customers have now."""
    documents: dict[UUID, list[traits.Traits]] = {}
    for member in await store.customers.families(tx.db, roots=roots) if roots else ():
        documents.setdefault(member.root_id, []).append(traits.read(member.traits))
    return {root: traits.values(traits.joined(family)) for root, family in documents.items()}
