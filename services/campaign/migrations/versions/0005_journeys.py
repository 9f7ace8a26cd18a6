"""Journeys, triggers, contact pressure."""

from __future__ import annotations

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Journeys, triggers, contact pressure."""


def downgrade() -> None:
    """Back to 0004."""
