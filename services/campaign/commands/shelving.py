"""In-app and on-site messages: kept here until the person comes by."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final
from uuid import UUID

from services.campaign.domain.ledger import Outcome, State
from services.campaign.domain.parcels import Parcel
from services.campaign.settings import CampaignService
from services.campaign.store import shelf

PROVIDER: Final = "shelf"
#: How long a message waits for its person, unless its data say otherwise (`expires_in_days`).
WAITS_DAYS: Final = 30


class Shelf:
    """The way out for the channels in_app and on_site: rows that a visit reads. Given twice, a message is there once."""

    def __init__(self, service: CampaignService, *, connections: int = 4) -> None:
        self.connections = connections
        self._service = service
        self._free = asyncio.Semaphore(connections)

    @asynccontextmanager
    async def connection(self, _provider: str | None = None) -> AsyncIterator[_Place]:
        async with self._free:
            yield _Place(self._service)

    async def reachable(self) -> bool:
        return True

    async def close(self) -> None:
        """Nothing is held."""


class _Place:
    provider = PROVIDER
    idempotent = True
    usable = True

    def __init__(self, service: CampaignService) -> None:
        self._service = service

    async def hand_over(self, parcel: Parcel, *, allowed: Callable[[], bool]) -> Outcome:
        if not allowed():
            return Outcome(State.PLANNED, "permit_expired", same_provider=parcel.again)
        days = parcel.data.get("expires_in_days")
        waits = timedelta(days=days if isinstance(days, int) and 0 < days <= 366 else WAITS_DAYS)
        now = self._service.clock.now()
        async with self._service.transaction() as tx:
            await shelf.put(
                tx.db, key=parcel.key, customer_id=UUID(parcel.customer_id), channel=parcel.channel, title=parcel.title, text=parcel.text,
                placement=_word(parcel.data.get("placement"), parcel.channel), purpose=parcel.purpose, priority=_number(parcel.data.get("priority")),
                locale=parcel.locale, data=parcel.data, origin_id=UUID(parcel.origin_id), at=now, expires_at=now + waits,
            )
        return Outcome(State.ACCEPTED)


def _word(value: object, otherwise: str) -> str:
    """The place it is for: `placement` of its data, else the channel's name."""
    return value if isinstance(value, str) and 0 < len(value) <= 64 else otherwise


def _number(value: object) -> int:
    return value if isinstance(value, int) and -1000 <= value <= 1000 else 0
