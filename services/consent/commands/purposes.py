"""Purposes are defined and given new versions."""

from __future__ import annotations

from chassis.unit_of_work import Transaction
from contracts import consent as facts
from services.consent import errors
from services.consent.domain.statements import Purpose
from services.consent.settings import ConsentService
from services.consent.store import purposes


async def define_purpose(
    service: ConsentService, *, purpose: str, basis: str, legal_basis: str, channels: list[str], title: dict[str, str],
    wording: dict[str, str], actor: str,
) -> Purpose:
    """A new purpose, version 1. Raises PurposeExists."""
    made = Purpose(purpose, 1, basis, legal_basis, channels, title, wording, service.clock.now())
    async with service.transaction() as tx:
        if not await purposes.insert_purpose(tx.db, made, defined_by=actor):
            raise errors.PurposeExists
        _tell(tx, made)
    return made


async def change_purpose(
    service: ConsentService, *, purpose: str, basis: str, legal_basis: str, channels: list[str], title: dict[str, str],
    wording: dict[str, str], actor: str,
) -> Purpose:
    """The next version of a purpose; what people said under earlier wordings stays. Raises UnknownPurpose, PurposeExists (two at once)."""
    async with service.transaction() as tx:
        known = (await purposes.newest(tx.db)).get(purpose)
        if known is None:
            raise errors.UnknownPurpose(purpose)
        made = Purpose(purpose, known.version + 1, basis, legal_basis, channels, title, wording, service.clock.now())
        if not await purposes.insert_purpose(tx.db, made, defined_by=actor):
            raise errors.PurposeExists
        _tell(tx, made)
    return made


def _tell(tx: Transaction, purpose: Purpose) -> None:
    tx.tell(
        facts.PurposeDefined(
            purpose=purpose.purpose, basis=purpose.basis, channels=purpose.channels, title=purpose.title, version=purpose.version,
            defined_at=purpose.defined_at,
        )
    )
