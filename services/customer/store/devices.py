"""SQL on devices: with which user ids of other customers an anonymous id was seen."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from chassis.database import Connection

#: Of one device the newest so many are read.
SEEN_AT_MOST = 200


async def seen(db: Connection, *, devices: Collection[bytes]) -> dict[bytes, dict[bytes, datetime]]:
    """Device -> user id (keyed hashes) -> when it was last seen with it."""
    rows = await db.fetch(
        """
        SELECT device.identity, sighting.user_identity, sighting.seen_at
        FROM unnest($1::bytea[]) AS device (identity)
        CROSS JOIN LATERAL (
            SELECT user_identity, seen_at FROM device_sighting WHERE identity = device.identity ORDER BY seen_at DESC LIMIT $2) sighting
        """,
        list(devices), SEEN_AT_MOST,
    )
    found: dict[bytes, dict[bytes, datetime]] = {}
    for row in rows:
        found.setdefault(row["identity"], {})[row["user_identity"]] = row["seen_at"]
    return found


async def note(db: Connection, *, seen: Mapping[tuple[bytes, bytes], datetime]) -> None:
    """Remember with whom devices were seen; the latest time counts."""
    ordered = sorted((device, user, at) for (device, user), at in seen.items())
    await db.execute(
        """
        INSERT INTO device_sighting (identity, user_identity, seen_at) SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::timestamptz[])
        ON CONFLICT (identity, user_identity) DO UPDATE SET seen_at = greatest(device_sighting.seen_at, EXCLUDED.seen_at)
        """,
        *zip(*ordered, strict=True),
    )


async def forget(db: Connection, *, before: datetime, limit: int) -> int:
    """Remove what was seen too long ago to count; returns how many rows."""
    status: str = await db.execute(
        """
        DELETE FROM device_sighting WHERE (identity, user_identity) IN (
            SELECT identity, user_identity FROM device_sighting WHERE seen_at < $1 LIMIT $2)
        """,
        before, limit,
    )
    return int(status.rpartition(" ")[2])


async def shared(db: Connection, *, users: int, since: datetime, shown: int) -> tuple[int, list[tuple[str, UUID, int]]]:
    """How many devices were seen with more than so many user ids, their own customer's included; key, customer and number of some."""
    rows = await db.fetch(
        """
        SELECT identity.key, identity.customer_id, count(*) + 1 AS users, count(*) OVER () AS devices
        FROM device_sighting JOIN identity USING (identity) WHERE seen_at >= $2
        GROUP BY identity.identity HAVING count(*) + 1 > $1 ORDER BY 3 DESC, 1 LIMIT $3
        """,
        users, since, shown,
    )
    return rows[0]["devices"] if rows else 0, [(row["key"], row["customer_id"], row["users"]) for row in rows]
