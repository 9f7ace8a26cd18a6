"""Links to confirm: with what they are sent, and what became of each."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from services.consent.settings import ConsentService
from services.consent.store import mails


async def list_confirm_mails(service: ConsentService, *, state: str | None, before: UUID | None, limit: int) -> list[dict[str, Any]]:
    """The newest first."""
    async with service.read() as db:
        return [dict(row) for row in await mails.page(db, state=state, before=before, limit=limit)]


async def list_confirm_templates(service: ConsentService) -> list[dict[str, Any]]:
    """Those that were set, or made of the built-in mail when it was first needed."""
    async with service.read() as db:
        return [dict(row) for row in (await mails.templates(db)).values()]
