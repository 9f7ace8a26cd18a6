"""What one customer cost, entry by entry, and how satisfied it says it is; in the warehouse."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from services.analytics.store.rows import one_row

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

#: The answer that is best is 1, the worst 0; the effort of 1 is the best.
_RESCALED: Final = """
CASE WHEN scale IN ('csat', 'purchase', 'delivery') THEN (score - 1) / 4 WHEN scale = 'nps' THEN score / 10 WHEN scale = 'effort' THEN (7 - score) / 6 END
"""
#: An answer counts half as much after so many days.
HALF_LIFE_DAYS: Final = 180


def entries(
    connection: DuckDBPyConnection, *, customer: str, first: date, last: date, currency: str, limit: int
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """(entries booked for this customer alone, sums of the shared entries by kind and channel with their ids): what every part of a cost comes from."""
    values = {"customer": customer, "first": first, "last": last, "currency": currency}
    own = connection.execute(
        """
        SELECT cost_id, kind, channel, campaign_id, amount_minor, booked_on FROM cost_of
        WHERE person = $customer::UUID AND currency = $currency AND booked_on >= $first AND booked_on < $last ORDER BY booked_on, cost_id LIMIT $limit
        """,
        values | {"limit": limit},
    ).fetchall()
    shared = connection.execute(
        """
        SELECT kind, channel, campaign_id, sum(amount_minor)::BIGINT, count(*), list(cost_id ORDER BY booked_on, cost_id)[:100] FROM cost_of
        WHERE person IS NULL AND $customer IS NOT NULL AND currency = $currency AND booked_on >= $first AND booked_on < $last GROUP BY ALL ORDER BY ALL
        """,
        values,
    ).fetchall()
    return (
        [dict(zip(("cost_id", "kind", "channel", "campaign_id", "amount_minor", "booked_on"), row, strict=True)) for row in own],
        [dict(zip(("kind", "channel", "campaign_id", "amount_minor", "entries", "cost_ids"), row, strict=True)) for row in shared],
    )


def satisfaction(connection: DuckDBPyConnection, *, customer: str, as_of: datetime) -> tuple[float | None, int]:
    """(mean of the answers from 0 to 1, newer ones counting more, how many)."""
    found = one_row(
        connection,
        f"""
        SELECT sum(good * weight) / sum(weight), count(*) FROM (
            SELECT {_RESCALED} AS good, pow(0.5, epoch($as_of - answered_at) / 86400 / {HALF_LIFE_DAYS}) AS weight FROM answer_of
            WHERE person = $customer::UUID AND score IS NOT NULL AND answered_at <= $as_of) WHERE good BETWEEN 0 AND 1
        """,  # noqa: S608 - own fragments
        {"customer": customer, "as_of": as_of},
    )
    assert found is not None
    return (None, 0) if found[0] is None else (float(found[0]), int(found[1]))
