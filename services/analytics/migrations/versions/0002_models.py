"""Models and their artefacts, selections."""

from __future__ import annotations

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Models and their artefacts, selections."""


def downgrade() -> None:
    """Back to 0001."""
