"""Chat rooms and boards."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, Text
from sqlmodel import Field

from services.interaction.tables.metadata import TIME, InteractionTable


class RoomRow(InteractionTable, table=True):
    __tablename__ = "room"

    slug: str = Field(sa_type=Text, primary_key=True)
    kind: str = Field(sa_type=Text)
    title: str = Field(sa_type=Text)
    closed: bool
    created_at: datetime = Field(sa_type=TIME)


class RoomPostRow(InteractionTable, table=True):
    __tablename__ = "room_post"
    __table_args__ = (Index("room_post_room", "room", "id"), Index("room_post_customer", "customer_id"))

    id: UUID = Field(primary_key=True)
    room: str = Field(sa_type=Text, foreign_key="room.slug")
    thread: UUID
    in_reply_to: UUID | None = None
    customer_id: UUID
    text: str = Field(sa_type=Text)
    hidden: bool
    posted_at: datetime = Field(sa_type=TIME)
