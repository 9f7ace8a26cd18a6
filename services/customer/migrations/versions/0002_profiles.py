"""Profiles: contact points, preferences, accounts, trait definitions, history."""

from alembic import op

revision = "0002"
down_revision = "0001"

TABLES: tuple[str, ...] = ()


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
