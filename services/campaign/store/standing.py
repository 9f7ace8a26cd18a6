"""What somebody is entitled to by who they are."""

from __future__ import annotations

from uuid import UUID

from chassis.database import Connection
from services.campaign.store import programmes, replicas


async def standing(db: Connection, person: list[UUID]) -> tuple[set[str], str]:
    """(tiers somebody holds in programmes and as investment, their stage)."""
    tiers = await programmes.tiers_of(db, person)
    scores = await replicas.scores_of(db, person)
    held = {tier for each in tiers.values() for tier in each} | {score["tier"] for score in scores.values() if "tier" in score}
    stage = next((score["stage"] for score in scores.values() if "stage" in score), "acquire")
    return held, stage
