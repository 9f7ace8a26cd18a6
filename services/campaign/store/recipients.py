"""Recipients: the replica of profiles that templates and envelopes are filled from."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec

from chassis.database import Connection
from services.campaign.domain.entities import Recipient

_encode = msgspec.json.Encoder().encode


async def upsert(db: Connection, recipients: Sequence[Recipient]) -> None:
    """Write profiles, each customer at most once in `recipients`; an older version never replaces a newer one."""
    await db.execute(
        """
        INSERT INTO recipient (customer_id, email, phone, name, language, traits, merged_into, version, channels, time_zone)
        SELECT customer_id, email, phone, name, language, traits::jsonb, merged_into, version, channels::jsonb, time_zone
        FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::uuid[], $8::bigint[], $9::text[], $10::text[])
            AS given (customer_id, email, phone, name, language, traits, merged_into, version, channels, time_zone)
        ORDER BY customer_id
        ON CONFLICT (customer_id) DO UPDATE SET
            email = EXCLUDED.email, phone = EXCLUDED.phone, name = EXCLUDED.name, language = EXCLUDED.language, traits = EXCLUDED.traits,
            merged_into = EXCLUDED.merged_into, version = EXCLUDED.version, channels = EXCLUDED.channels, time_zone = EXCLUDED.time_zone
        WHERE recipient.version <= EXCLUDED.version
        """,
        [each.customer_id for each in recipients], [each.email for each in recipients], [each.phone for each in recipients],
        [each.name for each in recipients], [each.language for each in recipients],
        [_encode(each.traits).decode() for each in recipients], [each.merged_into for each in recipients],
        [each.version for each in recipients], [_encode(each.channels).decode() for each in recipients],
        [each.time_zone for each in recipients],
    )


async def delete(db: Connection, customer_ids: Sequence[UUID]) -> int:
    """Returns how many there were."""
    return int((await db.execute("DELETE FROM recipient WHERE customer_id = ANY($1::uuid[])", customer_ids)).rpartition(" ")[2])


async def survivors(db: Connection, customer_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Who answers for each customer now: itself, or the end of its chain of merges."""
    rows = await db.fetch(
        """
        WITH RECURSIVE chain (asked, customer_id, merged_into, depth) AS (
            SELECT customer_id, customer_id, merged_into, 0 FROM recipient WHERE customer_id = ANY($1::uuid[])
            UNION ALL
            SELECT chain.asked, next.customer_id, next.merged_into, chain.depth + 1
            FROM chain JOIN recipient next ON next.customer_id = chain.merged_into WHERE chain.depth < 20)
        SELECT DISTINCT ON (asked) asked, coalesce(merged_into, customer_id) AS survivor FROM chain ORDER BY asked, depth DESC
        """,
        customer_ids,
    )
    found = {row["asked"]: row["survivor"] for row in rows}
    return {customer_id: found.get(customer_id, customer_id) for customer_id in customer_ids}


async def fetch(db: Connection, customer_ids: Sequence[UUID]) -> dict[UUID, Recipient]:
    """Profiles of those asked for, merges followed; the key is the id that was asked for."""
    survivor = await survivors(db, customer_ids)
    rows = await db.fetch("SELECT * FROM recipient WHERE customer_id = ANY($1::uuid[])", list(set(survivor.values())))
    by_id = {
        row["customer_id"]: Recipient(
            customer_id=row["customer_id"], email=row["email"], phone=row["phone"], name=row["name"], language=row["language"],
            traits=msgspec.json.decode(row["traits"]), merged_into=row["merged_into"], version=row["version"],
            channels=msgspec.json.decode(row["channels"]), time_zone=row["time_zone"],
        )
        for row in rows
    }
    return {asked: by_id[final] for asked, final in survivor.items() if final in by_id}


async def same_person(db: Connection, customer_id: UUID) -> list[UUID]:
    """The customer, who answers for it, and everybody merged into either (directly or along a chain)."""
    rows = await db.fetch(
        """
        WITH RECURSIVE up (id, depth) AS (
            SELECT $1::uuid, 0
            UNION ALL
            SELECT r.merged_into, up.depth + 1 FROM up JOIN recipient r ON r.customer_id = up.id
            WHERE r.merged_into IS NOT NULL AND up.depth < 20),
        down (id, depth) AS (
            SELECT id, 0 FROM up
            UNION ALL
            SELECT r.customer_id, down.depth + 1 FROM down JOIN recipient r ON r.merged_into = down.id WHERE down.depth < 20)
        SELECT DISTINCT id FROM down
        """,
        customer_id,
    )
    return [row["id"] for row in rows]


async def some(db: Connection, *, limit: int) -> list[UUID]:
    """Some people, spread over all."""
    rows = await db.fetch("SELECT customer_id FROM recipient WHERE merged_into IS NULL AND customer_id >= gen_random_uuid() LIMIT $1", limit)
    if len(rows) < limit:
        rows = await db.fetch("SELECT customer_id FROM recipient WHERE merged_into IS NULL ORDER BY customer_id DESC LIMIT $1", limit)
    return [row["customer_id"] for row in rows]
