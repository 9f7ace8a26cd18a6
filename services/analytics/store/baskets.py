"""Which goods are bought together and one after the other, and who has the one without the other."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from services.analytics.store.rows import one_row

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_ITEMS: Final = {"product": "l.product_id", "category": "l.category"}
#: Only so many goods are looked at, those in most orders: pairs grow with their square.
MOST: Final = 500


class Pair(NamedTuple):
    """`units`: orders (together) or customers (in sequence) in all, with `has`, with `wants`, with both. `days`: median from the one to the other."""

    has: str
    wants: str
    units: int
    with_has: int
    with_wants: int
    both: int
    days: float | None


class Gap(NamedTuple):
    """Customers who have `has` and not `wants`, and what a buyer of `wants` spends on it in the window."""

    customers: int
    mean_minor: float


def gather(connection: DuckDBPyConnection, *, by: str, since: datetime, until: datetime, currency: str, scoped: bool) -> None:
    """Leave what customers bought in the window in the temporary table `item` (customer, order_id, ordered_at, item, amount)."""
    column = _ITEMS[by]
    scope = "AND l.customer IN (SELECT customer FROM scope)" if scoped else ""
    sql = f"""
    CREATE OR REPLACE TEMP TABLE item AS
    WITH bought AS (
        SELECT l.customer, l.order_id, l.ordered_at, {column} AS item, sum(l.amount_minor) FILTER (l.currency = $currency)::BIGINT AS amount
        FROM line_of l WHERE l.ordered_at >= $since AND l.ordered_at < $until AND coalesce({column}, '') <> ''
        AND l.customer IN (SELECT customer FROM live) {scope} GROUP BY ALL),
    kept AS (SELECT item FROM bought GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT $most)
    SELECT * FROM bought WHERE item IN (SELECT item FROM kept)
    """  # noqa: S608 - fragments of this file
    connection.execute(sql, {"since": _naive(since), "until": _naive(until), "currency": currency, "most": MOST})


def together(connection: DuckDBPyConnection, *, least: int) -> list[Pair]:
    """Pairs in one order, both ways, at least `least` times."""
    rows = connection.execute(
        """
        WITH total AS (SELECT count(DISTINCT order_id) AS n FROM item), single AS (SELECT item, count(*) AS n FROM item GROUP BY 1),
        pair AS (
            SELECT a.item AS has, b.item AS wants, count(*) AS n FROM item a JOIN item b ON b.order_id = a.order_id AND b.item <> a.item
            GROUP BY ALL HAVING count(*) >= $least)
        SELECT p.has, p.wants, t.n, a.n, b.n, p.n, NULL FROM pair p JOIN single a ON a.item = p.has JOIN single b ON b.item = p.wants, total t
        ORDER BY p.has, p.wants
        """,
        {"least": least},
    ).fetchall()
    return [Pair(*row) for row in rows]


def in_sequence(connection: DuckDBPyConnection, *, least: int, within_days: int | None) -> list[Pair]:
    """The one in an order, the other in a later one (at most `within_days` after it), of at least `least` customers."""
    # Without a limit of days a later order with `wants` exists exactly when the last one comes after the first with `has`.
    pairs = """
        SELECT a.customer, a.item AS has, b.item AS wants, epoch(b.first_at - a.first_at) / 86400 AS days FROM had a
        JOIN had b ON b.customer = a.customer AND b.item <> a.item AND b.last_at > a.first_at
    """ if within_days is None else """
        SELECT a.customer, a.item AS has, b.item AS wants, min(epoch(b.ordered_at - a.ordered_at)) / 86400 AS days FROM item a
        JOIN item b ON b.customer = a.customer AND b.item <> a.item AND b.ordered_at > a.ordered_at AND b.ordered_at <= a.ordered_at + to_days($days::INTEGER)
        GROUP BY ALL
    """
    sql = f"""
    WITH had AS (SELECT customer, item, min(ordered_at) AS first_at, max(ordered_at) AS last_at FROM item GROUP BY ALL),
    total AS (SELECT count(DISTINCT customer) AS n FROM item), single AS (SELECT item, count(*) AS n FROM had GROUP BY 1),
    pair AS (SELECT has, wants, count(*) AS n, median(days) FILTER (days > 0) AS days FROM ({pairs}) GROUP BY ALL HAVING count(*) >= $least)
    SELECT p.has, p.wants, t.n, a.n, b.n, p.n, p.days FROM pair p JOIN single a ON a.item = p.has JOIN single b ON b.item = p.wants, total t
    ORDER BY p.has, p.wants
    """  # noqa: S608 - fragments of this file
    values: dict[str, Any] = {"least": least} | ({} if within_days is None else {"days": within_days})
    return [Pair(*row) for row in connection.execute(sql, values).fetchall()]


def gap(connection: DuckDBPyConnection, *, has: str, wants: str) -> Gap:
    """How many have the one without the other."""
    found = one_row(
        connection,
        """
        SELECT (SELECT count(DISTINCT customer) FROM item WHERE item = $has AND customer NOT IN (SELECT customer FROM item WHERE item = $wants)),
               (SELECT coalesce(sum(amount) / count(DISTINCT customer), 0) FROM item WHERE item = $wants)
        """,
        {"has": has, "wants": wants},
    )
    assert found is not None
    return Gap(int(found[0]), float(found[1]))


def without(connection: DuckDBPyConnection, *, has: str, wants: str, after: str, limit: int) -> list[tuple[str, datetime, int]]:
    """(customer, last order with `has`, orders with it) of those who have not `wants`, by id from `after` on."""
    rows = connection.execute(
        """
        SELECT customer::VARCHAR, max(ordered_at), count(DISTINCT order_id) FROM item WHERE item = $has
        AND customer NOT IN (SELECT customer FROM item WHERE item = $wants) AND customer::VARCHAR > $after GROUP BY customer ORDER BY customer LIMIT $limit
        """,
        {"has": has, "wants": wants, "after": after, "limit": limit},
    ).fetchall()
    return [(customer, moment.replace(tzinfo=UTC), count) for customer, moment, count in rows]


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)
