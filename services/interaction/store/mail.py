"""Inbound mail: threads, senders, attachments, and which customer a message of ours went to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from chassis.database import Connection


async def find_threads(db: Connection, messages: Sequence[bytes]) -> dict[bytes, UUID]:
    """Hash of a Message-ID -> its thread, for those known."""
    rows = await db.fetch("SELECT message, thread FROM mail_thread WHERE message = ANY($1::bytea[])", messages)
    return {row["message"]: row["thread"] for row in rows}


async def put_threads(db: Connection, rows: Sequence[tuple[bytes, UUID]], *, at: datetime) -> None:
    """Remember (hash of a Message-ID, thread); what is known stays."""
    await db.execute(
        """
        INSERT INTO mail_thread (message, thread, seen_at) SELECT DISTINCT ON (message) message, thread, $3
        FROM unnest($1::bytea[], $2::uuid[]) AS given (message, thread) ORDER BY message ON CONFLICT DO NOTHING
        """,
        [row[0] for row in rows], [row[1] for row in rows], at,
    )


async def count_mail(db: Connection, *, identity: bytes, hour: datetime) -> int:
    """Count a mail of an address; returns how many it sent in that hour."""
    mails: int = await db.fetchval(
        """
        INSERT INTO mail_sender (identity, hour, mails) VALUES ($1, $2, 1)
        ON CONFLICT (identity, hour) DO UPDATE SET mails = mail_sender.mails + 1 RETURNING mails
        """,
        identity, hour,
    )
    return mails


async def forget_counts(db: Connection, *, before: datetime) -> None:
    await db.execute("DELETE FROM mail_sender WHERE hour < $1", before)


async def put_attachments(db: Connection, rows: Sequence[tuple[bytes, str, bytes]], *, at: datetime) -> None:
    """Keep (sha256, media type, content), each content once."""
    for sha256, media_type, content in sorted(rows):
        await db.execute(
            "INSERT INTO attachment (sha256, media_type, size, content, stored_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
            sha256, media_type, len(content), content, at,
        )


async def find_attachment(db: Connection, sha256: bytes) -> asyncpg.Record | None:
    return await db.fetchrow("SELECT media_type, size, content FROM attachment WHERE sha256 = $1", sha256)


async def find_message(db: Connection, message_id: str) -> asyncpg.Record | None:
    """The customer and campaign of a message we sent, None before that is known here."""
    return await db.fetchrow("SELECT customer_id, campaign_id FROM message_entry WHERE message_id = $1 LIMIT 1", message_id)


async def find_known(db: Connection, identities: Sequence[bytes]) -> set[bytes]:
    """Those identities that are somebody's."""
    rows = await db.fetch("SELECT identity FROM identity_map WHERE identity = ANY($1::bytea[])", identities)
    return {row["identity"] for row in rows}


async def put_uses(db: Connection, rows: Sequence[tuple[UUID, bytes, datetime]]) -> None:
    """Remember (interaction, sha256 of a file it has, when it was received)."""
    await db.execute(
        """
        INSERT INTO attachment_use (interaction_id, sha256, received_at, checked_at)
        SELECT interaction_id, sha256, received_at, received_at FROM unnest($1::uuid[], $2::bytea[], $3::timestamptz[])
            AS given (interaction_id, sha256, received_at) ON CONFLICT DO NOTHING
        """,
        [row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows],
    )


async def forget_unused(db: Connection, *, before: datetime, now: datetime, limit: int) -> int:
    """Delete files whose interactions are gone, and those that no interaction ever had; looks at what was not looked at since `before`.

    Returns how many uses and files were looked at.
    """
    looked: int = await db.fetchval(
        """
        WITH due AS MATERIALIZED (
            SELECT interaction_id, sha256, received_at FROM attachment_use WHERE checked_at < $1 ORDER BY checked_at LIMIT $3 FOR UPDATE SKIP LOCKED),
        gone AS (
            SELECT interaction_id, sha256 FROM due d
            WHERE NOT EXISTS (SELECT FROM interaction i WHERE i.id = d.interaction_id AND i.received_at = d.received_at)),
        kept AS (
            UPDATE attachment_use u SET checked_at = $2 FROM due d
            WHERE u.interaction_id = d.interaction_id AND u.sha256 = d.sha256
                AND NOT EXISTS (SELECT FROM gone g WHERE g.interaction_id = d.interaction_id AND g.sha256 = d.sha256)),
        ended AS (
            DELETE FROM attachment_use u USING gone g WHERE u.interaction_id = g.interaction_id AND u.sha256 = g.sha256)
        SELECT count(*) FROM due
        """,
        before, now, limit,
    )
    done: str = await db.execute(
        """
        DELETE FROM attachment WHERE sha256 IN (
            SELECT a.sha256 FROM attachment a WHERE a.stored_at < $1 AND NOT EXISTS (SELECT FROM attachment_use u WHERE u.sha256 = a.sha256)
            LIMIT $2)
        """,
        before, limit,
    )
    return looked + int(done.rpartition(" ")[2])
