"""Copies for people who ask for theirs: one archive out of all services, kept for a while behind a signed link."""

from __future__ import annotations

import hashlib
import io
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from typing import IO, Any, Final, NamedTuple
from uuid import UUID

import msgspec

from chassis import telemetry
from chassis.errors import Unavailable
from chassis.ids import new_id
from services.consent.domain import copy_page, privacy, receipts, statements
from services.consent.domain.copy_page import Table
from services.consent.domain.privacy import Copy, Request
from services.consent.domain.statements import Entry, Purpose, Statements
from services.consent.outbound import holdings
from services.consent.outbound.holdings import Family
from services.consent.settings import ConsentService
from services.consent.store import copies as store
from services.consent.store import ledger, people, purposes, retention
from services.consent.store import privacy as requests

#: After a service did not answer, so long until the next try.
AGAIN_AFTER: Final = timedelta(seconds=30)
PART: Final = 512 * 1024
IN_MEMORY: Final = 4 * 1024 * 1024
MOST_RECEIPTS: Final = 2000
#: What a person takes along: what they told us, and what was seen of them.
TAKEN_ALONG: Final = frozenset({"given", "observed"})

_log = telemetry.logger(__name__)


class Consent(NamedTuple):
    """What a person said, and what counts of it."""

    customer_id: UUID
    counts: Statements
    defined: dict[str, Purpose]
    entries: list[Entry]


async def make_copies(service: ConsentService) -> bool:
    """Answer one request for a copy; True when there may be more. A service that is away is asked again later."""
    async with service.read() as db:
        request_id = await store.waiting(db, before=service.clock.now() - AGAIN_AFTER)
    if request_id is None:
        return False
    async with service.transaction() as tx:
        request = await requests.find(tx.db, request_id, lock=True)
        assert request is not None
        await store.note_try(tx.db, request_id, at=service.clock.now())
        await requests.put(tx.db, request._replace(state=privacy.RUNNING))
    try:
        await _make(service, request)
    except Unavailable as away:
        async with service.transaction() as tx:
            await store.note_try(tx.db, request_id, at=service.clock.now(), waits_for=away.message[:200])
        _log.warning("privacy_copy_waits", error=away)
    return True


async def drop_copies(service: ConsentService) -> None:
    """Delete archives that are no longer offered."""
    async with service.transaction() as tx:
        await store.drop_expired(tx.db, now=service.clock.now())


async def _make(service: ConsentService, request: Request) -> None:
    person = await holdings.family(service, customer_id=request.customer_id)
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as file:
        tables = await _write(service, request, person, file)
        size = file.tell()
        digest = hashlib.sha256()
        for part in _parts(file):
            digest.update(part)
        now = service.clock.now()
        counts: dict[str, dict[str, int]] = {}
        for table in tables:
            if table.count:
                counts.setdefault(table.service, {})[table.table] = table.count
        copy = Copy(
            request.id, 0, made_at=now, expires_at=now + timedelta(days=service.settings.copy_days), size=size, sha256=digest.digest(), counts=counts
        )
        async with service.transaction() as tx:
            found = await requests.find(tx.db, request.id, lock=True)
            if found is None or found.state != privacy.RUNNING:  # refused, or erased meanwhile
                return
            await store.keep(tx.db, copy, _parts(file))
            await requests.put(tx.db, found._replace(state=privacy.COMPLETED, closed_at=now, closed_by="platform", outcome="copy made"))
            await requests.note(tx.db, step_id=new_id(), request_id=request.id, at=now, step="copy_made", actor="platform")


async def _write(service: ConsentService, request: Request, person: Family, file: IO[bytes]) -> list[Table]:
    """The archive into a file: a JSON file for each service, receipts, what it is about, and the page."""
    found: list[Table] = []
    consent = await _consent(service, person)
    async with service.read() as db:
        kept: dict[str, int | None] = {rule.category: rule.days for rule in await retention.rules(db)}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in privacy.SERVICES:
            held = {one.table: Table(name, one.table, one.category, one.origin) for one in await holdings.tables(service, name=name)}
            if request.kind == privacy.PORTABILITY:
                held = {table: one for table, one in held.items() if one.origin in TAKEN_ALONG}
            with archive.open(f"{name}.json", "w", force_zip64=True) as member:
                await _write_service(service, name, person, held, member)
            found += held.values()
        portable = await holdings.portable(service, customer_id=person.root)
        if portable is not None:
            archive.writestr("customer.ecrm.json", portable)
        archive.writestr("receipts.json", _indented(await _receipts(service, consent, request)))
        about = _about(service, request, consent)
        archive.writestr("about.json", _indented({**about, "tables": [
            {"service": one.service, "table": one.table, "about": one.category, "origin": one.origin, "rows": one.count} for one in found
        ]}))
        language = copy_page.language_of(request.language)
        archive.writestr("index.html", copy_page.page(
            language=language, kind=request.kind, organisation=service.settings.organisation, at=service.clock.now(),
            purposes=_purposes(service, consent, language), tables=found, kept=kept,
        ))
    return found


async def _write_service(service: ConsentService, name: str, person: Family, held: dict[str, Table], member: IO[bytes]) -> None:
    out = io.BytesIO()
    out.write(b"{")
    current: str | None = None
    async for table, row in holdings.rows(service, name=name, person=person):
        if table not in held:
            continue
        held[table].add(row)
        if table != current:
            out.write((b"\n" if current is None else b"\n],\n") + msgspec.json.encode(table) + b": [\n")
        else:
            out.write(b",\n")
        current = table
        out.write(msgspec.json.encode(row))
        if out.tell() >= PART:
            member.write(out.getvalue())
            out = io.BytesIO()
    out.write(b"\n]}\n" if current is not None else b"}\n")
    member.write(out.getvalue())


async def _receipts(service: ConsentService, consent: Consent, request: Request) -> list[dict[str, Any]]:
    """A signed receipt of what the person said (the newest 2,000 lines); whoever has the published keys checks them offline."""
    async with service.read() as db:
        versions: dict[str, dict[int, Purpose]] = {}
        for entry in consent.entries:
            if entry.purpose not in versions:
                versions[entry.purpose] = {one.version: one for one in await purposes.versions(db, entry.purpose)}
    return [
        receipts.sign(
            receipts.receipt_of(
                entry, versions[entry.purpose].get(entry.wording_version), receipt_id=new_id(), controller=service.settings.organisation,
                principal=str(entry.customer_id or consent.customer_id), language=copy_page.language_of(entry.language or request.language),
                at=service.clock.now(),
            ),
            service.resources.signer,
        )
        for entry in consent.entries
        if entry.state in (statements.GRANTED, statements.WITHDRAWN, statements.EXPIRED, statements.PENDING)
    ]


def _about(service: ConsentService, request: Request, consent: Consent) -> dict[str, Any]:
    return {
        "type": request.kind, "request_id": str(request.id), "customer_id": str(consent.customer_id), "made_at": service.clock.now().isoformat(),
        "controller": service.settings.organisation, "purposes": _purposes(service, consent, copy_page.language_of(request.language)),
    }


def _purposes(service: ConsentService, consent: Consent, language: str) -> list[dict[str, Any]]:
    now = service.clock.now()
    return [
        {
            "purpose": purpose.purpose, "title": purpose.title.get(language) or purpose.title.get("en") or purpose.purpose,
            "basis": purpose.legal_basis, "channel": channel, "allowed": statements.refusal(purpose, channel, consent.counts, now) is None,
        }
        for purpose in consent.defined.values()
        for channel in purpose.channels
    ]


async def _consent(service: ConsentService, person: Family) -> Consent:
    async with service.read() as db:
        root, family = await people.members(db, person.root)
        known = await people.find(db, root)
        entries = await ledger.entries_of(db, list({*family, *(UUID(one) for one in person.customers)}), before=None, limit=MOST_RECEIPTS)
        return Consent(person.root, known.effective if known else {}, await purposes.newest(db), entries)


def _parts(file: IO[bytes]) -> Iterator[bytes]:
    file.seek(0)
    while part := file.read(PART):
        yield part


def _indented(value: Any) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=1)


