"""Tests: arms by a stable hash, looked at all the time, decided as soon as one arm is better beyond chance, or when time is up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from chassis import telemetry
from chassis.ids import new_id
from chassis.unit_of_work import Transaction
from services.campaign import errors
from services.campaign.commands.planning import Planned
from services.campaign.domain import sampling, significance
from services.campaign.domain.significance import Counted, Standing
from services.campaign.settings import CampaignService
from services.campaign.store import campaigns, experiments, outcomes, templates
from services.campaign.store.experiments import Experiment

REST = "rest"
#: If nobody decides (the service was away), those who wait get the control after this.
GRACE = timedelta(minutes=10)

_log = telemetry.logger(__name__)


async def create_experiment(
    service: CampaignService, *, name: str, campaign_id: UUID, metric: str, arms: Sequence[dict[str, Any]], test_percent: float, alpha: float,
    smallest_effect: float, automatic: bool, decide_hours: float,
) -> Experiment:
    """Test a draft campaign's arms. Raises Unknown (campaign, template), Conflict (launched already, has a test)."""
    async with service.transaction() as tx:
        campaign = await campaigns.lock(tx.db, campaign_id)
        if campaign is None:
            raise errors.unknown_campaign()
        if campaign.status not in ("draft", "scheduled"):
            raise errors.wrong_status(campaign.status, "tested")
        kept = []
        for arm in arms:
            template = await templates.find(tx.db, arm["template_id"])
            if template is None:
                raise errors.unknown_template()
            kept.append({**arm, "template_id": str(template.id), "template_version": template.version})
        one = Experiment(
            id=new_id(), name=name, campaign_id=campaign_id, metric=metric, arms=kept, test_percent=test_percent, alpha=alpha,
            smallest_effect=smallest_effect, automatic=automatic, decide_hours=decide_hours, status="running", decide_by=None, seen={},
            winner=None, significant=None, decided_at=None, created_at=service.clock.now(),
        )
        if not await experiments.insert(tx.db, one):
            raise errors.tested_already()
        return one


async def assign(tx: Transaction, service: CampaignService, *, campaign_id: UUID, planned: list[Planned]) -> list[Planned]:
    """Put each message into its arm, the same at every planning; whoever is not in the test waits for the winner."""
    one = await experiments.of_campaign(tx.db, campaign_id)
    if one is None or not planned:
        return planned
    decide_by = await experiments.begin(tx.db, one.id, decide_by=service.clock.now() + timedelta(hours=one.decide_hours))
    weights = {arm["name"]: arm["weight"] for arm in one.arms}
    by_name = {arm["name"]: arm for arm in one.arms}
    placed = []
    for each in planned:
        if each.withheld:
            placed.append(each._replace(arm=each.withheld))
        elif one.winner is not None:
            placed.append(_with(each, by_name[one.winner], arm=REST))
        elif not sampling.is_drawn(f"test:{one.id}", each.customer_id, percent=one.test_percent):
            placed.append(_with(each, one.arms[0], arm=REST)._replace(not_before=decide_by + GRACE))
        else:
            name = sampling.arm_of(f"arm:{one.id}", each.customer_id, weights=weights)
            placed.append(_with(each, by_name[name], arm=name))
    return placed


def _with(planned: Planned, chosen: dict[str, Any], *, arm: str) -> Planned:
    return planned._replace(template_id=UUID(chosen["template_id"]), version=chosen["template_version"], arm=arm)


async def judge_experiments(service: CampaignService) -> bool:
    """Look at every running test once; decide what can be decided."""
    async with service.read() as db:
        running = await experiments.running(db)
    for one in running:
        async with service.transaction() as tx:
            current = await experiments.find(tx.db, one.id, lock=True)
            if current is None or current.status != "running":
                continue
            standing = await look(tx, current)
            at = service.clock.now()
            over = current.decide_by is not None and at >= current.decide_by
            if standing.winner is not None and (current.automatic or over):
                await _decide(tx, current, standing.winner, significant=True, service=service)
            elif over and current.automatic:
                await _decide(tx, current, standing.leader or current.arms[0]["name"], significant=False, service=service)
    return False


async def look(tx: Transaction, one: Experiment) -> Standing:
    """How the test stands now; the smallest p-values are kept, so that looking again never takes back what was seen."""
    counted = await outcomes.by_arm(tx.db, one.campaign_id, metric=one.metric)
    arms = {arm["name"]: Counted(*counted.get(arm["name"], (0, 0))) for arm in one.arms}
    seen = dict(one.seen)
    standing = significance.judge(arms, seen=seen, smallest_effect=one.smallest_effect, alpha=one.alpha)
    await experiments.keep_look(tx.db, one.id, seen=seen)
    return standing


async def decide_experiment(service: CampaignService, *, experiment_id: UUID, winner: str) -> Experiment:
    """A person decides. Raises Unknown, Conflict (decided already), Invalid (no such arm)."""
    async with service.transaction() as tx:
        one = await experiments.find(tx.db, experiment_id, lock=True)
        if one is None:
            raise errors.unknown_experiment()
        if one.status != "running":
            raise errors.decided_already(one.winner or "")
        if winner not in {arm["name"] for arm in one.arms}:
            raise errors.unknown_arm(winner)
        standing = await look(tx, one)
        await _decide(tx, one, winner, significant=standing.winner == winner, service=service)
        found = await experiments.find(tx.db, experiment_id)
        assert found is not None
        return found


async def _decide(tx: Transaction, one: Experiment, winner: str, *, significant: bool, service: CampaignService) -> None:
    arm = next(arm for arm in one.arms if arm["name"] == winner)
    await experiments.decide(tx.db, one.id, winner=winner, significant=significant, at=service.clock.now())
    rest = await experiments.give_rest(
        tx.db, campaign_id=one.campaign_id, template_id=UUID(arm["template_id"]), template_version=arm["template_version"]
    )
    _log.info("experiment_decided", experiment_id=str(one.id), winner=winner, significant=significant, waiting=rest)
