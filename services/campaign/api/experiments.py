"""`/api/v1/experiments`: tests of campaigns, their size, and effects against control groups."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from chassis import web
from chassis.errors import Invalid
from chassis.web import Page
from services.campaign import commands, queries
from services.campaign.domain import significance
from services.campaign.domain.significance import Counted
from services.campaign.queries import Outcome, Watched
from services.campaign.schemas.experiments import (
    ArmView,
    ChannelResponse,
    CreateExperiment,
    Decide,
    EffectView,
    ExperimentView,
    MoneyView,
    OutcomeView,
    ReckonEffect,
    SampleSizeView,
)
from services.campaign.settings import CampaignService

router = APIRouter(prefix="/api/v1/experiments", tags=["experiments"])

Running = Annotated[CampaignService, Depends(web.service)]
Share = Annotated[float, Query(gt=0, lt=1)]
READ = web.allow("campaigns:read")
WRITE = web.allow("campaigns:write")


@router.post("", status_code=201, dependencies=[WRITE])
async def create_experiment(service: Running, body: CreateExperiment) -> ExperimentView:
    """Test the arms of a campaign that was not launched yet."""
    given = body.model_dump(exclude={"arms"})
    made = await commands.create_experiment(service, **given, arms=[arm.model_dump() for arm in body.arms])
    return _view(await queries.get_experiment(service, experiment_id=made.id))


@router.get("", dependencies=[READ])
async def list_experiments(
    service: Running, page_token: str | None = None, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> Page[ExperimentView]:
    """All tests, newest first."""
    after = UUID(str(web.read_page_token(page_token, 1)[0])) if page_token else None
    found = await queries.list_experiments(service, after=after, limit=limit + 1)
    views = [_view(one) for one in found[:limit]]
    return Page(data=views, next_page_token=web.page_token(views[-1].id) if len(found) > limit else None)


@router.get("/sample-size", dependencies=[READ])
async def size(
    baseline: Share, effect: Annotated[float, Query(gt=-1, lt=1)], alpha: Annotated[float, Query(ge=0.001, le=0.2)] = 0.05,
    power: Annotated[float, Query(ge=0.5, le=0.99)] = 0.8, arms: Annotated[int, Query(ge=2, le=10)] = 2,
) -> SampleSizeView:
    """How many people each arm needs for a change of the rate from `baseline` by `effect` to be seen."""
    per_arm = queries.size_test(baseline=baseline, effect=effect, alpha=alpha, power=power, arms=arms)
    return SampleSizeView(per_arm=per_arm, in_all=per_arm * arms, baseline=baseline, effect=effect, alpha=alpha, power=power, arms=arms)


@router.post("/effects", dependencies=[READ])
async def reckon(body: ReckonEffect) -> EffectView:
    """What a treatment brought, from counts of any test."""
    treated, control = Counted(**body.treated.model_dump()), Counted(**body.control.model_dump())
    return effect_view(treated, control)


@router.get("/{experiment_id}", dependencies=[READ])
async def get_experiment(service: Running, experiment_id: UUID) -> ExperimentView:
    """Look as often as you like: p-values stay valid."""
    return _view(await queries.get_experiment(service, experiment_id=experiment_id))


@router.post("/{experiment_id}/decide", dependencies=[web.allow("campaigns:send")])
async def decide(service: Running, experiment_id: UUID, body: Decide) -> ExperimentView:
    """Choose the winner by hand: whoever waited gets it."""
    await commands.decide_experiment(service, experiment_id=experiment_id, winner=body.winner)
    return _view(await queries.get_experiment(service, experiment_id=experiment_id))


def outcome_view(found: Outcome, *, response: str) -> OutcomeView:
    """What a campaign brought, for its report. Raises Invalid for an unknown response."""
    if response not in ("open", "click", "reply", "order"):
        raise Invalid("report.response_unknown", "`response` is open, click, reply or order.")
    figures = found.figures
    channels = [_channel(figures, channel, count, response) for channel, count in sorted(figures["accepted"].items())]
    incremental = None
    if found.treated is not None and found.control is not None:
        incremental = effect_view(found.treated, found.control)
    costs = {entry["currency"]: 0 for entry in figures["costs"]}
    for entry in figures["costs"]:
        costs[entry["currency"]] += entry["amount_minor"]
    extra = incremental.extra_responses if incremental is not None and incremental.low > 0 else 0
    return OutcomeView(
        response=response, effective=sum(channel.effective for channel in channels), channels=channels, incremental=incremental,
        revenue=[MoneyView(**entry) for entry in sorted(figures["revenue"], key=lambda entry: str(entry["currency"]))],
        arms=_arms(found.watched) if found.watched else [],
        cost_per_extra_response_minor=next(iter(costs.values())) / extra if len(costs) == 1 and extra > 0 else None,
    )


def _channel(figures: dict[str, list[dict[str, object]]], channel: str, accepted: int, response: str) -> ChannelResponse:
    responders = {str(entry["response"]): int(str(entry["customers"])) for entry in figures["responders"] if entry["channel"] == channel}
    costs = {str(entry["currency"]): int(str(entry["amount_minor"])) for entry in figures["costs"] if entry["channel"] == channel}
    effective = responders.get(response, 0)
    single = next(iter(costs)) if len(costs) == 1 else None
    return ChannelResponse(
        channel=channel, accepted=accepted, responders={name: responders.get(name, 0) for name in ("open", "click", "reply", "order")},
        effective=effective, cost_minor=costs, currency=single,
        cost_per_response_minor=costs[single] / effective if single is not None and effective else None,
    )


def _view(found: Watched) -> ExperimentView:
    one = found.experiment
    control = found.arms[one.arms[0]["name"]]
    needed = None
    if control.rate and control.rate + one.smallest_effect < 1:
        needed = queries.size_test(baseline=control.rate, effect=one.smallest_effect, alpha=one.alpha, power=0.8, arms=len(one.arms))
    return ExperimentView.model_validate(
        {**one._asdict(), "leader": found.standing.leader, "arms": _arms(found), "people_needed_per_arm": needed}
    )


def _arms(found: Watched) -> list[ArmView]:
    views = []
    for arm in found.experiment.arms:
        counted = found.arms[arm["name"]]
        low, high = significance.wilson(counted)
        views.append(
            ArmView(
                name=arm["name"], template_id=arm["template_id"], template_version=arm["template_version"], weight=arm["weight"],
                people=counted.people, responses=counted.responses, rate=counted.rate, low=low, high=high,
                p_value=found.standing.p_values.get(arm["name"]),
            )
        )
    return views


def effect_view(treated: Counted, control: Counted) -> EffectView:
    """The effect of a treatment; neither group is empty."""
    found = queries.reckon_effect(treated=treated, control=control)
    return EffectView(
        treated_rate=treated.rate or 0.0, control_rate=control.rate or 0.0, difference=found.difference, low=found.low, high=found.high,
        relative=found.relative, extra_responses=found.extra, beyond_chance=found.beyond_chance,
    )
