"""Imports and exports: how far they are, what was refused, the file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

from services.customer import errors, store
from services.customer.settings import CustomerService


async def get_import(service: CustomerService, *, import_id: UUID) -> store.imports.Row:
    """Raises Unknown."""
    async with service.read() as db:
        row = await store.imports.find(db, import_id=import_id)
    if row is None:
        raise errors.unknown_import()
    return row


async def list_imports(service: CustomerService, *, before: UUID | None, limit: int) -> list[store.imports.Row]:
    """The newest first."""
    async with service.read() as db:
        return await store.imports.page(db, before=before, limit=limit)


async def list_import_errors(service: CustomerService, *, import_id: UUID, after: int, limit: int) -> list[tuple[int, str, str]]:
    """(line, code, reason) in the order of the file. Raises Unknown."""
    await get_import(service, import_id=import_id)
    async with service.read() as db:
        return await store.imports.errors_of(db, import_id=import_id, after=after, limit=limit)


async def get_export(service: CustomerService, *, export_id: UUID) -> store.exports.Row:
    """Raises Unknown."""
    async with service.read() as db:
        row = await store.exports.find(db, export_id=export_id)
    if row is None:
        raise errors.unknown_export()
    return row


async def list_exports(service: CustomerService, *, before: UUID | None, limit: int) -> list[store.exports.Row]:
    """The newest first."""
    async with service.read() as db:
        return await store.exports.page(db, before=before, limit=limit)


async def read_export(service: CustomerService, *, export_id: UUID) -> AsyncIterator[bytes]:
    """The file in pieces."""
    async with service.read() as db:
        async for content in store.exports.parts(db, export_id=export_id):
            yield content
