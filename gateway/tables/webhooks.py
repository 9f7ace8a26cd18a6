"""Webhooks: who is told what, each delivery with its tries, replays."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, LargeBinary, Text, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field

from gateway.tables.metadata import NOW, TIME, GatewayTable


def _of_webhook() -> Any:
    return Field(sa_column=Column(Uuid, ForeignKey("webhook.id", ondelete="CASCADE"), nullable=False))


class WebhookRow(GatewayTable, table=True):
    """An endpoint; `secrets` is sealed."""

    __tablename__ = "webhook"
    __table_args__ = (CheckConstraint("state IN ('active', 'paused', 'disabled')"),)

    id: UUID = Field(primary_key=True)
    url: str = Field(sa_type=Text)
    description: str = Field(sa_type=Text)
    events: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    sources: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    personal: bool
    state: str = Field(sa_type=Text)
    reason: str | None = Field(default=None, sa_type=Text)
    secrets: bytes = Field(sa_type=LargeBinary)
    failing_since: datetime | None = Field(default=None, sa_type=TIME)
    created_at: datetime = Field(sa_type=TIME)
    created_by: str = Field(sa_type=Text)
    changed_at: datetime = Field(sa_type=TIME)


class WebhookDeliveryRow(GatewayTable, table=True):
    """One message for one endpoint; `key` is the record's key on the log, by which erasure finds it."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'delivered', 'failed', 'erased')"),
        UniqueConstraint("webhook_id", "message_id"),
        Index("webhook_delivery_listed", "webhook_id", "id"),
        Index("webhook_delivery_due", "webhook_id", "next_at", postgresql_where=text("state = 'waiting'")),
        Index("webhook_delivery_key", "key", postgresql_where=text("payload IS NOT NULL")),
        Index("webhook_delivery_planned", "planned_at"),
    )

    id: UUID = Field(primary_key=True)
    webhook_id: UUID = _of_webhook()
    message_id: str = Field(sa_type=Text)
    event_type: str = Field(sa_type=Text)
    key: str = Field(sa_type=Text)
    occurred_at: datetime = Field(sa_type=TIME)
    planned_at: datetime = Field(sa_type=TIME)
    payload: bytes | None = Field(default=None, sa_type=LargeBinary)
    state: str = Field(sa_type=Text)
    attempts: int
    tries: list[dict[str, Any]] = Field(sa_column=Column(JSONB, nullable=False, server_default=text("'[]'")))
    next_at: datetime | None = Field(default=None, sa_type=TIME)
    settled_at: datetime | None = Field(default=None, sa_type=TIME)


class WebhookReplayRow(GatewayTable, table=True):
    """A time range that is read from the log once more for one endpoint."""

    __tablename__ = "webhook_replay"
    __table_args__ = (
        CheckConstraint("state IN ('running', 'done', 'cancelled')"),
        Index("webhook_replay_running", "id", postgresql_where=text("state = 'running'")),
    )

    id: UUID = Field(primary_key=True)
    webhook_id: UUID = _of_webhook()
    from_at: datetime = Field(sa_type=TIME)
    to_at: datetime = Field(sa_type=TIME)
    state: str = Field(sa_type=Text)
    positions: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    progress: float
    planned: int
    created_at: datetime = Field(sa_type=TIME)
    created_by: str = Field(sa_type=Text)
    done_at: datetime | None = Field(default=None, sa_type=TIME)


class WebhookErasedRow(GatewayTable, table=True):
    """Keys of the log whose older records are never delivered: their person was erased."""

    __tablename__ = "webhook_erased"

    key: str = Field(primary_key=True, sa_type=Text)
    erased_at: datetime = Field(sa_type=TIME, sa_column_kwargs=NOW)
