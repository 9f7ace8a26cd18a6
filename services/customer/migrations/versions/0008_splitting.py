"""Splitting one identity off: each value is kept with the identity it was told under, also values that others outweigh."""

from alembic import op

revision = "0008"
down_revision = "0007"

STATEMENTS: tuple[str, ...] = (
    "ALTER TABLE trait_value ADD COLUMN identity bytea",
    "ALTER TABLE trait_value ADD COLUMN aside boolean NOT NULL DEFAULT false",
    # A split stands as a merge that was from the beginning and is undone, so that the past reads as it was known then.
    "ALTER TABLE merge ADD COLUMN split boolean NOT NULL DEFAULT false",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Nothing is taken back: data outlives a version of the programs."""
