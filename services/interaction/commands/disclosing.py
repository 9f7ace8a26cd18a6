"""Each field that is collected is told once, so that it stands on the public list as soon as it is stored."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from chassis.unit_of_work import Transaction
from contracts.interaction import FieldCollected
from services.interaction.domain.collecting import disclosing
from services.interaction.domain.recording import Outgoing
from services.interaction.settings import InteractionService
from services.interaction.store import disclosing as store

#: Of one source; a sender that makes up names for its fields adds no more lines to the list, but `properties.*` and the like.
MOST_FIELDS: Final = 2000


async def note_fields(service: InteractionService, tx: Transaction, stored: Iterable[Outgoing]) -> None:
    """Tell fields nobody has met. Those met before are known in memory, so the usual event costs no SQL.

    A field is remembered only when it was found listed: were this transaction undone, nothing false would be remembered.
    """
    known = service.resources.fields
    met: set[tuple[str, str]] = set()
    for each in stored:
        event = each.incoming.event
        source = event.stamp.source
        met |= {(source, place) for place in disclosing.places_of(event) if (source, place) not in known}
    if not met:
        return
    counts = await store.counts(tx.db, sorted({source for source, _ in met}))
    full = {source for source, number in counts.items() if number >= MOST_FIELDS}
    wanted = {(source, f"{place.partition('.')[0]}.*" if source in full else place) for source, place in met}
    now = service.clock.now()
    new = await store.put(tx.db, sorted(wanted), at=now)
    for source, place in sorted(new):
        tx.tell(FieldCollected(source=source, place=place, first_seen_at=now))
    if not full:
        known |= wanted - new
