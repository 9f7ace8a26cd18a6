"""What consent is asked for."""

from __future__ import annotations

from services.consent import errors
from services.consent.domain.statements import Purpose
from services.consent.settings import ConsentService
from services.consent.store import purposes


async def list_purposes(service: ConsentService) -> list[Purpose]:
    """The newest version of each."""
    async with service.read() as db:
        return list((await purposes.newest(db)).values())


async def list_purpose_versions(service: ConsentService, *, purpose: str) -> list[Purpose]:
    """All versions of one, the newest first. Raises UnknownPurpose."""
    async with service.read() as db:
        found = await purposes.versions(db, purpose)
    if not found:
        raise errors.UnknownPurpose(purpose)
    return found


async def list_modes(service: ConsentService) -> dict[str, list[str]]:
    """Which purposes each type of a consent mode speaks of."""
    async with service.read() as db:
        return await purposes.modes(db)
