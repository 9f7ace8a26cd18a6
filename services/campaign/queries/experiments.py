"""Reads: tests, effects and what campaigns brought."""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID

from services.campaign import errors
from services.campaign.domain import significance
from services.campaign.domain.significance import Counted, Effect, Standing
from services.campaign.settings import CampaignService
from services.campaign.store import experiments, outcomes
from services.campaign.store.experiments import Experiment


class Watched(NamedTuple):
    """A test with its arms as counted now."""

    experiment: Experiment
    arms: dict[str, Counted]
    standing: Standing


class Outcome(NamedTuple):
    """What a campaign brought; `treated`, `control`: None without a control group."""

    figures: dict[str, Any]
    watched: Watched | None
    treated: Counted | None
    control: Counted | None


async def get_experiment(service: CampaignService, *, experiment_id: UUID) -> Watched:
    """Raises Unknown."""
    async with service.read() as db:
        found = await experiments.find(db, experiment_id)
        if found is None:
            raise errors.unknown_experiment()
        return _watched(found, await outcomes.by_arm(db, found.campaign_id, metric=found.metric))


async def list_experiments(service: CampaignService, *, after: UUID | None, limit: int) -> list[Watched]:
    async with service.read() as db:
        found = await experiments.page(db, after=after, limit=limit)
        return [_watched(one, await outcomes.by_arm(db, one.campaign_id, metric=one.metric)) for one in found]


async def get_outcome(service: CampaignService, *, origin_id: UUID) -> Outcome:
    """Orders, revenue, cost, arms and the effect against those held out."""
    async with service.read() as db:
        figures = await outcomes.outcome(db, origin_id)
        groups = await outcomes.by_treatment(db, origin_id)
        one = await experiments.of_campaign(db, origin_id)
        watched = _watched(one, await outcomes.by_arm(db, origin_id, metric=one.metric)) if one else None
    both = {True, False} <= set(groups)
    return Outcome(figures, watched, Counted(*groups[True]) if both else None, Counted(*groups[False]) if both else None)


def reckon_effect(*, treated: tuple[int, int], control: tuple[int, int]) -> Effect:
    """The effect from counts of (people, responses), none of them of nobody."""
    found = significance.effect(Counted(*treated), Counted(*control))
    assert found is not None
    return found


def size_test(*, baseline: float, effect: float, alpha: float, power: float, arms: int) -> int:
    """People per arm. Raises Invalid."""
    try:
        return significance.sample_size(baseline=baseline, effect=effect, alpha=alpha, power=power, comparisons=arms * (arms - 1) // 2)
    except ValueError:
        raise errors.impossible_rates() from None


def _watched(one: Experiment, counted: dict[str, tuple[int, int]]) -> Watched:
    arms = {arm["name"]: Counted(*counted.get(arm["name"], (0, 0))) for arm in one.arms}
    standing = significance.judge(arms, seen=dict(one.seen), smallest_effect=one.smallest_effect, alpha=one.alpha)
    return Watched(one, arms, standing)
