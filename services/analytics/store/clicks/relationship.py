"""How far each customer has come: target, attract, capture, serve, satisfy, with the day of each step."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from uuid import UUID

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

STEPS: Final = ("target", "attract", "capture", "serve", "satisfy")

#: CTEs ending in `road` (customer, target, attract, capture, serve, satisfy, position). A later step stands for the earlier ones it lacks.
_ROAD: Final = """
who AS (SELECT customer, registered_at FROM live WHERE {only}),
written AS (
    SELECT person AS customer, min(happened_at) FILTER (outcome = 'accepted') AS sent, min(happened_at) FILTER (outcome IN ('opened', 'clicked')) AS opened
    FROM message_of WHERE person IN (SELECT customer FROM who) GROUP BY 1),
came AS (
    SELECT customer, min(occurred_at) FILTER (kind <> 'survey') AS came, min(occurred_at) FILTER (name IN ('Order Delivered', 'Shipment Delivered')) AS delivered
    FROM event_of WHERE initiator = 'customer' OR name IN ('Order Delivered', 'Shipment Delivered') GROUP BY 1),
bought AS (SELECT customer, min(ordered_at) AS bought, min(ordered_at) FILTER (status = 'delivered') AS delivered FROM order_of GROUP BY 1),
solved AS (SELECT person AS customer, min(happened_at) AS solved FROM case_of WHERE step = 'resolved' AND person IS NOT NULL GROUP BY 1),
glad AS (
    SELECT person AS customer, min(answered_at) AS glad FROM answer_of
    WHERE scale IN ('csat', 'purchase', 'delivery') AND score >= 4 OR scale = 'nps' AND score >= 9 GROUP BY 1),
steps AS (
    SELECT w.customer, least(w.registered_at, m.sent) AS s1, least(c.came, m.opened) AS s2, b.bought AS s3, least(c.delivered, b.delivered, s.solved) AS s4,
           g.glad AS s5
    FROM who w LEFT JOIN written m ON m.customer = w.customer LEFT JOIN came c ON c.customer = w.customer LEFT JOIN bought b ON b.customer = w.customer
    LEFT JOIN solved s ON s.customer = w.customer LEFT JOIN glad g ON g.customer = w.customer),
road AS (
    SELECT customer, least(s1, s2, s3, s4, s5) AS target, least(s2, s3, s4, s5) AS attract, least(s3, s4, s5) AS capture, least(s4, s5) AS serve,
           s5 AS satisfy, CASE WHEN s5 IS NOT NULL THEN 5 WHEN s4 IS NOT NULL THEN 4 WHEN s3 IS NOT NULL THEN 3 WHEN s2 IS NOT NULL THEN 2 ELSE 1 END AS position
    FROM steps)
"""


class Step(NamedTuple):
    """`reached`: customers who came at least so far; `here`: who came no farther; `days`: median from the step before."""

    reached: int
    here: int
    days: float | None


class Road(NamedTuple):
    """One customer: how far, and when each step was first reached."""

    customer_id: UUID
    position: int
    moments: tuple[datetime | None, ...]


def funnel(connection: DuckDBPyConnection, *, since: datetime, until: datetime, scoped: bool) -> list[Step]:
    """Everybody who was first a target in the window, step by step."""
    medians = ", ".join(
        f"median(epoch({step} - {before}) / 86400) FILTER (position > {number})" for number, (before, step) in enumerate(pairwise(STEPS), 1)
    )
    counts = ", ".join(f"count(*) FILTER (position >= {number}), count(*) FILTER (position = {number})" for number in range(1, 6))
    sql = f"WITH {_road(scoped)} SELECT {counts}, {medians} FROM road WHERE target >= $since AND target < $until"  # noqa: S608 - own fragments
    (row,) = connection.execute(sql, {"since": _naive(since), "until": _naive(until)}).fetchall()
    days = (None, *row[10:])
    return [Step(row[2 * number], row[2 * number + 1], days[number]) for number in range(5)]


def page(
    connection: DuckDBPyConnection, *, since: datetime, until: datetime, scoped: bool, position: int | None, after: str, limit: int
) -> list[Road]:
    """The customers behind it by id, of one position or of all."""
    sql = f"""
    WITH {_road(scoped)} SELECT customer::VARCHAR, position, target, attract, capture, serve, satisfy FROM road
    WHERE target >= $since AND target < $until AND ($position::INTEGER IS NULL OR position = $position) AND customer::VARCHAR > $after
    ORDER BY customer LIMIT $limit
    """  # noqa: S608 - own fragments
    values = {"since": _naive(since), "until": _naive(until), "position": position, "after": after, "limit": limit}
    return [_read(row) for row in connection.execute(sql, values).fetchall()]


def of_customer(connection: DuckDBPyConnection, customer: UUID) -> Road | None:
    """How far one customer is; None when nobody has this id."""
    road = _ROAD.replace("{only}", "customer = $customer::UUID")
    sql = f"WITH {road} SELECT customer::VARCHAR, position, target, attract, capture, serve, satisfy FROM road"  # noqa: S608 - own fragments
    rows = connection.execute(sql, {"customer": str(customer)}).fetchall()
    return _read(rows[0]) if rows else None


def _road(scoped: bool) -> str:
    return _ROAD.replace("{only}", "customer IN (SELECT customer FROM scope)" if scoped else "true")


def _read(row: tuple[Any, ...]) -> Road:
    return Road(UUID(row[0]), row[1], tuple(None if moment is None else moment.replace(tzinfo=UTC) for moment in row[2:]))


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)
