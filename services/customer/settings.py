"""Knobs of the customer service, `ECRM_CUSTOMER_…`, and what it holds while it runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from pydantic import Field

from chassis.service import Service
from chassis.settings import ServiceSettings


class CustomerSettings(ServiceSettings):
    """Beside the knobs that every service has."""

    default_region: str = Field("", pattern="^([A-Z]{2})?$", description="ISO 3166 country in which national telephone numbers are read, for example IR.")
    settled_identities: int = Field(100_000, ge=0, le=5_000_000, description="Identities kept in memory so that their events need no look-up.")


class Settled:
    """A set of at most `limit` texts in two generations: when the young one is full, the old one is forgotten.

    It holds presence only, never whose an identity is, so a merge or its undoing elsewhere cannot make it wrong.
    What a transaction did is noted first and counts only after its commit.
    """

    def __init__(self, limit: int = 100_000) -> None:
        self._half = limit // 2
        self._young: set[str] = set()
        self._old: set[str] = set()
        self._noted: list[str] = []
        self._noted_in: object = None

    def __contains__(self, text: str) -> bool:
        return text in self._young or text in self._old

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def note(self, transaction: object, texts: Iterable[str]) -> None:
        """Remember until `commit`; notes of another transaction, which was rolled back then, are forgotten."""
        if self._noted_in is not transaction:
            self._noted, self._noted_in = [], transaction
        self._noted.extend(texts)

    def commit(self) -> None:
        """The noted texts count from now on."""
        if self._half:
            for text in self._noted:
                if len(self._young) >= self._half:
                    self._old, self._young = self._young, set()
                self._young.add(text)
        self._noted, self._noted_in = [], None


@dataclass
class CustomerResources:
    """What a running customer service holds."""

    settled: Settled = field(default_factory=Settled)


CustomerService: TypeAlias = Service[CustomerSettings, CustomerResources]
