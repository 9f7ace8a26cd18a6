"""People who sign in here, and roles of the deployment's own."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE person (
            id uuid PRIMARY KEY, name text NOT NULL UNIQUE, password_hash text NOT NULL, roles text[] NOT NULL, disabled boolean NOT NULL,
            failures integer NOT NULL, locked_until timestamptz, created_at timestamptz NOT NULL, created_by text NOT NULL,
            changed_at timestamptz NOT NULL)
        """
    )
    op.execute(
        """
        CREATE TABLE role (
            name text PRIMARY KEY, description text NOT NULL, scopes text[] NOT NULL, hides text[] NOT NULL, changed_at timestamptz NOT NULL)
        """
    )


def downgrade() -> None:
    """Nothing is taken back: data outlives a version of the programs."""
