"""The cost ledger and stated spending in PostgreSQL: entries are added, never changed."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from chassis.database import Connection
from services.analytics.store.rows import one_row

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_FIND: Final = """
SELECT cost_id, kind, channel, campaign_id, customer_id, amount_minor, currency, booked_on, note, reference, created_at FROM cost WHERE reference = $1
"""
_PAGE: Final = """
SELECT cost_id, kind, channel, campaign_id, customer_id, amount_minor, currency, booked_on, note, reference, created_at FROM cost
WHERE ($1::date IS NULL OR booked_on >= $1) AND ($2::date IS NULL OR booked_on < $2)
AND ($3::date IS NULL OR (booked_on, cost_id) > ($3, $4::uuid)) ORDER BY booked_on, cost_id LIMIT $5
"""


async def insert_cost(
    db: Connection, *, cost_id: UUID, kind: str, channel: str, campaign_id: str | None, customer_id: UUID | None, amount_minor: int, currency: str,
    booked_on: date, note: str, reference: str | None, by: str, now: datetime,
) -> bool:
    """Returns whether it is new: False when the reference was used before."""
    done = await db.execute(
        """
        INSERT INTO cost (cost_id, kind, channel, campaign_id, amount_minor, currency, booked_on, note, reference, booked_by, created_at, customer_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (reference) WHERE reference IS NOT NULL DO NOTHING
        """,
        cost_id, kind, channel, campaign_id, amount_minor, currency, booked_on, note, reference, by, now, customer_id,
    )
    return done == "INSERT 0 1"


async def find_by_reference(db: Connection, reference: str) -> dict[str, Any] | None:
    row = await db.fetchrow(_FIND, reference)
    return None if row is None else dict(row)


async def page_costs(
    db: Connection, *, first: date | None, last: date | None, after: tuple[date, UUID] | None, limit: int
) -> list[dict[str, Any]]:
    """Entries by the day they are booked on; `last` is excluded."""
    rows = await db.fetch(_PAGE, first, last, None if after is None else after[0], None if after is None else after[1], limit)
    return [dict(row) for row in rows]


async def put_spending(
    db: Connection, *, statement_id: UUID, customer_id: UUID, category: str, amount_minor: int, currency: str, first_day: date, last_day: date,
    basis: str, by: str, now: datetime,
) -> UUID:
    """The id of the statement: a statement about the same customer, category, days and basis is replaced."""
    kept: UUID = await db.fetchval(
        """
        INSERT INTO spending (statement_id, customer_id, category, amount_minor, currency, first_day, last_day, basis, stated_at, stated_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ON CONFLICT (customer_id, category, first_day, last_day, basis) DO UPDATE SET amount_minor = excluded.amount_minor,
            currency = excluded.currency, stated_at = excluded.stated_at, stated_by = excluded.stated_by
        RETURNING statement_id
        """,
        statement_id, customer_id, category, amount_minor, currency, first_day, last_day, basis, now, by,
    )
    return kept


async def page_spendings(db: Connection, *, customer_id: UUID | None, after: UUID | None, limit: int) -> list[dict[str, Any]]:
    """Statements by id, of one customer or of all."""
    rows = await db.fetch(
        """
        SELECT statement_id, customer_id, category, amount_minor, currency, first_day, last_day, basis, stated_at FROM spending
        WHERE ($1::uuid IS NULL OR customer_id = $1) AND ($2::uuid IS NULL OR statement_id > $2) ORDER BY statement_id LIMIT $3
        """,
        customer_id, after, limit,
    )
    return [dict(row) for row in rows]


def has_ordered(connection: DuckDBPyConnection, customer: UUID, day: date) -> bool:
    """Whether a customer had an order before the end of a day (UTC)."""
    found = one_row(
        connection, "SELECT count(*) FROM order_of WHERE customer = $1::UUID AND ordered_at < $2::DATE + INTERVAL 1 DAY", [str(customer), day]
    )
    return found is not None and found[0] > 0
