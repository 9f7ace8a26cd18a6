"""Rows of the send ledger as they are planned."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from chassis.database import Connection
from services.campaign.store.ledger import Changed, changed_rows

_encode = msgspec.json.Encoder().encode


class NewMessage(NamedTuple):
    """A message to be planned; `state` is planned, or suppressed with a `reason`; `key`: what makes it one of a kind within its origin."""

    id: UUID
    customer_id: UUID
    key: str
    origin: str
    origin_id: UUID
    step: str
    channel: str
    purpose: str
    queue: str
    template_id: UUID
    template_version: int
    arm: str | None
    priority: int
    value: int | None
    not_before: datetime | None
    data: Mapping[str, Any]
    sender: Mapping[str, str] | None
    address_hash: bytes | None
    state: str
    reason: str | None

    @property
    def once_key(self) -> bytes:
        return hashlib.sha256(self.key.encode()).digest()[:16]


_INSERT = """
    INSERT INTO message (id, campaign_id, step, channel, customer_id, address_hash, state, reason, created_at, finished_at, origin, origin_id,
        once_key, queue, purpose, template_id, template_version, arm, priority, value, retry_at, data, sender)
    SELECT id, CASE WHEN origin = 'campaign' THEN origin_id END, step, channel, customer_id, address_hash, state, reason, now(),
        CASE WHEN state = 'planned' THEN NULL ELSE now() END, origin, origin_id, once_key, queue, purpose, template_id, template_version, arm,
        priority, value, not_before, data::jsonb, sender::jsonb
    FROM unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::text[], $5::uuid[], $6::text[], $7::text[], $8::text[], $9::text[], $10::uuid[],
        $11::int[], $12::text[], $13::smallint[], $14::bigint[], $15::timestamptz[], $16::text[], $17::text[], $18::bytea[], $19::text[],
        $20::text[]) AS given (id, customer_id, once_key, origin, origin_id, step, channel, purpose, queue, template_id, template_version, arm,
        priority, value, not_before, data, sender, address_hash, state, reason)
    ON CONFLICT DO NOTHING
    RETURNING id, origin, origin_id, step, arm, customer_id, channel, state, reason, permit_id, consent_version, address_hash
"""


async def plan(db: Connection, messages: Sequence[NewMessage]) -> tuple[list[Changed], dict[tuple[UUID, bytes], dict[str, Any]]]:
    """Add messages; one whose key is in the ledger already is left alone. A campaign's address that is there for another customer: suppressed.

    Returns what was added, and the rows of all keys, by origin and key.
    """
    written = await _insert(db, messages)
    there = await _rows(db, messages)
    doubles = [
        message._replace(address_hash=None, state="suppressed", reason="duplicate_address")
        for message in messages if (message.origin_id, message.once_key) not in there
    ]
    if doubles:
        written += await _insert(db, doubles)
        there |= await _rows(db, doubles)
    return written, there


async def _rows(db: Connection, messages: Sequence[NewMessage]) -> dict[tuple[UUID, bytes], dict[str, Any]]:
    rows = await db.fetch(
        """
        SELECT m.id, m.origin_id, m.once_key, m.state, m.reason FROM unnest($1::uuid[], $2::bytea[]) AS given (origin_id, once_key)
        JOIN message m USING (origin_id, once_key)
        """,
        [message.origin_id for message in messages], [message.once_key for message in messages],
    )
    return {(row["origin_id"], row["once_key"]): dict(row) for row in rows}


async def _insert(db: Connection, messages: Sequence[NewMessage]) -> list[Changed]:
    rows = await db.fetch(
        _INSERT,
        [one.id for one in messages], [one.customer_id for one in messages], [one.once_key for one in messages],
        [one.origin for one in messages], [one.origin_id for one in messages], [one.step for one in messages],
        [one.channel for one in messages], [one.purpose for one in messages], [one.queue for one in messages],
        [one.template_id for one in messages], [one.template_version for one in messages], [one.arm for one in messages],
        [one.priority for one in messages], [one.value for one in messages], [one.not_before for one in messages],
        [_encode(one.data).decode() for one in messages], [_encode(one.sender).decode() if one.sender else None for one in messages],
        [one.address_hash for one in messages], [one.state for one in messages], [one.reason for one in messages],
    )
    return changed_rows(rows)


async def hold(db: Connection, origin_id: UUID) -> None:
    """Planned messages of an origin wait until it is released."""
    await db.execute("INSERT INTO held_origin (origin_id, since) VALUES ($1, now()) ON CONFLICT DO NOTHING", origin_id)


async def let_go(db: Connection, origin_id: UUID) -> None:
    await db.execute("DELETE FROM held_origin WHERE origin_id = $1", origin_id)


async def suppress_planned(db: Connection, *, origin_id: UUID, customer_ids: Sequence[UUID] | None, reason: str) -> list[Changed]:
    """Everything of an origin that is not yet handed off, or only what goes to these customers."""
    rows = await db.fetch(
        """
        UPDATE message SET state = 'suppressed', reason = $3, finished_at = now(), lease_until = NULL
        WHERE origin_id = $1 AND state IN ('planned', 'permitted') AND ($2::uuid[] IS NULL OR customer_id = ANY($2::uuid[]))
        RETURNING id, origin, origin_id, step, arm, customer_id, channel, state, reason, permit_id, consent_version, address_hash
        """,
        origin_id, list(customer_ids) if customer_ids is not None else None, reason,
    )
    return changed_rows(rows)
