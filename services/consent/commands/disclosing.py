"""What is collected comes on the public list."""

from __future__ import annotations

from collections.abc import Iterable

from chassis.unit_of_work import Transaction
from contracts.gateway import SourceSettings
from contracts.interaction import FieldCollected
from services.consent.store import disclosures
from services.consent.store.disclosures import Collecting


async def learn_sources(tx: Transaction, *, sources: Iterable[SourceSettings]) -> None:
    """Names, modes and purposes as the gateway tells them."""
    newest: dict[str, SourceSettings] = {}
    for source in sources:
        if source.source_id not in newest or newest[source.source_id].version < source.version:
            newest[source.source_id] = source
    await disclosures.put_sources(
        tx.db,
        [
            Collecting(source_id, source.version, source.name, source.disclosure, source.require_consent, source.disclosed)
            for source_id, source in sorted(newest.items())
        ],
    )


async def disclose_field(tx: Transaction, *, field: FieldCollected) -> None:
    """A field was collected for the first time."""
    await disclosures.put_field(tx.db, source=field.source, place=field.place, at=field.first_seen_at)
