"""One identity taken out of a customer: looked at before, done, put back."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter

from chassis.conditions import IfMatch, versions
from services.customer import commands, queries
from services.customer.api.asking import Here, Reading, Writing
from services.customer.api.views import full_view
from services.customer.schemas.merges import MergeAnswer
from services.customer.schemas.splitting import SplitAnswer, SplitIdentity, SplitPreview

router = APIRouter(prefix="/api/v1/customers/{customer_id}/identities/{identity:path}/split", tags=["merges"])

SHOWN_IDENTITIES = 100


@router.post("/preview")
async def preview_split(here: Here, asking: Reading, customer_id: UUID, identity: str) -> SplitPreview:
    """Who would stay and who would go, with which values. Nothing is changed."""
    found = await queries.preview_split(here, customer_id=customer_id, identity=identity, limit=SHOWN_IDENTITIES)
    return SplitPreview(
        stays=full_view(found.stays, asking, asked=found.stays.root.id, identities=found.staying),
        goes=full_view(found.goes, asking, asked=found.goes.root.id, identities=[found.identity]), traits=found.moving,
        only_identity=not found.staying,
    )


@router.post("", status_code=201)
async def split_identity(
    here: Here, _asking: Writing, customer_id: UUID, identity: str, body: SplitIdentity | None = None, if_match: IfMatch = None
) -> SplitAnswer:
    """Give an identity a customer of its own: its events and what it told go along, and no event ties the two again by itself."""
    done = await commands.split_identity(
        here, customer_id=customer_id, identity=identity, reason=(body or SplitIdentity()).reason, versions=versions(if_match)
    )
    return SplitAnswer(**done._asdict())


@router.post("/undo")
async def undo_split(here: Here, _asking: Writing, customer_id: UUID, identity: str, body: SplitIdentity | None = None) -> MergeAnswer:
    """Put an identity that was split off back, with everything that came in between: a merge, which can be undone like any other."""
    done = await commands.undo_split(here, customer_id=customer_id, identity=identity, reason=(body or SplitIdentity()).reason)
    return MergeAnswer(merge_id=done.merge_id, customer_id=done.survivor_id)
