"""What rules of retention may end in the warehouse, table by table."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from chassis.retaining import Kept

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from chassis.service import Service

#: Table -> category, column of its time. Orders and refunds stay: they are the books'.
_WAREHOUSE: Final = {"event": ("activity", "received_at"), "message": ("messages", "happened_at")}


def _warehouse(table: str) -> Kept:
    category, column = _WAREHOUSE[table]

    async def count(service: Service[Any, Any], before: datetime) -> int:
        def look(connection: DuckDBPyConnection) -> int:
            row = connection.execute(f"SELECT count(*) FROM {table} WHERE {column} < $1", [_naive(before)]).fetchone()  # noqa: S608 - own names
            return int(row[0]) if row else 0

        found: int = await service.resources.read(look)
        return found

    async def end(service: Service[Any, Any], before: datetime, limit: int) -> int:
        def act(connection: DuckDBPyConnection) -> int:
            row = connection.execute(
                f"DELETE FROM {table} WHERE rowid IN (SELECT rowid FROM {table} WHERE {column} < $1 LIMIT $2)", [_naive(before), limit]  # noqa: S608 - own names
            ).fetchone()
            return int(row[0]) if row else 0

        ended: int = await service.resources.write(act)
        return ended

    return Kept(category, f"warehouse.{table}", count, end)


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)


KEPT: Final[tuple[Kept, ...]] = tuple(_warehouse(table) for table in _WAREHOUSE)
