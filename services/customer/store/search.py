"""SQL of search: terms of customers, words of names."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from chassis.database import Connection

MAX_GROUPS = 16
PARTS = 200
NEAR = 4000

_BEGIN = "SELECT id, search FROM customer WHERE search IS NOT NULL"


def _statement(*, terms: bool, groups: int) -> str:
    """One index scan over the terms, whatever is asked; asking for no terms at all would read the whole index."""
    conditions = ["string_to_array(search, ' ') @> $2::text[]"] if terms else []
    conditions += [f"string_to_array(search, ' ') && ${number + 2 + terms}::text[]" for number in range(groups)]
    return " AND ".join((_BEGIN, *conditions)) + " LIMIT $1"


_FIND = {(terms, groups): _statement(terms=terms, groups=groups) for terms in (False, True) for groups in range(MAX_GROUPS + 1)}


async def find(db: Connection, *, terms: Sequence[str], groups: Sequence[Sequence[str]], limit: int) -> list[tuple[UUID, str]]:
    """Up to `limit` customers (id, search text) that have all terms and one of each group, in the order in which they lie."""
    alone = [group[0] for group in groups if len(group) == 1]
    several = [list(group) for group in groups if len(group) > 1]
    # Read lazily along the index: a scan of the table looks cheap to the planner where a term is common, and takes seconds where it is not.
    async with db.transaction(readonly=True):
        await db.execute("SELECT set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true)")
        needed = [*terms, *alone]
        rows = await db.fetch(_FIND[bool(needed), len(several)], limit, *([needed] if needed else ()), *several)
    return [(row[0], row[1]) for row in rows]


async def list_parts(db: Connection, *, pattern: str) -> list[str]:
    """Words that match a LIKE pattern, the shortest first."""
    rows = await db.fetch("SELECT word FROM search_word WHERE word LIKE $1 ORDER BY length(word), word LIMIT $2", pattern, PARTS)
    return [row[0] for row in rows]


async def list_near(db: Connection, *, begin: str, end: str, shortest: int, longest: int) -> list[str]:
    """Words between two lengths that begin or end as given (LIKE patterns, `end` reversed): where misspelt words are looked for."""
    rows = await db.fetch(
        """
        (SELECT word FROM search_word WHERE word LIKE $1 AND length(word) BETWEEN $3 AND $4 LIMIT $5)
        UNION (SELECT word FROM search_word WHERE reverse(word) LIKE $2 AND length(word) BETWEEN $3 AND $4 LIMIT $5)
        """,
        begin, end, shortest, longest, NEAR,
    )
    return [row[0] for row in rows]


async def note_words(db: Connection, *, words: Collection[str]) -> None:
    """Remember words of names; in one order, so that two transactions never wait for each other in turn."""
    await db.execute("INSERT INTO search_word (word) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING", sorted(words))


async def forget_words(db: Connection, *, after: str, limit: int) -> str | None:
    """Of the next `limit` words forget those that no customer has any more; returns the last looked at, None at the end."""
    rows = await db.fetch(
        """
        WITH looked AS (SELECT word FROM search_word WHERE word > $1 ORDER BY word LIMIT $2),
        gone AS (
            DELETE FROM search_word s USING looked WHERE s.word = looked.word AND NOT EXISTS (
                SELECT FROM customer WHERE search IS NOT NULL AND string_to_array(search, ' ') @> ARRAY[looked.word]))
        SELECT max(word) AS last, count(*) AS looked FROM looked
        """,
        after, limit,
    )
    return rows[0]["last"] if rows[0]["looked"] == limit else None
