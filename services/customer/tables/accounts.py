"""Who belongs to which account, and what is still to be told of accounts that changed."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, Identity, Index, SmallInteger, Text
from sqlmodel import Field

from services.customer.tables.metadata import TIME, CustomerTable


class MembershipRow(CustomerTable, table=True):
    """A person and an account, each as the customer it was told of. `rank` and `told_at` decide between two tellers."""

    __tablename__ = "membership"
    __table_args__ = (Index("membership_customer", "customer_id"),)

    account_id: UUID = Field(primary_key=True)
    customer_id: UUID = Field(primary_key=True)
    role: str = Field(sa_type=Text)
    since: datetime = Field(sa_type=TIME)
    until: datetime | None = Field(default=None, sa_type=TIME)
    told_at: datetime = Field(sa_type=TIME)
    rank: int = Field(sa_type=SmallInteger)
    source: str = Field(sa_type=Text)
    primary_at: datetime | None = Field(default=None, sa_type=TIME)


class AccountChangeRow(CustomerTable, table=True):
    """An account whose members' profiles are to be told again; done up to the member `told_to`. `number` is new with each change."""

    __tablename__ = "account_change"

    account_id: UUID = Field(primary_key=True)
    number: int = Field(sa_column=Column(BigInteger, Identity(always=True), nullable=False))
    told_to: UUID | None = None
    changed_at: datetime = Field(sa_type=TIME)
