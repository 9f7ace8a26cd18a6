"""The statements of metrics, rules and clicks: DuckDB plans them, and their translation to ClickHouse parses as ClickHouse."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import sqlglot
from sqlglot import exp

from services.analytics.domain import metrics, parsing
from services.analytics.store import measures, segment_sql
from services.analytics.store.measures import Ask, Window
from services.analytics.store.warehouse import Warehouse
from tests.unit.analytics.shop import NOW
from tests.unit.analytics.test_rules import GOOD

MAY = Window(date(2026, 5, 1), date(2026, 6, 1), datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC))


def translated(sql: str) -> str:
    """One statement for ClickHouse, parsed once more in its own dialect; its parameters stand as names, which the client gives types."""
    (tree,) = sqlglot.parse(re.sub(r"\$(\w+)", r"given_\1", sql), dialect="duckdb")
    assert tree is not None
    text = tree.sql(dialect="clickhouse")
    (again,) = sqlglot.parse(text, dialect="clickhouse")
    assert again is not None
    assert {table.name for table in again.find_all(exp.Table)} == {table.name for table in tree.find_all(exp.Table)}
    assert len(list(again.find_all(exp.Select))) == len(list(tree.find_all(exp.Select)))
    return text


@pytest_asyncio.fixture
async def warehouse(tmp_path: Path) -> AsyncIterator[Warehouse]:
    opened = Warehouse(str(tmp_path / "facts.duckdb"))
    await opened.open()
    yield opened
    await opened.close()


def _asks(name: str) -> list[Ask]:
    plain = Ask(MAY, NOW, "EUR")
    found = [plain, plain._replace(by="channel")]
    if name in {"cac", "crc", "profit"}:
        found += [plain._replace(allocation=way) for way in ("responders", "touches", "revenue")]
    return found


@pytest.mark.asyncio
async def test_every_metric_compiles_for_both(warehouse: Warehouse) -> None:
    """D17: planned by DuckDB, translated and parsed for ClickHouse."""
    for name in metrics.DEFINITIONS:
        if name in metrics.RATIOS:
            continue
        for ask in _asks(name):
            if ask.by is not None and ask.by not in metrics.DEFINITIONS[name].by:
                continue
            sql = measures.statement(name, ask)
            planned = await warehouse.read(lambda c, sql=sql, ask=ask: _planned(c, sql, measures.parameters(sql, ask)))  # type: ignore[misc]
            assert planned, name
            assert "SELECT" in translated(sql)


@pytest.mark.asyncio
async def test_every_leaf_of_rules_compiles_for_both(warehouse: Warehouse) -> None:
    """U20"""
    for rule in GOOD:
        if "segment" in rule:
            continue  # it is expanded to the other segment's rule before
        compiled = segment_sql.compile_rule(parsing.parse_rule(rule), now=NOW, currency="EUR", zone="Asia/Tehran")
        sql = compiled.members()
        planned = await warehouse.read(lambda c, sql=sql, compiled=compiled: _planned(c, sql, compiled.arguments(sql)))  # type: ignore[misc]
        assert planned, rule
        assert "SELECT" in translated(sql)


def _planned(connection: Any, sql: str, parameters: dict[str, Any]) -> bool:
    statement = f"EXPLAIN {sql}"
    return bool(connection.execute(statement, parameters).fetchall())
