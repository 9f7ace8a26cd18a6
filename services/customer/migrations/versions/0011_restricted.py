"""Whose data are kept and not used."""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.execute("CREATE TABLE restricted (customer_id uuid PRIMARY KEY, since timestamptz NOT NULL)")


def downgrade() -> None:
    """Nothing is taken back: data outlives a version of the programs."""
