"""The metadata of this service alone."""

from __future__ import annotations

from sqlalchemy import (
    Text,
)
from sqlalchemy.dialects.postgresql import ARRAY, TIMESTAMP
from sqlalchemy.orm import registry
from sqlmodel import SQLModel

TIME = TIMESTAMP(timezone=True)


TEXTS = ARRAY(Text)


class InteractionTable(SQLModel, registry=registry()):
    """The metadata of this service alone."""
