"""What every channel's carrier promises: connections, and an honest outcome for each parcel."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from services.campaign.domain.ledger import Outcome
from services.campaign.domain.parcels import Parcel


class Away(Exception):
    """There is no way to the other side; nothing has left."""


class Connection(Protocol):
    """One parcel after the other to one provider. `idempotent`: a parcel given twice arrives once, so a lost answer may be asked for again."""

    @property
    def provider(self) -> str: ...

    @property
    def idempotent(self) -> bool: ...

    @property
    def usable(self) -> bool: ...

    async def hand_over(self, parcel: Parcel, *, allowed: Callable[[], bool]) -> Outcome:
        """Give one parcel away. `allowed` is asked right before it leaves; False: nothing leaves, it is planned again."""
        ...


class Carrier(Protocol):
    """A channel's way out."""

    @property
    def connections(self) -> int: ...

    def connection(self, provider: str | None = None) -> AbstractAsyncContextManager[Connection]:
        """`provider`: no other will do. Raises Away."""
        ...

    async def reachable(self) -> bool: ...

    async def close(self) -> None: ...
