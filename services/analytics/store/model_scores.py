"""Scores of models in the warehouse, for rules and rankings to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from services.analytics.store.rows import one_row

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def keep(connection: DuckDBPyConnection, score: str, rows: list[tuple[str, float | None, str]]) -> None:
    """Replace a score of everybody by (customer, number, word), with the number of a new commit: the customers count as touched."""
    found = one_row(connection, "UPDATE warehouse SET seq = seq + 1 RETURNING seq")
    assert found is not None
    connection.execute("DELETE FROM model_score WHERE score = $1", [score])
    if rows:
        customers, numbers, words = zip(*rows, strict=True)
        table = pa.table({"c0": pa.array(customers, pa.string()), "c1": pa.array(numbers, pa.float64()), "c2": pa.array(words, pa.string())})
        connection.register("incoming", table)
        connection.execute("INSERT INTO model_score SELECT c0::UUID, $1, c1, c2, $2 FROM incoming", [score, found[0]])
        connection.unregister("incoming")
