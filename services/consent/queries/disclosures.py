"""What is collected, by which source, what for and since when."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from services.consent.domain.statements import Purpose
from services.consent.settings import ConsentService
from services.consent.store import disclosures, purposes
from services.consent.store.disclosures import Collecting


class Disclosed(NamedTuple):
    """A place on the list. `purpose` is None where nobody has said what it is for; `first_seen` where it may come and has not yet."""

    source: str
    source_name: str
    mode: str
    place: str
    purpose: str | None
    first_seen: datetime | None


async def list_disclosures(service: ConsentService) -> tuple[list[Disclosed], dict[str, Purpose]]:
    """The whole list by source and place, and the purposes by name."""
    async with service.read() as db:
        sources = {one.source: one for one in await disclosures.all_sources(db)}
        seen = await disclosures.all_fields(db)
        defined = await purposes.newest(db)
    found = []
    met = set()
    for source, place, first_seen in seen:
        one = sources.get(source) or Collecting(source, 0, source, "open", None, {})
        met.add((source, place.casefold()))
        found.append(Disclosed(source, one.name, one.mode, place, purpose_of(one, place), first_seen))
    for one in sources.values():
        found += [
            Disclosed(one.source, one.name, one.mode, place, purpose, None)
            for place, purpose in one.declared.items() if (one.source, place.casefold()) not in met
        ]
    return sorted(found, key=lambda each: (each.source_name.casefold(), each.source, each.place)), defined


def purpose_of(source: Collecting, place: str) -> str | None:
    """What a field is collected for: as declared for it, for all of its kind, for all of the source."""
    declared = {name.casefold(): purpose for name, purpose in source.declared.items()}
    return declared.get(place.casefold()) or declared.get(f"{place.partition('.')[0]}.*") or source.purpose
