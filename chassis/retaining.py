"""What a service keeps for a limited time: declared table by table, counted or deleted when the rules say so."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from chassis.service import Service

Counting: TypeAlias = Callable[[Service[Any, Any], datetime], Awaitable[int]]
Ending: TypeAlias = Callable[[Service[Any, Any], datetime, int], Awaitable[int]]


@dataclass(frozen=True)
class Kept:
    """Rows of a table that a rule of their `category` may end.

    `count` answers how many are older than a time; `end` deletes (or empties) at most so many of them in one transaction and answers how many.
    """

    category: str
    table: str
    count: Counting
    end: Ending


def rows(category: str, table: str, condition: str, key: Sequence[str], *, emptied: str = "") -> Kept:
    """Rows in PostgreSQL: `condition` on the table `t` names the time as $1, `key` its primary key.

    `emptied`: a SET clause for rows whose shell stays, such as a case without its words; the condition then leaves out what is empty already.
    All parts are fixed texts of the service.
    """
    columns, same = ", ".join(f"t.{one}" for one in key), " AND ".join(f"x.{one} = due.{one}" for one in key)
    counting = f"SELECT count(*) FROM {table} t WHERE {condition}"  # noqa: S608 - fixed texts of the service
    due = f"WITH due AS MATERIALIZED (SELECT {columns} FROM {table} t WHERE {condition} LIMIT $2 FOR UPDATE SKIP LOCKED) "  # noqa: S608 - as above
    ending = due + (f"UPDATE {table} x SET {emptied} FROM due WHERE {same}" if emptied else f"DELETE FROM {table} x USING due WHERE {same}")  # noqa: S608

    async def count(service: Service[Any, Any], before: datetime) -> int:
        async with service.read() as db:
            number: int = await db.fetchval(counting, before)
        return number

    async def end(service: Service[Any, Any], before: datetime, limit: int) -> int:
        async with service.transaction() as tx:
            return int((await tx.db.execute(ending, before, limit)).rpartition(" ")[2])

    return Kept(category, table, count, end)
