"""What identity rules held back, for somebody to look at and decide."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query

from chassis import web
from chassis.web import Page
from services.customer import commands, queries
from services.customer.api.asking import Here, Limit, Reading, Writing, after, source
from services.customer.schemas.identity_reviews import DecideReview, DecisionAnswer, IdentityReviewView

router = APIRouter(prefix="/api/v1/identity-reviews", tags=["identity reviews"])


@router.get("")
async def list_identity_reviews(
    here: Here, _asking: Reading, state: Literal["open", "later", "not_same", "merged", "any"] = "open",
    reason: Annotated[str | None, Query(max_length=60, pattern=r"^[a-z_]+$")] = None, page_token: str | None = None, limit: Limit = 100,
) -> Page[IdentityReviewView]:
    """Customers that share an identity but were not merged, and identities that were not given to a customer; and why."""
    rows = await queries.list_identity_reviews(
        here, state=None if state == "any" else state, reason=reason, after=after(page_token), limit=limit
    )
    views = [IdentityReviewView(**{name: value for name, value in row._asdict().items() if name != "identity"}) for row in rows]
    return Page(data=views, next_page_token=web.page_token(rows[-1].id) if len(rows) == limit else None)


@router.post("/{review_id}/decision")
async def decide_identity_review(here: Here, asking: Writing, review_id: UUID, body: DecideReview) -> DecisionAnswer:
    """They are one person, or they are not and no event joins them, or it is for later."""
    done = await commands.decide_review(here, review_id=review_id, decision=body.decision, reason=body.reason, by=source(asking))
    return DecisionAnswer(**done._asdict())
