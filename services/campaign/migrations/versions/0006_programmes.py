"""Tests, responses, decisions, programmes."""

from __future__ import annotations

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Tests, responses, decisions, programmes."""


def downgrade() -> None:
    """Back to 0005."""
