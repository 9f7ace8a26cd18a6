"""Imports of old consents."""

from __future__ import annotations

from uuid import UUID

from chassis.tabular import RowError
from services.consent import errors
from services.consent.settings import ConsentService
from services.consent.store import imports
from services.consent.store.imports import Import


async def get_import(service: ConsentService, *, import_id: UUID) -> Import:
    """Raises UnknownImport."""
    async with service.read() as db:
        found = await imports.find(db, import_id)
    if found is None:
        raise errors.UnknownImport
    return found


async def list_imports(service: ConsentService, *, before: UUID | None, limit: int) -> list[Import]:
    """The newest first."""
    async with service.read() as db:
        return await imports.page(db, before=before, limit=limit)


async def list_import_errors(service: ConsentService, *, import_id: UUID, after: int, limit: int) -> list[RowError]:
    """Rows that were refused, by line. Raises UnknownImport."""
    await get_import(service, import_id=import_id)
    async with service.read() as db:
        return await imports.errors(db, import_id, after=after, limit=limit)


__all__ = ["Import", "get_import", "list_import_errors", "list_imports"]
