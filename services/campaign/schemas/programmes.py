"""HTTP shapes of programmes, members and points."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from services.campaign.domain.programmes import Settings
from services.campaign.schemas.given import Given, Line, Name

Key = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class WriteProgramme(Given):
    """`settings.kind`: loyalty, referral, rewards, repeat_purchase, acquisition, win_back, cross_sell, satisfaction, community or individual.

    `holdout`: the share of those taken in automatically that gets nothing, for comparison. `goal`: the mean satisfaction
    (1 to 5) of its members that it is for.
    """

    name: Line
    purpose: Name = "marketing"
    settings: Settings
    holdout: Annotated[float, Field(ge=0, le=0.9)] = 0.0
    goal: Annotated[float, Field(ge=1, le=5)] | None = None


class ProgrammeView(BaseModel):
    id: UUID
    name: str
    kind: str
    status: Literal["draft", "running", "paused", "ended"]
    purpose: str
    settings: dict[str, Any]
    holdout: float
    goal: float | None
    playbook: str | None
    started_at: datetime | None
    created_at: datetime
    updated_at: datetime


class MemberView(BaseModel):
    """`arm`: treated, or holdout (counts for comparison only). `next_at`: when something is due."""

    customer_id: UUID
    arm: str
    joined_at: datetime
    left_at: datetime | None
    left_reason: str | None
    tier: str | None
    tier_since: datetime | None
    step: int
    next_at: datetime | None


class StandingView(MemberView):
    """`balance` and what follows only in points programmes; `owed`: what refunds took back after it was spent."""

    balance: int | None
    owed: int | None
    qualifying: int | None
    next_tier: str | None
    to_next: int | None


class Join(Given):
    customer_id: UUID


class AdjustPoints(Given):
    """Points by hand; negative takes some away. The same reference does it once."""

    customer_id: UUID
    points: Annotated[int, Field(ge=-(10**12), le=10**12)]
    reference: Key
    note: Annotated[str, StringConstraints(max_length=500)] = ""


class PointsView(BaseModel):
    """`points`: what it is about; `change`: what it did to the balance (debts are repaid first)."""

    id: UUID
    customer_id: UUID
    kind: str
    reference: str
    order_id: str | None
    points: int
    change: int | None = None
    note: str
    at: datetime


class AuditView(BaseModel):
    """The books by account; they sum to zero. `wrong_accounts`: accounts that are not the sum of their entries; always 0."""

    member: int
    owed: int
    issued: int
    redeemed: int
    expired: int
    wrong_accounts: int


class CreateReward(Given):
    """`points` 0: free for who is eligible. `tiers`, `stages`: reserved for them. `stock`, `budget_minor`: never overdrawn."""

    name: Line
    kind: Literal["gift", "discount", "offer", "service"] = "gift"
    points: Annotated[int, Field(ge=0, le=10**12)] = 0
    cost_minor: Annotated[int, Field(ge=0, le=10**12)] = 0
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] = "EUR"
    stock: Annotated[int, Field(ge=0, le=10**9)] | None = None
    budget_minor: Annotated[int, Field(ge=0, le=10**15)] | None = None
    per_customer: Annotated[int, Field(ge=1, le=100_000)] | None = None
    tiers: Annotated[list[Name], Field(max_length=20)] = []
    stages: Annotated[list[Literal["acquire", "enhance", "retain"]], Field(max_length=3)] = []
    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime | None = None


class RewardView(BaseModel):
    id: UUID
    programme_id: UUID
    name: str
    kind: str
    points: int
    cost_minor: int
    currency: str
    stock: int | None
    budget_minor: int | None
    redeemed: int
    spent_minor: int
    per_customer: int | None
    tiers: list[str]
    stages: list[str]
    starts_at: datetime | None
    ends_at: datetime | None
    active: bool
    created_at: datetime


class Redeem(Given):
    """The header Idempotency-Key makes repeating safe; without it each call takes another one."""

    customer_id: UUID


class RedemptionView(BaseModel):
    id: UUID
    reward_id: UUID
    customer_id: UUID
    points: int
    cost_minor: int
    currency: str
    state: Literal["issued", "cancelled"]
    at: datetime
    cancelled_at: datetime | None


class EligibilityView(BaseModel):
    """Whether a customer may take a reward now; `reason`: inactive, not_yet, over, reserved, used_up, out_of_stock, out_of_budget, held_out."""

    reward_id: UUID
    customer_id: UUID
    allowed: bool
    reason: str | None
    words: str | None


class CodeView(BaseModel):
    """`came`: how many came by it; `rewarded`: for how many of them points were given."""

    customer_id: UUID
    code: str
    came: int
    rewarded: int


class Refer(Given):
    code: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    customer_id: UUID


class ReferredView(BaseModel):
    customer_id: UUID
    referrer_id: UUID


class CreateGroup(Given):
    name: Line
    about: Annotated[str, StringConstraints(max_length=2000)] = ""


class GroupView(BaseModel):
    """`active`: members who did something; counts are 0 right after making it."""

    id: UUID
    programme_id: UUID
    name: str
    about: str
    created_at: datetime
    invited: int = 0
    members: int = 0
    activities: int = 0
    active: int = 0


class Invite(Given):
    customer_ids: Annotated[list[UUID], Field(min_length=1, max_length=1000)]
    invited_by: UUID | None = None


class InvitedView(BaseModel):
    """Who was invited now; who was before is left out."""

    invited: list[UUID]


class GroupMemberView(BaseModel):
    customer_id: UUID
    state: Literal["invited", "joined", "left"]
    invited_by: UUID | None
    invited_at: datetime | None
    joined_at: datetime | None
    left_at: datetime | None
    activities: int
    active_at: datetime | None


class NoteActivity(Given):
    """`id` makes repeating safe."""

    customer_id: UUID
    kind: Name
    note: Annotated[str, StringConstraints(max_length=2000)] = ""
    at: AwareDatetime | None = None
    id: UUID | None = None


class ActivityView(BaseModel):
    id: UUID


class GroupSales(BaseModel):
    """Sales in the days before and after joining, beside those who were invited and did not come (before and after the invitation)."""

    group: Literal["members", "not_joined"]
    people: int
    before_minor: int
    after_minor: int


class GroupEffectView(BaseModel):
    """`effect_minor_per_person`: the change of members less the change of the others; null with too few people."""

    currency: str
    days: int
    groups: list[GroupSales]
    effect_minor_per_person: float | None
