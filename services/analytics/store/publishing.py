"""What the warehouse shows to others: documented views in the schema `bi`, copies of them, and checksums of its tables."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq

from services.analytics.store.evaluating import newest
from services.analytics.store.rows import one_row

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

BATCH: Final = 50_000


class Published(NamedTuple):
    """A view: what a row is, the query, and whether its rows name a customer and the number of their commit."""

    about: str
    query: str
    of_customer: bool = True
    counted: bool = True


#: Ids are texts, times UTC, money in minor units; `commit` is the number of the load that brought the row.
TABLES: Final[dict[str, Published]] = {
    "events": Published(
        "what happened: one row for each stored event",
        """SELECT customer::VARCHAR AS customer, id, source, authority, kind, name, channel, initiator, occurred_at, received_at, properties, gpc,
        utm_source, utm_medium, utm_campaign, seq AS commit FROM (SELECT i.customer, e.* FROM main.event e LEFT JOIN main.identity i ON i.identity = e.identity)""",
    ),
    "orders": Published(
        "orders as they stand; counts = false: cancelled or refunded in full",
        """SELECT customer::VARCHAR AS customer, order_id, source, status, currency, ordered_at, paid_minor, net_minor, refunded_minor, coupon, affiliation,
        version, counts, seq AS commit FROM (SELECT i.customer, o.* FROM main.orders o LEFT JOIN main.identity i ON i.identity = o.identity)""",
    ),
    "lines": Published(
        "positions of orders",
        """SELECT i.customer::VARCHAR AS customer, l.order_id, o.ordered_at, o.currency, l.product_id, l.category, l.brand, l.quantity, l.amount_minor,
        o.seq AS commit FROM main.line l JOIN main.orders o ON o.order_id = l.order_id LEFT JOIN main.identity i ON i.identity = o.identity""",
    ),
    "refunds": Published(
        "refunds and credit notes",
        """SELECT i.customer::VARCHAR AS customer, r.refund_id, r.order_id, r.source, r.currency, r.amount_minor, r.refunded_at, r.seq AS commit
        FROM main.refund r LEFT JOIN main.identity i ON i.identity = r.identity""",
    ),
    "customers": Published(
        "live customers with their traits; addresses stay with the customer service",
        "SELECT customer::VARCHAR AS customer, type, registered_at, known, has_email, has_phone, language, traits, seq AS commit FROM main.customer WHERE live",
    ),
    "consents": Published("what people said about purposes, the stricter after a merge", "SELECT customer::VARCHAR AS customer, purpose, channel, state FROM main.consent_of", counted=False),
    "messages": Published(
        "what happened to messages",
        """SELECT person::VARCHAR AS customer, message_id, campaign_id, channel, outcome, reason, stage, automated, happened_at, seq AS commit FROM main.message_of""",
    ),
    "campaigns": Published("campaigns that were launched", "SELECT campaign_id, name, channel, purpose, segment_id, planned, launched_at FROM main.campaign", of_customer=False, counted=False),
    "costs": Published(
        "the cost ledger", "SELECT person::VARCHAR AS customer, cost_id, kind, channel, campaign_id, amount_minor, currency, booked_on FROM main.cost_of", counted=False
    ),
    "cases": Published(
        "steps of cases: opened, queued, assigned, resolved",
        "SELECT person::VARCHAR AS customer, case_id, step, kind, channel, team, employee, outcome, opened_at, happened_at, waited_s, seq AS commit FROM main.case_of",
    ),
    "answers": Published(
        "answers to surveys", "SELECT person::VARCHAR AS customer, scale, score, channel, team, case_id, answered_at FROM main.answer_of", counted=False
    ),
    "refusals": Published(
        "complaints and withdrawals", "SELECT person::VARCHAR AS customer, kind, channel, happened_at, seq AS commit FROM main.refusal_of"
    ),
    "scores": Published(
        "RFM and stage of buyers",
        "SELECT customer::VARCHAR AS customer, r, f, m, recency_days, purchase_days, orders, monetary_minor, stage, seq AS commit FROM main.score",
    ),
    "model_scores": Published("what models told last", "SELECT customer::VARCHAR AS customer, name, value, seq AS commit FROM main.model_score"),
    "computed_traits": Published("computed traits", "SELECT customer::VARCHAR AS customer, name, value, seq AS commit FROM main.computed"),
}
#: Tables that the log gives again after a loss, without what only counts commits.
_REBUILT: Final = {
    "event": "seq", "identity": "seq, previous", "customer": "seq", "alias": "", "consent": "seq", "orders": "seq", "line": "", "refund": "seq", "message": "seq",
    "campaign": "", "cost": "", "case_step": "seq", "answer": "seq", "refusal": "seq", "spending": "seq", "participation": "seq", "listed": "seq", "model_score": "seq",
}


def prepare(connection: DuckDBPyConnection) -> None:
    """Put the views in place."""
    connection.execute("CREATE SCHEMA IF NOT EXISTS bi")
    for name, one in TABLES.items():
        sql = f"CREATE OR REPLACE VIEW bi.{name} AS {one.query}"
        connection.execute(sql)


def describe(connection: DuckDBPyConnection) -> list[dict[str, Any]]:
    """Every view with its columns and how many rows it has."""
    columns: dict[str, list[dict[str, str]]] = {}
    for table, column, kind in connection.execute(
        "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE schema_name = 'bi' ORDER BY table_name, column_index"
    ).fetchall():
        columns.setdefault(table, []).append({"name": column, "type": kind})
    found = []
    for name, one in TABLES.items():
        sql = f"SELECT count(*) FROM bi.{name}"  # noqa: S608 - own names
        rows = one_row(connection, sql)
        found.append({"name": name, "about": one.about, "columns": columns[name], "rows": rows[0] if rows else 0, "incremental": one.counted})
    return found


def copy(connection: DuckDBPyConnection, *, name: str, form: str, target: Path, after: int, scoped: bool) -> tuple[int, int]:
    """Write a view to a file, in pieces; returns (rows, number of the last commit in it). `after`: only rows of later commits."""
    one = TABLES[name]
    tests = ["true"]
    if one.counted and after:
        tests.append("commit > $after")
    if scoped and one.of_customer:
        tests.append("customer IN (SELECT customer::VARCHAR FROM scope)")
    sql = f"SELECT * FROM bi.{name} WHERE {' AND '.join(tests)}"  # noqa: S608 - own names
    commit, rows = newest(connection), 0
    reader: Any = connection.sql(sql, params={"after": after} if one.counted and after else {}).to_arrow_reader(BATCH)
    with target.open("wb") as file:
        writer = _writer(form, file, reader.schema)
        for batch in reader:
            writer.write_batch(batch)
            rows += batch.num_rows
        writer.close()
    return rows, commit


def _writer(form: str, file: Any, schema: Any) -> Any:
    if form == "parquet":
        return pq.ParquetWriter(file, schema, compression="zstd")
    if form == "arrow":
        return pa.ipc.new_stream(file, schema)
    return arrow_csv.CSVWriter(file, schema)


def checksums(connection: DuckDBPyConnection) -> dict[str, dict[str, Any]]:
    """Rows and a sum over the content of each table that the log gives again; the order of rows makes no difference."""
    found = {}
    for name, left_out in _REBUILT.items():
        shown = f"* EXCLUDE ({left_out})" if left_out else "*"
        sql = f"SELECT count(*), coalesce(sum(hash(t)::HUGEINT) % 18446744073709551616, 0)::VARCHAR FROM (SELECT {shown} FROM main.{name}) t"  # noqa: S608
        row = one_row(connection, sql)
        assert row is not None
        found[name] = {"rows": row[0], "checksum": row[1]}
    return found
