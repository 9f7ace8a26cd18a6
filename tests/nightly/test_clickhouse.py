"""Every statement that the tests of analytics ask the warehouse, executed by a ClickHouse engine on the same facts: the same rows come."""

from __future__ import annotations

import json
import os
import pickle
import re
import subprocess
import sys
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import duckdb
import pytest

from services.analytics.store import service_schema, warehouse_schema
from services.analytics.store.clickhouse import dialect, tables
from services.analytics.store.clickhouse.tables import Column
from tests.support.upright import ROOT

pytestmark = [pytest.mark.nightly, pytest.mark.timeout(1800)]

ENGINE = ROOT / ".venv-clickhouse" / "bin" / "python"
#: Their journeys reach every room of `services/analytics/store`.
ASKING = "metrics_by_hand clicks comparing lists_and_traits patterns figures segments reports warehouse_out strategy".split()
#: A hash is another number there, and only where it is equal means anything: its columns are left out of the comparison.
HASHES = {"who", "subject"}


class Statement(NamedTuple):
    sql: str
    here: list[tuple[Any, ...]]
    columns: list[str]
    there: str


def test_every_statement_answers_the_same(tmp_path: Path) -> None:
    """D17: tables, loading everything twice, and each distinct statement; what differs is named."""
    if not ENGINE.exists():
        pytest.skip("no ClickHouse engine here: `make nightly` makes its environment")
    recorded = tmp_path / "recorded"
    recorded.mkdir()
    files = [f"tests/integration/analytics/test_{name}.py" for name in ASKING]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "tests.nightly.recording", *files], cwd=ROOT, capture_output=True, text=True, check=False,
        env={**os.environ, "RECORDED": str(recorded), "PYTHONPATH": str(ROOT)},
    )
    print(done.stdout[-600:])
    asked = same = 0
    wrong: list[str] = []
    seen: set[str] = set()
    for folder in sorted(recorded.iterdir()):
        setup, statements = _prepared(folder, seen)
        answer = _executed(setup, [statement.there for statement in statements])
        assert answer["setup"] == []
        for statement, found in zip(statements, answer["answers"], strict=True):
            asked += 1
            if "error" in found:
                wrong.append(f"ERROR {found['error'][:300]}\n  {statement.there[:3000]}")
            elif _rows(statement.here, statement.columns) == _rows(found["rows"], statement.columns):
                same += 1
            else:
                wrong.append(f"DIFFERS {statement.here[:3]} | {found['rows'][:3]}\n  {statement.there[:3000]}")
    print(f"{asked} statements, {same} with the same rows")
    print("\n".join(wrong))
    assert asked > 140
    assert wrong == []


def _executed(setup: list[str], queries: list[str]) -> dict[str, Any]:
    script = ROOT / "tests" / "nightly" / "clickhouse" / "engine.py"
    done = subprocess.run([str(ENGINE), str(script)], input=json.dumps({"setup": setup, "queries": queries}), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _prepared(folder: Path, seen: set[str]) -> tuple[list[str], list[Statement]]:
    """Statements that make the same tables with the same rows there, and those that were asked and no one has asked before."""
    with duckdb.connect(str(folder / "facts.duckdb")) as here:
        here.execute("SET TimeZone = 'UTC'")
        # The log tells an event once; a test may tell two of one id, which is one fact there.
        here.execute("DELETE FROM event WHERE rowid NOT IN (SELECT max(rowid) FROM event GROUP BY id)")
        columns: dict[str, list[Column]] = {}
        for table, name, kind in here.execute("SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE schema_name = 'main' AND table_name IN (SELECT table_name FROM duckdb_tables()) ORDER BY table_name, column_index").fetchall():
            columns.setdefault(table, []).append(Column(name, kind))
        names = {table: [column.name for column in found] for table, found in columns.items()}
        setup = [f"SET {name} = {value}" for name, value in tables.SETTINGS.items()]
        for table, found in columns.items():
            setup += [tables.create(table, found), *_loading(here, table, found, folder)]
        views = (warehouse_schema.VIEWS + service_schema.VIEWS).split(";\n")
        setup += [_translated(view, names) for view in views if view.strip()]
        statements = []
        for sql, pickled in pickle.loads((folder / "asked.pickle").read_bytes()):
            query = re.sub(r"^\s*CREATE (OR REPLACE )?TEMP TABLE \w+ AS\s+", "", sql)
            known = " ".join(query.split())
            if known in seen or not known.startswith(("SELECT", "WITH")) or re.search(r"\bduckdb_|\bjson_serialize_sql\b|\bmain\.|\bbi\.|\bincoming\b|\bwarehouse\b|\bposition\b|\breject\b", known):
                continue  # of DuckDB's own, of loading, or of the views that people ask by themselves
            bound = _bound(query, pickle.loads(pickled))
            try:
                rows = here.execute(bound).fetchall()
            except duckdb.CatalogException:
                continue  # reads a table that lived in its own transaction; what made that table is among the statements
            seen.add(known)
            statements.append(Statement(known, rows, [str(each[0]) for each in here.description or []], _translated(bound, names)))
    return setup, statements


def _translated(sql: str, names: dict[str, list[str]]) -> str:
    return dialect.translate(sql.replace("e.rowid", "e.place"), names)


def _loading(here: duckdb.DuckDBPyConnection, table: str, columns: list[Column], folder: Path) -> list[str]:
    """Everything that has a key is loaded twice, as after a crash."""
    path = folder / f"{table}.parquet"
    given = {"UHUGEINT": "{0}::VARCHAR AS {0}", "UUID": "{0}::VARCHAR AS {0}", "UUID[]": "{0}::VARCHAR[] AS {0}", "TIMESTAMP": "epoch_us({0}) AS {0}"}
    taken = {"TIMESTAMP": "if({0} IS NULL, NULL, fromUnixTimestamp64Micro(assumeNotNull({0}), 'UTC'))"}
    here.execute(f"COPY (SELECT {', '.join(given.get(each.type, '{0}').format(each.name) for each in columns)}, rowid AS place FROM {table}) TO '{path}' (FORMAT parquet)")
    insert = f"INSERT INTO {table} SELECT {', '.join(taken.get(each.type, '{0}').format(each.name) for each in columns)}, place FROM file('{path}', Parquet)"
    return [insert] * (2 if table in tables.KEYS else 1)


def _bound(sql: str, parameters: Any) -> str:
    if isinstance(parameters, dict):
        return re.sub(r"\$(\w+)", lambda found: _literal(parameters[found[1]]), sql)
    if not parameters:
        return sql
    if "$1" in sql:
        return re.sub(r"\$(\d+)", lambda found: _literal(parameters[int(found[1]) - 1]), sql)
    rest = iter(parameters)
    return re.sub(r"\?", lambda _: _literal(next(rest)), sql)


def _literal(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "NULL", True: "TRUE", False: "FALSE"}[value]
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_literal(each) for each in value)}]"
    if isinstance(value, datetime):
        return f"CAST('{value.replace(tzinfo=None)}' AS TIMESTAMP)"
    if isinstance(value, date):
        return f"CAST('{value}' AS DATE)"
    return repr(value) if isinstance(value, (int, float)) else "'" + str(value).replace("'", "''") + "'"


def _rows(rows: list[Any], columns: list[str]) -> list[str]:
    """Rows as a set that both engines write alike: order within equal keys is nobody's promise, 1.0 is 1."""
    return sorted(repr([_plain(value) for name, value in zip(columns, row, strict=True) if name not in HASHES]) for row in rows)


def _plain(value: Any) -> Any:
    if isinstance(value, (bool, int)):
        return int(value)
    if isinstance(value, (float, Decimal)):
        return int(value) if value == int(value) else float(f"{value:.9g}")
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).strftime("%Y-%m-%d %H:%M:%S.%f")
    if isinstance(value, (date, UUID)):
        return str(value)
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    if isinstance(value, str):
        if re.fullmatch(r"-?\d+(\.\d+)?(e[+-]?\d+)?", value):
            return _plain(float(value)) if "." in value or "e" in value else int(value)
        return value if re.match(r"\d{4}-\d\d-\d\d ", value) else re.sub(r"(\d)\.0+(?=\D|$)", r"\1", re.sub(r"(\.\d*?[1-9])0+(?=\D|$)", r"\1", value))
    return value
