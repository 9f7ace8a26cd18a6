"""Recency, frequency, monetary value and stage of every buyer, in one pass over the orders."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple
from uuid import UUID

import pyarrow as pa

from services.analytics.store.rows import one_row

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

#: Recency: whole days since the last order. Frequency: days with an order, or orders. Monetary: net value less refunds and credit notes,
#: in the reporting currency. Each score is 1 + the fifth of the buyers that lie strictly below (equal figures, equal scores);
#: 5 is best. Stage: retain = two orders or more, and the last 365 days' revenue at least the median of the buyers.
_SCORES: Final = """
CREATE TEMP TABLE fresh AS
WITH bought AS (
    SELECT o.customer, count(*) AS orders, count(DISTINCT timezone($zone, o.ordered_at::TIMESTAMPTZ)::DATE) AS days,
           max(o.ordered_at) AS last_at, coalesce(sum(o.net_minor) FILTER (WHERE o.currency = $currency), 0) AS spent,
           coalesce(sum(o.net_minor) FILTER (WHERE o.currency = $currency AND o.ordered_at >= $year_ago), 0) AS lately
    FROM order_of o JOIN live c ON c.customer = o.customer WHERE o.ordered_at < $as_of GROUP BY 1
), returned AS (
    SELECT customer, sum(amount_minor) AS back, coalesce(sum(amount_minor) FILTER (WHERE refunded_at >= $year_ago), 0) AS back_lately
    FROM refund_of WHERE currency = $currency AND refunded_at < $as_of GROUP BY 1
), figures AS (
    SELECT b.customer, greatest(0, floor(epoch($as_of - b.last_at) / 86400))::INTEGER AS recency, b.days::INTEGER AS days,
           b.orders::INTEGER AS orders, (b.spent - coalesce(r.back, 0))::BIGINT AS monetary,
           (b.lately - coalesce(r.back_lately, 0))::BIGINT AS lately, CASE WHEN $by_days THEN b.days ELSE b.orders END AS frequency
    FROM bought b LEFT JOIN returned r ON r.customer = b.customer
), ranked AS (
    SELECT *, count(*) OVER () AS n, rank() OVER (ORDER BY recency DESC) AS rr, rank() OVER (ORDER BY frequency) AS fr,
           rank() OVER (ORDER BY monetary) AS mr FROM figures
), middle AS (SELECT median(lately) AS half FROM figures)
SELECT customer, (1 + (5 * (rr - 1)) // n)::INTEGER AS r, (1 + (5 * (fr - 1)) // n)::INTEGER AS f, (1 + (5 * (mr - 1)) // n)::INTEGER AS m,
       recency, days, orders, monetary, CASE WHEN orders >= 2 AND lately >= half THEN 'retain' ELSE 'enhance' END AS stage
FROM ranked, middle
"""

_CHANGED: Final = """
SELECT f.customer::VARCHAR, f.r, f.f, f.m, f.recency, f.days, f.orders, f.monetary, f.stage FROM fresh f LEFT JOIN score s ON s.customer = f.customer
WHERE s.customer IS NULL OR (s.r, s.f, s.m, s.recency_days, s.purchase_days, s.orders, s.monetary_minor, s.stage)
      IS DISTINCT FROM (f.r, f.f, f.m, f.recency, f.days, f.orders, f.monetary, f.stage)
"""


class Scored(NamedTuple):
    """The scores of one buyer and the figures behind them; money in minor units."""

    customer_id: str
    r: int
    f: int
    m: int
    recency_days: int
    purchase_days: int
    orders: int
    monetary_minor: int
    stage: str


def compute(connection: DuckDBPyConnection, *, as_of: datetime, currency: str, zone: str, by_days: bool = True) -> None:
    """Leave the scores in the temporary table `fresh` of this cursor."""
    moment = as_of.astimezone(UTC).replace(tzinfo=None)
    try:
        year_ago = moment.replace(year=moment.year - 1)
    except ValueError:
        year_ago = moment.replace(year=moment.year - 1, day=28)
    connection.execute(_SCORES, {"zone": zone, "currency": currency, "year_ago": year_ago, "as_of": moment, "by_days": by_days})


def changed(
    connection: DuckDBPyConnection, *, as_of: datetime, currency: str, zone: str, by_days: bool = True
) -> tuple[list[Scored], list[UUID]]:
    """(buyers whose figures differ from the stored ones, customers who are buyers no more)."""
    compute(connection, as_of=as_of, currency=currency, zone=zone, by_days=by_days)
    rows = [Scored(*row) for row in connection.execute(_CHANGED).fetchall()]
    gone = connection.execute("SELECT customer::VARCHAR FROM score WHERE customer NOT IN (SELECT customer FROM fresh)").fetchall()
    return rows, [UUID(row[0]) for row in gone]


def newest(connection: DuckDBPyConnection) -> int:
    """The last commit that could change a score: it brought orders, refunds, identities or profiles."""
    found = one_row(
        connection,
        """
        SELECT max(seq) FROM (SELECT max(seq) AS seq FROM orders UNION ALL SELECT max(seq) FROM refund
                              UNION ALL SELECT max(seq) FROM identity UNION ALL SELECT max(seq) FROM customer)
        """
    )
    return int(found[0]) if found is not None and found[0] is not None else 0


def keep(connection: DuckDBPyConnection, rows: list[Scored], gone: list[UUID]) -> None:
    """Store scores in the warehouse with the number of a new commit, for rules to read; the customers count as touched."""
    found = one_row(connection, "UPDATE warehouse SET seq = seq + 1 RETURNING seq")
    assert found is not None
    connection.execute(
        "DELETE FROM score WHERE customer IN (SELECT unnest($1::VARCHAR[])::UUID)", [[*(row.customer_id for row in rows), *map(str, gone)]]
    )
    if rows:
        turned = list(zip(*rows, strict=True))
        kinds = (pa.string(), *[pa.int64()] * 7, pa.string())
        arrays = [pa.array(column, kind) for column, kind in zip(turned, kinds, strict=True)]
        connection.register("incoming", pa.Table.from_arrays(arrays, names=[f"c{number}" for number in range(9)]))
        connection.execute("INSERT INTO score SELECT c0::UUID, c1, c2, c3, c4, c5, c6, c7, c8, ? FROM incoming", [found[0]])
