"""SQL on what memberships, addresses, choices and needs were at a time."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from chassis.database import Connection
from services.customer.domain.accounts import Membership
from services.customer.domain.reaching import Choice, Mark
from services.customer.store.reaching import Need

_AT = """
SELECT document FROM (
    SELECT DISTINCT ON (home_id, key) document FROM past_state
    WHERE home_id = ANY($1::uuid[]) AND subject = $2 AND recorded_at <= $3 ORDER BY home_id, key, id DESC) AS last
WHERE document IS NOT NULL
"""


async def memberships(db: Connection, *, people: Collection[UUID], at: datetime) -> list[Membership]:
    """All that hung on these very customers."""
    return [msgspec.convert([row[name] for name in Membership._fields], Membership) for row in await _rows(db, people, "membership", at)]


async def marks(db: Connection, *, homes: Collection[UUID], at: datetime) -> list[Mark]:
    """What was stated of addresses under these very customers."""
    return [msgspec.convert([row[name] for name in Mark._fields], Mark) for row in await _rows(db, homes, "contact_point", at)]


async def choices(db: Connection, *, homes: Collection[UUID], at: datetime) -> list[Choice]:
    """What was chosen under these very customers, also what was taken back."""
    return [msgspec.convert([row[name] for name in Choice._fields], Choice) for row in await _rows(db, homes, "channel_preference", at)]


async def needs(db: Connection, *, homes: Collection[UUID], at: datetime) -> list[Need]:
    """Needs that hung on these very customers, oldest first."""
    found = [msgspec.convert([row[name] for name in Need._fields], Need) for row in await _rows(db, homes, "need", at)]
    return sorted(found, key=lambda need: need.id)


async def _rows(db: Connection, homes: Collection[UUID], subject: str, at: datetime) -> list[dict[str, Any]]:
    return [msgspec.json.decode(row["document"]) for row in await db.fetch(_AT, list(homes), subject, at)]
