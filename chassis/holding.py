"""What a service holds of a person: declared table by table, read page by page when the person asks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeAlias
from uuid import UUID

import msgspec
from sqlalchemy import LargeBinary, MetaData

from chassis.service import Service

#: Told by the person, seen by us when they acted, worked out by us, or kept so that the platform works.
ORIGINS: Final = ("given", "observed", "derived", "ours")


class Person(NamedTuple):
    """All customer ids of one person, and the keyed hashes of all their identities."""

    customers: Sequence[UUID]
    identities: Sequence[bytes]


Reading: TypeAlias = Callable[[Service[Any, Any], Person, int, int], Awaitable[list[dict[str, Any]]]]


@dataclass(frozen=True)
class Holding:
    """Rows of a table that belong to a person.

    `category` says what the data are about, `origin` is one of ORIGINS; `read` answers a page of them: service, person, first row (from 0), most rows.
    """

    table: str
    category: str
    origin: str
    read: Reading


def rows(
    table: str, category: str, origin: str, condition: str, order: str, *, less: Sequence[str] = (), parsed: Sequence[str] = ()
) -> Holding:
    """A holding in PostgreSQL: `condition` on the table `t` names the customers as $1 and the identities as $2; `order` makes pages stable.

    `less`: columns that say nothing of the person (search words, hashes, locks); `parsed`: texts that hold JSON. All parts are fixed texts of the service.
    """
    statement = (
        f"SELECT to_jsonb(t) - $5::text[] AS row FROM {table} t "  # noqa: S608 - fixed texts of the service
        f"WHERE ({condition}) AND $1::uuid[] IS NOT NULL AND $2::bytea[] IS NOT NULL ORDER BY {order} LIMIT $3 OFFSET $4"
    )

    async def read(service: Service[Any, Any], person: Person, start: int, limit: int) -> list[dict[str, Any]]:
        async with service.read() as db, db.transaction(readonly=True):
            await db.execute("SET LOCAL TIME ZONE 'UTC'")
            found = await db.fetch(statement, list(person.customers), list(person.identities), limit, start, list(less))
        return [_shown(msgspec.json.decode(row["row"]), parsed) for row in found]

    return Holding(table, category, origin, read)


def complete(holdings: Sequence[Holding], tables: MetaData) -> tuple[Holding, ...]:
    """With all further tables of the service that name a customer or an identity: nothing is held that a person could not see."""
    known = {one.table for one in holdings}
    found = list(holdings)
    for name in sorted(set(tables.tables) - known):
        table = tables.tables[name]
        columns = {column.name for column in table.columns}
        conditions = [f"{column} = ANY({given})" for column, given in (("customer_id", "$1"), ("identity", "$2")) if column in columns]
        if conditions:
            hidden = [column.name for column in table.columns if isinstance(column.type, LargeBinary)]
            order = ", ".join(f"t.{column.name}" for column in table.primary_key) or "to_jsonb(t)::text"
            found.append(rows(name, "other", "observed", " OR ".join(conditions), order, less=hidden))
    return tuple(found)


async def page(
    service: Service[Any, Any], holdings: Sequence[Holding], person: Person, *, place: int, start: int, limit: int
) -> tuple[list[tuple[str, dict[str, Any]]], tuple[int, int] | None]:
    """(table, row) from a place among the holdings on, at most `limit`; and where the next page begins, None at the end."""
    found: list[tuple[str, dict[str, Any]]] = []
    while place < len(holdings):
        holding = holdings[place]
        part = await holding.read(service, person, start, limit - len(found))
        found += [(holding.table, row) for row in part]
        if len(found) == limit:
            return found, (place, start + len(part))
        place, start = place + 1, 0
    return found, None


def _shown(row: dict[str, Any], parsed: Sequence[str]) -> dict[str, Any]:
    for name in parsed:
        text = row.get(name)
        if isinstance(text, str):
            try:
                row[name] = msgspec.json.decode(text)
            except msgspec.DecodeError:
                continue
    return row
