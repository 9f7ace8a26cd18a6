"""Webhooks out."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE webhook (
            id uuid PRIMARY KEY, url text NOT NULL, description text NOT NULL, events text[] NOT NULL, sources text[] NOT NULL,
            personal boolean NOT NULL, state text NOT NULL CHECK (state IN ('active', 'paused', 'disabled')), reason text,
            secrets bytea NOT NULL, failing_since timestamptz, created_at timestamptz NOT NULL, created_by text NOT NULL,
            changed_at timestamptz NOT NULL)
        """
    )
    op.execute(
        """
        CREATE TABLE webhook_delivery (
            id uuid PRIMARY KEY, webhook_id uuid NOT NULL REFERENCES webhook (id) ON DELETE CASCADE, message_id text NOT NULL,
            event_type text NOT NULL, key text NOT NULL, occurred_at timestamptz NOT NULL, planned_at timestamptz NOT NULL, payload bytea,
            state text NOT NULL CHECK (state IN ('waiting', 'delivered', 'failed', 'erased')), attempts integer NOT NULL,
            tries jsonb NOT NULL DEFAULT '[]', next_at timestamptz, settled_at timestamptz, UNIQUE (webhook_id, message_id))
        """
    )
    op.execute("CREATE INDEX webhook_delivery_listed ON webhook_delivery (webhook_id, id)")
    op.execute("CREATE INDEX webhook_delivery_due ON webhook_delivery (webhook_id, next_at) WHERE state = 'waiting'")
    op.execute("CREATE INDEX webhook_delivery_key ON webhook_delivery (key) WHERE payload IS NOT NULL")
    op.execute("CREATE INDEX webhook_delivery_planned ON webhook_delivery (planned_at)")
    op.execute(
        """
        CREATE TABLE webhook_replay (
            id uuid PRIMARY KEY, webhook_id uuid NOT NULL REFERENCES webhook (id) ON DELETE CASCADE, from_at timestamptz NOT NULL,
            to_at timestamptz NOT NULL, state text NOT NULL CHECK (state IN ('running', 'done', 'cancelled')), positions jsonb NOT NULL,
            progress double precision NOT NULL, planned integer NOT NULL, created_at timestamptz NOT NULL, created_by text NOT NULL,
            done_at timestamptz)
        """
    )
    op.execute("CREATE INDEX webhook_replay_running ON webhook_replay (id) WHERE state = 'running'")
    op.execute("CREATE TABLE webhook_erased (key text PRIMARY KEY, erased_at timestamptz NOT NULL DEFAULT now())")


def downgrade() -> None:
    """Nothing is taken back: data outlives a version of the programs."""
