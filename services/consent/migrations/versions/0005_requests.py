"""Privacy requests in full, retention."""

from __future__ import annotations

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Privacy requests in full, retention."""


def downgrade() -> None:
    """Back to 0004."""
