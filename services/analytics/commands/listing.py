"""Lists: segments whose members are put on them and taken off by hand or by file."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from contracts.analytics import SegmentEntered, SegmentLeft
from contracts.identity import BadIdentity, identity_hash, parse_identity
from services.analytics import errors
from services.analytics.settings import AnalyticsService
from services.analytics.store import definitions, evaluating, memberships

MAX_ROWS: Final = 100_000
CHUNK: Final = 5_000
MAX_NAMED: Final = 100


async def change_list(
    service: AnalyticsService, *, segment_id: UUID, add: Sequence[UUID], remove: Sequence[UUID], unknown: Sequence[str] = ()
) -> dict[str, Any]:
    """Put on and take off; merged customers stand for whoever answers for them. Raises Unknown, Gone, Conflict.

    The rows here are the truth of a list; they are told, so that the warehouse can ask for them in rules.
    """
    async with service.read() as db:
        found = await definitions.find_segment(db, segment_id)
    if found is None:
        raise errors.unknown_segment()
    if found["kind"] != "list":
        raise errors.no_list()
    if found["state"] != "active":
        raise errors.archived()
    known = await service.resources.read(lambda connection: evaluating.survivors(connection, [*add, *remove]))
    entering = list(dict.fromkeys(known[one] for one in add if one in known))
    leaving = list(dict.fromkeys(one for each in remove for one in {each, known.get(each, each)}))
    version, now, added, removed = int(found["version"]), service.clock.now(), 0, 0
    for start in range(0, max(len(entering), len(leaving)), CHUNK):
        async with service.transaction() as tx:
            gone = await memberships.leave(tx.db, segment_id=segment_id, customers=leaving[start : start + CHUNK])
            await memberships.note_list(tx.db, segment_id=segment_id, customers=gone, listed=False, at=now)
            for customer in gone:
                tx.tell(SegmentLeft(segment_id=str(segment_id), customer_id=str(customer), version=version, left_at=now, listed=True))
                removed += 1
            came = await memberships.enter(tx.db, segment_id=segment_id, customers=entering[start : start + CHUNK], version=version, at=now)
            await memberships.note_list(tx.db, segment_id=segment_id, customers=came, listed=True, at=now)
            for customer in came:
                tx.tell(SegmentEntered(segment_id=str(segment_id), customer_id=str(customer), version=version, entered_at=now, listed=True))
                added += 1
    missing = [*unknown, *(str(one) for one in add if one not in known)]
    return {
        "added": added, "removed": removed, "unchanged": len(entering) + len({known.get(one, one) for one in remove}) - added - removed,
        "unknown": missing[:MAX_NAMED],
    }


async def import_list(service: AnalyticsService, *, segment_id: UUID, text: str) -> dict[str, Any]:
    """Put everybody in a CSV file on the list, by `customer_id` or by `identity`. Raises Invalid, Unknown, Gone, Conflict."""
    reader = csv.DictReader(io.StringIO(text, newline=""))
    column = next((name for name in ("customer_id", "identity") if name in (reader.fieldnames or ())), None)
    if column is None:
        raise errors.no_member_column()
    named = [(row.get(column) or "").strip() for row in reader]
    if len(named) > MAX_ROWS:
        raise errors.too_many_rows(MAX_ROWS)
    if not named:
        raise errors.no_rows()
    customers, unknown = await (_by_identity(service, named) if column == "identity" else _by_id(named))
    return await change_list(service, segment_id=segment_id, add=customers, remove=(), unknown=unknown)


async def _by_id(named: list[str]) -> tuple[list[UUID], list[str]]:
    customers, unknown = [], []
    for one in named:
        try:
            customers.append(UUID(one))
        except ValueError:
            unknown.append(one)
    return customers, unknown


async def _by_identity(service: AnalyticsService, named: list[str]) -> tuple[list[UUID], list[str]]:
    hashes: dict[str, str] = {}
    unknown = []
    for one in named:
        try:
            hashes[identity_hash(str(parse_identity(one)), service.identity_secret).hex()] = one
        except BadIdentity:
            unknown.append(one)
    found = await service.resources.read(lambda connection: evaluating.owners(connection, list(hashes)))
    return list(found.values()), [*unknown, *(one for digest, one in hashes.items() if digest not in found)]
