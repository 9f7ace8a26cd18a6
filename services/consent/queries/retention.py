"""How long what is held is kept, and what the rules did."""

from __future__ import annotations

from uuid import UUID

from services.consent import errors
from services.consent.domain import privacy
from services.consent.domain.retaining import Rule, Run
from services.consent.outbound import holdings
from services.consent.settings import ConsentService
from services.consent.store import retention as store


async def list_rules(service: ConsentService) -> list[Rule]:
    """All rules by category."""
    async with service.read() as db:
        return await store.rules(db)


async def list_kept(service: ConsentService) -> dict[str, list[str]]:
    """Category -> places (`service/table`) that a rule of it ends. Raises Unavailable."""
    found: dict[str, list[str]] = {}
    for name in privacy.SERVICES:
        for category, table in await holdings.kept(service, name=name):
            found.setdefault(category, []).append(f"{name}/{table}")
    return found


async def get_run(service: ConsentService, *, run_id: UUID) -> Run:
    """Raises UnknownRun."""
    async with service.read() as db:
        found = await store.find_run(db, run_id)
    if found is None:
        raise errors.UnknownRun
    return found


async def list_runs(service: ConsentService, *, before: UUID | None, limit: int) -> list[Run]:
    """The newest first."""
    async with service.read() as db:
        return await store.page_runs(db, before=before, limit=limit)
