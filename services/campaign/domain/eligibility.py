"""Whether somebody may have a reward: reserved offers are checked when they are shown, when they are sent and when they are redeemed."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, StringConstraints


class ReservedFor(BaseModel):
    """Only for who holds one of the tiers, or is in one of the stages; nothing given: for everybody."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tiers: Annotated[list[Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_.-]{0,63}$")]], Field(max_length=20)] = []
    stages: Annotated[list[Literal["acquire", "enhance", "retain"]], Field(max_length=3)] = []


class Refused(NamedTuple):
    """Why not. `reason` is the last part of the refusal's code."""

    reason: str
    words: str


def refuse(
    *, active: bool, starts_at: datetime | None, ends_at: datetime | None, stock_left: int | None, budget_left: int | None, cost: int,
    tiers: Collection[str], stages: Collection[str], held_tiers: Collection[str], stage: str, taken: int, per_customer: int | None, at: datetime,
) -> Refused | None:
    """The first thing that stands against it, or None. `held_tiers`: tiers in running programmes and the investment tier."""
    if not active:
        return Refused("inactive", "This reward is not offered any more.")
    if starts_at is not None and at < starts_at:
        return Refused("not_yet", "This reward is not offered yet.")
    if ends_at is not None and at >= ends_at:
        return Refused("over", "The time of this reward is over.")
    if reserved := refuse_reserved(tiers=tiers, stages=stages, held_tiers=held_tiers, stage=stage):
        return reserved
    if per_customer is not None and taken >= per_customer:
        return Refused("used_up", "This customer has taken it as often as one may.")
    if stock_left is not None and stock_left < 1:
        return Refused("out_of_stock", "There is none left.")
    if budget_left is not None and budget_left < cost:
        return Refused("out_of_budget", "Its budget is spent.")
    return None


def refuse_reserved(*, tiers: Collection[str], stages: Collection[str], held_tiers: Collection[str], stage: str) -> Refused | None:
    """What is reserved for tiers or stages of which the customer has none."""
    if tiers and not set(tiers) & set(held_tiers):
        return Refused("reserved", f"This is reserved for the tiers {', '.join(sorted(tiers))}.")
    if stages and stage not in stages:
        return Refused("reserved", f"This is reserved for customers in the stages {', '.join(sorted(stages))}.")
    return None
