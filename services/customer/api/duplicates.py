"""Customers that may be one person, for somebody to look at."""

from __future__ import annotations

from fastapi import APIRouter

from chassis import web
from chassis.web import Page
from services.customer import queries
from services.customer.api.asking import Here, Limit, Reading, after
from services.customer.schemas.duplicates import DuplicateView

router = APIRouter(prefix="/api/v1", tags=["duplicates"])


@router.get("/duplicates")
async def list_duplicates(here: Here, _asking: Reading, page_token: str | None = None, limit: Limit = 100) -> Page[DuplicateView]:
    """Customers that share an identity but were not merged, and why."""
    rows = await queries.list_duplicates(here, after=after(page_token), limit=limit)
    views = [DuplicateView(**{name: value for name, value in row._asdict().items() if name != "identity"}) for row in rows]
    return Page(data=views, next_page_token=web.page_token(rows[-1].id) if len(rows) == limit else None)
