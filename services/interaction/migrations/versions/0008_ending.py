"""Sessions rolled up, replies, sources with trust."""

from __future__ import annotations

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Sessions rolled up, replies, sources with trust."""


def downgrade() -> None:
    """Back to 0007."""
