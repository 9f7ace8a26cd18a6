"""Rows of `service_decoding` -> warehouse, inside the caller's transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from services.analytics.store.service_decoding import Rows

_TEXT: Final = pa.string()
_TIME: Final = pa.timestamp("us")
#: table -> (Arrow kinds of its columns but `seq`, casts by column, whether the same key again replaces).
_TABLES: Final[dict[str, tuple[tuple[Any, ...], dict[int, str], bool]]] = {
    "case_step": (
        (*[_TEXT] * 10, _TIME, _TIME, _TIME, pa.float64()), {5: "UUID", 6: "UHUGEINT"}, False,
    ),
    "answer": ((_TEXT, _TEXT, _TEXT, _TEXT, pa.float64(), *[_TEXT] * 4, _TIME), {1: "UUID", 2: "UHUGEINT"}, False),
    "refusal": ((*[_TEXT] * 6, _TIME), {1: "UUID", 2: "UHUGEINT"}, False),
    "participation": ((*[_TEXT] * 4, _TIME), {1: "UUID"}, False),
    "spending": ((_TEXT, _TEXT, _TEXT, pa.int64(), _TEXT, pa.date32(), pa.date32(), _TEXT, _TIME), {1: "UUID"}, True),
}
_KEYS: Final = {"spending": "statement_id"}


def insert(connection: DuckDBPyConnection, rows: Rows, seq: int) -> None:
    """Facts may be told twice: a row whose key is there already is left out, or replaced where the last word counts. Names are this file's own."""
    for table, (kinds, casts, replaces) in _TABLES.items():
        found = list(rows.get(table, {}).values())
        if not found:
            continue
        key = _KEYS.get(table, "fact_id")
        columns = [pa.array(list(column), kind) for column, kind in zip(zip(*found, strict=True), kinds, strict=True)]
        connection.register("incoming", pa.Table.from_arrays(columns, names=[f"c{number}" for number in range(len(kinds))]))
        if replaces:
            sql = f"DELETE FROM {table} WHERE {key} IN (SELECT c0 FROM incoming)"  # noqa: S608 - own names
            connection.execute(sql)
        listed = ", ".join(f"c{number}::{casts[number]}" if number in casts else f"c{number}" for number in range(len(kinds)))
        sql = f"INSERT INTO {table} SELECT {listed}, ? FROM incoming WHERE c0 NOT IN (SELECT {key} FROM {table})"  # noqa: S608 - own names
        connection.execute(sql, [seq])
    _list(connection, rows, seq)
    _score(connection, rows, seq)


def _list(connection: DuckDBPyConnection, rows: Rows, seq: int) -> None:
    found = rows.get("listed")
    if not found:
        return
    segments, customers = (pa.array([key[part] for key in found], _TEXT) for part in (0, 1))
    put = pa.array([row[0] for row in found.values()], pa.bool_())
    connection.register("incoming", pa.Table.from_arrays([segments, customers, put], names=["c0", "c1", "c2"]))
    connection.execute("DELETE FROM listed WHERE (segment, customer) IN (SELECT c0, c1::UUID FROM incoming)")
    connection.execute("INSERT INTO listed SELECT c0, c1::UUID, ? FROM incoming WHERE c2", [seq])
    # Who was taken off is looked at again by the segments that ask for the list.
    connection.execute("UPDATE customer SET seq = ? WHERE customer IN (SELECT c1::UUID FROM incoming WHERE NOT c2)", [seq])


def _score(connection: DuckDBPyConnection, rows: Rows, seq: int) -> None:
    """The last value of each score; an empty one is gone."""
    found = rows.get("model_score")
    if not found:
        return
    customers, names = (pa.array([key[part] for key in found], _TEXT) for part in (0, 1))
    values = pa.array([row[0] for row in found.values()], _TEXT)
    connection.register("incoming", pa.Table.from_arrays([customers, names, values], names=["c0", "c1", "c2"]))
    connection.execute("DELETE FROM model_score WHERE (customer, name) IN (SELECT c0::UUID, c1 FROM incoming)")
    connection.execute("INSERT INTO model_score SELECT c0::UUID, c1, c2, ? FROM incoming WHERE c2 <> ''", [seq])
