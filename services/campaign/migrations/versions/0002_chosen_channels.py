"""What recipients chose: the channel for each purpose, and the time zone they live by."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("ALTER TABLE recipient ADD COLUMN channels jsonb NOT NULL DEFAULT '{}', ADD COLUMN time_zone text")
