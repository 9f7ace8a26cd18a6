"""Templates with blocks, life of a campaign, channels, transactional messages."""

from __future__ import annotations

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Templates with blocks, life of a campaign, channels, transactional messages."""


def downgrade() -> None:
    """Back to 0003."""
