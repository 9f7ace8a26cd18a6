"""The metadata of this service alone."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import registry
from sqlmodel import SQLModel

TIME = TIMESTAMP(timezone=True)
EMPTY = {"server_default": text("''")}


class AnalyticsTable(SQLModel, registry=registry()):
    """The metadata of this service alone."""
