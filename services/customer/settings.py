"""Knobs of the customer service, `ECRM_CUSTOMER_…`, and what it holds while it runs."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias

from pydantic import Field

from chassis.service import Service
from chassis.settings import ServiceSettings

if TYPE_CHECKING:
    from services.customer.domain.definitions import Definitions
    from services.customer.domain.rules import Rules


class CustomerSettings(ServiceSettings):
    """Beside the knobs that every service has."""

    default_region: str = Field("", pattern="^([A-Z]{2})?$", description="ISO 3166 country in which national telephone numbers are read, for example IR.")
    settled_identities: int = Field(100_000, ge=0, le=5_000_000, description="Identities kept in memory so that their events need no look-up.")


#: Partition and offset of a record.
Place: TypeAlias = tuple[int, int]


class Settled:
    """A set of at most `limit` texts in two generations: when the young one is full, the old one is forgotten.

    It holds presence only, never whose an identity is, so a merge or its undoing elsewhere cannot make it wrong.
    What a transaction did is noted first and counts only after its commit.
    """

    def __init__(self, limit: int = 100_000) -> None:
        self._half = limit // 2
        self._young: set[str] = set()
        self._old: set[str] = set()
        self._noted: dict[Place, list[str]] = {}

    def __contains__(self, text: str) -> bool:
        return text in self._young or text in self._old

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def note(self, place: Place, texts: Iterable[str]) -> None:
        """Remember under the last record of a batch, until `commit` tells whether it came through."""
        self._noted[place] = list(texts)

    def commit(self, places: Collection[Place]) -> None:
        """What was noted under these records counts; other notes belong to work that was rolled back."""
        if self._half:
            for place in self._noted.keys() & set(places):
                self._keep(self._noted[place])
        self._noted = {}

    def clear(self) -> None:
        """Everything is looked at again."""
        self._young, self._old, self._noted = set(), set(), {}

    def _keep(self, texts: Iterable[str]) -> None:
        for text in texts:
            if len(self._young) >= self._half:
                self._old, self._young = self._young, set()
            self._young.add(text)


@dataclass
class KnownDefinitions:
    """The trait definitions as last read, and when (monotonic seconds) somebody looked for newer ones."""

    held: Definitions | None = None
    checked: float = float("-inf")


@dataclass
class KnownErasures:
    """The marked identities (hex) as last read, up to which change, and when (monotonic seconds) somebody looked for newer ones."""

    held: frozenset[str] = frozenset()
    number: int = 0
    checked: float = float("-inf")


@dataclass
class CustomerResources:
    """What a running customer service holds."""

    rules: Rules
    settled: Settled = field(default_factory=Settled)
    definitions: KnownDefinitions = field(default_factory=KnownDefinitions)
    erasures: KnownErasures = field(default_factory=KnownErasures)
    undone_import: datetime | None = None


CustomerService: TypeAlias = Service[CustomerSettings, CustomerResources]
