"""What cases, knowledge and counts keep of a person, and how it goes: figures stay, the person and what was said do not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from chassis.database import Connection

_CASES: Final = "SELECT id FROM support_case WHERE identity = ANY($1::bytea[]) OR customer_id = ANY($2::uuid[])"


async def find_cases_of(db: Connection, *, identities: Sequence[bytes], customers: Sequence[UUID]) -> list[UUID]:
    """Cases of these identities and customers, locked."""
    return [row["id"] for row in await db.fetch(_CASES + " ORDER BY id FOR UPDATE", identities, customers)]


async def blank_cases(db: Connection, ids: Sequence[UUID]) -> dict[str, int]:
    """Whose it was, what it was about and what was said goes; when it was opened, who had it and how long it took stays. Table -> rows."""
    found = {
        "support_case": await db.execute(
            "UPDATE support_case SET subject = '', tags = '{}', identity = NULL, customer_id = NULL, outcome = NULL WHERE id = ANY($1::uuid[])", ids
        ),
        "case_contact": await db.execute("DELETE FROM case_contact WHERE case_id = ANY($1::uuid[])", ids),
        "case_thread": await db.execute("DELETE FROM case_thread WHERE case_id = ANY($1::uuid[])", ids),
        "case_note": await db.execute("DELETE FROM case_note WHERE case_id = ANY($1::uuid[])", ids),
        "case_change": await db.execute("UPDATE case_change SET content = '{}' WHERE case_id = ANY($1::uuid[])", ids),
        "case_survey": await db.execute("UPDATE case_survey SET remark = NULL WHERE case_id = ANY($1::uuid[]) AND remark IS NOT NULL", ids),
    }
    return {table: _count(status) for table, status in found.items()}


async def delete_known(db: Connection, *, identities: Sequence[bytes], customers: Sequence[UUID]) -> dict[str, int]:
    """What people knew of them and what was counted of them goes. Table -> rows."""
    found = {
        "customer_note": await db.execute("DELETE FROM customer_note WHERE customer_id = ANY($1::uuid[])", customers),
        "customer_seen": await db.execute("DELETE FROM customer_seen WHERE customer_id = ANY($1::uuid[])", customers),
        "touchpoint": await db.execute("DELETE FROM touchpoint WHERE identity = ANY($1::bytea[])", identities),
    }
    return {table: _count(status) for table, status in found.items()}


def _count(status: str) -> int:
    return int(status.rpartition(" ")[2])
