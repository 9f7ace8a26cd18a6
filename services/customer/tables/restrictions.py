"""Replica of who asked that their data are kept and not used."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlmodel import Field

from services.customer.tables.metadata import TIME, CustomerTable


class RestrictedRow(CustomerTable, table=True):
    """A customer whose data are left out of every file that leaves."""

    __tablename__ = "restricted"

    customer_id: UUID = Field(primary_key=True)
    since: datetime = Field(sa_type=TIME)
