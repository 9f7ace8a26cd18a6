"""Contact pressure: the policy, who holds a place, who waits for one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from chassis.database import Connection
from services.campaign.domain.pressure import LONGEST, Contact
from services.campaign.store.ledger import Changed, changed_rows


class Waiting(NamedTuple):
    """A message that wants to go out. `mine`: the asking sender has claimed it."""

    contact: Contact
    created_at: datetime
    mine: bool


async def policy(db: Connection, *, as_of: datetime | None = None) -> tuple[int, dict[str, Any], datetime] | None:
    """(version, policy, since): the newest, or the one that held at a time; None: there was none."""
    row = await db.fetchrow(
        "SELECT version, policy, since FROM pressure_policy WHERE $1::timestamptz IS NULL OR since <= $1 ORDER BY version DESC LIMIT 1", as_of
    )
    return None if row is None else (row["version"], msgspec.json.decode(row["policy"]), row["since"])


async def policies(db: Connection) -> list[tuple[int, dict[str, Any], datetime]]:
    """All that ever held, the oldest first."""
    rows = await db.fetch("SELECT version, policy, since FROM pressure_policy ORDER BY version")
    return [(row["version"], msgspec.json.decode(row["policy"]), row["since"]) for row in rows]


async def put_policy(db: Connection, *, version: int, policy: Mapping[str, Any], changed_by: str) -> bool:
    """The next version; False when somebody else was first."""
    written = await db.fetchval(
        "INSERT INTO pressure_policy VALUES ($1, $2::jsonb, clock_timestamp(), $3) ON CONFLICT DO NOTHING RETURNING true",
        version, msgspec.json.encode(policy).decode(), changed_by,
    )
    return bool(written)


async def families(db: Connection, customer_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Everybody who is one person with one of these: id -> the id that answers for them."""
    rows = await db.fetch(
        """
        WITH RECURSIVE up (asked, id, depth) AS (
            SELECT id, id, 0 FROM unnest($1::uuid[]) AS given (id)
            UNION ALL
            SELECT up.asked, r.merged_into, up.depth + 1 FROM up JOIN recipient r ON r.customer_id = up.id
            WHERE r.merged_into IS NOT NULL AND up.depth < 20),
        top AS (SELECT DISTINCT ON (asked) asked, id AS root FROM up ORDER BY asked, depth DESC),
        down (id, root, depth) AS (
            SELECT DISTINCT root, root, 0 FROM top
            UNION ALL
            SELECT r.customer_id, down.root, down.depth + 1 FROM down JOIN recipient r ON r.merged_into = down.id WHERE down.depth < 20)
        SELECT DISTINCT id, root FROM down
        """,
        list(customer_ids),
    )
    return {row["id"]: row["root"] for row in rows}


async def lock(db: Connection, customer_ids: Sequence[UUID]) -> None:
    """Decide alone about these people until the end of the transaction. All lock in one order, so nobody waits in a circle."""
    ordered = sorted(set(customer_ids))
    await db.execute("INSERT INTO contact_pressure SELECT unnest($1::uuid[]) ON CONFLICT DO NOTHING", ordered)
    await db.fetch("SELECT customer_id FROM contact_pressure WHERE customer_id = ANY($1::uuid[]) ORDER BY customer_id FOR UPDATE", ordered)


async def taken(db: Connection, customer_ids: Sequence[UUID]) -> list[Contact]:
    """Places that marketing messages hold: admitted (or handed off, before there was a policy) and not refused since, in the longest window."""
    rows = await db.fetch(
        """
        SELECT m.id, m.customer_id, m.channel, m.purpose, coalesce(p.programme, m.origin_id::text) AS programme, m.priority,
            coalesce(m.value, 0) AS value, greatest(m.admitted_at, m.handed_off_at) AS at
        FROM message m LEFT JOIN pressure_programme p USING (origin_id)
        WHERE m.customer_id = ANY($1::uuid[]) AND m.queue = 'marketing' AND m.state NOT IN ('suppressed', 'failed')
            AND greatest(m.admitted_at, m.handed_off_at) > now() - $2::interval
        """,
        list(customer_ids), LONGEST + timedelta(days=3),
    )
    return [_contact(row, at=row["at"]) for row in rows]


async def handed_off(db: Connection, customer_ids: Sequence[UUID], *, until: datetime) -> list[Contact]:
    """Marketing messages that really went out before a time."""
    rows = await db.fetch(
        """
        SELECT m.id, m.customer_id, m.channel, m.purpose, coalesce(p.programme, m.origin_id::text) AS programme, m.priority,
            coalesce(m.value, 0) AS value, m.handed_off_at AS at
        FROM message m LEFT JOIN pressure_programme p USING (origin_id)
        WHERE m.customer_id = ANY($1::uuid[]) AND m.queue = 'marketing' AND m.state IN ('accepted', 'unknown') AND m.handed_off_at < $2
        """,
        list(customer_ids), until,
    )
    return [_contact(row, at=row["at"]) for row in rows]


async def waiting(db: Connection, customer_ids: Sequence[UUID], *, owner: UUID, soon: timedelta) -> list[Waiting]:
    """Marketing messages to these people that could go out now: the asking sender's, and those it competes with."""
    rows = await db.fetch(
        """
        SELECT m.id, m.customer_id, m.channel, m.purpose, coalesce(p.programme, m.origin_id::text) AS programme, m.priority,
            coalesce(m.value, 0) AS value, m.created_at, m.lease_owner IS NOT DISTINCT FROM $2 AS mine
        FROM message m LEFT JOIN pressure_programme p USING (origin_id)
        WHERE m.customer_id = ANY($1::uuid[]) AND m.state = 'planned' AND m.queue = 'marketing'
            AND (m.lease_owner IS NOT DISTINCT FROM $2
                OR ((m.retry_at IS NULL OR m.retry_at <= now() + $3::interval)
                    AND (m.campaign_id IS NULL OR EXISTS (SELECT FROM campaign c WHERE c.id = m.campaign_id AND c.status = 'sending'))
                    AND NOT EXISTS (SELECT FROM held_origin h WHERE h.origin_id = m.origin_id)))
        """,
        list(customer_ids), owner, soon,
    )
    return [Waiting(_contact(row), row["created_at"], row["mine"]) for row in rows]


def _contact(row: Any, at: datetime | None = None) -> Contact:
    return Contact(
        message_id=row["id"], customer_id=row["customer_id"], channel=row["channel"], purpose=row["purpose"], programme=row["programme"],
        priority=row["priority"], value=float(row["value"]), at=at,
    )


async def admit(db: Connection, *, owner: UUID, message_ids: Sequence[UUID]) -> None:
    """These take a place as of now."""
    await db.execute(
        "UPDATE message SET admitted_at = now(), refusal = NULL WHERE id = ANY($2::uuid[]) AND lease_owner = $1 AND state = 'planned'",
        owner, list(message_ids),
    )


async def postpone(db: Connection, *, owner: UUID, rows: Sequence[tuple[UUID, datetime, Mapping[str, Any]]]) -> None:
    """Not before a time, and why: back to planned without a place."""
    await db.execute(
        """
        UPDATE message SET lease_owner = NULL, lease_until = NULL, retry_at = given.until, admitted_at = NULL, refusal = given.refusal
        FROM unnest($2::uuid[], $3::timestamptz[], $4::jsonb[]) AS given (id, until, refusal)
        WHERE message.id = given.id AND lease_owner = $1 AND state = 'planned'
        """,
        owner, [row[0] for row in rows], [row[1] for row in rows], [msgspec.json.encode(row[2]).decode() for row in rows],
    )


async def refuse(db: Connection, *, owner: UUID, rows: Sequence[tuple[UUID, Mapping[str, Any]]]) -> list[Changed]:
    """Planned -> suppressed: capped, and why."""
    found = await db.fetch(
        """
        UPDATE message SET state = 'suppressed', reason = 'capped', finished_at = now(), lease_until = NULL, admitted_at = NULL,
            refusal = given.refusal
        FROM unnest($2::uuid[], $3::jsonb[]) AS given (id, refusal)
        WHERE message.id = given.id AND lease_owner = $1 AND state = 'planned'
        RETURNING message.id, origin, origin_id, step, arm, customer_id, channel, message.state, message.reason, permit_id, consent_version
        """,
        owner, [row[0] for row in rows], [msgspec.json.encode(row[1]).decode() for row in rows],
    )
    return changed_rows(found)


async def refusal_of(db: Connection, message_id: UUID) -> tuple[datetime | None, dict[str, Any] | None]:
    """(when a message took its place, why it was held back)."""
    row = await db.fetchrow("SELECT admitted_at, refusal FROM message WHERE id = $1", message_id)
    if row is None:
        return None, None
    return row["admitted_at"], msgspec.json.decode(row["refusal"]) if row["refusal"] else None


async def set_programme(db: Connection, *, origin_id: UUID, programme: str | None) -> None:
    """Caps know a campaign or journey by this name; None: by its own id."""
    if programme is None:
        await db.execute("DELETE FROM pressure_programme WHERE origin_id = $1", origin_id)
        return
    await db.execute(
        "INSERT INTO pressure_programme VALUES ($1, $2) ON CONFLICT (origin_id) DO UPDATE SET programme = EXCLUDED.programme", origin_id, programme
    )


async def programme_of(db: Connection, origin_id: UUID) -> str:
    """The name that caps know a campaign or journey by."""
    found: str | None = await db.fetchval("SELECT programme FROM pressure_programme WHERE origin_id = $1", origin_id)
    return found or str(origin_id)


async def responses(db: Connection, customer_ids: Sequence[UUID], *, since: datetime) -> dict[UUID, list[datetime]]:
    """When these people opened or clicked first, machines left out."""
    rows = await db.fetch(
        """
        SELECT m.customer_id, e.first_at FROM message m JOIN engagement e ON e.message_id = m.id
        WHERE m.customer_id = ANY($1::uuid[]) AND NOT e.automated AND e.first_at > $2 ORDER BY e.first_at DESC LIMIT 100000
        """,
        list(customer_ids), since,
    )
    found: dict[UUID, list[datetime]] = {}
    for row in rows:
        found.setdefault(row["customer_id"], []).append(row["first_at"])
    return found


async def responses_by_hour(db: Connection, *, zone: str, since: datetime) -> list[float]:
    """How often people answered at each local hour (of the given zone), all of them together."""
    rows = await db.fetch(
        """
        SELECT extract(hour FROM first_at AT TIME ZONE $1)::int AS hour, count(*) AS n FROM engagement
        WHERE NOT automated AND first_at > $2 GROUP BY 1
        """,
        zone, since,
    )
    counts = {row["hour"]: float(row["n"]) for row in rows}
    return [counts.get(hour, 0.0) for hour in range(24)]
