"""Lists, computed traits, metrics, exports."""

from __future__ import annotations

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Lists, computed traits, metrics, exports."""


def downgrade() -> None:
    """Back to 0002."""
