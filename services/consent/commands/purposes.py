"""Purposes are defined and given new versions."""

from __future__ import annotations

from chassis.unit_of_work import Transaction
from contracts import consent as facts
from services.consent import errors
from services.consent.domain.statements import OPT_IN, OPT_OUT, Purpose
from services.consent.settings import ConsentService
from services.consent.store import purposes


async def define_purpose(
    service: ConsentService, *, purpose: str, basis: str, legal_basis: str, channels: list[str], title: dict[str, str],
    wording: dict[str, str], actor: str, consequences: dict[str, str] | None = None, expires_after_days: int | None = None,
) -> Purpose:
    """A new purpose, version 1. Raises PurposeExists, ExpiryNeedsGrants."""
    _check(basis, expires_after_days)
    made = Purpose(purpose, 1, basis, legal_basis, channels, title, wording, service.clock.now(), consequences or {}, expires_after_days)
    async with service.transaction() as tx:
        if not await purposes.insert_purpose(tx.db, made, defined_by=actor):
            raise errors.PurposeExists
        _tell(tx, made)
    return made


async def change_purpose(
    service: ConsentService, *, purpose: str, basis: str, legal_basis: str, channels: list[str], title: dict[str, str],
    wording: dict[str, str], actor: str, consequences: dict[str, str] | None = None, expires_after_days: int | None = None,
) -> Purpose:
    """The next version of a purpose; what people said under earlier wordings stays. Raises UnknownPurpose, PurposeExists (two at once)."""
    _check(basis, expires_after_days)
    async with service.transaction() as tx:
        known = (await purposes.newest(tx.db)).get(purpose)
        if known is None:
            raise errors.UnknownPurpose(purpose)
        made = Purpose(purpose, known.version + 1, basis, legal_basis, channels, title, wording, service.clock.now(), consequences or {}, expires_after_days)
        if not await purposes.insert_purpose(tx.db, made, defined_by=actor):
            raise errors.PurposeExists
        _tell(tx, made)
    return made


async def map_mode(service: ConsentService, *, type: str, speaks_of: list[str]) -> None:
    """From now on this type of a consent mode speaks of these purposes. Raises UnknownPurpose."""
    async with service.transaction() as tx:
        defined = await purposes.newest(tx.db)
        for name in speaks_of:
            if name not in defined:
                raise errors.UnknownPurpose(name)
        await purposes.set_mode(tx.db, type=type, purposes=speaks_of)


def _check(basis: str, expires_after_days: int | None) -> None:
    if basis == OPT_OUT and expires_after_days is not None:
        raise errors.ExpiryNeedsGrants


def _tell(tx: Transaction, purpose: Purpose) -> None:
    tx.tell(
        facts.PurposeDefined(
            purpose=purpose.purpose, basis=OPT_OUT if purpose.basis == OPT_OUT else OPT_IN, channels=purpose.channels, title=purpose.title, version=purpose.version,
            defined_at=purpose.defined_at,
        )
    )
