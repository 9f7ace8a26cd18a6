"""Long work that was begun through the door."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE operation (
            id uuid PRIMARY KEY, service text NOT NULL, asked text NOT NULL, resource text NOT NULL, asked_by text NOT NULL,
            request_id text NOT NULL, asked_at timestamptz NOT NULL)
        """
    )
    op.execute("CREATE INDEX operation_asked_by ON operation (asked_by, id)")


def downgrade() -> None:
    """Nothing is taken back: data outlives a version of the programs."""
