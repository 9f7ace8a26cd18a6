"""When facts of people last came, and which ages were told to be too high."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from chassis.database import Connection

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def profiles(connection: DuckDBPyConnection, *, now: datetime, limit: timedelta) -> dict[str, Any]:
    """How many live customers there are, how long ago half and 95 % of them had a fact at the latest, and how many had none within the limit."""
    row: Any = connection.execute(
        """
        WITH last AS (
            SELECT identity, max(at_time) AS last_at FROM (
                SELECT identity, max(occurred_at) AS at_time FROM event GROUP BY 1 UNION ALL SELECT identity, max(ordered_at) FROM orders GROUP BY 1) GROUP BY 1),
        own AS (SELECT i.customer, max(l.last_at) AS last_at FROM last l JOIN identity i ON i.identity = l.identity GROUP BY 1),
        aged AS (SELECT epoch($now::TIMESTAMP - greatest(c.registered_at, o.last_at)) AS age FROM live c LEFT JOIN own o ON o.customer = c.customer)
        SELECT count(*), quantile_cont(age, 0.5), quantile_cont(age, 0.95), count(*) FILTER (age > $limit) FROM aged
        """,
        {"now": _naive(now), "limit": limit.total_seconds()},
    ).fetchone()
    return {"customers": row[0], "median_s": row[1], "p95_s": row[2], "over": row[3]}


def last_fact(connection: DuckDBPyConnection, customer: UUID) -> datetime | None:
    """Of one customer; None for somebody the warehouse does not know."""
    row: Any = connection.execute(
        """
        SELECT max(moment) FROM (
            SELECT max(e.occurred_at) AS moment FROM event e WHERE e.identity IN (SELECT identity FROM identity WHERE customer = $1::UUID)
            UNION ALL SELECT max(o.ordered_at) FROM orders o WHERE o.identity IN (SELECT identity FROM identity WHERE customer = $1::UUID)
            UNION ALL SELECT registered_at FROM customer WHERE customer = $1::UUID)
        """,
        [str(customer)],
    ).fetchone()
    return None if row[0] is None else row[0].replace(tzinfo=UTC)


async def told(db: Connection) -> dict[tuple[str, str], datetime]:
    """(kind, name) -> since when it is known to be too old."""
    return {(row["kind"], row["name"]): row["since"] for row in await db.fetch("SELECT kind, name, since FROM aged")}


async def note(db: Connection, *, kind: str, name: str, over: bool, now: datetime) -> bool:
    """Whether that is news."""
    if over:
        return await db.execute("INSERT INTO aged VALUES ($1, $2, $3) ON CONFLICT DO NOTHING", kind, name, now) == "INSERT 0 1"
    return await db.execute("DELETE FROM aged WHERE kind = $1 AND name = $2", kind, name) == "DELETE 1"


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)
