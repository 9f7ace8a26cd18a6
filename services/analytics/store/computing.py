"""Computed traits: definitions in PostgreSQL, values in the warehouse."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import pyarrow as pa

from chassis.database import Connection
from services.analytics.domain import computing
from services.analytics.store import evaluating, segment_sql
from services.analytics.store.rows import one_row
from services.analytics.store.segment_sql import Compiler

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


class Changed(NamedTuple):
    """A customer whose value is another now; None: gone."""

    customer_id: UUID
    value: str | None
    previous: str | None


async def insert_trait(db: Connection, *, trait_id: UUID, name: str, description: str, kind: str, definition: dict[str, Any], now: datetime) -> None:
    """Raises asyncpg.UniqueViolationError when an active trait has the name."""
    await db.execute(
        """
        WITH noted AS (INSERT INTO computed_trait_version (trait_id, version, definition, changed_at) VALUES ($1, 1, $5::jsonb, $6))
        INSERT INTO computed_trait (trait_id, name, description, kind, definition, created_at, updated_at) VALUES ($1, $2, $3, $4, $5::jsonb, $6, $6)
        """,
        trait_id, name, description, kind, json.dumps(definition), now,
    )


async def change_trait(db: Connection, *, trait_id: UUID, description: str, kind: str, definition: dict[str, Any], now: datetime) -> dict[str, Any] | None:
    row = await db.fetchrow(
        """
        WITH changed AS (
            UPDATE computed_trait SET description = $2, kind = $3, definition = $4::jsonb, version = version + 1, updated_at = $5
            WHERE trait_id = $1 AND state = 'active' RETURNING *),
        noted AS (INSERT INTO computed_trait_version (trait_id, version, definition, changed_at) SELECT trait_id, version, definition, $5 FROM changed)
        SELECT * FROM changed
        """,
        trait_id, description, kind, json.dumps(definition), now,
    )
    return None if row is None else _read(row)


async def archive_trait(db: Connection, *, trait_id: UUID, now: datetime) -> bool:
    done = await db.execute("UPDATE computed_trait SET state = 'archived', updated_at = $2 WHERE trait_id = $1 AND state = 'active'", trait_id, now)
    return done == "UPDATE 1"


async def find_trait(db: Connection, trait_id: UUID) -> dict[str, Any] | None:
    row = await db.fetchrow("SELECT * FROM computed_trait WHERE trait_id = $1", trait_id)
    return None if row is None else _read(row)


async def active_traits(db: Connection) -> list[dict[str, Any]]:
    """All that are kept current, by name."""
    return [_read(row) for row in await db.fetch("SELECT * FROM computed_trait WHERE state = 'active' ORDER BY name")]


async def definitions_then(db: Connection, *, names: Sequence[str], at: datetime) -> dict[str, dict[str, Any]]:
    """The definitions by name that were in force then."""
    rows = await db.fetch(
        """
        SELECT DISTINCT ON (t.name) t.name, v.definition FROM computed_trait t JOIN computed_trait_version v USING (trait_id)
        WHERE t.name = ANY($1::text[]) AND v.changed_at <= $2 AND (t.state = 'active' OR t.updated_at > $2) ORDER BY t.name, v.changed_at DESC, v.version DESC
        """,
        names, at,
    )
    return {row["name"]: json.loads(row["definition"]) for row in rows}


def _read(row: Any) -> dict[str, Any]:
    found = dict(row)
    found["definition"] = json.loads(found["definition"]) if isinstance(found["definition"], str) else found["definition"]
    return found


def _expression(compiler: Compiler, definition: computing.Definition) -> str:
    """SQL for the value of a customer, NULL where there is none."""
    match definition:
        case computing.Points(rules, least, most):
            points = " + ".join(f"CASE WHEN {compiler.tree(node, '')} THEN {compiler.bind(float(worth))}::DOUBLE ELSE 0 END" for node, worth in rules)
            bounded = f"({points})"
            bounded = bounded if least is None else f"greatest({bounded}, {compiler.bind(float(least))}::DOUBLE)"
            bounded = bounded if most is None else f"least({bounded}, {compiler.bind(float(most))}::DOUBLE)"
            return f"nullif({bounded}, 0)"
        case computing.OrderFigure(orders, since):
            seen = compiler.leaf(orders)[1]
            if since:
                return f"floor(epoch($now - {seen}) / 86400)::BIGINT"
            return seen if orders.measure in {"first", "last"} else f"nullif({seen}, 0)"
        case computing.EventFigure():
            return _event_figure(compiler, definition)


def _event_figure(compiler: Compiler, figure: computing.EventFigure) -> str:
    tests = compiler.event_tests(figure.name, figure.kind, figure.where)
    _, text, number = compiler.property(figure.property) if figure.property is not None else ("", "NULL", "NULL")
    shown = {
        "count": "count(*)", "sum": f"sum({number})", "average": f"avg({number})", "min": f"min({number})", "max": f"max({number})",
        "distinct": f"count(DISTINCT {text})", "most_frequent": f"mode({text})", "last_value": f"arg_max({text}, e.occurred_at)",
    }.get(figure.measure, "count(*)")
    name = compiler.counted(f"{compiler.sources.events} e", "e.occurred_at", shown, tests, figure.window)
    if figure.measure in {"first", "last"}:
        return f"{name}.{figure.measure}_in"
    if figure.measure.startswith("days_since_"):
        return f"floor(epoch($now - {name}.{figure.measure.removeprefix('days_since_')}_in) / 86400)::BIGINT"
    return f"nullif({name}.n, 0)" if figure.measure in {"count", "distinct"} else f"{name}.n"


def tables_read(definition: computing.Definition) -> frozenset[str]:
    """What the value of a customer depends on besides the profile."""
    match definition:
        case computing.Points(rules, _, _):
            return evaluating.tables_read([node for node, _ in rules])
        case computing.OrderFigure(orders, _):
            return evaluating.tables_read([orders])
        case computing.EventFigure():
            return frozenset({"event"})


def values(
    connection: DuckDBPyConnection, *, definition: computing.Definition, now: datetime, currency: str, zone: str,
    sources: segment_sql.Sources = segment_sql.EVERYBODY,
) -> None:
    """Leave (customer, value) of everybody who has one in the temporary table `fresh_value` of this cursor."""
    compiler = segment_sql.begin(now=now, currency=currency, zone=zone, sources=sources)
    expression = _expression(compiler, definition)
    compiled = compiler.out
    sql = (
        f"CREATE OR REPLACE TEMP TABLE fresh_value AS SELECT * FROM ({compiled.opening} "  # noqa: S608 - made by the compiler
        f"SELECT p.customer, ({expression})::VARCHAR AS value {compiled.source}) WHERE value IS NOT NULL"
    )
    connection.execute(sql, compiled.arguments(sql))


def changes(connection: DuckDBPyConnection, *, name: str, definition: computing.Definition, now: datetime, currency: str, zone: str) -> list[Changed]:
    """Whose value differs from the stored one."""
    values(connection, definition=definition, now=now, currency=currency, zone=zone)
    rows = connection.execute(
        """
        SELECT coalesce(f.customer, c.customer)::VARCHAR, f.value, c.value
        FROM fresh_value f FULL JOIN (SELECT customer, value FROM computed WHERE name = $name) c ON c.customer = f.customer
        WHERE f.value IS DISTINCT FROM c.value
        """,
        {"name": name},
    ).fetchall()
    return [Changed(UUID(customer), value, previous) for customer, value, previous in rows]


def keep(connection: DuckDBPyConnection, *, name: str, changed: Sequence[Changed]) -> None:
    """Store the values with the number of a new commit; these customers count as touched."""
    found = one_row(connection, "UPDATE warehouse SET seq = seq + 1 RETURNING seq")
    assert found is not None
    columns = [pa.array([str(one.customer_id) for one in changed], pa.string()), pa.array([one.value for one in changed], pa.string())]
    connection.register("incoming", pa.Table.from_arrays(columns, names=["c0", "c1"]))
    connection.execute("DELETE FROM computed WHERE name = $1 AND customer IN (SELECT c0::UUID FROM incoming)", [name])
    connection.execute("INSERT INTO computed SELECT c0::UUID, $1, c1, $2 FROM incoming WHERE c1 IS NOT NULL", [name, found[0]])
    connection.execute("UPDATE customer SET seq = $1 WHERE customer IN (SELECT c0::UUID FROM incoming WHERE c1 IS NULL)", [found[0]])


def forget(connection: DuckDBPyConnection, names: Sequence[str]) -> bool:
    """Drop the values of traits that are none of these any more. Returns whether there were any."""
    gone = one_row(connection, "SELECT count(*) FROM computed WHERE name NOT IN (SELECT unnest($1::VARCHAR[]))", [list(names)])
    if gone is None or not gone[0]:
        return False
    found = one_row(connection, "UPDATE warehouse SET seq = seq + 1 RETURNING seq")
    assert found is not None
    connection.execute(
        "UPDATE customer SET seq = $2 WHERE customer IN (SELECT customer FROM computed WHERE name NOT IN (SELECT unnest($1::VARCHAR[])))",
        [list(names), found[0]],
    )
    connection.execute("DELETE FROM computed WHERE name NOT IN (SELECT unnest($1::VARCHAR[]))", [list(names)])
    return True


def page(connection: DuckDBPyConnection, *, name: str, descending: bool, start: int, limit: int) -> tuple[int, list[tuple[UUID, str]]]:
    """(how many have the trait, customers by value from a position on); numbers before texts."""
    counted = one_row(connection, "SELECT count(*) FROM computed WHERE name = $1", [name])
    direction = -1.0 if descending else 1.0
    rows = connection.execute(
        """
        SELECT customer::VARCHAR, value FROM computed WHERE name = $1
        ORDER BY $2 * TRY_CAST(value AS DOUBLE) NULLS LAST, value, customer LIMIT $3 OFFSET $4
        """,
        [name, direction, limit, start],
    ).fetchall()
    return (counted[0] if counted else 0), [(UUID(customer), value) for customer, value in rows]


def of_customer(connection: DuckDBPyConnection, customer: UUID) -> dict[str, str]:
    """Every computed trait of one customer."""
    return dict(connection.execute("SELECT name, value FROM computed WHERE customer = $1::UUID ORDER BY name", [str(customer)]).fetchall())


def commit(connection: DuckDBPyConnection) -> int:
    """The number of the last commit."""
    return evaluating.newest(connection)
