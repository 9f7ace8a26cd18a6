"""Knobs of the consent service, `ECRM_CONSENT_…`, and what it holds while it runs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias
from uuid import UUID

from pydantic import Field

from chassis.database import INFRASTRUCTURE
from chassis.service import Service
from chassis.settings import ServiceSettings

if TYPE_CHECKING:
    from services.consent.domain.proofs import Signer

LOOK_SECONDS: Final = 0.02


class ConsentSettings(ServiceSettings):
    """Beside the knobs that every service has."""

    barrier_seconds: float = Field(
        5.0, ge=0.1, le=30, description="For how long a permit may be used; no withdrawal waits longer. Senders stop one second before."
    )
    confirm_hours: float = Field(72.0, gt=0, le=8760, description="For how long a grant with double opt-in waits for its confirmation.")
    root_seconds: float = Field(30.0, ge=0.2, le=60, description="The signed root over the ledger is at most so old while entries come in.")
    organisation: str = Field("this organisation", description="Who is responsible for the data: named in receipts.")
    copy_days: int = Field(14, ge=1, le=90, description="For how long the archive that answers a request for a copy can be downloaded.")
    opendsr_pending_seconds: float = Field(60.0, ge=0, le=86_400, description="For how long an erasure that came by OpenDSR can be cancelled.")
    answer_days: int = Field(30, ge=1, le=90, description="By when a request for a copy or for erasure is answered.")


class OpenPermits:
    """Waits until batches of permits are closed, by whichever process: one look at the database serves all that wait."""

    def __init__(self, look: Callable[[Sequence[UUID]], Awaitable[set[UUID]]]) -> None:
        """`look` answers which of the given batches are still open."""
        self._look = look
        self._waiting: dict[UUID, set[asyncio.Future[None]]] = {}
        self._poller: asyncio.Task[None] | None = None

    async def wait(self, batches: Iterable[UUID], *, seconds: float) -> bool:
        """True as soon as all are closed, False when `seconds` have passed on this process's monotonic clock."""
        loop = asyncio.get_running_loop()
        futures = {batch: loop.create_future() for batch in batches}
        if not futures:
            return True
        for batch, future in futures.items():
            self._waiting.setdefault(batch, set()).add(future)
        if self._poller is None or self._poller.done():
            self._poller = asyncio.create_task(self._poll(), name="open-permits")
        try:
            _, pending = await asyncio.wait(futures.values(), timeout=max(0.0, seconds))
            return not pending
        finally:
            for batch, future in futures.items():
                future.cancel()
                waiting = self._waiting.get(batch, set())
                waiting.discard(future)
                if not waiting:
                    self._waiting.pop(batch, None)

    def note_closed(self, batch: UUID) -> None:
        """This process has just closed it."""
        for future in self._waiting.pop(batch, ()):
            if not future.done():
                future.set_result(None)

    async def close(self) -> None:
        if self._poller is not None:
            self._poller.cancel()
            with suppress(asyncio.CancelledError):
                await self._poller

    async def _poll(self) -> None:
        while self._waiting:
            watched = list(self._waiting)
            try:
                still = await self._look(watched)
            except INFRASTRUCTURE:
                still = set(watched)  # nothing is known: those who wait wait on, at the longest for their whole time
            for batch in watched:
                if batch not in still:
                    self.note_closed(batch)
            await asyncio.sleep(LOOK_SECONDS)


@dataclass
class ConsentResources:
    """What a running consent service holds. `signer` changes when keys are rotated. `seen_open`: since when this process has known a batch to be open (monotonic seconds)."""

    signer: Signer
    open_permits: OpenPermits
    seen_open: dict[UUID, float] = field(default_factory=dict)


ConsentService: TypeAlias = Service[ConsentSettings, ConsentResources]
