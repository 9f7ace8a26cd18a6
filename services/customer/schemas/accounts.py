"""Accounts and memberships over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from services.customer.schemas.asked import Asked, IdentityText

AccountType = Literal["organisation", "household"]
CustomerType = Literal["person", "organisation", "household"]
Role = Annotated[str, Field(max_length=60, pattern=r"^[^\x00-\x1f\x7f]*$")]


class RegisterAccount(Asked):
    """An organisation or a household. It is recognised by `account:<id>` (the groupId of events) and by `ext:<system>:<id>`."""

    type: AccountType = "organisation"
    identities: list[IdentityText] = Field(default=[], max_length=10)
    traits: dict[str, Any] = Field(default={}, max_length=200)


class ChangeAccount(Asked):
    """Merge-patch of the traits; `type` when it turns out to be the other one."""

    type: AccountType | None = None
    traits: dict[str, Any] = Field(default={}, max_length=200)


class PutMember(Asked):
    """A person belongs to the account. `primary`: the account is the first of the person's, whose traits segments see as `account.…`."""

    customer_id: UUID
    role: Role = ""
    since: AwareDatetime | None = None
    primary: bool | None = None


class MembershipView(BaseModel):
    """A membership; `until` is null while it lasts."""

    role: str
    since: datetime
    until: datetime | None
    primary: bool
    source: str


class MemberView(MembershipView):
    customer_id: UUID
    name: str | None
    email: str | None


class AccountOfView(MembershipView):
    """An account of a person. The first that lasts is the one that segments and templates see."""

    account_id: UUID
    type: str
    name: str | None
