"""What is held of a person in the warehouse and beside it, table by table; the conditions are those of erasing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from chassis.holding import Holding, Person, rows
from services.analytics.store import erasing
from services.analytics.store.decoding import hash_of

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from chassis.service import Service

_CUSTOMERS: Final = "customer IN (SELECT unnest($1::UUID[]))"
_IDENTITIES: Final = "identity IN (SELECT unnest($2::VARCHAR[])::UHUGEINT)"

#: Table -> category, origin, condition, order, columns that are shown. What is the same as elsewhere (events, profile) is shown here too: it is held.
_WAREHOUSE: Final = {
    "customer": ("profile", "ours", _CUSTOMERS, "customer", "* EXCLUDE (seq)"),
    "alias": ("profile", "ours", "customer IN (SELECT unnest($1::UUID[])) OR root IN (SELECT unnest($1::UUID[]))", "customer", "*"),
    "consent": ("consents", "ours", _CUSTOMERS, "customer, purpose, channel", "* EXCLUDE (seq)"),
    "score": ("scores", "derived", _CUSTOMERS, "customer", "* EXCLUDE (seq)"),
    "message": ("messages", "observed", _CUSTOMERS, "happened_at, fact_id", "* EXCLUDE (seq)"),
    "event": ("activity", "observed", _IDENTITIES, "received_at, id", "* EXCLUDE (seq, identity)"),
    "identity": ("profile", "ours", _IDENTITIES, "identity", "kind, customer"),
    "orders": ("orders", "observed", _IDENTITIES, "order_id", "* EXCLUDE (seq, identity)"),
    "refund": ("orders", "observed", _IDENTITIES, "refund_id", "* EXCLUDE (seq, identity)"),
}


#: What is not described above, by which of the two it names people.
_OTHERS: Final = {
    table: " OR ".join(
        condition for condition, tables in ((_CUSTOMERS, erasing.OF_CUSTOMERS), (_IDENTITIES, erasing.OF_IDENTITIES)) if table in tables
    )
    for table in sorted(erasing.TABLES - set(_WAREHOUSE))
}


def _warehouse(table: str) -> Holding:
    category, origin, condition, order, columns = _WAREHOUSE.get(table) or (
        "service", "observed", _OTHERS[table], "ALL", "COLUMNS(lambda c: c NOT IN ('seq', 'identity'))"
    )
    # Both parameters are named in each, whichever the condition uses.
    statement = (
        f"SELECT to_json(found)::VARCHAR FROM (SELECT {columns} FROM {table} WHERE ({condition}) AND $1 IS NOT NULL AND $2 IS NOT NULL "  # noqa: S608
        f"ORDER BY {order} LIMIT $3 OFFSET $4) found"
    )

    async def read(service: Service[Any, Any], person: Person, start: int, limit: int) -> list[dict[str, Any]]:
        customers, identities = [str(one) for one in person.customers], [hash_of(one.hex()) for one in person.identities]

        def look(connection: DuckDBPyConnection) -> list[dict[str, Any]]:
            found = connection.execute(statement, [customers, identities, limit, start]).fetchall()
            return [_decode(row[0]) for row in found]

        read_rows: list[dict[str, Any]] = await service.resources.read(look)
        return read_rows

    return Holding(f"warehouse.{table}", category, origin, read)


def _decode(text: str) -> dict[str, Any]:
    row: dict[str, Any] = msgspec.json.decode(text)
    for name in ("properties", "traits"):
        if isinstance(row.get(name), str):
            try:
                row[name] = msgspec.json.decode(row[name])
            except msgspec.DecodeError:
                continue
    return row


HOLDINGS: Final[tuple[Holding, ...]] = (
    *(_warehouse(table) for table in (*_WAREHOUSE, *_OTHERS)),
    rows("membership", "scores", "derived", "customer_id = ANY($1)", "segment_id, customer_id"),
    rows("list_change", "scores", "ours", "customer_id = ANY($1)", "customer_id, segment_id, at"),
    rows("next_check", "scores", "ours", "customer_id = ANY($1)", "segment_id, customer_id"),
    rows("snapshot_member", "scores", "derived", "customer_id = ANY($1)", "snapshot_id, position"),
    rows("score", "scores", "derived", "customer_id = ANY($1)", "customer_id, score"),
    rows("score_change", "scores", "derived", "customer_id = ANY($1)", "customer_id, score, changed_at"),
    rows("report_recipient", "service", "given", "customer_id = ANY($1)", "report_id, customer_id"),
    rows("report_delivery", "messages", "ours", "customer_id = ANY($1)", "run_id, customer_id"),
    rows("selection_member", "scores", "derived", "customer_id = ANY($1)", "selection_id, position"),
)
