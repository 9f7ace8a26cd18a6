"""Erasing people from the warehouse: their events go, what the figures need of orders and messages stays without anybody."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, NamedTuple
from uuid import UUID

from contracts.customer import ErasureState
from services.analytics.store import decoding, service_schema
from services.analytics.store.rows import one_row

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

#: What goes of the customers $1; names are this module's own.
OF_CUSTOMERS: Final = {
    "customer": "DELETE FROM customer WHERE customer IN (SELECT unnest($1::UUID[]))",
    "alias": "DELETE FROM alias WHERE customer IN (SELECT unnest($1::UUID[])) OR root IN (SELECT unnest($1::UUID[]))",
    "consent": "DELETE FROM consent WHERE customer IN (SELECT unnest($1::UUID[]))",
    "score": "DELETE FROM score WHERE customer IN (SELECT unnest($1::UUID[]))",
    "message": "UPDATE message SET customer = NULL WHERE customer IN (SELECT unnest($1::UUID[]))",
    **service_schema.OF_CUSTOMERS,
}
#: And of all marked identities; what comes late comes with a later batch and goes with it.
OF_IDENTITIES: Final = {
    "event": "DELETE FROM event WHERE identity IN (SELECT identity FROM erased)",
    "identity": "DELETE FROM identity WHERE identity IN (SELECT identity FROM erased)",
    "orders": "UPDATE orders SET identity = NULL WHERE identity IN (SELECT identity FROM erased)",
    "refund": "UPDATE refund SET identity = NULL WHERE identity IN (SELECT identity FROM erased)",
    **service_schema.OF_IDENTITIES,
}
#: Tables of the warehouse that are searched for a person.
TABLES: Final = frozenset(OF_CUSTOMERS) | frozenset(OF_IDENTITIES)


class Erasure(NamedTuple):
    """An erasure that the others were not told of yet; `rows` by table."""

    request_id: str
    customers: list[UUID]
    rows: dict[str, int]


def apply(connection: DuckDBPyConnection, states: Iterable[ErasureState], *, seq: int) -> None:
    """Take over the ledger's states, then erase whoever is marked, inside the caller's transaction; `seq` is its number.

    An identity that is listed no longer belongs to somebody who registered again.
    """
    erasing = False
    for state in states:
        known = one_row(connection, "SELECT count(*) FROM erasure WHERE request_id = ?", [state.request_id])
        connection.execute("DELETE FROM erased WHERE request_id = ?", [state.request_id])
        connection.execute(
            "INSERT INTO erased SELECT unnest($1::VARCHAR[])::UHUGEINT, $2", [[decoding.hash_of(one) for one in state.identities], state.request_id]
        )
        if known is not None and not known[0]:
            rows = {table: _count(connection, sql, [state.customer_ids]) for table, sql in OF_CUSTOMERS.items()}
            for table, sql in OF_IDENTITIES.items():
                rows[table] = rows.get(table, 0) + _count(connection, sql)
            # Nobody can say whose records could not be read.
            rows["reject"] = _count(connection, "UPDATE reject SET value = NULL WHERE value IS NOT NULL")
            connection.execute(
                "INSERT INTO erasure VALUES ($1, $2::UUID[], $3::TIMESTAMP, $4, false)",
                [state.request_id, state.customer_ids, state.erased_at.replace(tzinfo=None), json.dumps(rows)],
            )
            erasing = True
    marked = one_row(connection, "SELECT count(*) FROM erased")
    if marked is not None and marked[0] and not erasing:
        connection.execute("DELETE FROM event WHERE seq = ? AND identity IN (SELECT identity FROM erased)", [seq])
        for table in ("identity", "orders", "refund", *service_schema.OF_IDENTITIES):
            connection.execute(OF_IDENTITIES[table])


def untold(connection: DuckDBPyConnection) -> list[Erasure]:
    """What is not acknowledged yet."""
    rows = connection.execute("SELECT request_id, customers, rows_erased FROM erasure WHERE NOT acknowledged ORDER BY request_id").fetchall()
    return [Erasure(request_id, list(customers), json.loads(counted)) for request_id, customers, counted in rows]


def note_told(connection: DuckDBPyConnection, request_ids: list[str]) -> None:
    """They are acknowledged."""
    connection.execute("UPDATE erasure SET acknowledged = true WHERE request_id IN (SELECT unnest($1::VARCHAR[]))", [request_ids])


def _count(connection: DuckDBPyConnection, sql: str, values: list[object] | None = None) -> int:
    row = connection.execute(sql, values or []).fetchone()
    return int(row[0]) if row else 0
