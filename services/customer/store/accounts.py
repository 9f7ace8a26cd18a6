"""SQL on memberships, and on accounts whose members are still to be told."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple
from uuid import UUID

from chassis.database import Connection
from services.customer.domain.accounts import Membership

COLUMNS = "account_id, customer_id, role, since, until, told_at, rank, source, primary_at"

_PAIRS = f"""
SELECT {COLUMNS} FROM membership JOIN unnest($1::uuid[], $2::uuid[]) AS asked (account, person) ON account_id = account AND customer_id = person
"""  # noqa: S608 - constant columns
_OF_PEOPLE = f"SELECT {COLUMNS} FROM membership WHERE customer_id = ANY($1::uuid[])"  # noqa: S608 - constant columns
_BETWEEN = f"{_OF_PEOPLE} AND account_id = ANY($2::uuid[])"
_PUT = f"""
INSERT INTO membership ({COLUMNS})
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::timestamptz[], $7::smallint[], $8::text[],
    $9::timestamptz[])
ON CONFLICT (account_id, customer_id) DO UPDATE SET
    role = excluded.role, since = excluded.since, until = excluded.until, told_at = excluded.told_at, rank = excluded.rank,
    source = excluded.source, primary_at = excluded.primary_at
"""  # noqa: S608 - constant columns


class Change(NamedTuple):
    """An account whose members are to be told again, and how far that is."""

    account_id: UUID
    number: int
    told_to: UUID | None


async def of_pairs(db: Connection, *, pairs: Collection[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], Membership]:
    """The rows of these very (account, person)."""
    rows = await db.fetch(_PAIRS, [account for account, _ in pairs], [person for _, person in pairs])
    return {(row[0], row[1]): Membership(*row) for row in rows}


async def of_people(db: Connection, *, people: Collection[UUID]) -> list[Membership]:
    """All rows that hang on these very customers."""
    return [Membership(*row) for row in await db.fetch(_OF_PEOPLE, list(people))]


async def between(db: Connection, *, accounts: Collection[UUID], people: Collection[UUID]) -> list[Membership]:
    """The rows between any of these accounts and any of these people."""
    return [Membership(*row) for row in await db.fetch(_BETWEEN, list(people), list(accounts))]


async def put(db: Connection, *, rows: Sequence[Membership]) -> None:
    """Write memberships, each pair once."""
    await db.execute(_PUT, *zip(*sorted(rows, key=lambda row: (row.account_id, row.customer_id)), strict=True))


async def members(db: Connection, *, accounts: Collection[UUID], lasting: bool, after: UUID | None, limit: int) -> list[UUID]:
    """Who answers for the people of these accounts, in the order of their ids; `lasting`: only those who still belong to one of them."""
    rows = await db.fetch(
        """
        SELECT DISTINCT person.root_id AS id FROM membership JOIN customer person ON person.id = customer_id
        WHERE account_id = ANY($1::uuid[]) AND (NOT $2 OR until IS NULL) AND ($3::uuid IS NULL OR person.root_id > $3) ORDER BY 1 LIMIT $4
        """,
        list(accounts), lasting, after, limit,
    )
    return [row["id"] for row in rows]


async def note_changed(db: Connection, *, accounts: Collection[UUID]) -> None:
    """The members of these accounts are to be told again, from the first one on."""
    await db.execute(
        """
        INSERT INTO account_change (account_id, changed_at)
        SELECT DISTINCT account.id, now() FROM unnest($1::uuid[]) AS account (id) ORDER BY 1
        ON CONFLICT (account_id) DO UPDATE SET number = DEFAULT, told_to = NULL, changed_at = excluded.changed_at
        """,
        list(accounts),
    )


async def next_change(db: Connection) -> Change | None:
    """The account that has waited longest."""
    row = await db.fetchrow("SELECT account_id, number, told_to FROM account_change ORDER BY number LIMIT 1")
    return None if row is None else Change(*row)


async def advance(db: Connection, *, change: Change, told_to: UUID | None) -> None:
    """Members up to `told_to` were told; None: all. An account that changed again meanwhile begins again."""
    if told_to is None:
        await db.execute("DELETE FROM account_change WHERE account_id = $1 AND number = $2", change.account_id, change.number)
    else:
        await db.execute(
            "UPDATE account_change SET told_to = $3 WHERE account_id = $1 AND number = $2", change.account_id, change.number, told_to
        )
