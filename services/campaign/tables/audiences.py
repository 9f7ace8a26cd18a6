"""Rows of audiences: lists, and candidates while a campaign is planned."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, Text, text
from sqlalchemy.dialects.postgresql import BIGINT
from sqlmodel import Field

from services.campaign.tables.metadata import TIME, CampaignTable


class CampaignCandidateRow(CampaignTable, table=True):
    """A customer collected for a campaign that excludes or chooses; gone when the audience is planned."""

    __tablename__ = "campaign_candidate"
    __table_args__ = (
        ForeignKeyConstraint(["campaign_id"], ["campaign.id"]),
        Index(
            "campaign_candidate_order", "campaign_id", text("value DESC NULLS LAST"), "customer_id", postgresql_where=text("NOT excluded")
        ),
    )

    campaign_id: UUID = Field(primary_key=True)
    customer_id: UUID = Field(primary_key=True)
    excluded: bool
    value: int | None = Field(default=None, sa_type=BIGINT)


class AudienceListRow(CampaignTable, table=True):
    """A list of customers somebody put together."""

    __tablename__ = "audience_list"

    id: UUID = Field(primary_key=True)
    name: str = Field(sa_type=Text)
    created_by: str = Field(sa_type=Text)
    created_at: datetime = Field(sa_type=TIME)


class AudienceListMemberRow(CampaignTable, table=True):
    """Who is on a list."""

    __tablename__ = "audience_list_member"
    __table_args__ = (
        ForeignKeyConstraint(["list_id"], ["audience_list.id"], ondelete="CASCADE"),
        Index("audience_list_member_customer", "customer_id"),
    )

    list_id: UUID = Field(primary_key=True)
    customer_id: UUID = Field(primary_key=True)
