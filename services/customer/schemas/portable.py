"""Portable customers over HTTP."""

from __future__ import annotations

from uuid import UUID

from pydantic import BaseModel, Field


class ReceivedView(BaseModel):
    """`left`: the parts of the file that other services take."""

    customer_id: UUID
    hash: str = Field(description="Of the customer part: the same as in the installation it came from.")
    left: list[str]
