"""SQL on everything that is kept of one customer, out of one installation and into another."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from chassis.database import Connection
from services.customer.domain.portable import Merged, State, Value
from services.customer.domain.traits import Trait
from services.customer.store import merges

#: What hangs on customers, and the column that says on which.
TABLES: Final = {"membership": "customer_id", "contact_point": "home_id", "channel_preference": "home_id", "need": "home_id"}

_ROWS = {
    table: f"SELECT to_jsonb(t) AS row FROM {table} t WHERE {column} = ANY($1::uuid[]) ORDER BY to_jsonb(t)::text"  # noqa: S608 - fixed texts
    for table, column in TABLES.items()
}
_PUT = {
    table: f"INSERT INTO {table} SELECT * FROM jsonb_populate_recordset(NULL::{table}, $1::text::jsonb)"  # noqa: S608 - fixed texts
    for table in TABLES
}
_MERGES = f"SELECT {merges.COLUMNS} FROM merge WHERE survivor_id = ANY($1::uuid[]) AND merged_id = ANY($1) ORDER BY id"  # noqa: S608 - constant columns


async def rows(db: Connection, *, customers: Collection[UUID]) -> dict[str, list[dict[str, Any]]]:
    """By table, what hangs on these very customers; times are written in UTC."""
    await db.execute("SET LOCAL TIME ZONE 'UTC'")
    return {table: [msgspec.json.decode(row["row"]) for row in await db.fetch(_ROWS[table], list(customers))] for table in TABLES}


async def put_rows(db: Connection, *, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows as they were read."""
    await db.execute(_PUT[table], msgspec.json.encode(rows).decode())


async def past(db: Connection, *, customers: Collection[UUID]) -> list[State]:
    """What hung on these customers at any time, in the order of recording."""
    found = await db.fetch(
        "SELECT home_id, subject, key, document, recorded_at FROM past_state WHERE home_id = ANY($1::uuid[]) ORDER BY id", list(customers)
    )
    return [State(row[0], row[1], row[2], None if row[3] is None else msgspec.json.decode(row[3]), row[4]) for row in found]


async def put_past(db: Connection, *, customers: Collection[UUID], states: Sequence[State]) -> None:
    """The past as it was elsewhere, instead of what was noted while the rows were written here."""
    await db.execute("DELETE FROM past_state WHERE home_id = ANY($1::uuid[])", list(customers))
    await db.copy_records_to_table(
        "past_state", columns=("home_id", "subject", "key", "document", "recorded_at"),
        records=[
            (each.home_id, each.subject, each.key, None if each.document is None else msgspec.json.encode(each.document).decode(), each.recorded_at)
            for each in states
        ],
    )


async def history(db: Connection, *, customers: Collection[UUID], keys: Mapping[bytes, str]) -> list[Value]:
    """Everything that was told under these customers, in the order of recording."""
    found = await db.fetch("SELECT * FROM trait_value WHERE home_id = ANY($1::uuid[]) ORDER BY id", list(customers))
    return [
        Value(
            row["home_id"], row["name"],
            Trait(
                None if row["value"] is None else msgspec.json.decode(row["value"]), row["rank"], row["at"],
                (row["position_offset"], row["position_partition"]), row["event_id"], row["source"],
            ),
            row["recorded_at"], keys.get(row["identity"]), row["aside"],
        )
        for row in found
    ]


async def merges_within(db: Connection, *, customers: Collection[UUID], keys: Mapping[bytes, str]) -> list[Merged]:
    """Merges and splits among these customers."""
    found = [merges.Row(*row) for row in await db.fetch(_MERGES, list(customers))]
    return [
        Merged(
            row.id, row.survivor_id, row.merged_id, row.reason, row.automatic, row.event_id,
            sorted(keys[identity] for identity in row.identities if identity in keys), row.merged_at, row.undone_at, row.undone_reason, row.split,
        )
        for row in found
    ]
