"""Which message a visitor of the site gets now, and why not the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal, NamedTuple
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.campaign.domain import sampling
from services.campaign.domain.eligibility import refuse_reserved
from services.campaign.domain.programmes import Band, ScoreName, Stage, Word, within

CHANNEL: Final = "on_site"
Kind = Literal["first_time", "returning", "known", "customer"]
KINDS: Final = ("first_time", "returning", "known", "customer")


class Conditions(BaseModel):
    """Everything that is given must hold. `stages`, `tiers`, `scores`, `orders_…` are personal: they need the person's permission."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    visitors: Annotated[list[Kind], Field(max_length=4)] = []
    stages: Annotated[list[Stage], Field(max_length=3)] = []
    tiers: Annotated[list[Word], Field(max_length=20)] = []
    scores: Annotated[dict[ScoreName, Band], Field(max_length=10)] = {}
    orders_at_least: Annotated[int, Field(ge=0, le=100_000)] | None = None
    orders_at_most: Annotated[int, Field(ge=0, le=100_000)] | None = None
    basket_at_least_minor: Annotated[int, Field(ge=0, le=10**12)] | None = None
    basket_below_minor: Annotated[int, Field(ge=0, le=10**12)] | None = None
    basket_currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] | None = None
    basket_categories: Annotated[list[Annotated[str, StringConstraints(max_length=200)]], Field(max_length=50)] = []
    basket_products: Annotated[list[Annotated[str, StringConstraints(max_length=200)]], Field(max_length=50)] = []

    @property
    def personal(self) -> bool:
        return bool(self.stages or self.tiers or self.scores) or self.orders_at_least is not None or self.orders_at_most is not None


class SiteMessage(NamedTuple):
    """A message for the site, or (`customer_id`) for one person there, who may dismiss it by its `key`. `holdout`: share of visitors that see nothing of it, for comparison; `cap` times within `cap_days` at most."""

    id: UUID
    name: str
    placement: str
    purpose: str
    priority: int
    locales: dict[str, dict[str, str]]
    fallback: list[str]
    conditions: Conditions
    reward_id: UUID | None
    cap: int | None
    cap_days: int
    holdout: float
    starts_at: datetime | None
    ends_at: datetime | None
    active: bool
    playbook: str | None
    created_at: datetime
    customer_id: UUID | None = None
    key: str | None = None


class Offer(NamedTuple):
    """The reward behind a message, as far as it decides."""

    tiers: list[str]
    stages: list[str]
    available: bool


class Basket(NamedTuple):
    total_minor: int = 0
    currency: str | None = None
    products: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()


class Visitor(NamedTuple):
    """Who it is, as far as known. `draw`: by what they fall into a control group. `said`: purpose -> channel -> granted or withdrawn."""

    kind: str
    draw: UUID
    customer_id: UUID | None = None
    name: str | None = None
    language: str | None = None
    orders: int = 0
    scores: Mapping[str, str] = {}
    tiers: frozenset[str] = frozenset()
    said: Mapping[str, Mapping[str, str]] = {}

    @property
    def stage(self) -> str:
        return self.scores.get("stage") or ("enhance" if self.orders else "acquire")


class Judged(NamedTuple):
    """One message and what stood against it; `against` None: it could be shown."""

    message: SiteMessage
    against: str | None
    detail: str = ""


class Choice(NamedTuple):
    """`held_out`: it would have been shown, but this visitor sees nothing of it for comparison."""

    chosen: SiteMessage | None
    held_out: bool
    judged: list[Judged]


def choose(
    messages: Sequence[SiteMessage], visitor: Visitor, basket: Basket, *, offers: Mapping[UUID, Offer], shown: Mapping[UUID, int], at: datetime
) -> Choice:
    """The first by priority that nothing stands against; all others with what did. `shown`: how often each was, within its days."""
    judged, chosen, held = [], None, False
    for message in sorted(messages, key=lambda one: (-one.priority, one.id)):
        against = _against(message, visitor, basket, offers=offers, shown=shown, at=at)
        if against is None and chosen is not None:
            against = ("lower_priority", chosen.name)
        judged.append(Judged(message, *(against or (None,))))
        if against is None:
            chosen = message
            held = bool(message.holdout) and sampling.is_drawn(f"holdout:{message.id}", visitor.draw, percent=message.holdout * 100)
    return Choice(chosen, held, judged)


def _against(
    message: SiteMessage, visitor: Visitor, basket: Basket, *, offers: Mapping[UUID, Offer], shown: Mapping[UUID, int], at: datetime
) -> tuple[str, str] | None:
    if (message.starts_at is not None and at < message.starts_at) or (message.ends_at is not None and at >= message.ends_at):
        return "not_now", "outside of its time"
    wants = message.conditions
    if message.customer_id is not None and (refused := _withdrawn(message.purpose, visitor)) is not None:
        return refused  # it was put there under a permit; what was said since counts
    if wants.visitors and visitor.kind not in wants.visitors:
        return "visitor", f"is for {', '.join(wants.visitors)}"
    if wants.personal or message.reward_id is not None:
        refused = _consent(message.purpose, visitor)
        if refused is not None:
            return refused
    if (wants.stages and visitor.stage not in wants.stages) or (wants.tiers and not visitor.tiers & set(wants.tiers)):
        return "standing", "is for other stages or tiers"
    if (wants.orders_at_least is not None and visitor.orders < wants.orders_at_least) or (
        wants.orders_at_most is not None and visitor.orders > wants.orders_at_most
    ):
        return "orders", "is for people with more or fewer orders"
    for name, band in wants.scores.items():
        if not within(band, visitor.scores.get(name)):
            return "score", f"the score {name} is outside of what is asked for"
    if (misses := _basket(wants, basket)) is not None:
        return "basket", misses
    if message.reward_id is not None:
        offer = offers.get(message.reward_id)
        if offer is None or not offer.available:
            return "offer", "the offer cannot be had"
        if refused_offer := refuse_reserved(tiers=offer.tiers, stages=offer.stages, held_tiers=visitor.tiers, stage=visitor.stage):
            return "offer_reserved", refused_offer.words
    if message.cap is not None and shown.get(message.id, 0) >= message.cap:
        return "capped", f"was shown {shown[message.id]} times in {message.cap_days} days"
    return None


def _consent(purpose: str, visitor: Visitor) -> tuple[str, str] | None:
    """Personal use needs a grant of the purpose, and no withdrawal of it on the site or everywhere."""
    if visitor.customer_id is None:
        return "unrecognised", "is personal, and nobody knows who this is"
    if (refused := _withdrawn(purpose, visitor)) is not None:
        return refused
    if "granted" not in visitor.said.get(purpose, {}).values():
        return "no_grant", f"the person has not agreed to {purpose}"
    return None


def _withdrawn(purpose: str, visitor: Visitor) -> tuple[str, str] | None:
    said = {**visitor.said.get("*", {}), **visitor.said.get(purpose, {})}
    if "withdrawn" in (said.get(CHANNEL), said.get("*")) or visitor.said.get("*", {}).get("*") == "withdrawn":
        return "withdrawn", f"the person does not want {purpose} on the site"
    return None


def _basket(wants: Conditions, basket: Basket) -> str | None:
    if wants.basket_currency is not None and basket.currency != wants.basket_currency:
        return "the basket has another currency"
    if wants.basket_at_least_minor is not None and basket.total_minor < wants.basket_at_least_minor:
        return "the basket is worth less"
    if wants.basket_below_minor is not None and basket.total_minor >= wants.basket_below_minor:
        return "the basket is worth more"
    if wants.basket_categories and not basket.categories & set(wants.basket_categories):
        return "nothing of these categories is in the basket"
    if wants.basket_products and not basket.products & set(wants.basket_products):
        return "none of these products is in the basket"
    return None


def values(message: SiteMessage, visitor: Visitor, basket: Basket) -> dict[str, Any]:
    """What the site may fill into the text: the visitor's name, and what the basket lacks to the message's goal."""
    found: dict[str, Any] = {}
    if visitor.name and (message.conditions.personal or visitor.kind in ("known", "customer")):
        found["name"] = visitor.name
    if message.conditions.basket_below_minor is not None:
        found["missing_minor"] = message.conditions.basket_below_minor - basket.total_minor
    return found
