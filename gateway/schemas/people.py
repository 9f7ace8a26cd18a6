"""HTTP shapes of people and roles."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from gateway.schemas.webhooks import Description, Given

LoginName = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]*$")]
Password = Annotated[str, StringConstraints(min_length=12, max_length=256)]
Roles = Annotated[list[Annotated[str, StringConstraints(max_length=40)]], Field(max_length=20)]


class AddPerson(Given):
    """Somebody who signs in here; a password has at least 12 characters."""

    name: LoginName
    password: Password
    roles: Roles = []


class ChangePerson(Given):
    roles: Roles | None = None
    password: Password | None = None
    disabled: bool | None = None


class ChangePassword(Given):
    current: Annotated[str, StringConstraints(max_length=256)]
    password: Password


class PersonView(BaseModel):
    id: UUID
    name: str
    roles: list[str]
    disabled: bool
    locked_until: datetime | None
    created_at: datetime
    created_by: str
    changed_at: datetime


class PutRole(Given):
    """`hides`: contact, cards, sensitive, `trait:NAME` (any field of that name)."""

    description: Description = ""
    scopes: Annotated[list[str], Field(min_length=1, max_length=40)]
    hides: Annotated[list[Annotated[str, StringConstraints(max_length=100)]], Field(max_length=100)] = []


class RoleView(BaseModel):
    """`own`: made by this deployment."""

    name: str
    description: str
    scopes: list[str]
    hides: list[str]
    own: bool


class MyselfView(BaseModel):
    """Who this key or token stands for, what it may do and what it does not see. `kind`: key or person."""

    subject: str
    kind: str
    scopes: list[str]
    hides: list[str]


class TokenView(BaseModel):
    """As OAuth 2.0 answers."""

    access_token: str
    token_type: str = "Bearer"  # noqa: S105 - its kind
    expires_in: int
