"""HTTP shapes of the console's sessions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from gateway.schemas.webhooks import Given

Text = Annotated[str, StringConstraints(min_length=1, max_length=256)]


class SignIn(Given):
    """Name and password of the built-in issuer."""

    name: Text
    password: Text


class SessionView(BaseModel):
    """Who is signed in, with rights as they are now. `kind`: key or person."""

    signed_in: bool
    subject: str = ""
    kind: str = ""
    name: str = ""
    scopes: list[str] = []
    hides: list[str] = []
    provider: str = Field("", description="Identity provider at which people may sign in at /oidc/sign-in; empty: there is none.")
    expires_at: datetime | None = Field(None, description="When somebody must sign in again.")
