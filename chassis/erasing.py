"""What the chassis itself keeps of a person: records set aside."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.database import Connection


async def erase_set_aside(db: Connection, keys: Sequence[str]) -> dict[str, int]:
    """Delete dead letters and parked records of these keys of the log (customer ids, identity hashes in hex). Table -> rows."""
    given = [key.encode() for key in keys]
    return {
        "dead_letter": _count(await db.execute("DELETE FROM dead_letter WHERE key = ANY($1::bytea[])", given)),
        "parked": _count(await db.execute("DELETE FROM parked WHERE key = ANY($1::bytea[])", given)),
    }


def _count(status: str) -> int:
    return int(status.rpartition(" ")[2])
