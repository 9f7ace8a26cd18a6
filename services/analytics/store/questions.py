"""Questions in SQL, answered within limits: one at a time, read-only, so many seconds, rows and bytes."""

from __future__ import annotations

import json
import threading
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from uuid import UUID

import duckdb

from services.analytics.domain import asking
from services.analytics.store import publishing
from services.analytics.store.rows import one_row

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MAX_BYTES: Final = 8_000_000
_CHUNK: Final = 500


class TooLong(Exception):
    """The time is over."""


class Answer(NamedTuple):
    """Columns with their types, rows, and whether there were more of them than asked for, or than fit."""

    columns: list[tuple[str, str]]
    rows: list[list[Any]]
    truncated: bool


def answer(connection: DuckDBPyConnection, *, sql: str, parameters: list[Any], limit: int, seconds: float) -> Answer:
    """Raises asking.Refused for what is not answered or cannot run, TooLong."""
    _check(connection, sql)
    connection.execute("ROLLBACK")
    connection.execute("SET search_path = 'bi'")
    connection.execute("BEGIN TRANSACTION READ ONLY")
    over = threading.Event()

    def stop() -> None:
        over.set()
        connection.interrupt()

    timer = threading.Timer(seconds, stop)
    timer.start()
    try:
        return _fetch(connection, sql, parameters, limit)
    except duckdb.InterruptException:
        raise TooLong from None
    except (duckdb.OutOfMemoryException, duckdb.IOException):
        raise asking.Refused("the question needs more memory than there is for it") from None
    except duckdb.Error as error:
        if over.is_set():
            raise TooLong from None
        raise asking.Refused(str(error).splitlines()[0][:300]) from None
    finally:
        timer.cancel()


def _check(connection: DuckDBPyConnection, sql: str) -> None:
    try:
        found = one_row(connection, "SELECT json_serialize_sql($1::VARCHAR)", [sql])
    except duckdb.Error as error:
        raise asking.Refused(str(error).splitlines()[0][:300]) from None
    assert found is not None
    names = connection.execute("SELECT table_name FROM duckdb_tables() UNION ALL SELECT view_name FROM duckdb_views()").fetchall()
    published = frozenset(publishing.TABLES)
    asking.check(json.loads(found[0]), published, frozenset(name for (name,) in names) - published)


def _fetch(connection: DuckDBPyConnection, sql: str, parameters: list[Any], limit: int) -> Answer:
    connection.execute(sql, parameters)
    columns = [(str(column[0]), str(column[1])) for column in connection.description or []]
    rows: list[list[Any]] = []
    size = 0
    while part := connection.fetchmany(_CHUNK):
        for row in part:
            shown = [_plain(value) for value in row]
            size += sum(len(value) if isinstance(value, str) else 16 for value in shown)
            if len(rows) >= limit or size > MAX_BYTES:
                return Answer(columns, rows, truncated=True)
            rows.append(shown)
    return Answer(columns, rows, truncated=False)


def _plain(value: Any) -> Any:
    """A value as JSON has it; numbers that JSON cannot hold exactly become texts."""
    match value:
        case None | bool() | str():
            return value
        case int():
            return value if abs(value) < 2**53 else str(value)
        case float():
            return value if abs(value) < float("inf") else None
        case Decimal():
            return str(value)
        case datetime() | date() | time():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case UUID() | bytes():
            return str(value)
        case list() | tuple():
            return [_plain(one) for one in value]
        case dict():
            return {str(key): _plain(one) for key, one in value.items()}
        case _:
            return str(value)
