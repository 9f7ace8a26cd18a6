"""Merges: by hand, listed, undone."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter

from chassis import web
from chassis.web import Page
from services.customer import commands, queries
from services.customer.api.asking import Here, Limit, Reading, Writing, after
from services.customer.schemas.merges import MergeAnswer, MergeCustomers, MergeView, UndoMerge

router = APIRouter(prefix="/api/v1", tags=["merges"])


@router.get("/merges")
async def list_merges(
    here: Here, _asking: Reading, customer: UUID | None = None, page_token: str | None = None, limit: Limit = 100
) -> Page[MergeView]:
    """Merges of a customer, or all; undone ones stay listed."""
    rows = await queries.list_merges(here, customer_id=customer, after=after(page_token), limit=limit)
    views = [
        MergeView(**row._asdict() | {"identities": [identity.hex() for identity in row.identities], "event_id": row.event_id or None})
        for row in rows
    ]
    return Page(data=views, next_page_token=web.page_token(rows[-1].id) if len(rows) == limit else None)


@router.post("/merges", status_code=201)
async def merge_customers(here: Here, _asking: Writing, body: MergeCustomers) -> MergeAnswer:
    """Two customers are one person; `merged_id` answers with the survivor from now on."""
    done = await commands.merge_customers(here, survivor_id=body.survivor_id, merged_id=body.merged_id, reason=body.reason)
    return MergeAnswer(merge_id=done.merge_id, customer_id=done.survivor_id)


@router.post("/merges/{merge_id}/undo")
async def undo_merge(here: Here, _asking: Writing, merge_id: UUID, body: UndoMerge | None = None) -> MergeAnswer:
    """Take a merge back without loss; the two are not merged automatically again."""
    restored = await commands.undo_merge(here, merge_id=merge_id, reason=(body or UndoMerge()).reason)
    return MergeAnswer(merge_id=merge_id, customer_id=restored)
