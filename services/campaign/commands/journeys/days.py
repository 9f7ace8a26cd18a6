"""Dates as a trigger: people whose occasion (a birthday, also a Jalali one) is near."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from chassis.unit_of_work import Transaction
from services.campaign.commands import arbiter
from services.campaign.commands.journeys.listening import Wish, let_in
from services.campaign.commands.journeys.moving import load
from services.campaign.domain import pressure as quiet
from services.campaign.domain.journeys import moving as rules
from services.campaign.domain.journeys.definition import Definition, Occasion
from services.campaign.domain.pressure import Policy
from services.campaign.settings import CampaignService
from services.campaign.store import backtests
from services.campaign.store import journeys as store

BATCH: Final = 1_000
#: An occasion that is found later than this is over.
TOO_LATE: Final = timedelta(hours=24)
#: How long it is kept who entered and left which segment; twice the longest backtest.
SEGMENTS_KEPT: Final = timedelta(days=800)


async def look_for_occasions(service: CampaignService) -> bool:
    """Look through a part of the people of one day. True: there is more.

    Days are looked through a day ahead, so that everybody is found before the day begins in their own time zone.
    """
    async with service.transaction() as tx:
        await backtests.forget_segment_moves(tx.db, before=service.clock.now() - SEGMENTS_KEPT)
        active = await store.active(tx.db)
    more = False
    for journey_id, version in active:
        async with service.transaction() as tx:
            definition = (await load(tx, {(journey_id, version)}))[journey_id, version]
            if definition.entry.date is not None:
                more = await _look(service, tx, journey_id, version, definition, definition.entry.date) or more
    return more


async def _look(
    service: CampaignService, tx: Transaction, journey_id: UUID, version: int, definition: Definition, occasion: Occasion
) -> bool:
    now = service.clock.now()
    today = now.date()
    await store.begin_days(tx.db, journey_id, days=[today - timedelta(days=1), today, today + timedelta(days=1)])
    opened = await store.open_day(tx.db, journey_id)
    if opened is None:
        return False
    day, after = opened
    people = await store.people_with_trait(tx.db, occasion.trait, after=after, limit=BATCH)
    policy = await arbiter.read_policy(tx)
    wishes = [
        Wish(journey_id, version, customer_id, key_of(day), {"occasion": {"trait": occasion.trait, "day": day.isoformat()}}, at)
        for customer_id, at in occasions(occasion, people, policy, day) if at > now - TOO_LATE
    ]
    await let_in(service, tx, wishes, {(journey_id, version): definition})
    await store.advance_day(tx.db, journey_id, day, after=people[-1][0] if people else after, done=len(people) < BATCH)
    return True


def occasions(occasion: Occasion, people: Sequence[tuple[UUID, Any, str | None]], policy: Policy, day: date) -> list[tuple[UUID, datetime]]:
    """Whose occasion this local day is, and at which moment they come in."""
    return [
        (customer_id, rules.due_on(occasion, day, quiet.local_zone(policy, zone)))
        for customer_id, value, zone in people if rules.occurs(occasion, value, day)
    ]


def key_of(day: date) -> str:
    """The reason to come in on a day."""
    return f"date:{day.isoformat()}"
