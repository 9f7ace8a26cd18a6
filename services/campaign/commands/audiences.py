"""Audiences: the frozen people of a campaign become rows of the send ledger, page by page; a killed planner goes on where it stood."""

from __future__ import annotations

from uuid import UUID

import msgspec

from chassis import telemetry
from chassis.unit_of_work import Transaction
from contracts.campaign import CampaignLaunched
from services.campaign.commands import arbiter, experiments, reserving
from services.campaign.commands.planning import Planned, plan_messages
from services.campaign.domain import audiences as rules
from services.campaign.domain.audiences import Audience, Selection, Source
from services.campaign.domain.entities import Campaign
from services.campaign.outbound import segments
from services.campaign.outbound.segments import Page
from services.campaign.settings import CampaignService
from services.campaign.store import audiences, campaigns, ledger, recipients, replicas

STEP = "broadcast"
#: Why a campaign failed: nobody's profit is known, and it was to choose the most profitable.
PROFITABILITY_MISSING = "profitability_missing"

_log = telemetry.logger(__name__)


class _Stand(msgspec.Struct, frozen=True):
    """How far the planning of an audience is: pages of exclusions, then of sources, then of candidates."""

    phase: str = "exclude"
    source: int = 0
    token: str | None = None


async def plan_audiences(service: CampaignService) -> bool:
    """Start what is due and plan one page of every campaign that is being planned. True: there is more."""
    async with service.transaction() as tx:
        started, missed = await campaigns.start_due(tx.db)
    for campaign_id in started:
        _log.info("campaign_started", campaign_id=str(campaign_id))
    for campaign_id in missed:
        _log.warning("campaign_missed", campaign_id=str(campaign_id))
    async with service.read() as db:
        planning = await campaigns.with_status(db, "planning")
    more = False
    for campaign in planning:
        more = not await _Planning(service, campaign).advance() or more
    return more


class _Planning:
    """One step of one campaign's planning."""

    def __init__(self, service: CampaignService, campaign: Campaign) -> None:
        self._service = service
        self._campaign = campaign
        self._audience: Audience = rules.read_audience(campaign.segment_id, campaign.audience)
        self._selection: Selection = rules.read_selection(campaign.selection)
        self._collects = bool(self._audience.exclude) or self._selection.at_most is not None
        self._stand = msgspec.json.decode(campaign.audience_token, type=_Stand) if campaign.audience_token else _Stand()

    async def advance(self) -> bool:
        """Plan the next page; True when the audience is complete. Raises Unavailable."""
        stand = self._stand
        sources = self._audience.exclude if stand.phase == "exclude" else self._audience.include
        page: Page | str = Page([], None)
        if stand.phase != "plan" and stand.source < len(sources):
            page = await self._read(sources[stand.source])
        async with self._service.transaction() as tx:
            current = await campaigns.lock(tx.db, self._campaign.id)
            if current is None or current.status != "planning" or current.audience_token != self._campaign.audience_token:
                return True
            if isinstance(page, str):
                return await self._fail(tx, page)
            if stand.phase == "plan":
                return await self._from_candidates(tx)
            if page.people:
                await self._take(tx, page.people)
            following = self._following(page.token, len(sources))
            if following is None:
                return await self._complete(tx)
            await campaigns.advance_audience(tx.db, self._campaign.id, token=msgspec.json.encode(following).decode(), complete=False)
        return False

    async def _read(self, source: Source) -> Page | str:
        limit = self._service.settings.plan_chunk
        if source.kind == "segment":
            return await segments.read_members(self._service.peers["analytics"], source.id, token=self._stand.token, frozen=True, limit=limit)
        async with self._service.read() as db:
            people = await audiences.page_members(db, UUID(source.id), after=UUID(self._stand.token) if self._stand.token else None, limit=limit)
        return Page(people, str(people[-1]) if len(people) == limit else None)

    def _following(self, token: str | None, sources: int) -> _Stand | None:
        """Where to go on; None: all has been planned."""
        stand = self._stand
        if token is not None:
            return _Stand(stand.phase, stand.source, token)
        if stand.source + 1 < sources:
            return _Stand(stand.phase, stand.source + 1)
        if stand.phase == "exclude":
            return _Stand("include")
        return _Stand("plan") if self._collects else None

    async def _take(self, tx: Transaction, customer_ids: list[UUID]) -> None:
        survivors = await recipients.survivors(tx.db, customer_ids)
        people = list(dict.fromkeys(survivors[customer_id] for customer_id in customer_ids))
        if self._stand.phase == "exclude":
            await audiences.collect(tx.db, self._campaign.id, values=dict.fromkeys(people), excluded=True)
            return
        people = [person for person in people if rules.in_sample(self._campaign.id, person, self._audience)]
        values = await self._values(tx, people)
        if self._collects:
            await audiences.collect(tx.db, self._campaign.id, values=values, excluded=False)
        else:
            await self._plan(tx, values)

    async def _values(self, tx: Transaction, people: list[UUID]) -> dict[UUID, int | None]:
        scores = await replicas.scores_of(tx.db, people)
        known = await recipients.fetch(tx.db, people)
        return {
            person: rules.value_of(
                self._selection, scores=scores.get(person, {}), traits=known[person].traits if person in known else {}
            )
            for person in people
        }

    async def _from_candidates(self, tx: Transaction) -> bool:
        most = self._selection.at_most
        if most is not None and self._selection.by == "profit" and not self._selection.override_reason and not await self._any_value(tx):
            return await self._fail(tx, PROFITABILITY_MISSING)
        chunk = self._service.settings.plan_chunk
        left = chunk if most is None else min(chunk, most - await ledger.count_planned(tx.db, self._campaign.id))
        taken = await audiences.take_candidates(tx.db, self._campaign.id, limit=left) if left > 0 else {}
        if taken:
            await self._plan(tx, dict(sorted(taken.items(), key=lambda one: (-(one[1] if one[1] is not None else -(2**62)), one[0]))))
            return False
        await audiences.drop_candidates(tx.db, self._campaign.id)
        return await self._complete(tx)

    async def _any_value(self, tx: Transaction) -> bool:
        candidates, valued = await audiences.count_valued(tx.db, self._campaign.id)
        return candidates == 0 or valued > 0 or await ledger.count(tx.db, self._campaign.id) > 0

    async def _plan(self, tx: Transaction, values: dict[UUID, int | None]) -> None:
        campaign = self._campaign
        best = await arbiter.best_times(self._service, tx, list(values)) if campaign.send == "best" else {}
        data = reserving.marked({}, campaign.reserved_for)
        planned = [
            Planned(
                customer_id=person, origin="campaign", origin_id=campaign.id, step=STEP, template_id=campaign.template_id,
                version=campaign.template_version or 1, channel=campaign.channel, purpose=campaign.purpose, value=value, not_before=best.get(person), data=data,
                withheld=rules.withheld(campaign.id, person, self._audience, control_percent=self._service.settings.control_percent),
            )
            for person, value in values.items()
        ]
        await plan_messages(tx, self._service, await experiments.assign(tx, self._service, campaign_id=campaign.id, planned=planned))

    async def _complete(self, tx: Transaction) -> bool:
        campaign = self._campaign
        await campaigns.advance_audience(tx.db, campaign.id, token=None, complete=True)
        tx.tell(
            CampaignLaunched(
                campaign_id=str(campaign.id), name=campaign.name, channel=campaign.channel, purpose=campaign.purpose,
                segment_id=campaign.segment_id, planned=await ledger.count(tx.db, campaign.id), launched_at=self._service.clock.now(),
            )
        )
        return True

    async def _fail(self, tx: Transaction, reason: str) -> bool:
        await audiences.drop_candidates(tx.db, self._campaign.id)
        await campaigns.set_status(tx.db, self._campaign.id, "failed", reason=reason, finished=True)
        return True
