"""SQL of erasing: everything of a person goes, nothing of anybody else."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

import msgspec

from chassis.database import Connection

if TYPE_CHECKING:
    from services.customer.settings import KnownErasures

FRESH: Final = 1.0

#: Table -> what of it belongs to the customers $1 and identities $2. Who adds a table with either adds it here: a test looks.
_PERSONAL: Final = {
    "trait_value": "home_id = ANY($1)",
    "contact_point": "home_id = ANY($1)",
    "past_state": "home_id = ANY($1) OR subject = 'membership' AND document ->> 'account_id' = ANY($1::text[])",
    "channel_preference": "home_id = ANY($1)",
    "need": "home_id = ANY($1)",
    "restricted": "customer_id = ANY($1)",
    "membership": "customer_id = ANY($1) OR account_id = ANY($1)",
    "account_change": "account_id = ANY($1)",
    "kept_apart": "low_id = ANY($1) OR high_id = ANY($1)",
    "duplicate_pair": "low_id = ANY($1) OR high_id = ANY($1)",
    "identity_review": "customer_id = ANY($1) OR other_id = ANY($1) OR identity = ANY($2)",
    "device_sighting": "identity = ANY($2) OR user_identity = ANY($2)",
    "import_customer": "home_id = ANY($1)",
    "merge": "survivor_id = ANY($1) OR merged_id = ANY($1)",
    "identity": "customer_id = ANY($1) OR home_id = ANY($1) OR identity = ANY($2)",
    "customer": "id = ANY($1)",
}


#: Tables that are searched for a person.
ERASED: Final = frozenset(_PERSONAL)

# Both parameters are named in each, whichever the condition uses.
_DELETE: Final = {
    table: f"DELETE FROM {table} WHERE ({condition}) AND $1::uuid[] IS NOT NULL AND $2::bytea[] IS NOT NULL"  # noqa: S608 - fixed texts
    for table, condition in _PERSONAL.items()
}


async def delete_person(db: Connection, *, customers: Sequence[UUID], identities: Sequence[bytes]) -> dict[str, int]:
    """Delete what the tables hold of them; table -> rows."""
    gone = {}
    for table, statement in _DELETE.items():
        gone[table] = int((await db.execute(statement, customers, identities)).rpartition(" ")[2])
    return gone


async def delete_words(db: Connection, *, terms: Collection[str]) -> int:
    """Forget words that nobody is called by any more."""
    status = await db.execute(
        """
        DELETE FROM search_word w WHERE w.word = ANY($1::text[])
          AND NOT EXISTS (SELECT 1 FROM customer c WHERE c.search IS NOT NULL AND string_to_array(c.search, ' ') @> ARRAY[w.word])
        """,
        sorted(terms),
    )
    return int(status.rpartition(" ")[2])


async def blank_files(db: Connection) -> dict[str, int]:
    """Empty what holds people by the thousand and cannot be searched for one: contents of finished imports and exports, refused values."""
    statements = {
        "import_part": "DELETE FROM import_part p USING import_job j WHERE j.id = p.import_id AND j.finished_at IS NOT NULL",
        "export_part": "DELETE FROM export_part p USING export_job j WHERE j.id = p.export_id AND j.finished_at IS NOT NULL",
        "export_job": "DELETE FROM export_job WHERE finished_at IS NOT NULL",
        "trait_refusal": "UPDATE trait_refusal SET value = NULL WHERE value IS NOT NULL",
    }
    return {table: int((await db.execute(statement)).rpartition(" ")[2]) for table, statement in statements.items()}


async def insert(db: Connection, *, request_id: UUID, customers: Sequence[UUID], identities: Sequence[bytes], erased: dict[str, int], at: datetime) -> None:
    """Enter an erasure and mark its identities."""
    await db.execute(
        "INSERT INTO erasure (request_id, customer_ids, identities, erased, erased_at) VALUES ($1, $2, $3, $4, $5)",
        request_id, customers, identities, msgspec.json.encode(erased).decode(), at,
    )
    await db.execute(
        """
        INSERT INTO erased_identity (identity, request_id, erased_at) SELECT unnest($1::bytea[]), $2, $3
        ON CONFLICT (identity) DO UPDATE SET request_id = excluded.request_id, erased_at = excluded.erased_at
        """,
        identities, request_id, at,
    )
    await _changed(db, at)


async def find(db: Connection, *, request_id: UUID) -> tuple[list[UUID], list[bytes], datetime] | None:
    """Customers, identities that are still marked, and when."""
    row = await db.fetchrow(
        """
        SELECT customer_ids, erased_at, ARRAY(SELECT identity FROM erased_identity i WHERE i.request_id = e.request_id ORDER BY identity) AS marked
        FROM erasure e WHERE request_id = $1
        """,
        request_id,
    )
    return (list(row["customer_ids"]), [bytes(one) for one in row["marked"]], row["erased_at"]) if row else None


async def list_all(db: Connection) -> list[tuple[UUID, list[UUID], list[bytes], datetime]]:
    """Every erasure with its customers and the identities that are still marked, the oldest first."""
    rows = await db.fetch(
        """
        SELECT request_id, customer_ids, erased_at, ARRAY(SELECT identity FROM erased_identity i WHERE i.request_id = e.request_id ORDER BY identity) AS marked
        FROM erasure e ORDER BY erased_at, request_id
        """
    )
    return [(row["request_id"], list(row["customer_ids"]), [bytes(one) for one in row["marked"]], row["erased_at"]) for row in rows]


async def lift(db: Connection, *, identities: Sequence[bytes], at: datetime) -> set[UUID]:
    """These people registered again: their events count from now on. Returns the erasures concerned."""
    rows = await db.fetch("DELETE FROM erased_identity WHERE identity = ANY($1::bytea[]) RETURNING request_id", identities)
    if rows:
        await _changed(db, at)
    return {row["request_id"] for row in rows}


async def current(db: Connection, known: KnownErasures, *, at_once: bool = False) -> frozenset[str]:
    """The marked identities (hex), in memory and not older than a second; `at_once`: as this transaction sees them."""
    if not at_once and time.monotonic() - known.checked < FRESH:
        return known.held
    number = await db.fetchval("SELECT coalesce(max(number), 0) FROM erased_identity_change")
    if number != known.number:
        known.held = frozenset(row["identity"].hex() for row in await db.fetch("SELECT identity FROM erased_identity"))
        known.number = number
    known.checked = time.monotonic()
    return known.held


async def _changed(db: Connection, at: datetime) -> None:
    """In the order of the numbers, so that nobody takes a later one for the last while an earlier one is not committed."""
    await db.execute("LOCK TABLE erased_identity_change IN EXCLUSIVE MODE")
    await db.execute("INSERT INTO erased_identity_change (at) VALUES ($1)", at)
