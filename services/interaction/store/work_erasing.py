"""Forgetting a person in work to do, selling and the smaller channels: what is only about the person goes, figures stay without a name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from chassis.database import Connection

#: Table -> statement; $1 customers, $2 hashes of their identities. What a company did and earned stays countable.
_STATEMENTS: Final = {
    "task": "DELETE FROM task WHERE customer_id = ANY($1::uuid[]) OR lead_id IN (SELECT id FROM lead WHERE identity = ANY($2::bytea[]))",
    "lead": (
        "UPDATE lead SET title = '', contact = '{}', identity = NULL, reason = NULL, version = version + 1 "
        "WHERE customer_id = ANY($1::uuid[]) OR identity = ANY($2::bytea[])"
    ),
    "opportunity": "UPDATE opportunity SET title = '', reason = NULL, version = version + 1 WHERE customer_id = ANY($1::uuid[]) AND $2::bytea[] IS NOT NULL",
    "room_post": "UPDATE room_post SET text = '', hidden = true WHERE customer_id = ANY($1::uuid[]) AND $2::bytea[] IS NOT NULL",
    "deputy": "DELETE FROM deputy WHERE customer_id = ANY($1::uuid[]) AND $2::bytea[] IS NOT NULL",
}


TABLES: Final = tuple(_STATEMENTS)


async def erase_work(db: Connection, *, customers: Sequence[UUID], identities: Sequence[bytes]) -> dict[str, int]:
    """Table -> how many rows were deleted or blanked; again it changes nothing that can be told."""
    counts: dict[str, int] = {}
    for table, statement in _STATEMENTS.items():
        done: str = await db.execute(statement, customers, identities)
        counts[table] = int(done.rpartition(" ")[2])
    await db.execute("DELETE FROM task_reminder r WHERE NOT EXISTS (SELECT FROM task t WHERE t.id = r.task_id)")
    return counts
