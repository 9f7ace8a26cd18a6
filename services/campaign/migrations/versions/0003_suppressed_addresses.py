"""Addresses that get no more mail."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE suppressed_address (
            address_hash bytea PRIMARY KEY, reason text NOT NULL, status text, message_id uuid, since timestamptz NOT NULL)
        """
    )
