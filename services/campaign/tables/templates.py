"""Rows of templates and their versions."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    ForeignKeyConstraint,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from services.campaign.tables.metadata import TIME, CampaignTable


class TemplateRow(CampaignTable, table=True):
    """A template; its content is in its versions."""

    __tablename__ = "template"

    id: UUID = Field(primary_key=True)
    name: str = Field(sa_type=Text)
    version: int
    created_at: datetime = Field(sa_type=TIME)
    updated_at: datetime = Field(sa_type=TIME)


class TemplateVersionRow(CampaignTable, table=True):
    """What a template said at one time; never changed. `locales` as written, `compiled` ready for Liquid."""

    __tablename__ = "template_version"
    __table_args__ = (ForeignKeyConstraint(["template_id"], ["template.id"]),)

    template_id: UUID = Field(primary_key=True)
    version: int = Field(primary_key=True)
    fallback: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    locales: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    compiled: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    created_at: datetime = Field(sa_type=TIME)
    form: str = Field(sa_column=Column(Text, nullable=False, server_default=text("'mjml'")))
    blocks: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False, server_default=text("'{}'")))


class ContentBlockRow(CampaignTable, table=True):
    """A part that several templates hold. `locales`: locale -> source."""

    __tablename__ = "content_block"

    name: str = Field(primary_key=True, sa_type=Text)
    version: int
    locales: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    updated_by: str = Field(sa_type=Text)
    updated_at: datetime = Field(sa_type=TIME)


class ProductFeedRow(CampaignTable, table=True):
    """Items that templates show as `feeds.<name>`: given, or fetched from `url` every so often."""

    __tablename__ = "product_feed"

    name: str = Field(primary_key=True, sa_type=Text)
    url: str | None = Field(default=None, sa_type=Text)
    refresh_seconds: int
    items: list[dict[str, Any]] = Field(sa_column=Column(JSONB, nullable=False))
    problem: str | None = Field(default=None, sa_type=Text)
    fetched_at: datetime | None = Field(default=None, sa_type=TIME)
    tried_at: datetime | None = Field(default=None, sa_type=TIME)
    updated_at: datetime = Field(sa_type=TIME)
