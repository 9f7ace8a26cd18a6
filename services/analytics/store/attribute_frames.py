"""Attributes of customers as they stood at a moment, and the moments, outcomes and treatments that questions are about."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from services.analytics.domain.models.asking import FIGURES

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

#: Reasons with which a campaign holds somebody back so that its effect can be known.
HELD_BACK: Final = ("holdout", "control", "control_group")

#: Every figure is of facts before the customer's own moment `point`, so none can know what came after.
_FIGURES: Final = """
bought AS (
    SELECT m.customer, count(*)::DOUBLE AS orders, count(DISTINCT o.ordered_at::DATE)::DOUBLE AS purchase_days,
           epoch(any_value(m.point) - max(o.ordered_at)) / 86400 AS recency_days, epoch(any_value(m.point) - min(o.ordered_at)) / 86400 AS age_days,
           epoch(max(o.ordered_at) - min(o.ordered_at)) / 86400 / nullif(count(DISTINCT o.ordered_at::DATE) - 1, 0) AS gap_days,
           sum(o.net_minor - o.refunded_minor) FILTER (o.currency = $currency)::DOUBLE AS spent_minor,
           avg(o.net_minor - o.refunded_minor) FILTER (o.currency = $currency)::DOUBLE AS mean_order_minor,
           count(*) FILTER (o.ordered_at >= m.point - to_days(365))::DOUBLE AS orders_365d,
           coalesce(sum(o.net_minor - o.refunded_minor) FILTER (o.currency = $currency AND o.ordered_at >= m.point - to_days(365)), 0)::DOUBLE
               AS spent_365d_minor
    FROM moment m JOIN order_of o ON o.customer = m.customer AND o.ordered_at < m.point GROUP BY m.customer
), acted AS (
    SELECT m.customer, count(*) FILTER (e.occurred_at >= m.point - to_days(30))::DOUBLE AS events_30d,
           count(*) FILTER (e.occurred_at >= m.point - to_days(90))::DOUBLE AS events_90d, count(*)::DOUBLE AS events_365d
    FROM moment m JOIN event_of e ON e.customer = m.customer AND e.occurred_at < m.point AND e.occurred_at >= m.point - to_days(365)
    WHERE e.initiator <> 'bot' GROUP BY m.customer
), told AS (
    SELECT m.customer, count(*)::DOUBLE AS messages_90d FROM moment m
    JOIN message_of g ON g.person = m.customer AND g.happened_at < m.point AND g.happened_at >= m.point - to_days(90)
    WHERE g.outcome = 'accepted' GROUP BY m.customer
)"""
_COUNTS: Final = frozenset({"orders", "purchase_days", "spent_minor", "orders_365d", "spent_365d_minor", "events_30d", "events_90d", "events_365d", "messages_90d"})
#: A trait that changed after the customer's moment was not known then: it counts as missing.
_TRAIT: Final = """
CASE WHEN coalesce((SELECT max(h.changed_at) FROM trait_change h WHERE h.customer = m.customer AND h.name = ${name}_of) > m.point, false) THEN NULL
ELSE json_extract_string(c.traits, ${name}) END
"""


def read(connection: DuckDBPyConnection, names: list[str], *, currency: str, extra: dict[str, str] | None = None) -> pa.Table:
    """One row for each customer of the temporary table `moment`, by id: its columns other than `point`, these attributes, and `extra` traits as columns.

    A merged customer's traits are the survivor's.
    """
    columns, values = [], {"currency": currency}
    for place, name in enumerate([*names, *(f"trait:{trait}" for trait in (extra or {}).values())]):
        if name in FIGURES:
            columns.append(f'coalesce({name}, 0) AS "{name}"' if name in _COUNTS else f'{name} AS "{name}"')
        else:
            values[f"t{place}_of"] = name.removeprefix("trait:").split(".")[0]
            values[f"t{place}"] = "/" + name.removeprefix("trait:").replace("~", "~0").replace("/", "~1").replace(".", "/")
            columns.append(f'{_TRAIT.format(name=f"t{place}")} AS c{place}')
    shown = ", ".join(columns) or "1 AS nothing"
    sql = f"""
    WITH {_FIGURES}
    SELECT m.customer::VARCHAR AS customer, m.* EXCLUDE (customer, point), {shown}
    FROM moment m JOIN live c ON c.customer = m.customer LEFT JOIN bought b ON b.customer = m.customer LEFT JOIN acted a ON a.customer = m.customer
    LEFT JOIN told t ON t.customer = m.customer ORDER BY m.customer
    """  # noqa: S608 - fragments of this file; names are checked, traits are bound
    if "$currency" not in sql:
        values.pop("currency")
    table = connection.sql(sql, params=values).to_arrow_table()
    titles = {f"c{place}": title for place, title in enumerate([*names, *(extra or {})])}
    return table.rename_columns([titles.get(name, name) for name in table.column_names])


def changed_later(connection: DuckDBPyConnection, names: list[str]) -> dict[str, tuple[int, int]]:
    """Trait -> (customers of `moment` who have it, those of them whose value came after their moment)."""
    found = {}
    for name in names:
        if name.startswith("trait:"):
            path = "/" + name.removeprefix("trait:").replace("~", "~0").replace("/", "~1").replace(".", "/")
            (row,) = connection.execute(
                """
                SELECT count(*), count(*) FILTER (h.changed_at > m.point) FROM moment m JOIN live c ON c.customer = m.customer
                LEFT JOIN trait_change h ON h.customer = m.customer AND h.name = $name WHERE json_extract_string(c.traits, $path) IS NOT NULL
                """,
                {"name": name.removeprefix("trait:").split(".")[0], "path": path},
            ).fetchall()
            found[name] = (int(row[0]), int(row[1]))
    return found


def everybody(connection: DuckDBPyConnection, *, at: datetime) -> None:
    """All customers, now."""
    connection.execute("CREATE OR REPLACE TEMP TABLE moment AS SELECT customer, $1::TIMESTAMP AS point FROM live", [at])


def buyers(connection: DuckDBPyConnection, *, at: datetime, horizon: int, now: datetime) -> None:
    """Who had bought before a moment; `outcome` 1: no order within the horizon after it (null while it still runs)."""
    connection.execute(
        """
        CREATE OR REPLACE TEMP TABLE moment AS
        SELECT o.customer, $1::TIMESTAMP AS point,
               CASE WHEN $2::TIMESTAMP > $3::TIMESTAMP THEN NULL ELSE 1 - coalesce(bool_or(o.ordered_at >= $1 AND o.ordered_at < $2), false)::INTEGER END::DOUBLE
                   AS outcome
        FROM order_of o GROUP BY o.customer HAVING min(o.ordered_at) < $1::TIMESTAMP
        """,
        [at, at + timedelta(days=horizon), now],
    )


def contacts(connection: DuckDBPyConnection, *, campaign: str | None, days: int, now: datetime, held_back: bool = True) -> None:
    """Who was sent a message (`treated` 1) or held back (0) by a campaign (None: by any), the first time; `outcome` 1: an order within `days`.

    Contacts whose days still run are left out.
    """
    connection.execute(
        """
        CREATE OR REPLACE TEMP TABLE moment AS
        WITH contact AS (
            SELECT person AS customer, min(happened_at) AS point, bool_or(outcome = 'accepted')::INTEGER::DOUBLE AS treated FROM message_of
            WHERE ($1::VARCHAR IS NULL OR campaign_id = $1) AND person IS NOT NULL
              AND (outcome = 'accepted' OR outcome = 'suppressed' AND reason IN (SELECT unnest($2::VARCHAR[])))
            GROUP BY 1)
        SELECT c.customer, c.point, c.treated, coalesce(bool_or(o.ordered_at >= c.point AND o.ordered_at < c.point + to_days($3::INTEGER)), false)::INTEGER::DOUBLE
               AS outcome,
               coalesce(sum(o.net_minor) FILTER (o.ordered_at >= c.point AND o.ordered_at < c.point + to_days($3::INTEGER)), 0)::DOUBLE AS revenue
        FROM contact c LEFT JOIN order_of o ON o.customer = c.customer WHERE c.point + to_days($3::INTEGER) <= $4::TIMESTAMP GROUP BY ALL
        """,
        [campaign, list(HELD_BACK) if held_back else [], days, now],
    )
