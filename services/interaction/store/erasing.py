"""SQL of erasing: contacts of a person go, what the books and figures need stays without anybody."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

from chassis.database import Connection

if TYPE_CHECKING:
    from services.interaction.settings import Erased

#: Held shared by whoever stores events, alone by whoever erases.
_LOCK: Final = 7_011_921

_CASES: Final = "(SELECT id FROM support_case WHERE customer_id = ANY($1) OR identity = ANY($2))"
_DEALS: Final = "(SELECT id FROM opportunity WHERE customer_id = ANY($1))"
#: Table -> what is done with the rows of the customers $1 and identities $2, in this order. Who adds a table with a person adds it here: a test looks.
_PERSONAL: Final = {
    "interaction": "DELETE FROM interaction WHERE identity = ANY($2)",
    "touchpoint": "DELETE FROM touchpoint WHERE identity = ANY($2)",
    "visit": "DELETE FROM visit WHERE identity = ANY($2)",
    "visit_owner": "DELETE FROM visit_owner WHERE identity = ANY($2) OR owner = ANY($1)",
    "session_dirty": "DELETE FROM session_dirty WHERE identity = ANY($2)",
    "session": "DELETE FROM session WHERE owner = ANY($1)",
    "notice": "DELETE FROM notice WHERE customer_id = ANY($1) OR identity = ANY($2)",
    "consent_signal": "DELETE FROM consent_signal WHERE identity = ANY($2)",
    "partner_contact": "DELETE FROM partner_contact WHERE identity = ANY($2)",
    "survey_answer": "DELETE FROM survey_answer WHERE identity = ANY($2)",
    "mail_sender": "DELETE FROM mail_sender WHERE identity = ANY($2)",
    "case_note": f"DELETE FROM case_note WHERE case_id IN {_CASES}",  # noqa: S608 - constant
    "case_thread": f"DELETE FROM case_thread WHERE case_id IN {_CASES}",  # noqa: S608 - constant
    "case_change": f"UPDATE case_change SET content = '{{}}' WHERE case_id IN {_CASES}",  # noqa: S608 - constant
    "case_contact": f"DELETE FROM case_contact WHERE case_id IN {_CASES}",  # noqa: S608 - constant
    "case_survey": f"UPDATE case_survey SET remark = NULL WHERE case_id IN {_CASES}",  # noqa: S608 - constant
    "task": f"""
        UPDATE task SET customer_id = NULL, title = '', notes = '', place = NULL, outcome = NULL, lead_id = NULL, opportunity_id = NULL,
            state = CASE WHEN state = 'open' THEN 'cancelled' ELSE state END
        WHERE customer_id = ANY($1) OR case_id IN {_CASES} OR opportunity_id IN {_DEALS}
            OR lead_id IN (SELECT id FROM lead WHERE customer_id = ANY($1) OR identity = ANY($2))
        """,  # noqa: S608 - constant
    "support_case": """
        UPDATE support_case SET customer_id = NULL, identity = NULL, subject = '', tags = '{}', outcome = NULL
        WHERE customer_id = ANY($1) OR identity = ANY($2)
        """,
    "opportunity": "UPDATE opportunity SET title = '', reason = NULL, customer_id = gen_random_uuid(), version = version + 1 WHERE customer_id = ANY($1)",
    "lead": """
        UPDATE lead SET title = '', contact = '{}', identity = NULL, customer_id = NULL, reason = NULL, version = version + 1
        WHERE customer_id = ANY($1) OR identity = ANY($2)
        """,
    "room_post": "UPDATE room_post SET text = '', hidden = true, customer_id = gen_random_uuid() WHERE customer_id = ANY($1)",
    "auction": """
        UPDATE auction SET winner_id = CASE WHEN winner_id = ANY($1) THEN NULL ELSE winner_id END,
            seller_id = CASE WHEN seller_id = ANY($1) THEN NULL ELSE seller_id END
        WHERE winner_id = ANY($1) OR seller_id = ANY($1)
        """,
    "auction_bid": "UPDATE auction_bid SET customer_id = gen_random_uuid(), deputy_id = NULL WHERE customer_id = ANY($1)",
    "deputy": "DELETE FROM deputy WHERE customer_id = ANY($1)",
    "customer_note": "DELETE FROM customer_note WHERE customer_id = ANY($1)",
    "customer_seen": "DELETE FROM customer_seen WHERE customer_id = ANY($1)",
    "message_entry": "DELETE FROM message_entry WHERE customer_id = ANY($1)",
    "consent_state": "DELETE FROM consent_state WHERE customer_id = ANY($1)",
    "order_version": """
        UPDATE order_version SET message_id = '', content = replace(content, encode(o.identity, 'hex'), '')
        FROM orders o WHERE o.order_id = order_version.order_id AND o.identity = ANY($2)
        """,
    # Each order under a hash of nobody, so that nothing joins the orders of one person any more.
    "orders": """
        UPDATE orders SET identity = anew.identity, state = replace(state, encode(orders.identity, 'hex'), encode(anew.identity, 'hex'))
        FROM (SELECT order_id, decode(md5(order_id || random()::text), 'hex') AS identity FROM orders WHERE identity = ANY($2)) AS anew
        WHERE anew.order_id = orders.order_id
        """,
    "credit_note": "UPDATE credit_note SET identity = decode(md5(credit_id || random()::text), 'hex') WHERE identity = ANY($2)",
    "merged_customer": "DELETE FROM merged_customer WHERE merged_id = ANY($1) OR into_id = ANY($1)",
    "identity_map": "DELETE FROM identity_map WHERE customer_id = ANY($1) OR identity = ANY($2)",
}
#: Tables that are searched for a person.
ERASED: Final = frozenset(_PERSONAL)

# Both parameters are named in each, whichever the statement uses.
_STATEMENTS: Final = {
    table: f"WITH given AS MATERIALIZED (SELECT $1::uuid[] AS customers, $2::bytea[] AS identities) {statement}"
    for table, statement in _PERSONAL.items()
}


async def hold_still(db: Connection, *, alone: bool = False) -> None:
    """Until the end of the transaction nobody is erased (`alone`: and no event is stored)."""
    if alone:
        await db.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
    else:
        await db.execute("SELECT pg_advisory_xact_lock_shared($1)", _LOCK)


async def erase_person(db: Connection, *, customers: Sequence[UUID], identities: Sequence[bytes]) -> dict[str, int]:
    """Table -> rows."""
    return {table: _count(await db.execute(statement, customers, identities)) for table, statement in _STATEMENTS.items()}


async def delete_attachments(db: Connection, identities: Sequence[bytes]) -> int:
    """The files of these identities' mails that no other mail has; before their interactions go."""
    rows = await db.fetch(
        """
        DELETE FROM attachment_use WHERE interaction_id IN (SELECT id FROM interaction WHERE identity = ANY($1) AND kind = 'email') RETURNING sha256
        """,
        identities,
    )
    digests = [row["sha256"] for row in rows]
    return _count(
        await db.execute(
            "DELETE FROM attachment a WHERE sha256 = ANY($1) AND NOT EXISTS (SELECT FROM attachment_use u WHERE u.sha256 = a.sha256)", digests
        )
    )


async def open_payloads(db: Connection) -> AsyncIterator[tuple[UUID, bytes, bytes | None]]:
    """Id, payload and stamp of what lies in quarantine; inside a transaction."""
    async for row in db.cursor("SELECT id, payload, stamp FROM quarantine WHERE octet_length(payload) > 0", prefetch=500):
        yield row["id"], bytes(row["payload"]), row["stamp"]


async def delete_quarantined(db: Connection, ids: Sequence[UUID]) -> int:
    return _count(await db.execute("DELETE FROM quarantine WHERE id = ANY($1)", ids))


async def set_aside(db: Connection) -> AsyncIterator[tuple[UUID, bytes]]:
    """Id and key of dead letters; inside a transaction."""
    async for row in db.cursor("SELECT id, key FROM dead_letter", prefetch=500):
        yield row["id"], bytes(row["key"])


async def delete_dead_letters(db: Connection, ids: Sequence[UUID]) -> int:
    return _count(await db.execute("DELETE FROM dead_letter WHERE id = ANY($1)", ids))


async def note(db: Connection, *, request_id: UUID, identities: Sequence[bytes], at: datetime) -> bool:
    """Mark exactly these identities for an erasure; False when it was carried out here before."""
    fresh = await db.fetchval("INSERT INTO erasure (request_id, erased_at) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING request_id", request_id, at)
    await db.execute("DELETE FROM erased_identity WHERE request_id = $1", request_id)
    await db.execute(
        """
        INSERT INTO erased_identity (identity, request_id) SELECT unnest($1::bytea[]), $2
        ON CONFLICT (identity) DO UPDATE SET request_id = excluded.request_id
        """,
        identities, request_id,
    )
    await db.execute("INSERT INTO erased_identity_change (at) VALUES ($1)", at)
    return fresh is not None


async def current(db: Connection, known: Erased) -> frozenset[bytes]:
    """The marked identities as this transaction sees them; read only when they have changed."""
    number = await db.fetchval("SELECT coalesce(max(number), 0) FROM erased_identity_change")
    if number != known.number:
        known.held = frozenset(bytes(row["identity"]) for row in await db.fetch("SELECT identity FROM erased_identity"))
        known.number = number
    return known.held


def _count(status: str) -> int:
    return int(status.rpartition(" ")[2])
