"""What an audit reads: the chain with its personal parts, roots, keys, batches of permits."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from services.consent.domain.chain import Link, Root
from services.consent.settings import ConsentService
from services.consent.store import chain, permits
from services.consent.store.chain import Key, Personal
from services.consent.store.permits import Batch


class OpenedLink(NamedTuple):
    """A link, and what its commitment is over; nothing of purposes and of what was erased."""

    link: Link
    personal: Personal | None


async def page_links(service: ConsentService, *, after: int, limit: int) -> list[OpenedLink]:
    """In the order of the chain."""
    async with service.read() as db:
        links = await chain.page(db, after=after, limit=limit)
        personal = await chain.personal(db, [UUID(link.ref) for link in links if link.kind == "entry"])
    return [OpenedLink(link, personal.get(link.ref)) for link in links]


async def page_roots(service: ConsentService, *, after: int, limit: int) -> list[tuple[Root, str, bytes]]:
    """Signed roots with the id of their key and their signature."""
    async with service.read() as db:
        return await chain.page_roots(db, after=after, limit=limit)


async def page_batches(service: ConsentService, *, after: int, limit: int) -> list[Batch]:
    """Batches of permits in the order of their ticks."""
    async with service.read() as db:
        return await permits.page(db, after=after, limit=limit)


async def list_keys(service: ConsentService) -> list[Key]:
    """All keys, the newest first; old ones stay."""
    async with service.read() as db:
        return await chain.keys(db)


__all__ = ["Batch", "Key", "OpenedLink", "list_keys", "page_batches", "page_links", "page_roots"]
