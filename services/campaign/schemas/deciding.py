"""HTTP shapes of on-site messages and decisions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints, model_validator

from services.campaign.domain.deciding import Conditions
from services.campaign.schemas.experiments import EffectView
from services.campaign.schemas.given import Given, Line, Locale, Name

Text = Annotated[str, StringConstraints(max_length=2000)]
Id = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Link = Annotated[str, StringConstraints(max_length=1500, pattern=r"^(https?://|/)[^\s\\]*$")]


class SiteContent(Given):
    """Plain text; the site decides how it looks. `{name}` and `{missing_minor}` are filled by the site from `values`."""

    title: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    text: Text = ""
    link: Link | None = None
    label: Annotated[str, StringConstraints(max_length=100)] = ""


class WriteSiteMessage(Given):
    """The highest priority that fits is shown; `cap` times within `cap_days` at most; `holdout`: share of visitors that sees nothing."""

    name: Line
    placement: Name
    purpose: Name = "marketing"
    priority: Annotated[int, Field(ge=-1000, le=1000)] = 0
    locales: Annotated[dict[Locale, SiteContent], Field(min_length=1, max_length=20)]
    fallback: Annotated[list[Locale], Field(max_length=20)] = []
    conditions: Conditions = Conditions()
    reward_id: UUID | None = None
    cap: Annotated[int, Field(ge=1, le=1000)] | None = None
    cap_days: Annotated[int, Field(ge=1, le=366)] = 7
    holdout: Annotated[float, Field(ge=0, le=0.9)] = 0.0
    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime | None = None

    @model_validator(mode="after")
    def _fallback_is_there(self) -> WriteSiteMessage:
        if missing := [locale for locale in self.fallback if locale not in self.locales]:
            raise ValueError(f"fallback names {missing[0]}, which is not among the locales")
        return self


class SiteMessageView(BaseModel):
    id: UUID
    name: str
    placement: str
    purpose: str
    priority: int
    locales: dict[str, dict[str, Any]]
    fallback: list[str]
    conditions: dict[str, Any]
    reward_id: UUID | None
    cap: int | None
    cap_days: int
    holdout: float
    starts_at: datetime | None
    ends_at: datetime | None
    active: bool
    playbook: str | None
    created_at: datetime


class BasketLine(Given):
    product_id: Id
    category: Annotated[str, StringConstraints(max_length=200)] | None = None
    quantity: Annotated[float, Field(ge=0, le=10**6)] = 1


class GivenBasket(Given):
    """What lies in the basket now; amounts in minor units."""

    total_minor: Annotated[int, Field(ge=0, le=10**12)] = 0
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] | None = None
    lines: Annotated[list[BasketLine], Field(max_length=200)] = []


class AskDecision(Given):
    """Who is there (as far as the site knows: none of the ids is needed) and where."""

    placement: Name
    user_id: Id | None = None
    anonymous_id: Id | None = None
    identities: Annotated[list[Id], Field(max_length=10)] = []
    basket: GivenBasket = GivenBasket()
    locale: Locale | None = None


class VisitorView(BaseModel):
    """`kind`: first_time, returning (was here before), known (identified, no order yet), customer."""

    kind: Literal["first_time", "returning", "known", "customer"]
    customer_id: UUID | None
    stage: str | None
    tiers: list[str]


class ShownView(BaseModel):
    """`values`: what the site may fill into the text; `key`: it waits for this person alone, who may dismiss it by that key."""

    id: UUID
    name: str
    locale: str
    content: dict[str, Any]
    reward_id: UUID | None
    values: dict[str, Any]
    key: str | None = None


class ReasonView(BaseModel):
    """Why a message was chosen (`chosen`), or what stood against it."""

    message_id: UUID
    name: str
    reason: str
    detail: str


class DecidedView(BaseModel):
    """`message` null: nothing fits, or this visitor is in a control group (`held_out`). `why`: every message of the place."""

    decision_id: UUID
    visitor: VisitorView
    message: ShownView | None
    held_out: bool
    why: list[ReasonView]


class SiteArm(BaseModel):
    arm: Literal["treated", "holdout"]
    visitors: int
    times: int
    clicked: int
    customers: int
    ordered: int


class SiteFiguresView(BaseModel):
    """`effect`: orders of known customers within seven days against the control group; null without one."""

    message_id: UUID
    arms: list[SiteArm]
    effect: EffectView | None
