"""The statements of metrics, rules and clicks: DuckDB plans them, and their translation to ClickHouse parses as ClickHouse."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
import sqlglot
from sqlglot import exp

from services.analytics.domain import computing, metrics, parsing, rules
from services.analytics.domain.journeys import FunnelStep
from services.analytics.store import comparing, measures, metric_sql, score_sql, segment_sql, strategy
from services.analytics.store import computing as traits
from services.analytics.store.clicks import funnels, paths, relationship, touches
from services.analytics.store.measures import Ask, Window
from services.analytics.store.warehouse import Warehouse
from tests.unit.analytics.shop import NOW, customer_id
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
    # A union in an order gets a select around it.
    assert len(list(again.find_all(exp.Select))) - len(list(tree.find_all(exp.Select))) in {0, 1}
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


class Noting:
    """A connection that also keeps the statements it is given."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.statements: list[str] = []

    def execute(self, sql: str, *given: Any, **named: Any) -> Any:
        self.statements.append(sql)
        return self._connection.execute(sql, *given, **named)

    def sql(self, sql: str, *given: Any, **named: Any) -> Any:
        self.statements.append(sql)
        return self._connection.sql(sql, *given, **named)


_IN: dict[str, Any] = {"since": MAY.since, "until": MAY.until}
_STEPS = [FunnelStep("View"), FunnelStep("Buy", "track", (rules.Compared("price", "gte", 5),)), FunnelStep("*", None, (rules.Compared("colour", "eq", "red"),))]


def _compare(connection: Any) -> None:
    person = UUID(customer_id(1))
    connection.execute("INSERT INTO customer (customer, version, live) VALUES ($who::UUID, 1, true)", {"who": customer_id(1)})
    connection.execute("CREATE TEMP TABLE scope AS SELECT customer FROM customer WHERE false")
    comparing.figures_of(connection, customer=person, **_IN, currency="EUR")
    comparing.most_of(connection, customer=person, **_IN, limit=5)
    comparing.satisfaction_and_profit(connection, scale="csat", ask=Ask(MAY, NOW, "EUR"))
    comparing.judged(connection, scoped=True)
    comparing.attempts(connection, **_IN, minutes=30, scoped=False)
    for by in ("month", "channel", "all"):
        comparing.friction(connection, by=by, edges=[MAY.since, MAY.until], labels=["2026-05"])


def _cohorts(connection: Any) -> None:
    metric_sql.gather_cohorts(connection, [MAY.since, MAY.until], currency="EUR")
    assert metric_sql.cohorts(connection) == []


#: Questions of several statements, each asked of an empty warehouse; the fewest statements that it takes.
ASKED: dict[str, tuple[Callable[[Any], Any], int]] = {
    "paths": (partial(paths.read, **_IN, per="visit", minutes=30, scoped=False, length=5, moves=10, common=10), 3),
    "funnel": (partial(funnels.read, **_IN, per="customer", minutes=30, scoped=False, steps=_STEPS, within_seconds=60, by="medium", now=NOW), 3),
    "funnel of visits": (partial(funnels.read, **_IN, per="visit", minutes=30, scoped=False, steps=_STEPS, within_seconds=None, by="visitor", now=NOW), 1),
    "touches": (partial(touches.conversions, **_IN, days=30, by="channel", currency="EUR", scoped=False), 2),
    "touches without an order": (partial(touches.lost, **_IN, by="campaign", scoped=False), 1),
    "road": (partial(relationship.funnel, **_IN, scoped=False), 1),
    "cohorts": (_cohorts, 2),
    "comparing": (_compare, 9),
    "staff": (partial(strategy.staff, **_IN, currency="EUR", days=30, by="team"), 1),
    "attributes": (partial(strategy.collected, since=MAY.since), 1),
    "scores": (partial(score_sql.compute, as_of=NOW, currency="EUR", zone="UTC"), 1),
    "computed trait": (partial(traits.values, definition=computing.parse_definition({"event": "View", "within_days": 30}), now=NOW, currency="EUR", zone="UTC"), 1),
}


@pytest.mark.parametrize("name", ASKED)
@pytest.mark.asyncio
async def test_every_other_question_runs_here_and_parses_there(warehouse: Warehouse, name: str) -> None:
    """D17: each statement is run by DuckDB over no facts, and its translation is ClickHouse's grammar."""
    act, least = ASKED[name]

    def asked(connection: Any) -> list[str]:
        noting = Noting(connection)
        act(noting)
        return noting.statements

    found = await warehouse.read(asked)
    assert len(found) >= least
    for sql in found:
        assert translated(sql)


@pytest.mark.asyncio
async def test_costs_that_nobody_bears_are_told_as_such(warehouse: Warehouse) -> None:
    """K4: nobody was won, and something was spent: no division by the number of nobody."""
    booked = {"day": MAY.first + timedelta(days=3)}
    await warehouse.write(
        lambda c: c.execute("INSERT INTO cost (cost_id, kind, channel, amount_minor, currency, booked_on) VALUES ('a', 'acquire', 'ads', 700, 'EUR', $day)", booked)
    )
    (found,) = await warehouse.read(lambda c: measures.figures(c, "cac", Ask(MAY, NOW, "EUR")))
    assert (found.numerator, found.denominator) == (700, 0)
