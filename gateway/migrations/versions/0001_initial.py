"""Sources and keys."""

from __future__ import annotations

from alembic import op

from chassis.migrating import create_chassis_tables

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_chassis_tables(op)
    op.execute(
        """
        CREATE TABLE source (
            id uuid PRIMARY KEY, name text NOT NULL, settings jsonb NOT NULL, created_at timestamptz NOT NULL DEFAULT now(),
            changed_at timestamptz NOT NULL DEFAULT now())
        """
    )
    op.execute(
        """
        CREATE TABLE access_key (
            id text PRIMARY KEY, key_hash text NOT NULL UNIQUE, kind text NOT NULL CHECK (kind IN ('api', 'source')), name text NOT NULL,
            scopes text[] NOT NULL, source_id uuid REFERENCES source (id), created_at timestamptz NOT NULL DEFAULT now(),
            created_by text NOT NULL, expires_at timestamptz, revoked_at timestamptz)
        """
    )
    op.execute("CREATE INDEX access_key_source ON access_key (source_id) WHERE source_id IS NOT NULL")
