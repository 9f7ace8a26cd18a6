"""SQL on whose data are kept and not used."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from chassis.database import Connection


async def put(db: Connection, *, restricted: Collection[UUID], free: Collection[UUID], at: datetime) -> None:
    """These are restricted from now on, those are not."""
    await db.execute("DELETE FROM restricted WHERE customer_id = ANY($1::uuid[])", list(free))
    await db.execute("INSERT INTO restricted (customer_id, since) SELECT unnest($1::uuid[]), $2 ON CONFLICT DO NOTHING", list(restricted), at)


async def among(db: Connection, customers: Collection[UUID]) -> set[UUID]:
    """Those of them whose data are not used."""
    return {row["customer_id"] for row in await db.fetch("SELECT customer_id FROM restricted WHERE customer_id = ANY($1::uuid[])", list(customers))}
