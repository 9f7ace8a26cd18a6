"""Sessions that ended before their time."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.execute("CREATE TABLE ended_session (id text PRIMARY KEY, until timestamptz NOT NULL)")


def downgrade() -> None:
    """Nothing is taken back: data outlives a version of the programs."""
