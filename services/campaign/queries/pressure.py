"""Contact pressure as it stands."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.campaign import errors
from services.campaign.domain import pressure as rules
from services.campaign.domain.pressure import Contact, Policy
from services.campaign.settings import CampaignService
from services.campaign.store import annoyance, pressure, recipients

SETTLED = timedelta(days=7)
CHANNELS = ("email", "sms", "push", "phone", "post", "webhook")


async def get_policy(service: CampaignService, *, as_of: datetime | None = None) -> tuple[int, Policy, datetime | None]:
    """(version, policy, since): what holds now, or held then."""
    async with service.read() as db:
        found = await pressure.policy(db, as_of=as_of)
    return (found[0], Policy.model_validate(found[1]), found[2]) if found else (0, Policy(), None)


async def get_person(service: CampaignService, *, customer_id: UUID) -> dict[str, Any]:
    """How full each cap is for a person, whether it is quiet there, and when they respond. Raises Unknown."""
    now = service.clock.now()
    async with service.read() as db:
        recipient = (await recipients.fetch(db, [customer_id])).get(customer_id)
        if recipient is None:
            raise errors.unknown_customer()
        found = await pressure.policy(db)
        policy = Policy.model_validate(found[1]) if found else Policy()
        family = list(await pressure.families(db, [customer_id]))
        taken = await pressure.taken(db, family)
        since = now - timedelta(days=182)
        times = [at for each in (await pressure.responses(db, family, since=since)).values() for at in each]
        everybody = await pressure.responses_by_hour(db, zone=policy.time_zone, since=since)
    zone = rules.local_zone(policy, recipient.time_zone)
    return {
        "customer_id": recipient.customer_id, "time_zone": str(zone), "rooms": rooms(policy, taken, now=now),
        "quiet_until": {channel: rules.quiet_until(policy, channel=channel, zone=zone, at=now) for channel in CHANNELS},
        "best_hour": rules.best_hour(times, zone=zone, everybody=everybody), "responses": len(times),
    }


def rooms(policy: Policy, taken: list[Contact], *, now: datetime) -> list[dict[str, Any]]:
    """Each cap, and for `*` each channel, purpose or programme by itself, with how many of its places are taken."""
    found = []
    for cap in policy.caps:
        groups: dict[tuple[str, ...], list[datetime]] = {}
        for each in taken:
            scope = tuple(getattr(each, what) for what in ("channel", "purpose", "programme") if getattr(cap, what) is not None)
            if cap.covers(each, each) and each.at is not None and each.at > now - rules.WINDOWS[cap.per]:
                groups.setdefault(scope, []).append(each.at)
        for scope, times in sorted(groups.items()) or [((), [])]:
            free = sorted(times)[len(times) - cap.most] + rules.WINDOWS[cap.per] if cap.most and len(times) >= cap.most else None
            name = f"{cap.name} ({', '.join(scope)})" if scope else cap.name
            found.append({"cap": name, "most": cap.most, "used": len(times), "free_at": free})
    return found


async def get_annoyance(service: CampaignService, *, since: datetime, until: datetime) -> list[dict[str, Any]]:
    """Unsubscribes, complaints and ignored messages of a window, by channel."""
    async with service.read() as db:
        return await annoyance.figures(db, since=since, until=until, settled=SETTLED)


async def count_capped(service: CampaignService, *, since: datetime, until: datetime) -> int:
    """Messages that contact pressure suppressed in a window."""
    async with service.read() as db:
        return await annoyance.count_capped(db, since=since, until=until)
