"""Erased people: whose events are dropped."""

from alembic import op

revision = "0007"
down_revision = "0006"

STATEMENTS: tuple[str, ...] = (
    "CREATE TABLE erasure (request_id uuid PRIMARY KEY, erased_at timestamptz NOT NULL)",
    "CREATE TABLE erased_identity (identity bytea PRIMARY KEY, request_id uuid NOT NULL)",
    "CREATE INDEX erased_identity_request ON erased_identity (request_id)",
    # How processes notice a change of the other: they compare the greatest number.
    "CREATE TABLE erased_identity_change (number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL)",
    "ALTER TABLE intake ADD COLUMN erased int NOT NULL DEFAULT 0",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Nothing is taken back: data outlives a version of the programs."""
