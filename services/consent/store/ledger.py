"""The ledger of statements, identities, and the statements that wait for their identity's customer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from chassis.database import Connection
from services.consent.domain.statements import Entry

#: Whoever records a statement for an unknown identity shares it, whoever learns identities takes it alone: neither misses the other.
_IDENTITIES_LOCK = 7_305_101


async def insert_entries(db: Connection, entries: Iterable[Entry]) -> None:
    await db.executemany(
        """
        INSERT INTO entry (id, customer_id, identity, purpose, channel, state, wording_version, language, legal_basis, source, evidence,
                           actor, said_at, recorded_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
        """,
        [entry._replace(evidence=msgspec.json.encode(entry.evidence).decode()) for entry in entries],  # type: ignore[arg-type]
    )


async def entries_of(
    db: Connection, customers: Sequence[UUID], *, before: UUID | None, limit: int
) -> list[Entry]:
    """Statements of these customers, also those made under an identity that now is theirs; newest first."""
    rows = await db.fetch(
        """
        SELECT e.* FROM entry e
        WHERE (e.customer_id = ANY($1::uuid[])
               OR e.identity IN (SELECT identity FROM identity_map WHERE customer_id = ANY($1::uuid[])) AND e.customer_id IS NULL)
          AND ($2::uuid IS NULL OR e.id < $2)
        ORDER BY e.id DESC LIMIT $3
        """,
        customers, before, limit,
    )
    return [_entry(row) for row in rows]


async def refused_since(db: Connection, *, root: UUID, since: datetime) -> list[Entry]:
    """What a family refused after a time in its own name, not under an identity, and did not grant again."""
    rows = await db.fetch(
        """
        SELECT * FROM (
            SELECT DISTINCT ON (e.purpose, e.channel) e.* FROM person p JOIN entry e ON e.customer_id = p.customer_id
            WHERE (p.root_id = $1 OR p.customer_id = $1) AND e.said_at > $2 AND (e.identity IS NULL OR e.state = 'granted')
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
        SELECT DISTINCT ON (e.purpose, e.channel) e.* FROM entry e
        WHERE (e.customer_id = $1 OR e.customer_id IS NULL AND (e.identity = $2 OR e.identity IN (SELECT identity FROM identity_map WHERE customer_id = $1)))
          AND ($2::bytea IS NULL OR e.identity = $2) AND ($3::bytea IS NULL OR e.identity IS DISTINCT FROM $3)
        ORDER BY e.purpose, e.channel, e.said_at DESC, e.state DESC
        """,
        customer, under, other_than,
    )
    return [_entry(row) for row in rows]


async def own_names(db: Connection, entries: Sequence[UUID]) -> set[UUID]:
    """Those of the entries that were said of a customer, not under an identity."""
    rows = await db.fetch("SELECT id FROM entry WHERE id = ANY($1::uuid[]) AND identity IS NULL", entries)
    return {row["id"] for row in rows}


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
        "SELECT e.* FROM waiting w JOIN entry e ON e.id = w.entry_id WHERE w.identity = ANY($1::bytea[]) ORDER BY e.id", identities
    )
    return [_entry(row) for row in rows]


async def end_waiting(db: Connection, entries: Sequence[UUID]) -> None:
    await db.execute("DELETE FROM waiting WHERE entry_id = ANY($1::uuid[])", entries)


def _entry(row: Any) -> Entry:
    identity = row["identity"]
    return Entry(
        row["id"], row["customer_id"], bytes(identity) if identity is not None else None, row["purpose"], row["channel"], row["state"],
        row["wording_version"], row["language"], row["legal_basis"], row["source"], msgspec.json.decode(row["evidence"]), row["actor"],
        row["said_at"], row["recorded_at"],
    )
