"""The preference centre: what people ask for there."""

from alembic import op

revision = "0003"
down_revision = "0002"

STATEMENTS: tuple[str, ...] = (
    """
    CREATE TABLE privacy_request (
        id uuid PRIMARY KEY, customer_id uuid NOT NULL, kind text NOT NULL CHECK (kind IN ('access', 'erasure')),
        state text NOT NULL DEFAULT 'received', asked_at timestamptz NOT NULL, due_at timestamptz NOT NULL, via text NOT NULL,
        language text, evidence jsonb NOT NULL DEFAULT '{}')
    """,
    "CREATE INDEX privacy_request_customer ON privacy_request (customer_id, asked_at)",
    "CREATE UNIQUE INDEX privacy_request_open ON privacy_request (customer_id, kind) WHERE state = 'received'",
    "CREATE INDEX privacy_request_due ON privacy_request (due_at) WHERE state = 'received'",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Nothing is taken back: data outlives a version of the programs."""
