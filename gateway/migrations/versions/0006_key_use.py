"""When keys were last shown, and how much is done with them a day; answers that are given again to the same request."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.execute("ALTER TABLE access_key ADD COLUMN last_used_at timestamptz")
    op.execute(
        """
        ALTER TABLE access_key ADD COLUMN requests_per_day bigint NOT NULL DEFAULT 0, ADD COLUMN events_per_day bigint NOT NULL DEFAULT 0
        """
    )
    op.execute(
        """
        CREATE TABLE key_usage (
            key_id text NOT NULL, day date NOT NULL, requests bigint NOT NULL, events bigint NOT NULL, PRIMARY KEY (key_id, day))
        """
    )
    op.execute(
        """
        CREATE TABLE repeatable (
            owner text NOT NULL, key text NOT NULL, request_hash bytea NOT NULL, lease_until timestamptz, answer bytea,
            begun_at timestamptz NOT NULL, PRIMARY KEY (owner, key))
        """
    )
    op.execute("CREATE INDEX repeatable_begun_at ON repeatable (begun_at)")


def downgrade() -> None:
    """Nothing is taken back: data outlives a version of the programs."""
