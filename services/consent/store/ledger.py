"""The ledger of statements, identities, and the statements that wait for their identity's customer."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from chassis.database import Connection
from services.consent.domain.chain import SALT_BYTES
from services.consent.domain.statements import LINKED, MERGED, UNMERGED, Entry

#: Whoever records a statement for an unknown identity shares it, whoever learns identities takes it alone: neither misses the other.
_IDENTITIES_LOCK = 7_305_101

#: All of an entry, with its personal parts.
_SELECT: Final = """
    SELECT e.id, p.customer_id, p.identity, p.language, p.source, p.evidence, p.actor, e.purpose, e.channel, e.state, e.wording_version,
           e.legal_basis, e.said_at, e.recorded_at, e.expires_at, e.refers, e.tick
    FROM entry_person p JOIN entry e ON e.id = p.entry_id
"""


async def insert_entries(db: Connection, entries: Sequence[Entry]) -> None:
    """Add lines, in order; their ticks are drawn here, so the people's rows must be held already."""
    if not entries:
        return
    await db.executemany(
        """
        INSERT INTO entry (id, purpose, channel, state, wording_version, legal_basis, said_at, recorded_at, expires_at, refers)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        """,
        [
            (
                one.id, one.purpose, one.channel, one.state, one.wording_version, one.legal_basis, one.said_at, one.recorded_at,
                one.expires_at, list(one.refers),
            )
            for one in entries
        ],
    )
    await db.executemany(
        """
        INSERT INTO entry_person (entry_id, customer_id, identity, language, source, evidence, actor, salt)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        [
            (
                one.id, one.customer_id, one.identity, one.language, one.source, msgspec.json.encode(one.evidence).decode(), one.actor,
                os.urandom(SALT_BYTES),
            )
            for one in entries
        ],
    )


async def entries_of(
    db: Connection, customers: Sequence[UUID], *, before: UUID | None, limit: int
) -> list[Entry]:
    """Statements of these customers, also those made under an identity that now is theirs; newest first."""
    rows = await db.fetch(
        _SELECT  # noqa: S608 - two constants
        + """
        WHERE (p.customer_id = ANY($1::uuid[])
               OR p.identity IN (SELECT identity FROM identity_map WHERE customer_id = ANY($1::uuid[])) AND p.customer_id IS NULL)
          AND ($2::uuid IS NULL OR p.entry_id < $2)
        ORDER BY p.entry_id DESC LIMIT $3
        """,
        customers, before, limit,
    )
    return [_entry(row) for row in rows]


async def find(db: Connection, entry_id: UUID) -> Entry | None:
    """One line; None when there is none or its personal parts were erased."""
    row = await db.fetchrow(_SELECT + "WHERE e.id = $1", entry_id)
    return _entry(row) if row else None


async def history_of(db: Connection, customers: Sequence[UUID], *, until: datetime) -> list[Entry]:
    """All that was recorded until then about these customers and everybody they were ever merged with, in the order of the ledger."""
    known: set[UUID] = set()
    found: dict[UUID, Entry] = {}
    wanted = set(customers)
    while wanted:
        rows = await db.fetch(
            _SELECT
            + """
            WHERE e.recorded_at <= $2 AND (
                p.customer_id = ANY($1::uuid[])
                OR p.evidence ? 'into' AND p.evidence ->> 'into' = ANY($3::text[]) AND e.state IN ('merged', 'unmerged'))
            """,
            list(wanted), until, [str(one) for one in wanted],
        )
        known |= wanted
        found |= {row["id"]: _entry(row) for row in rows}
        named = {UUID(one.evidence["into"]) for one in found.values() if one.state in (MERGED, UNMERGED)}
        wanted = (named | {one.customer_id for one in found.values() if one.customer_id is not None}) - known
    referred = {entry for one in found.values() if one.state == LINKED for entry in one.refers} - set(found)
    if referred:
        rows = await db.fetch(_SELECT + "WHERE e.id = ANY($1::uuid[])", list(referred))
        found |= {row["id"]: _entry(row) for row in rows}
    return sorted(found.values(), key=lambda one: one.tick)


async def entry_ids_of(db: Connection, customers: Sequence[UUID], identities: Sequence[bytes]) -> list[UUID]:
    """Every entry that names one of these."""
    rows = await db.fetch(
        "SELECT entry_id FROM entry_person WHERE customer_id = ANY($1::uuid[]) OR identity = ANY($2::bytea[]) ORDER BY entry_id",
        customers, identities,
    )
    return [row["entry_id"] for row in rows]


async def was_confirmed(db: Connection, entry_id: UUID) -> bool:
    """Whether a grant that counts stands on this pending one."""
    return bool(await db.fetchval("SELECT EXISTS (SELECT FROM entry WHERE refers @> ARRAY[$1::uuid] AND state = 'granted')", entry_id))


async def erase(db: Connection, erasure: UUID) -> int:
    """Delete the personal parts of the entries that this `erased` entry refers to; how many there were."""
    return int(await db.fetchval("SELECT erase_entries($1)", erasure))


async def refused_since(db: Connection, *, root: UUID, since: datetime) -> list[Entry]:
    """What a family refused after a time in its own name, not under an identity, and did not grant again."""
    rows = await db.fetch(
        """
        SELECT * FROM (
            SELECT DISTINCT ON (e.purpose, e.channel) e.*, p.customer_id, p.identity, p.language, p.source, p.evidence, p.actor
            FROM person f JOIN entry_person p ON p.customer_id = f.customer_id JOIN entry e ON e.id = p.entry_id
            WHERE (f.root_id = $1 OR f.customer_id = $1) AND e.said_at > $2 AND e.state IN ('granted', 'withdrawn')
              AND (p.identity IS NULL OR e.state = 'granted')
            ORDER BY e.purpose, e.channel, e.said_at DESC, e.state DESC
        ) last WHERE state = 'withdrawn' ORDER BY id
        """,
        root, since,
    )
    return [_entry(row) for row in rows]


async def last_words(db: Connection, *, customer: UUID, under: bytes | None = None, other_than: bytes | None = None) -> list[Entry]:
    """The last statement of each purpose and channel under a customer: those made under one identity, or all but these."""
    rows = await db.fetch(
        """
        SELECT DISTINCT ON (e.purpose, e.channel) e.*, p.customer_id, p.identity, p.language, p.source, p.evidence, p.actor
        FROM entry_person p JOIN entry e ON e.id = p.entry_id
        WHERE (p.customer_id = $1 OR p.customer_id IS NULL AND (p.identity = $2 OR p.identity IN (SELECT identity FROM identity_map WHERE customer_id = $1)))
          AND ($2::bytea IS NULL OR p.identity = $2) AND ($3::bytea IS NULL OR p.identity IS DISTINCT FROM $3)
          AND e.state IN ('granted', 'withdrawn', 'expired')
        ORDER BY e.purpose, e.channel, e.said_at DESC, e.state DESC
        """,
        customer, under, other_than,
    )
    return [_entry(row) for row in rows]


async def own_names(db: Connection, entries: Sequence[UUID]) -> set[UUID]:
    """Those of the entries that were said of a customer, not under an identity."""
    rows = await db.fetch("SELECT entry_id FROM entry_person WHERE entry_id = ANY($1::uuid[]) AND identity IS NULL", entries)
    return {row["entry_id"] for row in rows}


async def customers_of(db: Connection, identities: Sequence[bytes]) -> dict[bytes, UUID]:
    """Whose these identities are, as far as is known."""
    rows = await db.fetch("SELECT identity, customer_id FROM identity_map WHERE identity = ANY($1::bytea[])", identities)
    return {bytes(row["identity"]): row["customer_id"] for row in rows}


async def hold_identities(db: Connection, *, learning: bool) -> None:
    """Until the transaction ends."""
    await db.execute("SELECT pg_advisory_xact_lock($1)" if learning else "SELECT pg_advisory_xact_lock_shared($1)", _IDENTITIES_LOCK)


async def learn_identities(db: Connection, known: Mapping[bytes, tuple[str, UUID]], gone: Sequence[bytes]) -> None:
    """Take over the newest owners of identities."""
    ordered = sorted(known)
    await db.execute(
        """
        INSERT INTO identity_map (identity, kind, customer_id) SELECT * FROM unnest($1::bytea[], $2::text[], $3::uuid[])
        ON CONFLICT (identity) DO UPDATE SET customer_id = excluded.customer_id, kind = excluded.kind
        """,
        ordered, [known[identity][0] for identity in ordered], [known[identity][1] for identity in ordered],
    )
    if gone:
        await db.execute("DELETE FROM identity_map WHERE identity = ANY($1::bytea[])", gone)


async def insert_waiting(db: Connection, waiting: Iterable[tuple[UUID, bytes]]) -> None:
    await db.executemany("INSERT INTO waiting (entry_id, identity) VALUES ($1, $2)", list(waiting))


async def waiting_for(db: Connection, identities: Sequence[bytes]) -> list[Entry]:
    """Statements whose person is not known yet, oldest first."""
    rows = await db.fetch(
        _SELECT + "JOIN waiting w ON w.entry_id = e.id WHERE w.identity = ANY($1::bytea[]) ORDER BY e.tick", identities
    )
    return [_entry(row) for row in rows]


async def end_waiting(db: Connection, entries: Sequence[UUID]) -> None:
    await db.execute("DELETE FROM waiting WHERE entry_id = ANY($1::uuid[])", entries)


def _entry(row: Any) -> Entry:
    """From a row with COLUMNS."""
    identity = row["identity"]
    return Entry(
        row["id"], row["customer_id"], bytes(identity) if identity is not None else None, row["language"], row["source"],
        msgspec.json.decode(row["evidence"]), row["actor"], row["purpose"], row["channel"], row["state"], row["wording_version"],
        row["legal_basis"], row["said_at"], row["recorded_at"], row["expires_at"], tuple(row["refers"]), row["tick"],
    )
