"""Reads: lists, and how many people a campaign would reach."""

from __future__ import annotations

from collections import Counter
from typing import Any
from uuid import UUID

from chassis.errors import Invalid
from services.campaign import errors
from services.campaign.domain import audiences as rules
from services.campaign.domain import channels, ledger
from services.campaign.domain.audiences import Audience, Source
from services.campaign.domain.entities import Campaign
from services.campaign.outbound import segments
from services.campaign.outbound.segments import Page
from services.campaign.queries import campaigns
from services.campaign.settings import CampaignService
from services.campaign.store import audiences, recipients, replicas, suppressions

PAGE = 1_000
#: How many people of each source are looked at: an estimate answers within seconds whatever the size.
MOST_LOOKED_AT = 20_000
MOST_EXCLUDED = 200_000


async def get_list(service: CampaignService, *, list_id: UUID) -> dict[str, Any]:
    """Raises Unknown."""
    async with service.read() as db:
        found = await audiences.find_list(db, list_id)
    if found is None:
        raise errors.unknown_list()
    return found


async def list_lists(service: CampaignService, *, after: UUID | None, limit: int) -> list[dict[str, Any]]:
    async with service.read() as db:
        return await audiences.page_lists(db, after=after, limit=limit)


async def list_list_members(service: CampaignService, *, list_id: UUID, after: UUID | None, limit: int) -> list[UUID]:
    """Raises Unknown."""
    await get_list(service, list_id=list_id)
    async with service.read() as db:
        return await audiences.page_members(db, list_id, after=after, limit=limit)


async def estimate(service: CampaignService, *, campaign_id: UUID) -> dict[str, Any]:
    """How many people a campaign would be planned for as things stand, and what becomes of them, up to the permit that each needs.

    Of large sources the first 20,000 people are looked at, and the counts are scaled: `exact` says whether that was so. Raises Unknown,
    Invalid (campaign.segment_unknown), Unavailable.
    """
    campaign = await campaigns.get_campaign(service, campaign_id=campaign_id)
    audience = rules.read_audience(campaign.segment_id, campaign.audience)
    excluded, all_excluded = await _read(service, audience.exclude, most=MOST_EXCLUDED)
    people, all_read = await _read(service, audience.include, most=MOST_LOOKED_AT)
    total = sum([await _size(service, source) or len(people) for source in audience.include]) if not all_read else len(people)
    counts = await _judge(service, campaign, audience, [person for person in people if person not in excluded])
    counts["excluded"] = sum(person in excluded for person in people)
    scale = total / len(people) if people and not all_read else 1.0
    scaled = {name: round(count * scale) for name, count in counts.items()}
    reachable = scaled.pop("reachable", 0)
    selection = rules.read_selection(campaign.selection)
    return {
        "campaign_id": campaign_id, "audience": total, "looked_at": len(people), "exact": all_read and all_excluded,
        "reachable": min(reachable, selection.at_most) if selection.at_most is not None else reachable,
        "profit_known": scaled.pop("profit_known", 0), "left_out": {name: count for name, count in sorted(scaled.items()) if count},
    }


async def _size(service: CampaignService, source: Source) -> int | None:
    """How many people a source has, where it says so at once."""
    if source.kind == "list":
        return int((await get_list(service, list_id=UUID(source.id)))["members"])
    page = await segments.read_members(service.peers["analytics"], source.id, token=None, frozen=False, limit=1)
    return None if isinstance(page, str) else page.total


async def _page(service: CampaignService, source: Source, token: str | None) -> Page:
    if source.kind == "list":
        people = await list_list_members(service, list_id=UUID(source.id), after=UUID(token) if token else None, limit=PAGE)
        return Page(people, str(people[-1]) if len(people) == PAGE else None)
    page = await segments.read_members(service.peers["analytics"], source.id, token=token, frozen=False, limit=PAGE)
    if isinstance(page, str):
        raise Invalid("campaign.segment_unknown", "One of the segments of the audience does not exist.")
    return page


async def _read(service: CampaignService, sources: tuple[Source, ...], *, most: int) -> tuple[list[UUID], bool]:
    """People of the sources, each once, and whether those are all."""
    found: dict[UUID, None] = {}
    whole = True
    for source in sources:
        token, seen = None, 0
        while True:
            page = await _page(service, source, token)
            found |= dict.fromkeys(await _survivors(service, page.people))
            token, seen = page.token, seen + len(page.people)
            if token is None:
                break
            if seen >= most:
                whole = False
                break
    return list(found), whole


async def _survivors(service: CampaignService, people: list[UUID]) -> list[UUID]:
    async with service.read() as db:
        survivors = await recipients.survivors(db, people)
    return [survivors[person] for person in people]


async def _judge(service: CampaignService, campaign: Campaign, audience: Audience, people: list[UUID]) -> Counter[str]:
    counts: Counter[str] = Counter()
    seen: set[bytes] = set()
    selection = rules.read_selection(campaign.selection)
    for start in range(0, len(people), PAGE):
        part = [person for person in people[start : start + PAGE] if rules.in_sample(campaign.id, person, audience)]
        counts["not_in_sample"] += len(people[start : start + PAGE]) - len(part)
        async with service.read() as db:
            known = await recipients.fetch(db, part)
            scores = await replicas.scores_of(db, part)
            placed = {person: channels.place_of(known[person], campaign.channel) for person in part if person in known}
            hashes = {person: service.hash_identity(place.key) for person, (place, _) in placed.items() if place is not None}
            dead = await suppressions.reasons(db, list(hashes.values()))
        for person in part:
            reason = rules.withheld(campaign.id, person, audience, control_percent=service.settings.control_percent)
            if reason is None and person not in known:
                reason = "no_profile"
            if reason is None and not ledger.is_chosen(known[person].channels, purpose=campaign.purpose, channel=campaign.channel):
                reason = "channel_not_chosen"
            if reason is None:
                reason = placed[person][1] or dead.get(hashes[person]) or ("duplicate_address" if hashes[person] in seen else None)
            counts[reason or "reachable"] += 1
            if reason is None:
                seen.add(hashes[person])
                traits = known[person].traits
                counts["profit_known"] += rules.value_of(selection, scores=scores.get(person, {}), traits=traits) is not None
    return counts
