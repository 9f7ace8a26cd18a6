"""What identity rules held back, for somebody to look at."""

from __future__ import annotations

from fastapi import APIRouter

from chassis import web
from chassis.web import Page
from services.customer import queries
from services.customer.api.asking import Here, Limit, Reading, after
from services.customer.schemas.identity_reviews import IdentityReviewView

router = APIRouter(prefix="/api/v1", tags=["identity reviews"])


@router.get("/identity-reviews")
async def list_identity_reviews(here: Here, _asking: Reading, page_token: str | None = None, limit: Limit = 100) -> Page[IdentityReviewView]:
    """Customers that share an identity but were not merged, and why."""
    rows = await queries.list_identity_reviews(here, after=after(page_token), limit=limit)
    views = [IdentityReviewView(**{name: value for name, value in row._asdict().items() if name != "identity"}) for row in rows]
    return Page(data=views, next_page_token=web.page_token(rows[-1].id) if len(rows) == limit else None)
