"""Privacy requests and the receipts of erasures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from chassis.database import Connection
from services.consent.domain.privacy import Receipt, Request, Step

_COLUMNS: Final = ", ".join(Request._fields)
_FIND: Final = f"SELECT {_COLUMNS} FROM privacy_request WHERE id = $1"  # noqa: S608 - constant columns
_LOCK: Final = _FIND + " FOR UPDATE"
_LIST: Final = f"""
    SELECT {_COLUMNS} FROM privacy_request
    WHERE ($1::uuid IS NULL OR id < $1) AND ($2::text IS NULL OR state = $2) AND ($3::text IS NULL OR kind = $3)
      AND ($4::timestamptz IS NULL OR (closed_at IS NULL AND due_at < $4)) AND ($5::uuid IS NULL OR customer_id = $5)
    ORDER BY id DESC LIMIT $6
"""  # noqa: S608 - constant columns


async def insert(db: Connection, request: Request) -> bool:
    """False while the customer has an open request of the kind."""
    made = await db.fetchval(
        """
        INSERT INTO privacy_request (id, customer_id, kind, state, asked_at, due_at, via, language, verified_at, verified_by, details)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING RETURNING id
        """,
        *request[:10], msgspec.json.encode(request.details).decode(),
    )
    return made is not None


async def find(db: Connection, request_id: UUID, *, lock: bool = False) -> Request | None:
    row = await db.fetchrow(_LOCK if lock else _FIND, request_id)
    return _request(row) if row else None


async def page(
    db: Connection, *, before: UUID | None, state: str | None, kind: str | None, overdue_at: datetime | None, customer_id: UUID | None, limit: int
) -> list[Request]:
    """The newest first."""
    return [_request(row) for row in await db.fetch(_LIST, before, state, kind, overdue_at, customer_id, limit)]


async def put(db: Connection, request: Request) -> None:
    """How far it is."""
    await db.execute(
        """
        UPDATE privacy_request SET state = $2, verified_at = $3, verified_by = $4, closed_at = $5, closed_by = $6, outcome = $7 WHERE id = $1
        """,
        request.id, request.state, request.verified_at, request.verified_by, request.closed_at, request.closed_by, request.outcome,
    )


async def count_overdue(db: Connection, now: datetime) -> int:
    number: int = await db.fetchval("SELECT count(*) FROM privacy_request WHERE closed_at IS NULL AND due_at < $1", now)
    return number


async def insert_receipt(db: Connection, request_id: UUID, receipt: Receipt) -> None:
    """The first word of a service counts; after a crash it may say it again."""
    await db.execute(
        "INSERT INTO erasure_receipt (request_id, service, erased, acknowledged_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        request_id, receipt.service, msgspec.json.encode(receipt.erased).decode(), receipt.acknowledged_at,
    )


async def receipts(db: Connection, request_id: UUID) -> list[Receipt]:
    rows = await db.fetch("SELECT service, erased, acknowledged_at FROM erasure_receipt WHERE request_id = $1 ORDER BY service", request_id)
    return [Receipt(row["service"], msgspec.json.decode(row["erased"]), row["acknowledged_at"]) for row in rows]


async def note(db: Connection, *, step_id: UUID, request_id: UUID, at: datetime, step: str, actor: str) -> None:
    """What was done about a request."""
    await db.execute("INSERT INTO privacy_step (id, request_id, at, step, actor) VALUES ($1, $2, $3, $4, $5)", step_id, request_id, at, step, actor)


async def close_copies(db: Connection, customers: Sequence[UUID], *, at: datetime) -> None:
    """Of people who are erased nothing is left to copy."""
    await db.execute(
        """
        UPDATE privacy_request SET state = 'completed', closed_at = $2, closed_by = 'platform', outcome = 'the data were erased meanwhile'
        WHERE customer_id = ANY($1) AND kind IN ('access', 'portability') AND closed_at IS NULL
        """,
        customers, at,
    )


async def steps(db: Connection, request_id: UUID) -> list[Step]:
    """What was done, in order."""
    return [Step(*row) for row in await db.fetch("SELECT at, step, actor FROM privacy_step WHERE request_id = $1 ORDER BY id", request_id)]


async def delete_person(db: Connection, *, customers: Sequence[UUID], identities: Sequence[bytes]) -> dict[str, int]:
    """What else than the ledger speaks of them; table -> rows. Imported files lose their content, since nobody can search them for one person."""
    gone = {}
    for table, statement in _DELETE.items():
        gone[table] = int((await db.execute(statement, customers, identities)).rpartition(" ")[2])
    return gone


def _request(row: Any) -> Request:
    return Request(*row)._replace(details=msgspec.json.decode(row["details"]))


# Both parameters are named in each, whichever the condition uses.
_BOTH: Final = "$1::uuid[] IS NOT NULL AND $2::bytea[] IS NOT NULL"
_DELETE: Final = {
    "person": f"DELETE FROM person WHERE customer_id = ANY($1) AND {_BOTH}",  # noqa: S608 - constant
    "merge": f"DELETE FROM merge WHERE (merged_id = ANY($1) OR into_id = ANY($1)) AND {_BOTH}",  # noqa: S608 - constant
    "identity_map": f"DELETE FROM identity_map WHERE (customer_id = ANY($1) OR identity = ANY($2)) AND {_BOTH}",  # noqa: S608 - constant
    "waiting": f"DELETE FROM waiting WHERE identity = ANY($2) AND {_BOTH}",  # noqa: S608 - constant
    "permit_batch": f"UPDATE permit_batch SET people = ARRAY[]::uuid[] WHERE people && $1 AND closed_at IS NOT NULL AND {_BOTH}",  # noqa: S608 - constant
    "consent_import": f"UPDATE consent_import SET content = NULL WHERE content IS NOT NULL AND state <> 'waiting' AND {_BOTH}",  # noqa: S608 - constant
    "privacy_copy": f"DELETE FROM privacy_copy WHERE request_id IN (SELECT id FROM privacy_request WHERE customer_id = ANY($1)) AND {_BOTH}",  # noqa: S608 - constant
    "privacy_request": f"UPDATE privacy_request SET details = '{{}}' WHERE customer_id = ANY($1) AND details <> '{{}}' AND {_BOTH}",  # noqa: S608 - constant
}
#: Tables that are searched for a person, beside the ledger's own.
ERASED: Final = frozenset(_DELETE) | {"entry_person"}
