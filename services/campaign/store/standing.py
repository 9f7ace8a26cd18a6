"""What somebody is entitled to by who they are."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from chassis.database import Connection
from services.campaign.store import programmes, replicas


async def standing(db: Connection, person: list[UUID], *, scores: Mapping[str, str] | None = None, at: datetime | None = None) -> tuple[set[str], str]:
    """(tiers somebody holds in programmes and as investment, their stage). `scores`, `at`: as of another time."""
    tiers = await programmes.tiers_of(db, person, at=at)
    found = [scores] if scores is not None else list((await replicas.scores_of(db, person)).values())
    held = {tier for each in tiers.values() for tier in each} | {score["tier"] for score in found if "tier" in score}
    stage = next((score["stage"] for score in found if "stage" in score), "acquire")
    return held, stage
