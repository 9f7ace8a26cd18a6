"""HTTP shapes of products made for one customer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from services.campaign.domain.customising import Configurable
from services.campaign.schemas.given import Given, Name


class ConfigurableView(BaseModel):
    id: UUID
    settings: Configurable
    active: bool
    created_at: datetime
    updated_at: datetime


class PriceLine(BaseModel):
    """`what`: base, option:choice, or tier:name for a discount."""

    what: str
    amount_minor: int


class ProposedView(BaseModel):
    """`why`: own (chosen before), alike (most people of the same stage or tier), popular, default, first, or fits (goes with the rest)."""

    option: str
    choice: str
    why: str
    people: int


class ProposalView(BaseModel):
    product: UUID
    customer_id: UUID
    choices: dict[str, str]
    proposed: list[ProposedView]
    price: list[PriceLine]
    unit_minor: int
    currency: str


class Choose(Given):
    """`id` makes repeating safe."""

    product: UUID
    customer_id: UUID
    choices: Annotated[dict[Name, Name], Field(max_length=20)]
    quantity: Annotated[int, Field(ge=1, le=10_000)] = 1
    id: UUID | None = None


class CustomisedView(BaseModel):
    """`state`: chosen, ordering, ordered (the interaction service has the order), refused (and `reason`), dropped. The price is that of the choice."""

    id: UUID
    product: UUID
    customer_id: UUID
    choices: dict[str, str]
    price: list[PriceLine]
    quantity: int
    total_minor: int
    currency: str
    state: str
    reason: str | None
    order_id: str | None
    created_at: datetime
    ordered_at: datetime | None
