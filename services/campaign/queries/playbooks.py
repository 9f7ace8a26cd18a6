"""Reads: playbooks, their runs, and which one a customer's stage calls for."""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID

from services.campaign import errors
from services.campaign.domain import playbooks as rules
from services.campaign.domain.playbooks import Playbook
from services.campaign.settings import CampaignService
from services.campaign.store import playbooks, programmes, recipients, replicas


class Listed(NamedTuple):
    """A playbook; version 0: as it ships."""

    playbook: Playbook
    version: int


class Chosen(NamedTuple):
    """What the engine does for a customer: their stage, the playbooks that run for it, and in which of their programmes the customer is."""

    stage: str
    runs: list[dict[str, Any]]
    programmes: dict[str, bool]


async def list_playbooks(service: CampaignService, *, stage: str | None, family: str | None) -> list[Listed]:
    """Those that ship, those that were changed in their place, and one's own."""
    async with service.read() as db:
        own = await playbooks.all_own(db)
    found = {key: Listed(playbook, 0) for key, playbook in rules.BUILT_IN.items()} | {key: Listed(*one) for key, one in own.items()}
    return [
        one for one in found.values()
        if (stage is None or one.playbook.stage == stage) and (family is None or one.playbook.family == family)
    ]


async def get_playbook(service: CampaignService, *, key: str) -> Listed:
    """Raises Unknown."""
    for one in await list_playbooks(service, stage=None, family=None):
        if one.playbook.key == key:
            return one
    raise errors.unknown_playbook()


async def list_runs(service: CampaignService, *, key: str | None) -> list[dict[str, Any]]:
    async with service.read() as db:
        return await playbooks.runs(db, key=key)


async def choose_playbooks(service: CampaignService, *, customer_id: UUID) -> Chosen:
    """Which playbooks a customer's stage calls for. Raises Unknown."""
    async with service.read() as db:
        known = (await recipients.fetch(db, [customer_id])).get(customer_id)
        if known is None:
            raise errors.unknown_customer()
        scores = (await replicas.scores_of(db, [known.customer_id])).get(known.customer_id, {})
        ordered = any(order.stands for order in await replicas.orders_of(db, known.customer_id))
        stage = scores.get("stage") or ("enhance" if ordered else "acquire")
        running = await playbooks.runs(db, stage=stage, status="running")
        person = await recipients.same_person(db, customer_id)
        within = {}
        for run in running:
            for programme_id in run["made"]["programmes"].values():
                member = await programmes.find_member(db, programme_id=UUID(programme_id), customer_ids=person)
                within[programme_id] = member is not None and member.left_at is None
    return Chosen(stage, running, within)
