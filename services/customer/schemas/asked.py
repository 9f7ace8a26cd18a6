"""What all requests have in common."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

IdentityText = Annotated[str, Field(min_length=3, max_length=620, examples=["user:42", "email:ada@example.com"])]
Reason = Annotated[str, Field(min_length=1, max_length=300, pattern=r"^[^\x00]*$")]


class Asked(BaseModel):
    """A request: fields it does not know are refused."""

    model_config = ConfigDict(extra="forbid")
