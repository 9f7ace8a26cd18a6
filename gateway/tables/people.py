"""People and roles."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from gateway.tables.metadata import TIME, GatewayTable


class PersonRow(GatewayTable, table=True):
    """Somebody who signs in here."""

    __tablename__ = "person"

    id: UUID = Field(primary_key=True)
    name: str = Field(sa_type=Text, unique=True)
    password_hash: str = Field(sa_type=Text)
    roles: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    disabled: bool
    failures: int
    locked_until: datetime | None = Field(default=None, sa_type=TIME)
    created_at: datetime = Field(sa_type=TIME)
    created_by: str = Field(sa_type=Text)
    changed_at: datetime = Field(sa_type=TIME)


class EndedSessionRow(GatewayTable, table=True):
    """A session that somebody ended; kept until it would have ended by itself."""

    __tablename__ = "ended_session"

    id: str = Field(primary_key=True, sa_type=Text)
    until: datetime = Field(sa_type=TIME)


class RoleRow(GatewayTable, table=True):
    """A role of this deployment's own."""

    __tablename__ = "role"

    name: str = Field(primary_key=True, sa_type=Text)
    description: str = Field(sa_type=Text)
    scopes: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    hides: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    changed_at: datetime = Field(sa_type=TIME)
