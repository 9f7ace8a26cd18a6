"""Pipelines, leads, opportunities, quotes and the forecast."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from services.interaction import errors
from services.interaction.domain import sales
from services.interaction.settings import InteractionService
from services.interaction.store import leads, opportunities, replicas

_decode = msgspec.json.Decoder().decode

Cursor = tuple[datetime, UUID]


async def list_pipelines(service: InteractionService) -> list[dict[str, Any]]:
    async with service.read() as db:
        return [_pipeline(row) for row in await opportunities.list_pipelines(db)]


async def get_pipeline(service: InteractionService, *, name: str) -> dict[str, Any]:
    """Raises Unknown."""
    async with service.read() as db:
        row = await opportunities.find_pipeline(db, name)
    if row is None:
        raise errors.unknown_pipeline()
    return _pipeline(row)


async def get_rules(service: InteractionService) -> dict[str, Any]:
    """By which leads are assigned."""
    async with service.read() as db:
        row = await leads.get_rules(db)
    return {"rules": _decode(row["rules"]), "version": row["version"], "updated_at": row["updated_at"]}


async def get_lead(service: InteractionService, *, lead_id: UUID) -> dict[str, Any]:
    """Raises Unknown."""
    async with service.read() as db:
        row = await leads.find_lead(db, lead_id)
    if row is None:
        raise errors.unknown_lead()
    return _lead(row)


async def list_leads(
    service: InteractionService, *, customer_id: UUID | None, before: Cursor | None, limit: int, **wanted: Any
) -> tuple[list[dict[str, Any]], Cursor | None]:
    """A page, newest first; `wanted`: state, source, campaign, employee_id, team_id."""
    async with service.read() as db:
        rows = await leads.list_leads(db, customers=await _family(db, customer_id), before=before, limit=limit + 1, **wanted)
    return [_lead(row) for row in rows[:limit]], _following(rows, limit)


async def get_opportunity(service: InteractionService, *, opportunity_id: UUID) -> dict[str, Any]:
    """With its stays in stages. Raises Unknown."""
    now = service.clock.now()
    async with service.read() as db:
        row = await opportunities.find_opportunity(db, opportunity_id)
        if row is None:
            raise errors.unknown_opportunity()
        stays = await opportunities.list_stays(db, opportunity_id)
    history = [{**stay, "seconds": ((stay["left_at"] or now) - stay["entered_at"]).total_seconds()} for stay in stays]
    return {**_opportunity(row, now), "history": history}


async def list_opportunities(
    service: InteractionService, *, customer_id: UUID | None, before: Cursor | None, limit: int, **wanted: Any
) -> tuple[list[dict[str, Any]], Cursor | None]:
    """A page, newest first; `wanted`: pipeline, stage, state, employee_id, team_id, stalled."""
    now = service.clock.now()
    async with service.read() as db:
        rows = await opportunities.list_opportunities(
            db, customers=await _family(db, customer_id), now=now, before=before, limit=limit + 1, **wanted
        )
    return [_opportunity(row, now) for row in rows[:limit]], _following(rows, limit)


async def list_quotes(service: InteractionService, *, opportunity_id: UUID) -> list[dict[str, Any]]:
    """Raises Unknown."""
    today = service.clock.now().date()
    async with service.read() as db:
        if await opportunities.find_opportunity(db, opportunity_id) is None:
            raise errors.unknown_opportunity()
        rows = await opportunities.list_quotes(db, opportunity_id)
    return [
        {**row, "products": _decode(row["products"]), "state": "expired" if row["state"] == "sent" and row["valid_until"] < today else row["state"]}
        for row in rows
    ]


async def get_forecast(
    service: InteractionService, *, pipeline: str | None, employee_id: UUID | None, team_id: UUID | None, since: date | None, months: int
) -> list[dict[str, Any]]:
    """Months from `since` (this month) on, one line for each month and currency in which something is expected or was won."""
    first = (since or service.clock.now().date()).replace(day=1)
    year, month = divmod(first.year * 12 + first.month - 1 + months, 12)
    async with service.read() as db:
        rows = await opportunities.forecast(
            db, pipeline=pipeline, employee_id=employee_id, team_id=team_id, since=first, until=date(year, month + 1, 1)
        )
    return sales.forecast([dict(row) for row in rows])


async def _family(db: Any, customer_id: UUID | None) -> list[UUID] | None:
    return None if customer_id is None else await replicas.list_family(db, await replicas.find_survivor(db, customer_id))


def _following(rows: list[Any], limit: int) -> Cursor | None:
    return (rows[limit - 1]["created_at"], rows[limit - 1]["id"]) if len(rows) > limit else None


def _pipeline(row: Any) -> dict[str, Any]:
    return {**row, "stages": _decode(row["stages"])}


def _lead(row: Any) -> dict[str, Any]:
    return {**row, "contact": _decode(row["contact"])}


def _opportunity(row: Any, now: datetime) -> dict[str, Any]:
    stalled = []
    if row["state"] == sales.OPEN:
        if row["stage_due"] is not None and row["stage_due"] < now:
            stalled.append("late")
        if row["next_step_required"] and row["next_step_id"] is None:
            stalled.append("idle")
    return {**row, "products": _decode(row["products"]), "stalled": stalled}
