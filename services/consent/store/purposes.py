"""Purposes: each definition is a row of its own, the newest counts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from chassis.database import Connection
from services.consent.domain.statements import Purpose


async def insert_purpose(db: Connection, purpose: Purpose, *, defined_by: str) -> bool:
    """False when this version exists already."""
    row = await db.fetchval(
        """
        INSERT INTO purpose (purpose, version, basis, legal_basis, channels, title, wording, defined_at, defined_by, consequences,
                             expires_after_days)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING RETURNING version
        """,
        purpose.purpose, purpose.version, purpose.basis, purpose.legal_basis, purpose.channels,
        msgspec.json.encode(purpose.title).decode(), msgspec.json.encode(purpose.wording).decode(), purpose.defined_at, defined_by,
        msgspec.json.encode(purpose.consequences).decode(), purpose.expires_after_days,
    )
    return row is not None


async def newest(db: Connection, *, until: datetime | None = None) -> dict[str, Purpose]:
    """The version of each purpose that counts, or that counted then."""
    if until is None:
        rows = await db.fetch("SELECT DISTINCT ON (purpose) * FROM purpose ORDER BY purpose, version DESC")
    else:
        rows = await db.fetch("SELECT DISTINCT ON (purpose) * FROM purpose WHERE defined_at <= $1 ORDER BY purpose, version DESC", until)
    return {row["purpose"]: _purpose(row) for row in rows}


async def versions(db: Connection, purpose: str) -> list[Purpose]:
    """All versions, the newest first: which wording a person was shown stays known."""
    rows = await db.fetch("SELECT * FROM purpose WHERE purpose = $1 ORDER BY version DESC", purpose)
    return [_purpose(row) for row in rows]


async def modes(db: Connection) -> dict[str, list[str]]:
    """Which purposes each type of a consent mode speaks of."""
    return {row["type"]: list(row["purposes"]) for row in await db.fetch("SELECT type, purposes FROM consent_mode ORDER BY type")}


async def set_mode(db: Connection, *, type: str, purposes: Sequence[str]) -> None:
    await db.execute(
        "INSERT INTO consent_mode (type, purposes) VALUES ($1, $2) ON CONFLICT (type) DO UPDATE SET purposes = excluded.purposes", type, purposes
    )


def _purpose(row: Any) -> Purpose:
    return Purpose(
        row["purpose"], row["version"], row["basis"], row["legal_basis"], list(row["channels"]),
        msgspec.json.decode(row["title"]), msgspec.json.decode(row["wording"]), row["defined_at"],
        msgspec.json.decode(row["consequences"]), row["expires_after_days"],
    )
