"""What rules of retention may end in the warehouse, table by table."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from chassis.retaining import Kept

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from chassis.service import Service

#: Table -> category, what counts, what ends. Orders and refunds stay: they are the books'.
_WAREHOUSE: Final = {
    "event": (
        "activity", "SELECT count(*) FROM event WHERE received_at < $1",
        "DELETE FROM event WHERE rowid IN (SELECT rowid FROM event WHERE received_at < $1 LIMIT $2)",
    ),
    "message": (
        "messages", "SELECT count(*) FROM message WHERE happened_at < $1",
        "DELETE FROM message WHERE rowid IN (SELECT rowid FROM message WHERE happened_at < $1 LIMIT $2)",
    ),
}


def _warehouse(table: str) -> Kept:
    category, counting, ending = _WAREHOUSE[table]

    async def count(service: Service[Any, Any], before: datetime) -> int:
        def look(connection: DuckDBPyConnection) -> int:
            row = connection.execute(counting, [_naive(before)]).fetchone()
            return int(row[0]) if row else 0

        found: int = await service.resources.read(look)
        return found

    async def end(service: Service[Any, Any], before: datetime, limit: int) -> int:
        def act(connection: DuckDBPyConnection) -> int:
            row = connection.execute(ending, [_naive(before), limit]).fetchone()
            return int(row[0]) if row else 0

        ended: int = await service.resources.write(act)
        return ended

    return Kept(category, f"warehouse.{table}", count, end)


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)


KEPT: Final[tuple[Kept, ...]] = tuple(_warehouse(table) for table in _WAREHOUSE)
