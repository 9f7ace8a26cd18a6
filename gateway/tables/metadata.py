"""The metadata of the gateway alone, and what its columns have in common."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import registry
from sqlmodel import SQLModel

TIME = TIMESTAMP(timezone=True)
NOW = {"server_default": text("now()")}


class GatewayTable(SQLModel, registry=registry()):
    """The metadata of the gateway alone."""
