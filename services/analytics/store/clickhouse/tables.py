"""Tables of ClickHouse for the columns of the warehouse; a fact that comes twice is one row, told by its id."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

#: What makes two rows of a table the same fact; a table without is never loaded twice (`line` goes with its order's version).
KEYS: Final = {
    "event": ("id",), "identity": ("identity",), "customer": ("customer",), "alias": ("customer",), "consent": ("customer", "purpose", "channel"),
    "orders": ("order_id",), "refund": ("refund_id",), "message": ("fact_id",), "campaign": ("campaign_id",), "cost": ("cost_id",), "score": ("customer",),
    "case_step": ("fact_id",), "answer": ("fact_id",), "refusal": ("fact_id",), "spending": ("statement_id",), "participation": ("fact_id",),
    "computed": ("customer", "name"), "model_score": ("customer", "name"), "listed": ("segment", "customer"), "erased": ("identity", "request_id"),
}
#: Of a session, so that statements mean what they mean to DuckDB: an outer join gives NULL, an empty sum is NULL, a repeated fact is folded when read.
SETTINGS: Final = {
    "final": "1", "join_use_nulls": "1", "aggregate_functions_null_for_empty": "1", "group_by_use_nulls": "1", "cast_keep_nullable": "1",
    "union_default_mode": "'DISTINCT'", "prefer_column_name_to_alias": "1", "session_timezone": "'UTC'", "allow_experimental_correlated_subqueries": "1",
    "function_json_value_return_type_allow_nullable": "1", "function_json_value_return_type_allow_complex": "1",
}
_TYPES: Final = {
    "VARCHAR": "String", "UHUGEINT": "UInt128", "BIGINT": "Int64", "INTEGER": "Int32", "DOUBLE": "Float64", "BOOLEAN": "Bool", "UUID": "UUID", "DATE": "Date32",
    "TIMESTAMP": "DateTime64(6, 'UTC')", "BLOB": "String",
}


class Column(NamedTuple):
    """A column as DuckDB describes it."""

    name: str
    type: str


def create(table: str, columns: Sequence[Column]) -> str:
    """One table. `place` is the order in which rows were loaded: the later of two versions stays."""
    keys = KEYS.get(table, ())
    body = ", ".join(f"{column.name} {type_of(column, key=column.name in keys)}" for column in columns)
    engine = f"ReplacingMergeTree(place) ORDER BY ({', '.join(keys)})" if keys else "MergeTree ORDER BY place"
    return f"CREATE TABLE {table} ({body}, place Int64) ENGINE = {engine}"


def type_of(column: Column, *, key: bool = False) -> str:
    """ClickHouse's type of a column; only keys and lists cannot be NULL."""
    if column.type.endswith("[]"):
        return f"Array({_TYPES[column.type.removesuffix('[]')]})"
    return _TYPES[column.type] if key else f"Nullable({_TYPES[column.type]})"
