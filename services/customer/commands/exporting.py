"""Exports of customers: asked for, written a page of customers at a time, kept for some days."""

from __future__ import annotations

import json
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple
from uuid import UUID

from chassis import telemetry
from chassis.errors import Unavailable
from chassis.ids import new_id
from services.customer import errors, store
from services.customer.domain import exporting, traits
from services.customer.settings import CustomerService

PAGE: Final = 1000
PART_BYTES: Final = 1 << 20
KEPT: Final = timedelta(days=7)

_log = telemetry.logger(__name__)


class _Exported(NamedTuple):
    """Rows of a page of customers, and how many customers were looked at so far."""

    rows: list[dict[str, Any]]
    seen: int


async def ask_export(
    service: CustomerService, *, format: str, fields: Sequence[str], filter: Mapping[str, Any], sensitive: bool, by: str
) -> UUID:
    """An export that a job will write; `sensitive`: with the traits that are defined so.

    With a `purpose` in the filter everybody who does not allow it is left out. Raises Invalid, Unavailable.
    """
    if filter.get("purpose") is not None:
        await ask_allowed(service, purpose=filter["purpose"], channel=filter.get("channel"), customers=[])
    export_id = new_id()
    row = store.exports.Row(export_id, format, list(fields), json.dumps(dict(filter)), sensitive, "queued", service.clock.now(), by)
    async with service.transaction() as tx:
        await store.exports.insert(tx.db, row=row)
    return export_id


async def remove_export(service: CustomerService, *, export_id: UUID) -> None:
    """The file is gone; one that is being written ends. Raises Unknown."""
    async with service.transaction() as tx:
        if await store.exports.find(tx.db, export_id=export_id) is None:
            raise errors.unknown_export()
        await store.exports.remove(tx.db, export_id=export_id)


async def run_export(service: CustomerService, *, row: store.exports.Row) -> None:
    """Write the file, from the beginning when an earlier try was cut off."""
    async with service.transaction() as tx:
        await store.exports.begin(tx.db, export_id=row.id, at=service.clock.now())
        columns = await _columns(service, tx.db, row)
    writer = _Parquet(service, row, columns) if row.format == "parquet" else _Text(service, row, columns)
    done = written = 0
    async for page in _pages(service, row):
        await writer.write(page.rows)
        done, written = page.seen, written + len(page.rows)
        async with service.transaction() as tx:
            if await store.exports.find(tx.db, export_id=row.id) is None:
                return  # taken away meanwhile
            await store.exports.count(tx.db, export_id=row.id, done=done)
    await writer.close()
    async with service.transaction() as tx:
        await store.exports.settle(tx.db, export_id=row.id, state="done", done=written, at=service.clock.now())
    _log.info("export_ended", service=service.name, state="done", count=written)


async def forget_exports(service: CustomerService) -> None:
    """Files are personal data: they are kept for a week."""
    async with service.transaction() as tx:
        await store.exports.remove_older(tx.db, than=service.clock.now() - KEPT)


async def _columns(service: CustomerService, db: Any, row: store.exports.Row) -> list[str]:
    definitions = await store.definitions.current(db, service.resources.definitions)
    names = row.fields or [*exporting.ALWAYS, *await store.exports.names_in_use(db)]
    return [name for name in dict.fromkeys(names) if row.sensitive or name not in definitions.sensitive]


async def _pages(service: CustomerService, row: store.exports.Row) -> AsyncIterator[_Exported]:
    wanted = json.loads(row.filter)
    after, seen = None, 0
    while True:
        async with service.read() as db:
            ids = await store.customers.page(db, after=after, limit=PAGE)
            families = await store.customers.families(db, roots=ids) if ids else []
            identities = await store.exports.identities_of(db, customers=ids) if ids else {}
            definitions = await store.definitions.current(db, service.resources.definitions)
        if not ids:
            return
        after, seen = ids[-1], seen + len(ids)
        documents: dict[UUID, list[traits.Traits]] = {}
        heads = {}
        for member in families:
            documents.setdefault(member.root_id, []).append(traits.read(member.traits))
            if member.id == member.root_id:
                heads[member.id] = member
        rows = []
        for customer in ids:
            head = heads.get(customer)
            if head is None or (wanted.get("type") and head.type != wanted["type"]) or (wanted.get("owner") and head.owner != wanted["owner"]):
                continue
            profile = traits.joined(documents[customer], definitions.weights)
            hidden = frozenset() if row.sensitive else traits.hidden_in(profile)
            values = {name: value for name, value in traits.values(profile).items() if name not in hidden}
            if any(values.get(name) != value for name, value in (wanted.get("traits") or {}).items()):
                continue
            rows.append(_row(head, values, identities.get(customer, [])))
        yield _Exported(await _allowed(service, rows, wanted), seen)


async def _allowed(service: CustomerService, rows: list[dict[str, Any]], wanted: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Without those whose data are restricted and, if a purpose is named, those who do not allow it: asked anew for every page, so that a
    withdrawal counts at once. Raises Unavailable while nobody can tell: then the export waits.
    """
    async with service.read() as db:
        restricted = await store.restrictions.among(db, [UUID(row["id"]) for row in rows])
    rows = [row for row in rows if UUID(row["id"]) not in restricted]
    if not rows or wanted.get("purpose") is None:
        return rows
    allowed = await ask_allowed(
        service, purpose=wanted["purpose"], channel=wanted.get("channel"), customers=[row["id"] for row in rows]
    )
    return [row for row in rows if row["id"] in allowed]


async def ask_allowed(service: CustomerService, *, purpose: str, channel: str | None, customers: Sequence[str]) -> set[str]:
    """Those of the customers who may be read for a purpose now. Raises Invalid for a purpose or channel nobody defined, Unavailable."""
    answer = await service.peers["consent"].call(
        "POST", "/internal/allowed", scopes=("consent:read",), timeout=20,
        json={"purpose": purpose, "channel": channel, "customers": list(customers)},
    )
    if answer.status in {404, 422}:
        raise errors.export_purpose(answer.json().get("detail", ""))
    if answer.status >= 300:
        raise Unavailable("peer.unavailable", "The consent service does not answer.", detail=f"status {answer.status}")
    return set(answer.json()["allowed"])


def _row(head: store.customers.Row, values: Mapping[str, Any], identities: Sequence[str]) -> dict[str, Any]:
    users = [key.partition(":")[2] for key in identities if key.startswith("user:")]
    return {
        **values, "id": str(head.id), "type": head.type, "user_id": users[0] if users else None, "identities": list(identities),
        "registered_at": head.registered_at.isoformat(),
    }


class _Text:
    """CSV and JSON lines: pieces as they come."""

    def __init__(self, service: CustomerService, row: store.exports.Row, columns: Sequence[str]) -> None:
        self._service, self._row, self._columns = service, row, columns
        self._waiting = bytearray(exporting.csv_rows([], columns, header=True) if row.format == "csv" else b"")
        self._number = 0

    async def write(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Add rows."""
        form = self._row.format
        self._waiting += exporting.csv_rows(rows, self._columns, header=False) if form == "csv" else exporting.json_rows(rows, self._columns)
        if len(self._waiting) >= PART_BYTES:
            await self._flush()

    async def close(self) -> None:
        """The last piece; an export of nobody has one, too."""
        await self._flush()

    async def _flush(self) -> None:
        self._number += 1
        async with self._service.transaction() as tx:
            await store.exports.add_part(tx.db, export_id=self._row.id, number=self._number, content=bytes(self._waiting))
        self._waiting.clear()


class _Parquet:
    """Parquet ends with its directory: it is written to a file, then cut in pieces. All columns are text; objects and lists are JSON."""

    def __init__(self, service: CustomerService, row: store.exports.Row, columns: Sequence[str]) -> None:
        import pyarrow as pa
        from pyarrow import parquet

        self._service, self._row, self._columns, self._pa = service, row, columns, pa
        self._schema = pa.schema([(column, pa.string()) for column in columns])
        self._folder = tempfile.TemporaryDirectory(prefix="ecrm-export-")
        self._path = Path(self._folder.name) / "customers.parquet"
        self._writer = parquet.ParquetWriter(self._path, self._schema)

    async def write(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Add rows."""
        table = self._pa.Table.from_pylist([exporting.texts(row, self._columns) for row in rows], schema=self._schema)
        self._writer.write_table(table)

    async def close(self) -> None:
        """Everything in pieces."""
        self._writer.close()
        number = 0
        with self._folder, self._path.open("rb") as file:
            while content := file.read(PART_BYTES):
                number += 1
                async with self._service.transaction() as tx:
                    await store.exports.add_part(tx.db, export_id=self._row.id, number=number, content=content)
