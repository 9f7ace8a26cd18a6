"""Campaigns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from chassis.database import Connection
from services.campaign.domain.entities import Campaign


async def insert(db: Connection, campaign: Campaign) -> None:
    await db.execute(
        """
        INSERT INTO campaign (id, name, template_id, template_version, segment_id, channel, purpose, from_name, from_address, reply_to, utm,
            status, launch_at, max_lateness, created_at, updated_at, audience, selection, per_minute, created_by, needs_approval, postal_address,
            send, reserved_for)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::jsonb, $12, $13, $14, $15, $15, $16::jsonb, $17::jsonb, $18, $19, $20, $21, $22, $23::jsonb)
        """,
        campaign.id, campaign.name, campaign.template_id, campaign.template_version, campaign.segment_id, campaign.channel, campaign.purpose,
        campaign.from_name, campaign.from_address, campaign.reply_to, msgspec.json.encode(campaign.utm).decode(), campaign.status,
        campaign.launch_at, campaign.max_lateness, campaign.created_at, msgspec.json.encode(campaign.audience).decode(),
        msgspec.json.encode(campaign.selection).decode(), campaign.per_minute, campaign.created_by, campaign.needs_approval,
        campaign.postal_address, campaign.send, msgspec.json.encode(campaign.reserved_for).decode(),
    )


async def find(db: Connection, campaign_id: UUID) -> Campaign | None:
    row = await db.fetchrow("SELECT * FROM campaign WHERE id = $1", campaign_id)
    return None if row is None else _campaign(row)


async def lock(db: Connection, campaign_id: UUID) -> Campaign | None:
    """The campaign, its row locked until the end of the transaction."""
    row = await db.fetchrow("SELECT * FROM campaign WHERE id = $1 FOR UPDATE", campaign_id)
    return None if row is None else _campaign(row)


async def find_many(db: Connection, campaign_ids: Sequence[UUID]) -> dict[UUID, Campaign]:
    rows = await db.fetch("SELECT * FROM campaign WHERE id = ANY($1::uuid[])", list(campaign_ids))
    return {row["id"]: _campaign(row) for row in rows}


async def page(db: Connection, *, after: UUID | None, limit: int) -> list[Campaign]:
    """Newest first, below the id `after`."""
    rows = await db.fetch("SELECT * FROM campaign WHERE $1::uuid IS NULL OR id < $1 ORDER BY id DESC LIMIT $2", after, limit)
    return [_campaign(row) for row in rows]


async def set_status(db: Connection, campaign_id: UUID, status: str, *, reason: str | None = None, finished: bool = False) -> None:
    await db.execute(
        """
        UPDATE campaign SET status = $2, status_reason = $3, updated_at = now(), finished_at = CASE WHEN $4 THEN now() ELSE finished_at END
        WHERE id = $1
        """,
        campaign_id, status, reason, finished,
    )


async def schedule(db: Connection, campaign_id: UUID, *, launch_at: datetime, template_version: int) -> None:
    await db.execute(
        "UPDATE campaign SET status = 'scheduled', launch_at = $2, template_version = $3, updated_at = now() WHERE id = $1",
        campaign_id, launch_at, template_version,
    )


async def approve(db: Connection, campaign_id: UUID, *, by: str, template_version: int) -> None:
    await db.execute(
        "UPDATE campaign SET approved_by = $2, approved_at = now(), template_version = $3, updated_at = now() WHERE id = $1",
        campaign_id, by, template_version,
    )


async def start_due(db: Connection) -> tuple[list[UUID], list[UUID]]:
    """Begin planning what is due; what is later than its `max_lateness` becomes `missed`. Returns (started, missed)."""
    rows = await db.fetch(
        """
        UPDATE campaign SET status = CASE WHEN now() - launch_at > max_lateness THEN 'missed' ELSE 'planning' END,
            launched_at = CASE WHEN now() - launch_at > max_lateness THEN NULL ELSE now() END, updated_at = now()
        WHERE status = 'scheduled' AND launch_at <= now() RETURNING id, status
        """
    )
    return (
        [row["id"] for row in rows if row["status"] == "planning"],
        [row["id"] for row in rows if row["status"] == "missed"],
    )


async def with_status(db: Connection, status: str) -> list[Campaign]:
    rows = await db.fetch("SELECT * FROM campaign WHERE status = $1 ORDER BY id", status)
    return [_campaign(row) for row in rows]


async def advance_audience(db: Connection, campaign_id: UUID, *, token: str | None, complete: bool) -> None:
    """Remember how far the audience is planned; complete: sending begins."""
    await db.execute(
        """
        UPDATE campaign SET audience_token = $2, audience_complete = $3, status = CASE WHEN $3 THEN 'sending' ELSE status END,
            updated_at = now() WHERE id = $1
        """,
        campaign_id, token, complete,
    )


async def finish_done(db: Connection) -> list[UUID]:
    """Campaigns whose ledger holds nothing open become `finished`; the ledger says so, nothing else."""
    rows = await db.fetch(
        """
        UPDATE campaign SET status = 'finished', finished_at = now(), updated_at = now()
        WHERE status = 'sending' AND audience_complete
            AND NOT EXISTS (SELECT FROM message WHERE origin_id = campaign.id AND origin = 'campaign' AND waits)
            AND NOT EXISTS (SELECT FROM message WHERE campaign_id = campaign.id AND in_hand)
        RETURNING id
        """
    )
    return [row["id"] for row in rows]


def _campaign(row: Any) -> Campaign:
    values = {name: row[name] for name in Campaign._fields}
    for name in ("utm", "audience", "selection", "reserved_for"):
        values[name] = msgspec.json.decode(row[name])
    return Campaign(**values)
