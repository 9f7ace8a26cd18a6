"""Recency, frequency, monetary value and stage of every buyer, in one pass over the orders."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple
from uuid import UUID

import pyarrow as pa

from services.analytics.store import measures
from services.analytics.store.measures import Ask
from services.analytics.store.rows import one_row

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

#: Recency: whole days since the last order. Frequency: days with an order, or orders. Monetary: net value less refunds and credit notes,
#: in the reporting currency. Each score is 1 + the fifth of the buyers that lie strictly below (equal figures, equal scores);
#: 5 is best; with cut points of one's own it is 1 + how many of the four are reached. Stage: retain = two orders or more, and the last 365 days' profit
#: at least the median of the buyers: `lately` is the revenue of these days, or the profit once `profit` holds what the costs say.
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
), middle AS (SELECT quantile_cont(lately, $quantile::DOUBLE) AS half FROM figures)
SELECT customer,
       CASE WHEN len($r_cuts::DOUBLE[]) = 4 THEN 1 + len(list_filter($r_cuts::DOUBLE[], lambda c: recency <= c)) ELSE 1 + (5 * (rr - 1)) // n END::INTEGER AS r,
       CASE WHEN len($f_cuts::DOUBLE[]) = 4 THEN 1 + len(list_filter($f_cuts::DOUBLE[], lambda c: frequency >= c)) ELSE 1 + (5 * (fr - 1)) // n END::INTEGER AS f,
       CASE WHEN len($m_cuts::DOUBLE[]) = 4 THEN 1 + len(list_filter($m_cuts::DOUBLE[], lambda c: monetary >= c)) ELSE 1 + (5 * (mr - 1)) // n END::INTEGER AS m,
       recency, days, orders, monetary, CASE WHEN orders >= $least_orders::INTEGER AND lately >= half THEN 'retain' ELSE 'enhance' END AS stage
FROM ranked, middle
"""

_CHANGED: Final = """
SELECT f.customer::VARCHAR, f.r, f.f, f.m, f.recency, f.days, f.orders, f.monetary, f.stage FROM fresh f LEFT JOIN score s ON s.customer = f.customer
WHERE s.customer IS NULL OR (s.r, s.f, s.m, s.recency_days, s.purchase_days, s.orders, s.monetary_minor, s.stage)
      IS DISTINCT FROM (f.r, f.f, f.m, f.recency, f.days, f.orders, f.monetary, f.stage)
"""


_LATELY: Final = "(b.lately - coalesce(r.back_lately, 0))::BIGINT AS lately"
_RETURNED: Final = "FROM bought b LEFT JOIN returned r ON r.customer = b.customer"
_PROFIT: Final = "SELECT customer, sum(numerator)::BIGINT AS made FROM ($rows) WHERE kind = 'customer' GROUP BY 1"


class Thresholds(NamedTuple):
    """Cut points of R, F and M (none: fifths) and what makes somebody stay in `retain`."""

    recency_days: list[float] = []
    frequency: list[float] = []
    monetary_minor: list[float] = []
    least_orders: int = 2
    profit_quantile: float = 0.5


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


def compute(
    connection: DuckDBPyConnection, *, as_of: datetime, currency: str, zone: str, by_days: bool = True, thresholds: Thresholds | None = None,
    year: Ask | None = None,
) -> None:
    """Leave the scores in the temporary table `fresh` of this cursor. `year`: the question of the last 365 days' profit, else revenue stands for it."""
    moment = as_of.astimezone(UTC).replace(tzinfo=None)
    try:
        year_ago = moment.replace(year=moment.year - 1)
    except ValueError:
        year_ago = moment.replace(year=moment.year - 1, day=28)
    chosen = thresholds or Thresholds()
    values = {
        "zone": zone, "currency": currency, "year_ago": year_ago, "as_of": moment, "by_days": by_days, "quantile": chosen.profit_quantile,
        "least_orders": chosen.least_orders, "r_cuts": chosen.recency_days, "f_cuts": chosen.frequency, "m_cuts": chosen.monetary_minor,
    }
    sql = _SCORES
    if year is not None:
        sql = sql.replace("WITH bought AS", f"WITH profit AS ({_PROFIT.replace('$rows', measures.statement('profit', year))}), bought AS", 1)
        sql = sql.replace(_LATELY, "coalesce(p.made, 0)::BIGINT AS lately").replace(_RETURNED, f"{_RETURNED} LEFT JOIN profit p ON p.customer = b.customer")
        values = {**measures.parameters(sql, year), **values}
    connection.execute(sql, values)


def changed(
    connection: DuckDBPyConnection, *, as_of: datetime, currency: str, zone: str, by_days: bool = True, thresholds: Thresholds | None = None,
    year: Ask | None = None,
) -> tuple[list[Scored], list[UUID]]:
    """(buyers whose figures differ from the stored ones, customers who are buyers no more)."""
    compute(connection, as_of=as_of, currency=currency, zone=zone, by_days=by_days, thresholds=thresholds, year=year)
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
