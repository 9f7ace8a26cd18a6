"""Merges: looked at before, done by hand, listed, undone."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from fastapi import APIRouter

from chassis import web
from chassis.identity import Caller
from chassis.web import Page
from services.customer import commands, queries
from services.customer.api import views
from services.customer.api.asking import Here, Limit, Reading, Writing, after
from services.customer.domain import traits
from services.customer.schemas.merges import (
    ConflictView,
    ConsentPreview,
    MergeAnswer,
    MergeCustomers,
    MergePreviewView,
    MergeView,
    Moving,
    MovingAccount,
    MovingAddress,
    MovingIdentity,
    MovingNeed,
    SentView,
    TwoCustomers,
    UndoMerge,
    UndoneAnswer,
    meanwhile_view,
)

router = APIRouter(prefix="/api/v1/merges", tags=["merges"])


@router.get("")
async def list_merges(
    here: Here, _asking: Reading, customer: UUID | None = None, page_token: str | None = None, limit: Limit = 100
) -> Page[MergeView]:
    """Merges of a customer, or all; undone ones stay listed, with what came in between."""
    rows = await queries.list_merges(here, customer_id=customer, after=after(page_token), limit=limit)
    views = [
        MergeView(
            **row._asdict() | {
                "identities": [identity.hex() for identity in row.identities], "event_id": row.event_id or None,
                "meanwhile": meanwhile_view(msgspec.json.decode(row.meanwhile), survivor_id=row.survivor_id, merged_id=row.merged_id) if row.meanwhile else None,
            }
        )
        for row in rows
    ]
    return Page(data=views, next_page_token=web.page_token(rows[-1].id) if len(rows) == limit else None)


@router.post("", status_code=201)
async def merge_customers(here: Here, _asking: Writing, body: MergeCustomers) -> MergeAnswer:
    """Two customers are one person; `merged_id` answers with the survivor from now on."""
    done = await commands.merge_customers(here, survivor_id=body.survivor_id, merged_id=body.merged_id, reason=body.reason)
    return MergeAnswer(merge_id=done.merge_id, customer_id=done.survivor_id)


@router.post("/preview")
async def preview_merge(here: Here, asking: Reading, body: TwoCustomers) -> MergePreviewView:
    """The customer that two would be: which values win and why, what moves, what consent will say. Nothing is changed."""
    return _preview(await queries.preview_merge(here, survivor_id=body.survivor_id, merged_id=body.merged_id), asking)


@router.post("/{merge_id}/undo")
async def undo_merge(here: Here, _asking: Writing, merge_id: UUID, body: UndoMerge | None = None) -> UndoneAnswer:
    """Take a merge back without loss, at any later time; the two are not merged automatically again."""
    done = await commands.undo_merge(here, merge_id=merge_id, reason=(body or UndoMerge()).reason)
    meanwhile = meanwhile_view(msgspec.to_builtins(done.meanwhile), survivor_id=done.survivor_id, merged_id=done.restored_id)
    return UndoneAnswer(
        merge_id=merge_id, customer_id=done.restored_id, survivor_id=done.survivor_id, meanwhile=meanwhile,
        sent=_sent(await queries.sent_messages(here, at=meanwhile.messages)),
    )


def _sent(messages: list[dict[str, Any]] | None) -> list[SentView] | None:
    return None if messages is None else [SentView.model_validate(each) for each in messages]


def _preview(found: queries.MergePreview, asking: Caller) -> MergePreviewView:
    hidden = views.hidden_from(asking, found.together.sensitive)
    return MergePreviewView(
        customer=views.customer_view(found.together, asking),
        conflicts=[
            ConflictView(
                trait=each.name, wins="merged" if each.merged_wins else "survivor", because=each.because,
                survivor=views.trait_view(each.survivor, customer_id=found.survivor.told_under[each.name], hidden=each.name in hidden),
                merged=views.trait_view(each.merged, customer_id=found.merged.told_under[each.name], hidden=each.name in hidden),
            )
            for each in found.conflicts
        ],
        moving=Moving(
            identities=[MovingIdentity(kind=row.kind, key=row.key) for row in found.moving], identity_count=found.moving_count,
            contact_points=[MovingAddress(kind=point.kind, value=point.value, state=point.state) for point in found.around.points],
            channels=found.around.channels,
            accounts=[
                MovingAccount(account_id=each.id, name=traits.full_name(traits.values(each.profile)), role=each.belonging.role)
                for each in found.around.accounts if each.belonging.until is None
            ],
            open_needs=[MovingNeed(id=need.id, text=need.text) for need in found.needs],
        ),
        warnings=found.warnings,
        consent=None if found.consent is None else [ConsentPreview(**each._asdict()) for each in found.consent],
    )
