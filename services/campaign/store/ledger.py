"""The send ledger. Every change names the state it comes from, so that two senders, a withdrawal and a pause cannot cross.

Leases are kept by the database's clock alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from chassis.database import Connection


class Planned(NamedTuple):
    """A message to be planned; `state` is planned, or suppressed with a `reason`."""

    id: UUID
    customer_id: UUID
    address_hash: bytes | None
    state: str
    reason: str | None


class Claimed(NamedTuple):
    """A message a sender holds."""

    id: UUID
    campaign_id: UUID
    step: str
    channel: str
    customer_id: UUID
    address_hash: bytes | None
    attempts: int


class Changed(NamedTuple):
    """A message whose state changed, with what the fact about it tells."""

    id: UUID
    campaign_id: UUID
    customer_id: UUID
    channel: str
    state: str
    reason: str | None
    permit_id: str | None
    consent_version: int | None
    address_hash: bytes | None = None


_INSERT = """
    INSERT INTO message (id, campaign_id, step, channel, customer_id, address_hash, state, reason, created_at, finished_at)
    SELECT id, $2, $3, $4, customer_id, address_hash, state, reason, now(), CASE WHEN state = 'planned' THEN NULL ELSE now() END
    FROM unnest($1::uuid[], $5::uuid[], $6::bytea[], $7::text[], $8::text[]) AS given (id, customer_id, address_hash, state, reason)
    ON CONFLICT DO NOTHING
    RETURNING id, campaign_id, customer_id, channel, state, reason, permit_id, consent_version
"""


async def plan(db: Connection, *, campaign_id: UUID, step: str, channel: str, messages: Sequence[Planned]) -> list[Changed]:
    """Add messages; a customer that is in the ledger already is left alone. An address that is there for another customer: suppressed."""
    written = await _insert(db, campaign_id, step, channel, messages)
    there = {row["customer_id"] for row in await db.fetch(
        "SELECT customer_id FROM message WHERE campaign_id = $1 AND step = $2 AND channel = $3 AND customer_id = ANY($4::uuid[])",
        campaign_id, step, channel, [message.customer_id for message in messages],
    )}
    doubles = [
        message._replace(address_hash=None, state="suppressed", reason="duplicate_address")
        for message in messages if message.customer_id not in there
    ]
    return written + (await _insert(db, campaign_id, step, channel, doubles) if doubles else [])


async def _insert(db: Connection, campaign_id: UUID, step: str, channel: str, messages: Sequence[Planned]) -> list[Changed]:
    rows = await db.fetch(
        _INSERT, [message.id for message in messages], campaign_id, step, channel, [message.customer_id for message in messages],
        [message.address_hash for message in messages], [message.state for message in messages], [message.reason for message in messages],
    )
    return _changed(rows)


async def any_due(db: Connection) -> bool:
    """Whether there is something that `claim` could take."""
    return bool(await db.fetchval(
        """
        SELECT EXISTS (SELECT FROM message m JOIN campaign c ON c.id = m.campaign_id
            WHERE m.state = 'planned' AND c.status = 'sending' AND (m.retry_at IS NULL OR m.retry_at <= now())
                AND (m.lease_until IS NULL OR m.lease_until <= now()))
        """
    ))


async def claim(db: Connection, *, owner: UUID, limit: int, lease: timedelta) -> list[Claimed]:
    """Take planned messages of campaigns that are sending, for one sender, until the lease ends."""
    rows = await db.fetch(
        """
        WITH picked AS (
            SELECT due.id FROM campaign c CROSS JOIN LATERAL (
                SELECT id FROM message
                WHERE campaign_id = c.id AND state = 'planned' AND (retry_at IS NULL OR retry_at <= now())
                    AND (lease_until IS NULL OR lease_until <= now())
                ORDER BY retry_at NULLS FIRST, id LIMIT $2 FOR UPDATE SKIP LOCKED) due
            WHERE c.status = 'sending' LIMIT $2)
        UPDATE message SET lease_owner = $1, lease_until = now() + $3::interval FROM picked WHERE message.id = picked.id
        RETURNING message.id, campaign_id, step, channel, customer_id, address_hash, attempts
        """,
        owner, limit, lease,
    )
    return [Claimed(**dict(row)) for row in rows]


async def change_address(db: Connection, *, owner: UUID, message_id: UUID, address_hash: bytes) -> bool:
    """The recipient's address changed after planning. False when another message of the step goes to that address."""
    found = await db.fetchval(
        """
        UPDATE message m SET address_hash = $3 WHERE id = $2 AND lease_owner = $1 AND state = 'planned' AND NOT EXISTS (
            SELECT FROM message o WHERE o.campaign_id = m.campaign_id AND o.step = m.step AND o.channel = m.channel AND o.address_hash = $3)
        RETURNING true
        """,
        owner, message_id, address_hash,
    )
    return bool(found)


async def permit(db: Connection, *, owner: UUID, permits: Sequence[tuple[UUID, str, int, str]]) -> set[UUID]:
    """Planned -> permitted for (message, permit id, consent version, locale); returns those that are still this sender's."""
    rows = await db.fetch(
        """
        UPDATE message SET state = 'permitted', permit_id = given.permit_id, consent_version = given.version, locale = given.locale
        FROM unnest($2::uuid[], $3::text[], $4::bigint[], $5::text[]) AS given (id, permit_id, version, locale)
        WHERE message.id = given.id AND state = 'planned' AND lease_owner = $1 RETURNING message.id
        """,
        owner, [each[0] for each in permits], [each[1] for each in permits], [each[2] for each in permits], [each[3] for each in permits],
    )
    return {row["id"] for row in rows}


async def end_unsent(db: Connection, *, owner: UUID, ends: Sequence[tuple[UUID, str, str]]) -> list[Changed]:
    """Planned -> suppressed or failed for (message, state, reason), before any hand-off."""
    rows = await db.fetch(
        """
        UPDATE message SET state = given.state, reason = given.reason, finished_at = now(), lease_until = NULL
        FROM unnest($2::uuid[], $3::text[], $4::text[]) AS given (id, state, reason)
        WHERE message.id = given.id AND message.state = 'planned' AND lease_owner = $1
        RETURNING message.id, campaign_id, customer_id, channel, message.state, message.reason, permit_id, consent_version
        """,
        owner, [each[0] for each in ends], [each[1] for each in ends], [each[2] for each in ends],
    )
    return _changed(rows)


async def release(db: Connection, *, owner: UUID, message_ids: Sequence[UUID], pause: timedelta) -> None:
    """Back to planned: nothing has left; tried again after the pause."""
    await db.execute(
        """
        UPDATE message SET state = 'planned', lease_owner = NULL, lease_until = NULL, retry_at = now() + $3::interval, permit_id = NULL,
            consent_version = NULL
        WHERE id = ANY($2::uuid[]) AND lease_owner = $1 AND state IN ('planned', 'permitted')
        """,
        owner, list(message_ids), pause,
    )


async def begin_hand_off(db: Connection, *, owner: UUID, message_ids: Sequence[UUID], lease: timedelta) -> set[UUID]:
    """Permitted -> handing_off; after the commit the bytes may leave. Only those returned: the others were taken away meanwhile."""
    rows = await db.fetch(
        """
        UPDATE message m SET state = 'handing_off', attempts = attempts + 1, handed_off_at = now(), lease_until = now() + $3::interval
        FROM campaign c WHERE c.id = m.campaign_id AND c.status = 'sending' AND m.id = ANY($2::uuid[]) AND m.state = 'permitted'
            AND m.lease_owner = $1 RETURNING m.id
        """,
        owner, list(message_ids), lease,
    )
    return {row["id"] for row in rows}


async def record_outcomes(db: Connection, *, owner: UUID, outcomes: Sequence[tuple[UUID, str, str | None, int | None, timedelta | None]]) -> list[Changed]:
    """handing_off -> the outcome, for (message, state, reason, reply code, pause before the next try).

    A hand-off that was given up as unknown meanwhile is resolved by its own sender's accepted or failed, never sent again.
    """
    rows = await db.fetch(
        """
        UPDATE message SET state = given.state, reason = given.reason, reply_code = given.reply_code,
            retry_at = now() + given.pause, finished_at = CASE WHEN given.state = 'planned' THEN NULL ELSE now() END,
            lease_until = NULL, lease_owner = CASE WHEN given.state = 'planned' THEN NULL ELSE lease_owner END
        FROM unnest($2::uuid[], $3::text[], $4::text[], $5::int[], $6::interval[]) AS given (id, state, reason, reply_code, pause)
        WHERE message.id = given.id AND lease_owner = $1
            AND (message.state = 'handing_off' OR (message.state = 'unknown' AND given.state IN ('accepted', 'failed')))
        RETURNING message.id, campaign_id, customer_id, channel, message.state, message.reason, permit_id, consent_version, address_hash
        """,
        owner, [each[0] for each in outcomes], [each[1] for each in outcomes], [each[2] for each in outcomes],
        [each[3] for each in outcomes], [each[4] for each in outcomes],
    )
    return _changed(rows)


async def expire(db: Connection, *, limit: int) -> list[Changed]:
    """What a sender left behind: handing_off -> unknown, permitted -> planned, when the lease is over. Returns the unknown ones."""
    await db.execute(
        """
        UPDATE message SET state = 'planned', lease_owner = NULL, lease_until = NULL, permit_id = NULL, consent_version = NULL
        WHERE id IN (SELECT id FROM message WHERE state = 'permitted' AND lease_until <= now() LIMIT $1 FOR UPDATE SKIP LOCKED)
        """,
        limit,
    )
    rows = await db.fetch(
        """
        UPDATE message SET state = 'unknown', reason = 'lease_expired', finished_at = now(), lease_until = NULL
        WHERE id IN (SELECT id FROM message WHERE state = 'handing_off' AND lease_until <= now() LIMIT $1 FOR UPDATE SKIP LOCKED)
        RETURNING id, campaign_id, customer_id, channel, state, reason, permit_id, consent_version
        """,
        limit,
    )
    return _changed(rows)


async def suppress_withdrawn(db: Connection, *, customer_ids: Sequence[UUID], purpose: str, channel: str) -> list[Changed]:
    """Everything not yet handed off to these customers under (purpose, channel); `*` stands for all."""
    rows = await db.fetch(
        """
        UPDATE message m SET state = 'suppressed', reason = 'withdrawn', finished_at = now(), lease_until = NULL
        FROM campaign c WHERE c.id = m.campaign_id AND m.customer_id = ANY($1::uuid[]) AND m.state IN ('planned', 'permitted')
            AND ($2 = '*' OR c.purpose = $2) AND ($3 = '*' OR m.channel = $3)
        RETURNING m.id, m.campaign_id, m.customer_id, m.channel, m.state, m.reason, m.permit_id, m.consent_version
        """,
        list(customer_ids), purpose, channel,
    )
    return _changed(rows)


async def suppress_cancelled(db: Connection, *, limit: int) -> list[Changed]:
    """Planned messages of cancelled campaigns, a part at a time; a permitted one comes back to planned when its lease ends."""
    rows = await db.fetch(
        """
        UPDATE message SET state = 'suppressed', reason = 'cancelled', finished_at = now(), lease_until = NULL
        WHERE id IN (
            SELECT m.id FROM message m JOIN campaign c ON c.id = m.campaign_id
            WHERE c.status = 'cancelled' AND m.state = 'planned' LIMIT $1 FOR UPDATE OF m SKIP LOCKED)
        RETURNING id, campaign_id, customer_id, channel, state, reason, permit_id, consent_version
        """,
        limit,
    )
    return _changed(rows)


def _changed(rows: Sequence[Any]) -> list[Changed]:
    return [Changed(*(row.get(name) for name in Changed._fields)) for row in rows]


async def count(db: Connection, campaign_id: UUID) -> int:
    """Messages of a campaign, in whatever state."""
    number: int = await db.fetchval("SELECT count(*) FROM message WHERE campaign_id = $1", campaign_id)
    return number


async def blank(db: Connection, *, customer_ids: Sequence[UUID]) -> int:
    """Take person and address out of messages: reports count on, and nobody knows whose they were."""
    status = await db.execute("UPDATE message SET customer_id = gen_random_uuid(), address_hash = NULL WHERE customer_id = ANY($1::uuid[])", customer_ids)
    return int(status.rpartition(" ")[2])
