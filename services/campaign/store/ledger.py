"""The send ledger. Every change names the state it comes from, so that two senders, a withdrawal and a pause cannot cross.

Leases are kept by the database's clock alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from chassis.database import Connection


class Ended(NamedTuple):
    """How a hand-off ended. `pause`: before the next try; `same_provider`: of which no other may have a share; `counts`: as a try."""

    id: UUID
    state: str
    reason: str | None
    reply_code: int | None
    pause: timedelta | None
    same_provider: bool = False
    counts: bool = True


class Changed(NamedTuple):
    """A message whose state changed, with what the fact about it tells."""

    id: UUID
    origin: str
    origin_id: UUID
    step: str
    arm: str | None
    customer_id: UUID
    channel: str
    state: str
    reason: str | None
    permit_id: str | None
    consent_version: int | None
    address_hash: bytes | None = None


async def change_address(db: Connection, *, owner: UUID, message_id: UUID, address_hash: bytes) -> bool:
    """The recipient's address changed after planning. False when another message of the step goes to that address."""
    found = await db.fetchval(
        """
        UPDATE message m SET address_hash = $3 WHERE id = $2 AND lease_owner = $1 AND state = 'planned' AND NOT EXISTS (
            SELECT FROM message o WHERE m.origin = 'campaign' AND o.origin = 'campaign' AND o.origin_id = m.origin_id AND o.step = m.step
                AND o.channel = m.channel AND o.address_hash = $3)
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
        RETURNING message.id, origin, origin_id, step, arm, customer_id, channel, message.state, message.reason, permit_id, consent_version,
            address_hash
        """,
        owner, [each[0] for each in ends], [each[1] for each in ends], [each[2] for each in ends],
    )
    return changed_rows(rows)


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


async def begin_hand_off(db: Connection, *, owner: UUID, begins: Sequence[tuple[UUID, str, bool]], lease: timedelta) -> set[UUID]:
    """Permitted -> handing_off for (message, provider, repeatable); after the commit the bytes may leave.

    Only those returned: the others were taken away meanwhile.
    """
    rows = await db.fetch(
        """
        UPDATE message m SET state = 'handing_off', attempts = attempts + 1, handed_off_at = now(), lease_until = now() + $3::interval,
            provider = given.provider, repeatable = given.repeatable
        FROM unnest($2::uuid[], $4::text[], $5::boolean[]) AS given (id, provider, repeatable)
        WHERE m.id = given.id AND m.state = 'permitted' AND m.lease_owner = $1
            AND (m.origin <> 'campaign' OR EXISTS (SELECT FROM campaign c WHERE c.id = m.campaign_id AND c.status = 'sending'))
            AND NOT EXISTS (SELECT FROM held_origin h WHERE h.origin_id = m.origin_id)
        RETURNING m.id
        """,
        owner, [each[0] for each in begins], lease, [each[1] for each in begins], [each[2] for each in begins],
    )
    return {row["id"] for row in rows}


async def record_outcomes(db: Connection, *, owner: UUID, outcomes: Sequence[Ended]) -> list[Changed]:
    """handing_off -> the outcome.

    A hand-off that was given up as unknown meanwhile is resolved by its own sender's accepted or failed, never sent again.
    """
    rows = await db.fetch(
        """
        UPDATE message SET state = given.state, reason = given.reason, reply_code = given.reply_code,
            retry_at = now() + given.pause, finished_at = CASE WHEN given.state = 'planned' THEN NULL ELSE now() END,
            lease_until = NULL, lease_owner = CASE WHEN given.state = 'planned' THEN NULL ELSE lease_owner END,
            provider = CASE WHEN given.state = 'planned' AND NOT given.same_provider THEN NULL ELSE provider END,
            attempts = attempts - CASE WHEN given.counts THEN 0 ELSE 1 END
        FROM unnest($2::uuid[], $3::text[], $4::text[], $5::int[], $6::interval[], $7::boolean[], $8::boolean[])
            AS given (id, state, reason, reply_code, pause, same_provider, counts)
        WHERE message.id = given.id AND lease_owner = $1
            AND (message.state = 'handing_off' OR (message.state = 'unknown' AND given.state IN ('accepted', 'failed')))
        RETURNING message.id, origin, origin_id, step, arm, customer_id, channel, message.state, message.reason, permit_id, consent_version,
            address_hash
        """,
        owner, *([each[place] for each in outcomes] for place in range(len(Ended._fields))),
    )
    return changed_rows(rows)


async def expire(db: Connection, *, limit: int, most_attempts: int, key_window: timedelta) -> list[Changed]:
    """What a sender left behind, when the lease is over: permitted -> planned; handing_off -> unknown, or planned for the same provider

    where that one absorbs a repetition (for so long after the message was planned to be handed off). Returns the unknown ones.
    """
    await db.execute(
        """
        UPDATE message SET state = 'planned', lease_owner = NULL, lease_until = NULL, permit_id = NULL, consent_version = NULL
        WHERE id IN (SELECT id FROM message WHERE in_hand AND state = 'handing_off' AND lease_until <= now() AND repeatable AND attempts < $2
            AND handed_off_at > now() - $3::interval LIMIT $1 FOR UPDATE SKIP LOCKED)
        """,
        limit, most_attempts, key_window,
    )
    await db.execute(
        """
        UPDATE message SET state = 'planned', lease_owner = NULL, lease_until = NULL, permit_id = NULL, consent_version = NULL
        WHERE id IN (SELECT id FROM message WHERE in_hand AND state = 'permitted' AND lease_until <= now() LIMIT $1 FOR UPDATE SKIP LOCKED)
        """,
        limit,
    )
    rows = await db.fetch(
        """
        UPDATE message SET state = 'unknown', reason = 'lease_expired', finished_at = now(), lease_until = NULL
        WHERE id IN (SELECT id FROM message WHERE in_hand AND state = 'handing_off' AND lease_until <= now() LIMIT $1 FOR UPDATE SKIP LOCKED)
        RETURNING id, origin, origin_id, step, arm, customer_id, channel, state, reason, permit_id, consent_version, address_hash
        """,
        limit,
    )
    return changed_rows(rows)


async def suppress_withdrawn(db: Connection, *, customer_ids: Sequence[UUID], purpose: str, channel: str) -> list[Changed]:
    """Everything not yet handed off to these customers under (purpose, channel); `*` stands for all."""
    rows = await db.fetch(
        """
        UPDATE message SET state = 'suppressed', reason = 'withdrawn', finished_at = now(), lease_until = NULL
        WHERE customer_id = ANY($1::uuid[]) AND state IN ('planned', 'permitted')
            AND ($2 = '*' OR purpose = $2) AND ($3 = '*' OR channel = $3)
        RETURNING id, origin, origin_id, step, arm, customer_id, channel, state, reason, permit_id, consent_version, address_hash
        """,
        list(customer_ids), purpose, channel,
    )
    return changed_rows(rows)


async def suppress_cancelled(db: Connection, *, limit: int) -> list[Changed]:
    """Planned messages of cancelled campaigns, a part at a time; a permitted one comes back to planned when its lease ends."""
    rows = await db.fetch(
        """
        UPDATE message SET state = 'suppressed', reason = 'cancelled', finished_at = now(), lease_until = NULL
        WHERE id IN (
            SELECT m.id FROM message m JOIN campaign c ON c.id = m.campaign_id
            WHERE c.status = 'cancelled' AND m.waits AND m.origin = 'campaign' AND m.origin_id = c.id LIMIT $1 FOR UPDATE OF m SKIP LOCKED)
        RETURNING id, origin, origin_id, step, arm, customer_id, channel, state, reason, permit_id, consent_version, address_hash
        """,
        limit,
    )
    return changed_rows(rows)


def changed_rows(rows: Sequence[Any]) -> list[Changed]:
    return [Changed(*(row.get(name) for name in Changed._fields)) for row in rows]


async def count(db: Connection, campaign_id: UUID) -> int:
    """Messages of a campaign, in whatever state."""
    number: int = await db.fetchval("SELECT count(*) FROM message WHERE campaign_id = $1", campaign_id)
    return number


async def count_planned(db: Connection, campaign_id: UUID) -> int:
    """Messages of a campaign that can go out, or have."""
    number: int = await db.fetchval("SELECT count(*) FROM message WHERE campaign_id = $1 AND state <> 'suppressed'", campaign_id)
    return number


async def blank(db: Connection, *, customer_ids: Sequence[UUID]) -> int:
    """Take person and address out of messages: reports count on, and nobody knows whose they were."""
    status = await db.execute(
        "UPDATE message SET customer_id = gen_random_uuid(), address_hash = NULL, data = '{}', once_key = uuid_send(gen_random_uuid()), sender = NULL "
        "WHERE customer_id = ANY($1::uuid[])",
        customer_ids,
    )
    return int(status.rpartition(" ")[2])
